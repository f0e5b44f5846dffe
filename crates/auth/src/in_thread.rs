//! Fetching without a second thread: [`spacetime_outbound::in_thread`], with the errors of this crate.

use std::time::Duration;

use spacetime_outbound::Client;
use spacetime_outbound::in_thread::Stopped;

use crate::error::{Error, Result};

/// Runs `work` to its end on this thread. `interrupted` is asked every 50 ms; if it says true, `work` is dropped and the
/// answer is [`Error::Interrupted`]; after `limit`, it is [`Error::TimedOut`].
pub fn run<T>(
    work: impl AsyncFnOnce(&Client) -> T,
    limit: Duration,
    interrupted: impl FnMut() -> bool,
) -> Result<T> {
    spacetime_outbound::in_thread::run(work, limit, interrupted).map_err(|stopped| match stopped {
        Stopped::Interrupted => Error::Interrupted,
        Stopped::TimedOut(seconds) => Error::TimedOut(seconds),
        Stopped::Setup(problem) => Error::Setup(problem),
    })
}
