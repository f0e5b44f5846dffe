//! The tick that makes a spinning guest interruptible: one Postgres timer around the outermost call.
//!
//! Hazard: the handler runs inside a signal handler. It does one atomic add (the engine's epoch) and nothing else.

use std::cell::Cell;

use crate::pg::{external, unguarded};

/// Period of the tick. Bounds how late a cancel, a timeout or a shutdown reaches a spinning guest.
const TICK_MS: i32 = 10;

thread_local! {
    /// Id that Postgres gave our timer in this backend.
    static TIMER: Cell<Option<i32>> = const { Cell::new(None) };
    /// Nesting of calls; the timer runs while it is above zero.
    static DEPTH: Cell<i32> = const { Cell::new(0) };
}

unsafe extern "C" fn on_tick() {
    crate::wasm::bump_epoch();
}

/// One level of nesting of guest calls; the timer runs while there is any.
///
/// Unlike everything else in this folder it implements `Drop`: errors leave calls by unwinding, and the level must be
/// given back. While unwinding it touches only its own counter; the timer is then stopped by [`after_abort`].
#[derive(Debug)]
pub(crate) struct Tick {
    depth: i32,
}

impl Tick {
    /// Enters a guest call.
    pub(crate) fn enter() -> Self {
        let depth = DEPTH.get() + 1;
        if depth == 1 {
            super::xact::watch();
            let id = TIMER.get().unwrap_or_else(|| {
                // SAFETY: the handler is async-signal-safe: one atomic add.
                let id = unsafe { external::register_timeout(on_tick) };
                TIMER.set(Some(id));
                id
            });
            start(id);
        }
        DEPTH.set(depth);
        Self { depth }
    }

    /// How many calls are nested, this one included.
    pub(crate) fn depth(&self) -> i32 {
        self.depth
    }
}

impl Drop for Tick {
    fn drop(&mut self) {
        DEPTH.set(self.depth - 1);
        if self.depth == 1 && !std::thread::panicking() {
            stop();
        }
    }
}

/// Whether a guest is being called.
pub(in crate::pg) fn is_in_call() -> bool {
    DEPTH.get() > 0
}

/// Stops the timer of a call that failed: run at every rollback.
pub(crate) fn after_abort() {
    if DEPTH.get() == 0 {
        stop();
    }
}

/// Runs `wait`, during which no guest runs and no tick is needed: each would wake it.
pub(crate) fn without_ticks<R>(wait: impl FnOnce() -> R) -> R {
    stop();
    let result = wait();
    if DEPTH.get() > 0
        && let Some(id) = TIMER.get()
    {
        start(id);
    }
    result
}

fn start(id: i32) {
    let first = unguarded::timestamp_us() + i64::from(TICK_MS) * 1000;
    // SAFETY: `id` is registered. The first tick is due one period from now.
    unsafe { external::enable_timeout_every(id, first, TICK_MS) }
}

fn stop() {
    if let Some(id) = TIMER.get() {
        // SAFETY: `id` is registered; disabling a timer that is not active is allowed.
        unsafe { external::disable_timeout(id) }
    }
}
