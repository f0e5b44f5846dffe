//! Durability of what is committed already.

use pgrx::pg_sys;

/// Waits until the WAL before `lsn` is on disk, and on the synchronous standby where there is one.
pub(crate) fn wait_durable(lsn: u64) {
    // SAFETY: plain C calls. A position beyond the end of the WAL would be an error of XLogFlush: nobody is made to wait
    // for what was never written.
    unsafe {
        let lsn = lsn.min(pg_sys::GetXLogInsertRecPtr());
        pg_sys::XLogFlush(lsn);
        // As at the end of a commit, where it is made for: a cancel ends the wait with a warning.
        pg_sys::InterruptHoldoffCount += 1;
        pg_sys::SyncRepWaitForLSN(lsn, true);
        pg_sys::InterruptHoldoffCount -= 1;
    }
}
