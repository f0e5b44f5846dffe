//! The notifier's work: from entries of the change log to messages for subscribers.
//!
//! One round is one read-only transaction that moves every evaluation to one later state, and then one or more that send.
//! What a round has done in memory cannot be rolled back, but it is always told and held together: after a failure every
//! evaluation is read anew and the difference sent.

mod apply;
mod memory;
mod sessions;
mod state;
mod tell;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use spacetime_change_log::Entry;
use spacetime_query::QuerySet;

use super::evaluation::{Evaluation, EvaluationId};
use super::outbox::Outbox;
use super::subscriber::Subscriber;
use crate::catalog;
use crate::error::{Error, Result};
use crate::module::ReadyModule;
use crate::pg::change_log::{self, Reader};
use crate::pg::worker::{Failure, transaction};
use crate::pg::{access, snapshot};

/// Entries read at a time.
const READ_BYTES: usize = 4 << 20;
/// The notifier stays this long after its last subscriber: changes are captured as long as it is there.
const STAY_US: i64 = 10_000_000;
/// How often sessions, rights and what policies read beside module tables are looked at.
const TICK_US: i64 = 1_000_000;
/// Longest wait for a lock: the subscriptions to other tables go on.
const LOCK_WAIT_MS: i32 = 500;
/// Pause after a failure, and before another try to lock a table.
const RETRY_US: i64 = 200_000;

/// What the notifier does after a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    Until(i64),
    End,
}

/// A module with evaluations that follow the log.
#[derive(Debug)]
struct Watched {
    module: Rc<ReadyModule>,
    set: QuerySet,
}

/// Everything the notifier knows.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    reader: Option<Reader>,
    epoch: u64,
    next: u64,
    /// Whether there are entries that wait for somebody's commit.
    is_blocked: bool,
    /// Entries that are not applied yet, in order.
    pending: VecDeque<Vec<u8>>,
    modules: HashMap<[u8; 32], Watched>,
    evaluations: BTreeMap<EvaluationId, Evaluation>,
    subscribers: BTreeMap<i64, Subscriber>,
    outbox: Outbox,
    next_evaluation: i64,
    next_large: i64,
    tick_us: i64,
    busy_us: i64,
    /// Whether an evaluation waits for a table that somebody has locked.
    is_hindered: bool,
    has_begun: bool,
    must_look: bool,
    /// The evaluation whose query runs: a cancel while it does is its fault.
    reading: Option<EvaluationId>,
    /// For noticing commits that leave no entry.
    seen_xid: u64,
}

impl Hub {
    /// Does what is there to do. `is_woken`: subscriptions may have come or gone, and not only commits.
    pub(crate) fn round(&mut self, now_us: i64, is_woken: bool) -> Pause {
        let is_tick = self.tick_us <= now_us;
        if is_tick {
            self.tick_us = now_us + TICK_US;
        }
        let advanced = transaction("evaluating subscriptions", || {
            // A failure has not taken this back.
            self.must_look |= is_woken || is_tick;
            access::with_lock_timeout(LOCK_WAIT_MS, || self.advance(now_us, is_tick))
        });
        let is_there = match &advanced {
            Ok(is_there) => *is_there,
            Err(failure) => {
                self.recover(failure);
                true
            }
        };
        if !is_there {
            return Pause::End;
        }
        self.limit_memory();
        // Also after a failure: who was ended by it must be told, and not be taken for new in the next round.
        if let Err(failure) = self.drop_laggards().and_then(|()| self.outbox.flush()) {
            report("notifications could not be sent", &failure);
            return Pause::Until(now_us + RETRY_US);
        }
        if advanced.is_err() {
            return Pause::Until(now_us + RETRY_US);
        }
        if !self.subscribers.is_empty() {
            self.busy_us = now_us;
        } else if self.busy_us + STAY_US <= now_us {
            return Pause::End;
        }
        Pause::Until(match self.is_hindered {
            true => now_us + RETRY_US,
            // An entry has just said that rows must be read anew.
            false if self.needs_snapshot(false) => now_us,
            false => self.tick_us,
        })
    }

    /// Sleeps until a commit, a change of the subscriptions, or a time.
    pub(crate) fn wait(&self, until_us: i64, now_us: i64) {
        let milliseconds = until_us.saturating_sub(now_us).div_euclid(1000) + 1;
        match &self.reader {
            Some(reader) => reader.wait(self.next, self.is_blocked, milliseconds.max(1)),
            None => crate::pg::worker::sleep(until_us.saturating_sub(now_us)),
        }
    }

