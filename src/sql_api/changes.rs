//! The change log, for gateways and operators.

use pgrx::prelude::*;

use crate::changes;
use crate::pg::change_log;
use crate::pg::report::ErrorReport;

#[pg_schema]
mod spacetime {
    use super::*;

    /// Entries of the change log after a cursor, in the layout of docs/internals/change-log.md; waits for the first.
    #[pg_extern(volatile, parallel_unsafe)]
    fn changes(
        after: Option<&[u8]>,
        max_bytes: default!(i32, 1048576),
        wait_ms: default!(i32, 0),
        flush: default!(bool, true),
    ) -> Result<Vec<u8>, ErrorReport> {
        Ok(changes::answer(after, max_bytes, wait_ms, flush)?)
    }

    /// State of the change log; one row per session that reads it, or one without a reader.
    #[pg_extern(volatile, parallel_unsafe)]
    #[expect(clippy::type_complexity, reason = "pgrx wants the columns spelled out")]
    fn _change_log() -> Result<
        TableIterator<
            'static,
            (
                name!(epoch, String),
                name!(first_seq, i64),
                name!(last_seq, i64),
                name!(waiting_for_order, i64),
                name!(used_bytes, i64),
                name!(size_bytes, i64),
                name!(reader_pid, Option<i32>),
                name!(reader_lag, Option<i64>),
            ),
        >,
        ErrorReport,
    > {
        let (log, readers) = change_log::describe()?;
        let row = move |pid: Option<i32>, next: Option<u64>| {
            (
                format!("{:016x}", log.epoch),
                log.first_seq as i64,
                log.next_seq as i64 - 1,
                log.waiting_for_order as i64,
                log.used_bytes as i64,
                log.size_bytes as i64,
                pid,
                next.map(|next| log.next_seq.saturating_sub(next) as i64),
            )
        };
        let mut rows: Vec<_> =
            readers.into_iter().map(|reader| row(Some(reader.pid), Some(reader.next))).collect();
        if rows.is_empty() {
            rows.push(row(None, None));
        }
        Ok(TableIterator::new(rows))
    }
}
