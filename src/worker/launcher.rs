//! The launcher: starts workers where there is something to do, and starts them again when they fail, ever more slowly.
//!
//! It cannot look into databases. So at its start, and when a database is new, it starts workers there that look for
//! themselves and end if there is nothing; later it starts those that backends ask for (`shmem::wake`) and those that
//! ended with a time at which to come back.

use std::collections::HashMap;
use std::sync::atomic::Ordering::SeqCst;

use super::Kind;
use crate::pg::Oid;
use crate::pg::shmem::{self, SLOTS, state};
use crate::pg::worker::{self, Handle};

/// How often new databases are looked for.
const LIST_EVERY_US: i64 = 60_000_000;
/// Pause after the first failure of a worker; doubles with each further one.
const PAUSE_MIN_US: i64 = 1_000_000;
const PAUSE_MAX_US: i64 = 60_000_000;

/// What is to be started for a database that has no such worker now.
#[derive(Debug, Clone, Copy)]
struct Plan {
    start_us: i64,
    failures: u32,
}

struct Launcher {
    /// Databases and kinds seen so far.
    plans: HashMap<(Oid, u32), Plan>,
    handles: Vec<Option<Handle>>,
    listed_us: i64,
    has_complained: bool,
}

/// The life of the launcher.
pub(crate) fn launch() {
    let mut launcher = Launcher {
        plans: HashMap::new(),
        handles: (0..SLOTS).map(|_| None).collect(),
        listed_us: 0,
        has_complained: false,
    };
    // Left by a launcher that failed: its workers end by themselves, those that never started do not.
    for slot in shmem::slots().iter().filter(|slot| slot.state.load(SeqCst) == state::STARTING) {
        slot.free();
    }
    loop {
        let next = launcher.round(worker::now_us());
        worker::sleep(next.saturating_sub(worker::now_us()));
    }
}

impl Launcher {
    /// Does what is due; returns when the next thing is.
    fn round(&mut self, now: i64) -> i64 {
        match shmem::take_requests() {
            Some(wanted) => wanted.into_iter().for_each(|key| self.ask(key, now)),
            None => {
                self.plans.values_mut().for_each(|plan| plan.start_us = now);
                self.listed_us = 0;
            }
        }
        self.reap(now);
        let is_due = self.plans.iter().any(|(key, plan)| plan.start_us <= now && !is_running(*key));
        if is_due || self.listed_us + LIST_EVERY_US <= now {
            // What is not there any more is not started, and what is new is.
            self.list(now);
        }
        self.start_due(now);
        let starts = self.plans.iter().filter(|(key, _)| !is_running(**key)).map(|(_, plan)| plan.start_us);
        starts.min().unwrap_or(i64::MAX).min(self.listed_us + LIST_EVERY_US)
    }

    fn ask(&mut self, key: (Oid, u32), now: i64) {
        let plan = self.plans.entry(key).or_insert(Plan { start_us: now, failures: 0 });
        plan.start_us = plan.start_us.min(now);
    }

    /// Takes back the slots of workers that have ended.
    fn reap(&mut self, now: i64) {
        for (at, slot) in shmem::slots().iter().enumerate() {
            let is_lost = || self.handles[at].as_ref().is_some_and(Handle::has_ended);
            let (clean, next_start) = match slot.state.load(SeqCst) {
                state::ENDED => (slot.is_clean.load(SeqCst) == 1, slot.next_start_us.load(SeqCst)),
                state::STARTING if is_lost() => (false, i64::MAX),
                _ => continue,
            };
            let key = (slot.database(), slot.kind.load(SeqCst));
            self.handles[at] = None;
            let was_woken = slot.free();
            let plan = self.plans.entry(key).or_insert(Plan { start_us: i64::MAX, failures: 0 });
            if clean {
                *plan = Plan { start_us: if was_woken { now } else { next_start }, failures: 0 };
            } else {
                let pause = PAUSE_MIN_US.saturating_mul(1 << plan.failures.min(6)).min(PAUSE_MAX_US);
                *plan = Plan { start_us: now + pause, failures: plan.failures + 1 };
            }
        }
    }

    /// Forgets databases that are gone and plans a first look into new ones.
    fn list(&mut self, now: i64) {
        match worker::transaction("listing databases", || Ok(worker::databases())) {
            Ok(databases) => {
                self.plans.retain(|(database, _), _| databases.contains(database));
                for database in databases {
                    for kind in Kind::ALL {
                        let plan = Plan { start_us: now, failures: 0 };
                        self.plans.entry((database, kind.number())).or_insert(plan);
                    }
                }
            }
            Err(failure) => pgrx::log!("spacetime: could not list databases: {}", failure.message),
        }
        self.listed_us = now;
    }

    fn start_due(&mut self, now: i64) {
        for ((database, kind), plan) in &mut self.plans {
            let key = (*database, *kind);
            if plan.start_us > now || is_running(key) {
                continue;
            }
            if let Some(until) = shmem::held_until(*database).filter(|until| *until > now) {
                // It may be released before.
                plan.start_us = until.min(now + PAUSE_MIN_US);
                continue;
            }
            let Some(kind) = Kind::from_number(*kind) else { continue };
            let free = shmem::slots().iter().position(|slot| slot.state.load(SeqCst) == state::FREE);
            let started = free.and_then(|at| {
                let slot = shmem::slot(at)?;
                slot.prepare(*database, kind.number());
                let handle = worker::start(kind, *database, at);
                if handle.is_none() {
                    slot.free();
                }
                handle.map(|handle| (at, handle))
            });
            match started {
                Some((at, handle)) => {
                    self.handles[at] = Some(handle);
                    plan.start_us = i64::MAX;
                    self.has_complained = false;
                }
                None => {
                    plan.start_us = now + PAUSE_MIN_US;
                    if !std::mem::replace(&mut self.has_complained, true) {
                        pgrx::log!(
                            "spacetime: no process for a {} is free; raise max_worker_processes",
                            kind.label()
                        );
                    }
                }
            }
        }
    }
}

fn is_running((database, kind): (Oid, u32)) -> bool {
    shmem::slots().iter().any(|slot| {
        slot.state.load(SeqCst) != state::FREE
            && slot.database() == database
            && slot.kind.load(SeqCst) == kind
    })
}
