//! Fetching without a second thread: for Postgres backends, whose signal handlers, locks and error handling know one.
//!
//! Invariants: the runtime lives for one call only; it has no worker threads, and nothing here asks for its threads for
//! blocking work (names are looked up on the calling thread, see `http.rs`); no signal handler is installed or changed;
//! connections are tasks of that runtime and end with it. `tests/single_thread.rs` counts threads.
//!
//! The interrupt check runs between two polls, outside the runtime and with nothing borrowed, so it may even unwind. It
//! should only *say* that the fetch must end, though: a FATAL error in Postgres does not unwind, and would leave sockets
//! to the end of the process.

use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::error::{Error, Result};
use crate::http::HttpFetch;

/// How often the interrupt check runs.
const TICK: Duration = Duration::from_millis(50);

/// Runs `work` to its end on this thread. `interrupted` is asked every 50 ms; if it says true, `work` is dropped and the
/// answer is [`Error::Interrupted`]; after `limit`, it is [`Error::TimedOut`].
///
/// Must not be called from within another runtime, which would panic: programs that have one use [`HttpFetch::new`].
///
/// A name is looked up by getaddrinfo, which cannot be stopped halfway: the check then runs after it.
pub fn run<T>(
    work: impl AsyncFnOnce(&HttpFetch) -> T,
    limit: Duration,
    mut interrupted: impl FnMut() -> bool,
) -> Result<T> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Error::Setup(error.to_string()))?;
    let started = Instant::now();
    let fetch = HttpFetch::in_thread();
    let mut work = pin!(work(&fetch));
    loop {
        if interrupted() {
            return Err(Error::Interrupted);
        }
        // The timer must be made inside: it belongs to the runtime.
        match runtime.block_on(async { timeout(TICK, work.as_mut()).await }) {
            Ok(done) => return Ok(done),
            Err(_) if started.elapsed() >= limit => return Err(Error::TimedOut(limit.as_secs())),
            Err(_) => {}
        }
    }
}
