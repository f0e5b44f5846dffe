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

/// A position that no record written so far ends behind.
pub(crate) fn written_to() -> u64 {
    // SAFETY: plain C call.
    let position = unsafe { pg_sys::GetXLogInsertRecPtr() };
    // At the beginning of a page the next record starts behind the page's header, where nothing was written yet.
    let in_page = position % u64::from(pg_sys::XLOG_BLCKSZ);
    if in_page <= PAGE_HEADER_BYTES_MAX { position - in_page } else { position }
}

/// `SizeOfXLogLongPHD`.
const PAGE_HEADER_BYTES_MAX: u64 = 40;
