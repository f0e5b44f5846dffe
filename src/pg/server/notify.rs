//! LISTEN and NOTIFY, and how a session tells of its end.

use std::cell::Cell;
use std::ffi::CString;

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum};

use crate::pg::external;
use crate::worker::Kind;

/// Longest payload, in bytes: async.c wants less than 8000, whatever the size of a block.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 7999;

thread_local! {
    static TELLS_OF_END: Cell<bool> = const { Cell::new(false) };
}

/// Makes the session listen from the commit of its transaction on.
pub(crate) fn listen(channel: &str) {
    let channel = CString::new(channel).unwrap_or_default();
    // SAFETY: called by functions of SQL sessions.
    unsafe { external::async_listen(&channel) }
}

/// Makes the session listen no longer, from the commit of its transaction on.
pub(crate) fn unlisten(channel: &str) {
    let channel = CString::new(channel).unwrap_or_default();
    // SAFETY: in a transaction.
    unsafe { external::async_unlisten(&channel) }
}

/// Sends a message when the transaction commits. The payload holds no NUL and at most [`PAYLOAD_BYTES_MAX`] bytes.
pub(crate) fn notify(channel: &str, payload: &str) {
    let (channel, payload) =
        (CString::new(channel).unwrap_or_default(), CString::new(payload).unwrap_or_default());
    // SAFETY: in a transaction.
    unsafe { external::async_notify(&channel, &payload) }
}

/// How full the server's queue of notifications is, from 0 to 1.
pub(crate) fn queue_usage() -> f64 {
    // SAFETY: a function of SQL without arguments.
    let usage = unsafe {
        pg_sys::OidFunctionCall0Coll(pg_sys::F_PG_NOTIFICATION_QUEUE_USAGE.into(), pg_sys::InvalidOid)
    };
    crate::pg::datum::to_f64(usage)
}

/// Whether this session has ever subscribed.
pub(crate) fn has_subscribed() -> bool {
    TELLS_OF_END.get()
}

/// Wakes the notifier when this session ends.
pub(crate) fn wake_notifier_at_exit() {
    if !TELLS_OF_END.replace(true) {
        // SAFETY: a function of this library; it runs while shared memory is still mapped.
        unsafe { pg_sys::on_shmem_exit(Some(on_exit), Datum::from(0usize)) }
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_exit(_code: std::ffi::c_int, _argument: Datum) {
    super::shmem::wake(crate::pg::access::database(), Kind::Notifier.number());
}
