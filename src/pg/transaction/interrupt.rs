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

/// Waits until a time in microseconds since the Unix epoch; `false` when Postgres wants the statement to end before it.
pub(crate) fn wait_until(until_us: i64) -> bool {
    /// Longest single wait: the clock may be set meanwhile.
    const WAIT_US: i64 = 60_000_000;
    super::timeout::without_ticks(|| {
        loop {
            if must_stop() {
                return false;
            }
            process();
            let left_us = until_us.saturating_sub(crate::pg::worker::now_us());
            if left_us <= 0 {
                return true;
            }
            let wait_ms = left_us.min(WAIT_US).div_euclid(1000) + 1;
            // SAFETY: waits for this process' own latch, which cancels and terminations set.
            unsafe {
                let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
                pg_sys::WaitLatch(pg_sys::MyLatch, events as i32, wait_ms, pg_sys::PG_WAIT_EXTENSION);
                pg_sys::ResetLatch(pg_sys::MyLatch);
            }
        }
    })
}