    /// After a round that failed: what is held is still what was told, so reading anew repairs everything.
    fn recover(&mut self, failure: &Failure) {
        report("subscriptions could not be evaluated", failure);
        if let Some(evaluation) = self.reading.take()
            && failure.sqlstate == "57014"
        {
            self.end_all(evaluation, failure);
        }
        self.pending.clear();
        self.modules.clear();
        self.read_all_anew();
    }

    /// One step forward; `false` if there is nothing to do and never was.
    fn advance(&mut self, now_us: i64, is_tick: bool) -> Result<bool> {
        if !is_installed() {
            return Ok(false);
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            self.end_left()?;
        }
        let states = if self.must_look { Some(catalog::subscription_states()?) } else { None };
        let is_idle = self.subscribers.is_empty() && self.reader.is_none();
        if is_idle && states.as_ref().is_some_and(Vec::is_empty) {
            return Ok(false);
        }
        if self.reader.is_none() {
            // Before any snapshot: what is committed after it is in the log.
            let reader = Reader::register()?;
            (self.epoch, self.next) = reader.now();
            self.reader = Some(reader);
        }
        self.is_hindered = false;
        if let Some(states) = states {
            self.follow_sessions(&states, now_us)?;
            self.must_look = self.is_hindered;
        }
        if self.read_log() {
            self.read_all_anew();
        }
        if is_tick || !self.pending.is_empty() {
            self.look_at_rights();
        }
        let has_news = !self.pending.is_empty() || (is_tick && self.has_foreign_commits());
        if self.needs_snapshot(has_news) {
            self.advance_to_snapshot(has_news)?;
        } else {
            self.apply_pending(self.pending.len())?;
        }
        if is_tick {
            self.forget_old(now_us);
        }
        Ok(true)
    }

    /// Subscriptions of a notifier that is no more: nobody knows what they hold.
    fn end_left(&mut self) -> Result<()> {
        for id in catalog::left_subscriptions()? {
            if let Some(row) = catalog::subscription(id)? {
                self.outbox.end(&row.channel, id, 0, "55000", "the notifier was restarted; subscribe anew");
            }
        }
        Ok(())
    }

    /// Reads all that the log has; whether something is missing.
    fn read_log(&mut self) -> bool {
        let Some(reader) = &self.reader else { return false };
        let mut is_gap = false;
        loop {
            let before = self.next;
            let (read, is_blocked) = reader.read(self.epoch, self.next, READ_BYTES);
            (self.epoch, self.next, self.is_blocked) = (read.epoch, read.next, is_blocked);
            // Nobody is told of what a crash could take back.
            change_log::flush(read.lsn);
            if read.is_gap {
                self.pending.clear();
                is_gap = true;
            }
            self.pending.extend(read.entries);
            if self.next == before {
                return is_gap;
            }
        }
    }

    fn read_all_anew(&mut self) {
        self.evaluations.values_mut().for_each(Evaluation::lose);
    }

    /// Whether transactions have ended that may have changed what policies read, beside module tables.
    fn has_foreign_commits(&mut self) -> bool {
        let next = snapshot::next_xid();
        std::mem::replace(&mut self.seen_xid, next) != next
    }

    fn needs_snapshot(&self, has_news: bool) -> bool {
        self.subscribers.values().any(|subscriber| subscriber.holds.is_some())
            || self.evaluations.values().any(|evaluation| {
                !evaluation.is_current || (has_news && (evaluation.is_by_policies() || evaluation.is_join()))
            })
    }
}

/// Whether two are the same version of a module: what is known of the one then holds for the other.
fn is_same(one: &ReadyModule, other: &ReadyModule) -> bool {
    one.row.version == other.row.version
        && one.row.wasm_sha256 == other.row.wasm_sha256
        && one.row.storage == other.row.storage
        && one.schema == other.schema
}

fn decode(entry: &[u8]) -> Result<Entry<'_>> {
    Entry::decode(entry).map_err(|error| Error::Internal(format!("the change log: {error}")))
}

fn report(what: &str, failure: &Failure) {
    let detail = failure.detail.as_deref().map_or_else(String::new, |detail| format!("\n{detail}"));
    pgrx::log!("spacetime: {what}: {} (SQLSTATE {}){detail}", failure.message, failure.sqlstate);
}

fn is_installed() -> bool {
    access::schema("spacetime").and_then(|schema| access::relation(schema, "_subscription")).is_some()
}
