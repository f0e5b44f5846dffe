//! For gateways: calls of their clients, and rows as clients get them.

use pgrx::prelude::*;

use crate::pg::report::ErrorReport;
use crate::pg::wal;
use crate::{module, reducer};

#[pg_schema]
mod spacetime {
    use super::*;

    /// Runs reducer calls of a gateway's clients; layout in crates/call-batch.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn call_batch(calls: &[u8]) -> Result<Vec<u8>, ErrorReport> {
        Ok(reducer::call_batch(calls)?)
    }

    /// Waits until the WAL before `lsn` is durable.
    #[pg_extern(
        volatile,
        strict,
        parallel_unsafe,
        sql = "
        CREATE FUNCTION spacetime.wait_durable(lsn pg_lsn) RETURNS void
            STRICT VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
    "
    )]
    fn wait_durable(lsn: i64) {
        wal::wait_durable(lsn.cast_unsigned());
    }

    /// The rows of a table, by the snapshot of the statement.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    fn _read_table(module: &str, table: &str) -> Result<SetOfIterator<'static, Vec<u8>>, ErrorReport> {
        Ok(SetOfIterator::new(module::read_rows(module, table)?))
    }
}
