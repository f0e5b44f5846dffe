//! Requests without a second thread: for Postgres backends, whose signal handlers, locks and error handling know one.
//!
//! Invariants: the runtime lives for one call only; it has no worker threads, and nothing here asks for its threads for
//! blocking work (names are looked up on the calling thread, see `client.rs`); no signal handler is installed or changed;
//! connections are tasks of that runtime and end with it. `crates/auth/tests/single_thread.rs` counts threads.
//!
//! The interrupt check runs between two polls, outside the runtime and with nothing borrowed, so it may even unwind. It
//! should only *say* that the fetch must end, though: a FATAL error in Postgres does not unwind, and would leave sockets
//! to the end of the process.

use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::client::Client;

/// Why work was given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The caller's interrupt check said so.
    #[error("it was interrupted")]
    Interrupted,
    /// The caller's limit of time for everything together has passed.
    #[error("it took longer than {0} seconds")]
    TimedOut(u64),
    /// The runtime could not be made.
    #[error("no runtime: {0}")]
    Setup(String),
}

/// How often the interrupt check runs.
const TICK: Duration = Duration::from_millis(50);

/// Runs `work` to its end on this thread. `interrupted` is asked every 50 ms; if it says true, `work` is dropped and the
/// answer is [`Stopped::Interrupted`]; after `limit`, it is [`Stopped::TimedOut`].
///
/// Must not be called from within another runtime, which would panic: programs that have one use [`Client::new`].
///
/// A name is looked up by getaddrinfo, which cannot be stopped halfway: the check then runs after it.
pub fn run<T>(
    work: impl AsyncFnOnce(&Client) -> T,
    limit: Duration,
    mut interrupted: impl FnMut() -> bool,
) -> Result<T, Stopped> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Stopped::Setup(error.to_string()))?;
    let started = Instant::now();
    let client = Client::in_thread();
    let mut work = pin!(work(&client));
    loop {
        if interrupted() {
            return Err(Stopped::Interrupted);
        }
        // The timer must be made inside: it belongs to the runtime.
        match runtime.block_on(async { timeout(TICK, work.as_mut()).await }) {
            Ok(done) => return Ok(done),
            Err(_) if started.elapsed() >= limit => return Err(Stopped::TimedOut(limit.as_secs())),
            Err(_) => {}
        }
    }
}
