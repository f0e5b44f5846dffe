//! For gateways: calls of their clients, and rows as clients get them.

use pgrx::prelude::*;

use crate::error::Error;
use crate::pg::report::ErrorReport;
use crate::pg::wal;
use crate::reducer::Viewer;
use crate::{changes, reducer};

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

    /// Rows of a module's tables, by the snapshot of the statement. With the rights of the module's owner, or with those of a
    /// role in a session of somebody whom the gateway vouches for.
    #[pg_extern(stable, parallel_unsafe)]
    fn _select(
        module: &str,
        selection: &str,
        sender: default!(Option<&[u8]>, "NULL"),
        claims: default!(Option<&str>, "NULL"),
        role: default!(Option<&str>, "NULL"),
    ) -> Result<SetOfIterator<'static, Vec<u8>>, ErrorReport> {
        let viewer = match (sender, claims, role) {
            (Some(identity), Some(claims), Some(role)) => Some(Viewer { identity, claims, role }),
            (None, None, None) => None,
            _ => {
                return Err(Error::InvalidParameter {
                    what: "sender, claims and role go together".into(),
                    hint: "Give all of them, or none.".into(),
                }
                .into());
            }
        };
        Ok(SetOfIterator::new(reducer::select_rows(module, selection, viewer.as_ref())?))
    }

    /// Runs a statement of the one-off dialect for somebody whom the gateway vouches for: rows of a SELECT in BSATN, each
    /// after its length, and the number of rows written.
    #[pg_extern(volatile, strict, parallel_unsafe)]
    #[expect(clippy::type_complexity, reason = "the macro reads the column names from the type")]
    fn _run_statement(
        module: &str,
        statement: &str,
        sender: &[u8],
        claims: &str,
        role: &str,
    ) -> Result<TableIterator<'static, (name!(pieces, Vec<Vec<u8>>), name!(written, i64))>, ErrorReport> {
        let ran = reducer::run_statement(module, statement, &Viewer { identity: sender, claims, role })?;
        Ok(TableIterator::once((ran.pieces, i64::try_from(ran.written).unwrap_or(i64::MAX))))
    }

    /// How many rows the planner expects of a selection.
    #[pg_extern(stable, strict, parallel_unsafe)]
    fn _estimate(module: &str, selection: &str) -> Result<i64, ErrorReport> {
        Ok(i64::try_from(reducer::estimate(module, selection)?).unwrap_or(i64::MAX))
    }

    /// The cursor behind everything that a snapshot taken before can show.
    #[pg_extern(volatile, parallel_unsafe)]
    fn _settled_cursor() -> Result<Vec<u8>, ErrorReport> {
        Ok(changes::settled_cursor()?)
    }
}
