//! A scheduler of one database: runs what is due, one run of each module in turn, so that none starves another; within
//! a module in the order of the due times, and of the writes where these are equal. There are two, for reducers and for
//! procedures, which may take as long as they like.

use std::collections::HashMap;

use super::{Kind, Next, Worker};
use crate::catalog::{self, ScheduleHead};
use crate::error::Result;
use crate::module;
use crate::pg::worker::{Failure, TRANSIENT, look_around, now_us, transaction};
use crate::pg::{access, invalidation};
use crate::reducer::{self, Progress};

/// The worker ends when nothing is due for this long, and stays as long after its last run: a database with a worker in
/// it cannot be copied, and its process is one that others may need.
const STAY_US: i64 = 60_000_000;
/// Pause of a module that could not be called; doubles with each further time.
const PAUSE_MIN_US: i64 = 200_000;
const PAUSE_MAX_US: i64 = 60_000_000;

/// Longest wait for a lock within a run: then the other modules get their turn.
const LOCK_WAIT_MS: i32 = 500;
/// A worker is started again this long before something is due.
const START_US: i64 = 1_000_000;

/// A module that is left alone for a while.
#[derive(Debug, Clone, Copy)]
struct Pause {
    until_us: i64,
    length_us: i64,
}

pub(super) struct Scheduler {
    kind: Kind,
    /// By identity in hex.
    pauses: HashMap<String, Pause>,
    /// modules_generation for which rows without entries were looked for.
    healed: Option<u64>,
    busy_us: Option<i64>,
    failures: u32,
    /// Until then nothing is tried, whoever wakes the worker.
    retry_us: i64,
}

/// What a look at the schedule found.
enum Look {
    /// The extension is not in this database.
    Nothing,
    Heads(Vec<ScheduleHead>),
}

impl Scheduler {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, pauses: HashMap::new(), healed: None, busy_us: None, failures: 0, retry_us: 0 }
    }
}

impl Worker for Scheduler {
    fn round(&mut self, now_us: i64, _is_woken: bool) -> Next {
        if now_us < self.retry_us {
            return Next::SleepUntil(self.retry_us);
        }
        match self.try_round(now_us) {
            Ok(next) => {
                self.failures = 0;
                next
            }
            Err(failure) => {
                // Not the fault of any one entry: somebody drops the extension, memory is short …
                report("the schedule could not be read", &failure);
                let pause = PAUSE_MIN_US.saturating_mul(1 << self.failures.min(8)).min(PAUSE_MAX_US);
                self.failures += 1;
                self.retry_us = now_us + pause;
                Next::SleepUntil(self.retry_us)
            }
        }
    }
}

impl Scheduler {
    fn try_round(&mut self, now: i64) -> std::result::Result<Next, Failure> {
        self.heal()?;
        let are_procedures = self.kind == Kind::Procedures;
        let heads = match transaction("looking for what is scheduled", || look(are_procedures))? {
            Look::Nothing => return Ok(Next::EndUntil(i64::MAX)),
            Look::Heads(heads) => heads,
        };
        self.pauses.retain(|module, _| heads.iter().any(|head| head.module == *module));
        let mut has_run = false;
        for head in &heads {
            if self.start_of(head) <= now {
                has_run = true;
                look_around();
                if are_procedures { self.run_procedure(head) } else { self.run_reducer(head) }
            }
        }
        if has_run {
            self.busy_us = Some(now_us());
            return Ok(Next::Again);
        }
        let next = heads.iter().map(|head| self.start_of(head)).min().unwrap_or(i64::MAX);
        let stay = self.busy_us.unwrap_or(if heads.is_empty() { 0 } else { now }).saturating_add(STAY_US);
        self.busy_us.get_or_insert(now);
        if next > now + STAY_US && stay <= now {
            return Ok(Next::EndUntil(if next == i64::MAX { next } else { next - START_US }));
        }
        Ok(Next::SleepUntil(next.min(stay.max(now + 1000))))
    }

    fn start_of(&self, head: &ScheduleHead) -> i64 {
        self.pauses.get(&head.module).map_or(head.due_us, |pause| head.due_us.max(pause.until_us))
    }

