//! What an instance's store carries beside the guest itself: the answering host and the handles of the current entry.
//!
//! Invariant: host and handles serve one entry; between entries there is none and no guest code runs. Hazard: a state may
//! be dropped while a Postgres error unwinds; dropping it frees memory and drops the `Host`, nothing of it calls Postgres.

use std::time::Instant;

use wasmtime::Memory;

use super::host::{Host, Iterators, Timers};
use super::limits::{Budget, Limiter, Limits};
use super::memory::{Sink, Sources};

/// Which kind of entry is running; only procedures can wait for things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Start-up: no transaction open for the guest.
    Boot,
    /// A reducer: runs within a transaction that is not the guest's to end.
    Reducer,
    /// A view: as a reducer, and cannot write.
    View,
    /// A procedure: begins and ends transactions itself.
    Procedure,
}

/// Data of a store.
pub(super) struct State {
    /// Who answers; absent between entries.
    pub(super) host: Option<Box<dyn Host>>,
    /// Looked up once; absent only while the start section of the module runs.
    pub(super) memory: Option<Memory>,
    pub(super) limiter: Limiter,
    pub(super) deadline: Option<Instant>,
    pub(super) handles: Handles,
}

/// What the host keeps for the guest during one entry. Buffers stay for the next one, contents do not.
pub(super) struct Handles {
    pub(super) entry: Entry,
    pub(super) budget: Budget,
    pub(super) sources: Sources,
    pub(super) sink: Sink,
    pub(super) iterators: Iterators,
    pub(super) timers: Timers,
    /// Generated columns of the insert or update just done.
    pub(super) generated: Vec<u8>,
    /// The guest's own words about its end (console level 101).
    pub(super) panic_message: Option<String>,
}

impl State {
    /// A state no entry has begun on.
    pub(super) fn new() -> State {
        State {
            host: None,
            memory: None,
            limiter: Limiter::default(),
            deadline: None,
            handles: Handles {
                entry: Entry::Boot,
                budget: Budget::default(),
                sources: Sources::default(),
                sink: Sink::default(),
                iterators: Iterators::default(),
                timers: Timers::default(),
                generated: Vec::new(),
                panic_message: None,
            },
        }
    }

    /// Begins an entry. Gives the id of the source of its arguments.
    pub(super) fn begin(&mut self, entry: Entry, limits: &Limits, host: Box<dyn Host>, args: &[u8]) -> u32 {
        self.host = Some(host);
        self.limiter.memory_bytes = limits.memory_bytes;
        self.limiter.denied = false;
        self.deadline = limits.deadline;
        let handles = &mut self.handles;
        handles.entry = entry;
        handles.budget = Budget::new(limits.memory_bytes);
        handles.panic_message = None;
        handles.sink.close();
        handles.sources.begin(args)
    }

    /// Ends an entry that returned normally: scans are closed, handles forgotten, the host dropped.
    pub(super) fn end(&mut self) {
        if let Some(mut host) = self.host.take() {
            self.handles.iterators.close_all(&mut *host);
        }
        self.handles.timers.clear();
    }
}
