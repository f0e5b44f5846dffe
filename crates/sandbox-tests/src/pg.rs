//! Stands in for what the sandbox asks of Postgres.

pub(crate) mod interrupt {
    use std::cell::Cell;

    thread_local! {
        /// A cancel or termination is pending.
        pub(crate) static MUST_STOP: Cell<bool> = const { Cell::new(false) };
        /// Handling interrupts raises an error.
        pub(crate) static RAISES: Cell<bool> = const { Cell::new(false) };
    }

    pub(crate) fn must_stop() -> bool {
        MUST_STOP.get()
    }

    pub(crate) fn process() {
        if RAISES.get() {
            std::panic::panic_any(super::ErrorOfPostgres);
        }
    }
}

/// The payload a Postgres error travels as.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ErrorOfPostgres;
