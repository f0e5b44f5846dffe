//! Why a guest stopped, and how that is told to the user.
//!
//! Invariant: an error the [`super::host::Host`] gave comes out as that very error; everything else names module, function
//! and cause, with the guest's own panic message where it left one. Postgres errors never come here: they are panics.

use wasmtime::{Trap, WasmBacktrace};

use super::host::{Errno, HostError};
use super::limits::{BudgetExceeded, Limits};
use super::state::State;
use crate::error::Error;

/// What a guest did that no sandboxed program may do: its call traps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("passed a null pointer to the host")]
    NullPointer,
    #[error("passed a pointer outside of its memory to the host")]
    OutOfBounds,
    #[error("passed a name that is not UTF-8 to the host")]
    NameNotUtf8,
    #[error("called the host outside of a call")]
    NoEntry,
    /// Anything else, in words that follow "the guest".
    #[error("{0}")]
    Other(&'static str),
}

/// Ends an entry from the host's side. Travels through wasmtime as the cause of its error.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error("{0}")]
    Host(Error),
    #[error("the guest {0}")]
    Fault(Fault),
    #[error("the host keeps too much for the guest")]
    Budget,
    #[error("interrupted")]
    Interrupted,
    #[error("out of time")]
    Deadline,
}

/// Why a host function did not succeed.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Told to the guest.
    Errno(Errno),
    /// Ends the entry.
    Stop(Stop),
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Refusal::Errno(errno)
    }
}

impl From<HostError> for Refusal {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Errno(errno) => Refusal::Errno(errno),
            HostError::Fatal(error) => Refusal::Stop(Stop::Host(error)),
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Refusal::Stop(Stop::Fault(fault))
    }
}

impl From<BudgetExceeded> for Refusal {
    fn from(_: BudgetExceeded) -> Self {
        Refusal::Stop(Stop::Budget)
    }
}

/// Longest text of a guest that is passed on: what it says ends up in error messages and in the server's log.
const TEXT_BYTES: usize = 16 * 1024;

/// A guest's words, fit for a message of Postgres: valid, not endless, and without the character it cannot hold.
pub(super) fn presentable(text: &[u8]) -> String {
    let shown = &text[..text.len().min(TEXT_BYTES)];
    let mut shown = String::from_utf8_lossy(shown).replace('\0', "\u{fffd}");
    if text.len() > TEXT_BYTES {
        shown.push('…');
    }
    shown
}

/// Where a guest was when it stopped, for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) module: &'a str,
    /// As it reads in front of "of module …": `reducer "add"`.
    pub(super) function: &'a str,
}

impl Place<'_> {
    /// The guest went wrong in a way that is neither a limit nor its stack.
    pub(super) fn trap(&self, reason: String, backtrace: String) -> Error {
        let reason = presentable(reason.as_bytes());
        Error::Trap { module: self.module.into(), function: self.function(), reason, backtrace }
    }

    fn limit(&self, what: String, setting: &'static str) -> Error {
        Error::Limit { module: self.module.into(), function: self.function(), what, setting }
    }

    /// Names of start-up functions are the guest's.
    fn function(&self) -> String {
        presentable(self.function.as_bytes())
    }

    fn memory_limit(&self, limits: &Limits, message: Option<&str>) -> Error {
        let mut what = format!("{} MB of memory", limits.memory_bytes >> 20);
        if let Some(message) = message {
            what = format!("{what} ({})", presentable(message.as_bytes()));
        }
        self.limit(what, "spacetime.max_memory_mb")
    }
}

/// Turns what wasmtime says about a stopped guest into what the user is told.
#[cold]
pub(super) fn explain(error: wasmtime::Error, place: Place<'_>, limits: &Limits, state: &mut State) -> Error {
    let backtrace = error.downcast_ref::<WasmBacktrace>().map(backtrace_text).unwrap_or_default();
    let panic_message = state.handles.panic_message.take();
    let trap = error.downcast_ref::<Trap>().copied();
    let stop = match error.downcast::<Stop>() {
        Ok(stop) => stop,
        Err(error) => return explain_trap(trap, &error, place, limits, backtrace, panic_message, state),
    };
    let (module, function) = (place.module.into(), place.function());
    match stop {
        Stop::Host(error) => error,
        Stop::Fault(fault) => place.trap(format!("the guest {fault}"), backtrace),
        Stop::Budget => place.memory_limit(limits, Some("iterators, sources and sinks of one call")),
        Stop::Interrupted => Error::Interrupted { module, function },
        Stop::Deadline => place.limit("the time for one call".into(), "spacetime.call_timeout_ms"),
    }
}

fn explain_trap(
    trap: Option<Trap>,
    error: &wasmtime::Error,
    place: Place<'_>,
    limits: &Limits,
    backtrace: String,
    panic_message: Option<String>,
    state: &State,
) -> Error {
    match trap {
        Some(Trap::StackOverflow) => {
            let (module, function) = (place.module.into(), place.function());
            return Error::GuestStack { module, function, backtrace };
        }
        Some(Trap::OutOfFuel) => {
            let what = format!("{} units of fuel", limits.fuel.unwrap_or(u64::MAX));
            return place.limit(what, "spacetime.fuel_per_call");
        }
        _ => {}
    }
    // A guest whose allocator was refused memory can but trap, with or without a word.
    if state.limiter.denied {
        return place.memory_limit(limits, panic_message.as_deref());
    }
    let Some(trap) = trap else {
        // The guest did nothing: the system refused memory or address space, say.
        return Error::Internal(format!("{} of module {:?}: {error:#}", place.function, place.module));
    };
    let reason =
        panic_message.unwrap_or_else(|| trap.to_string().trim_start_matches("wasm trap: ").to_owned());
    place.trap(reason, backtrace)
}

/// One line per frame, innermost first: wasmtime's own rendering, without its headline.
fn backtrace_text(backtrace: &WasmBacktrace) -> String {
    let text = backtrace.to_string();
    let frames = text.split_once('\n').map_or(text.as_str(), |(_, frames)| frames);
    presentable(frames.lines().map(str::trim).collect::<Vec<_>>().join("\n").as_bytes())
}
