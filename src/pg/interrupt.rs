//! Cancel and termination requests, as the guest's epoch callback and long host loops see them.

use pgrx::pg_sys;

/// Whether Postgres wants the running statement or the backend to end.
///
/// The flags are plain ints written by signal handlers; a stale read costs one tick of the guest timer.
pub(crate) fn must_stop() -> bool {
    // SAFETY: reads of C globals that live as long as the process; only this thread and its signal handlers touch them.
    unsafe {
        std::ptr::read_volatile(&raw const pg_sys::ProcDiePending) != 0
            || std::ptr::read_volatile(&raw const pg_sys::QueryCancelPending) != 0
    }
}

/// `CHECK_FOR_INTERRUPTS()`: raises the cancel or termination, absorbs barriers. Cheap when nothing is pending.
pub(crate) fn process() {
    // SAFETY: called on the backend's main thread outside of signal handlers.
    unsafe {
        if std::ptr::read_volatile(&raw const pg_sys::InterruptPending) != 0 {
            pg_sys::ProcessInterrupts();
        }
    }
}