    /// Looks for rows without entries whenever a module may have come or changed.
    fn heal(&mut self) -> std::result::Result<(), Failure> {
        let (generation, modules) = transaction("looking for modules", || {
            if !is_installed() {
                return Ok((0, Vec::new()));
            }
            invalidation::watch(catalog::catalog_oid()?);
            invalidation::accept();
            let generation = invalidation::modules_generation();
            let is_new = self.healed != Some(generation);
            Ok((generation, if is_new { catalog::module_identities()? } else { Vec::new() }))
        })?;
        for module in modules {
            let heal = || heal_module(&module, self.kind);
            if let Err(failure) = transaction("looking for scheduled rows", heal) {
                report(&format!("scheduled rows of module {module} could not be looked for"), &failure);
            }
        }
        self.healed = Some(generation);
        Ok(())
    }

    /// Runs one procedure. Once it has begun, its entry is dealt with, whatever comes of it.
    fn run_procedure(&mut self, head: &ScheduleHead) {
        let activity = format!("running scheduled procedures of module {}", head.module);
        let run = match bounded(&activity, || reducer::take_procedure(head.id)) {
            Ok(run) => run,
            Err(failure) => return self.pause(head, &failure),
        };
        self.pauses.remove(&head.module);
        let Some(run) = run else { return };
        let Err(failure) = transaction(&activity, || reducer::run_procedure(&run)) else { return };
        report(&format!("a scheduled procedure of module {} failed", head.module), &failure);
        let noted = transaction(&activity, || reducer::note_failed_procedure(&run, &failure));
        if let Err(failure) = noted {
            report("an error could not be noted", &failure);
        }
    }

    /// Runs one reducer. Whatever goes wrong concerns its module only.
    fn run_reducer(&mut self, head: &ScheduleHead) {
        let progress = Progress::default();
        let activity = format!("running scheduled reducers of module {}", head.module);
        let Err(failure) = bounded(&activity, || reducer::run_scheduled(head.id, &progress)) else {
            self.pauses.remove(&head.module);
            return;
        };
        if !progress.has_entered.get() || TRANSIENT.contains(&failure.sqlstate.as_str()) {
            self.pause(head, &failure);
            return;
        }
        report(&format!("a scheduled reducer of module {} failed", head.module), &failure);
        let settled = bounded(&activity, || reducer::settle_failed(head.id, head.due_us, &failure));
        match settled {
            Ok(()) => drop(self.pauses.remove(&head.module)),
            Err(failure) => self.pause(head, &failure),
        }
    }

    /// Leaves a module alone for a while. Its entry stays due.
    fn pause(&mut self, head: &ScheduleHead, failure: &Failure) {
        let before = self.pauses.get(&head.module).copied();
        let length_us = before.map_or(PAUSE_MIN_US, |pause| (pause.length_us * 2).min(PAUSE_MAX_US));
        // The module is busy: next to the others, it is its turn again soon.
        let length_us = if failure.sqlstate == "55P03" { PAUSE_MIN_US } else { length_us };
        self.pauses.insert(head.module.clone(), Pause { until_us: now_us() + length_us, length_us });
        if before.is_none() {
            report(&format!("a schedule of module {} has to wait", head.module), failure);
        }
        let noted =
            transaction("noting an error", || catalog::note_schedule_error(head.id, &failure.message));
        if let Err(failure) = noted {
            report("an error could not be noted", &failure);
        }
    }
}

/// A transaction that waits for nobody's lock for long.
fn bounded<R>(activity: &str, body: impl FnOnce() -> Result<R>) -> std::result::Result<R, Failure> {
    transaction(activity, || access::with_lock_timeout(LOCK_WAIT_MS, body))
}

fn report(what: &str, failure: &Failure) {
    let detail = failure.detail.as_deref().map_or_else(String::new, |detail| format!("\n{detail}"));
    pgrx::log!("spacetime: {what}: {} (SQLSTATE {}){detail}", failure.message, failure.sqlstate);
}

fn is_installed() -> bool {
    access::schema("spacetime").and_then(|schema| access::relation(schema, "_schedule")).is_some()
}

fn look(are_procedures: bool) -> Result<Look> {
    if !is_installed() {
        return Ok(Look::Nothing);
    }
    catalog::schedule_heads(are_procedures).map(Look::Heads)
}

fn heal_module(identity: &str, kind: Kind) -> Result<()> {
    let Some(row) = catalog::find(identity)? else { return Ok(()) };
    let Ok(definition) = spacetime_definition::decode(&row.description) else { return Ok(()) };
    // Only then: this maps its code.
    if module::workers_of(&definition).contains(&kind) {
        module::heal(&*module::ready(identity)?)
    } else {
        Ok(())
    }
}
