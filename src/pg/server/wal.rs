//! Durability of what is committed already.

use pgrx::pg_sys;

use crate::pg::unguarded;

/// The end of what lies before `lsn`. Where the next record begins on a new page, the insert position is behind the page's
/// header, which nobody has written yet: XLogFlush would fail. It is also the one position in a header's place.
fn end_of_record(lsn: u64) -> u64 {
    // SAFETY: set when the server starts, and not changed.
    let segment_bytes = unsafe { pg_sys::wal_segment_size };
    let header_bytes = |header: usize| u64::try_from(header.next_multiple_of(8)).unwrap_or_default();
    let page_offset = lsn % u64::from(pg_sys::XLOG_BLCKSZ);
    let is_first_page = u64::try_from(segment_bytes).is_ok_and(|bytes| lsn % bytes == page_offset);
    let header = if is_first_page {
        header_bytes(size_of::<pg_sys::XLogLongPageHeaderData>())
    } else {
        header_bytes(size_of::<pg_sys::XLogPageHeaderData>())
    };
    if page_offset == header { lsn - header } else { lsn }
}

/// Waits until the WAL before `lsn` is on disk, and on the synchronous standby where there is one.
pub(crate) fn wait_durable(lsn: u64) {
    // SAFETY: plain C calls. A position beyond the end of the WAL would be an error of XLogFlush: nobody is made to wait
    // for what was never written.
    unsafe {
        let lsn = end_of_record(lsn.min(unguarded::wal_insert_place()));
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
    let position = unsafe { unguarded::wal_insert_place() };
    // At the beginning of a page the next record starts behind the page's header, where nothing was written yet.
    let in_page = position % u64::from(pg_sys::XLOG_BLCKSZ);
    if in_page <= PAGE_HEADER_BYTES_MAX { position - in_page } else { position }
}

/// `SizeOfXLogLongPHD`.
const PAGE_HEADER_BYTES_MAX: u64 = 40;
