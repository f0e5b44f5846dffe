//! Moving every evaluation to the state that one snapshot shows.

use std::rc::Rc;

use spacetime_change_log::{Cursor, Kind};
use spacetime_query::{QuerySet, Schema};

use super::{Hub, Watched, decode, is_same};
use crate::error::Result;
use crate::guc;
use crate::pg::subtransaction::attempt;
use crate::pg::worker::{Failure, TRANSIENT, now_us, with_statement_timeout};
use crate::pg::{snapshot, wal};
use crate::subscription::change::Cause;
use crate::subscription::evaluation::{Evaluation, EvaluationId};
use crate::subscription::lookup::{StateAfter, deltas};
use crate::subscription::query::Query;
use crate::subscription::rows::Rows;
use crate::subscription::seen::Seen;
use crate::subscription::subscriber::Subscriber;

/// Longest wait for commits that are under way.
const COMPLETE_WAIT_US: i64 = 5_000_000;
const SNAPSHOT_TRIES: usize = 20;
/// Most that is read of the log for one new subscriber.
const CATCH_UP_BYTES: usize = 64 << 20;

/// Deletes and inserts of one commit.
type Missed = (Cause, Vec<Vec<u8>>, Vec<Vec<u8>>);

impl Hub {
    /// Moves every evaluation to the state of a snapshot.
    pub(super) fn advance_to_snapshot(&mut self, has_news: bool) -> Result<()> {
        // Before the snapshot: in one that is older than a rewrite of a table, the table is empty.
        let mut wanted = Vec::new();
        for (id, evaluation) in &self.evaluations {
            if !evaluation.is_current || (has_news && evaluation.is_by_policies()) {
                if evaluation.try_lock() {
                    wanted.push(*id);
                } else {
                    self.is_hindered = true;
                }
            }
        }
        let Some(seen) = self.take_snapshot()? else {
            self.is_hindered = true;
            return Ok(());
        };
        self.apply_pending(seen)?;
        for id in wanted {
            self.read_anew(id)?;
        }
        self.attach();
        snapshot::pop();
        Ok(())
    }

    /// Pushes a snapshot and reads the log up to it: the first entries that are pending are those it sees, all others are
    /// to be applied later. Gives their number; `None` if others' commits take too long.
    fn take_snapshot(&mut self) -> Result<Option<usize>> {
        for _ in 0..SNAPSHOT_TRIES {
            snapshot::push_latest();
            if !self.wait_complete(wal::written_to()) {
                snapshot::pop();
                return Ok(None);
            }
            if self.read_log() {
                // What was skipped may be newer than the snapshot.
                self.read_all_anew();
                snapshot::pop();
                continue;
            }
            let sees =
                self.pending.iter().map(|entry| decode(entry).map(|entry| snapshot::sees(entry.header.xid)));
            let sees = sees.collect::<Result<Vec<_>>>()?;
            let seen = sees.iter().take_while(|sees| **sees).count();
            // A commit that the snapshot does not see must not come before one that it sees.
            if !sees.iter().skip(seen).any(|sees| *sees) {
                return Ok(Some(seen));
            }
            snapshot::pop();
        }
        Ok(None)
    }

    fn wait_complete(&self, lsn: u64) -> bool {
        let Some(reader) = &self.reader else { return true };
        let until = now_us() + COMPLETE_WAIT_US;
        while !reader.is_complete_to(lsn) {
            if now_us() > until {
                return false;
            }
            reader.wait(self.next, true, 1);
        }
        true
    }

    /// Reads the rows of an evaluation and tells its subscribers the difference.
    fn read_anew(&mut self, id: EvaluationId) -> Result<()> {
        self.reading = Some(id);
        let Some(evaluation) = self.evaluations.get(&id) else { return Ok(()) };
        // Policies are other people's code.
        let limit_ms = if evaluation.is_by_policies() { guc::subscription_timeout_ms() } else { 0 };
        let read = || {
            let query = evaluation.resolve_again()?;
            let rows = evaluation.read(&query)?;
            Ok((query, rows))
        };
        let read = with_statement_timeout(limit_ms, || Ok(attempt(read)))?;
        self.reading = None;
        match read {
            Ok((query, rows)) => {
                self.watch(id, query)?;
                self.replace(id, rows)
            }
            Err(failure) if TRANSIENT.contains(&failure.sqlstate.as_str()) => {
                self.is_hindered = true;
                self.set_current(id, false);
                Ok(())
            }
            Err(failure) => {
                self.end_all(id, &failure);
                Ok(())
            }
        }
    }

    pub(super) fn set_current(&mut self, id: EvaluationId, is_current: bool) {
        if let Some(evaluation) = self.evaluations.get_mut(&id) {
            evaluation.is_current = is_current;
        }
    }

    /// Replaces what an evaluation holds.
    fn replace(&mut self, id: EvaluationId, rows: Rows) -> Result<()> {
        let Some(evaluation) = self.evaluations.get_mut(&id) else { return Ok(()) };
        let before = std::mem::take(&mut evaluation.held);
        let cause = if evaluation.has_lost_events { Cause::lost_events() } else { Cause::default() };
        let (deletes, inserts) = before.difference(&rows);
        let change = self.change(id, cause, deletes, inserts);
        if let Some(evaluation) = self.evaluations.get_mut(&id) {
            // What cannot be told is not held either.
            evaluation.is_current = change.is_ok();
            evaluation.has_lost_events &= change.is_err();
            evaluation.held = if change.is_ok() { rows } else { before };
        }
        self.tell(id, change?);
        Ok(())
    }

    /// Makes an evaluation follow the log for this version of its module.
    fn watch(&mut self, id: EvaluationId, query: Query) -> Result<()> {
        let Some(evaluation) = self.evaluations.get_mut(&id) else { return Ok(()) };
        evaluation.key.plans.clone_from(&query.plans);
        evaluation.query = query;
        if evaluation.is_by_policies() {
            return Ok(());
        }
        let key = evaluation.key.module;
        let module = Rc::clone(&evaluation.query.module);
        let is_known = self.modules.get(&key).is_some_and(|known| is_same(&known.module, &module));
        if !is_known {
            // Plans speak of the relations of one version.
            let set = QuerySet::new(Schema::of(&module.definition));
            self.modules.insert(key, Watched { module, set });
            for evaluation in self.evaluations.values_mut().filter(|other| other.key.module == key) {
                evaluation.plan_ids.clear();
                evaluation.is_current &= evaluation.is_by_policies();
            }
        }
        let (Some(evaluation), Some(watched)) = (self.evaluations.get_mut(&id), self.modules.get_mut(&key))
        else {
            return Ok(());
        };
        if evaluation.plan_ids.is_empty() {
            let ids = evaluation.key.plans.iter().map(|plan| watched.set.add(plan.clone()));
            evaluation.plan_ids = ids.collect::<std::result::Result<_, _>>()?;
        }
        Ok(())
    }

    /// Lets new subscribers join their evaluations. The snapshot of the evaluations is active.
    fn attach(&mut self) {
        let is_new = |subscriber: &&Subscriber| subscriber.holds.is_some();
        let new: Vec<_> =
            self.subscribers.values().filter(is_new).map(|new| (new.id, new.evaluation)).collect();
        for (id, evaluation_id) in new {
            if self.evaluations.get(&evaluation_id).is_some_and(|evaluation| evaluation.is_current) {
                self.attach_one(id, evaluation_id);
            }
        }
    }

    /// Tells a subscriber what was committed since its rows were read: commit by commit where the log has it, the rest at
    /// once.
    fn attach_one(&mut self, id: i64, evaluation_id: EvaluationId) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        let (holds, since) = (subscriber.holds.take().unwrap_or_default(), subscriber.since.take());
        let Some(evaluation) = self.evaluations.get_mut(&evaluation_id) else { return };
        evaluation.subscribers.push(id);
        let held = std::mem::take(&mut evaluation.held);
        let told = self.catch_up(id, evaluation_id, holds, since, &held);
        if let Some(evaluation) = self.evaluations.get_mut(&evaluation_id) {
            evaluation.held = held;
        }
        self.outbox.note_evaluation(id, evaluation_id);
        if let Err(error) = told {
            // It was told a part of it: nobody knows any more what it holds.
            self.end(id, &Failure::from(error));
        }
    }

    fn catch_up(
        &mut self,
        id: i64,
        evaluation_id: EvaluationId,
        mut holds: Rows,
        since: Option<(Cursor, Seen)>,
        held: &Rows,
    ) -> Result<()> {
        if let Some((cursor, seen)) = since {
            for (cause, deletes, inserts) in self.missed(evaluation_id, cursor, &seen)? {
                if self
                    .evaluations
                    .get(&evaluation_id)
                    .is_some_and(|evaluation| !evaluation.query.returns_events())
                {
                    // What is not there is put right by the difference.
                    for row in &deletes {
                        holds.remove(row);
                    }
                    inserts.iter().for_each(|row| holds.insert(row));
                }
                let (deletes, inserts) =
                    (deletes.iter().map(Vec::as_slice), inserts.iter().map(Vec::as_slice));
                let change = self.change(evaluation_id, cause, deletes.collect(), inserts.collect())?;
                self.tell_one(id, change.as_ref());
            }
        }
        let (deletes, inserts) = holds.difference(held);
        let change = self.change(evaluation_id, Cause::default(), deletes, inserts)?;
        self.tell_one(id, change.as_ref());
        Ok(())
    }

    /// What commits did to an evaluation that a subscriber's snapshot did not see and the active one does. Only of one
    /// table: what a join did depends on which commits the subscriber saw, and in which order.
    fn missed(&self, id: EvaluationId, cursor: Cursor, seen: &Seen) -> Result<Vec<Missed>> {
        let mut missed = Vec::new();
        let (Some(reader), Some(evaluation)) = (&self.reader, self.evaluations.get(&id)) else {
            return Ok(missed);
        };
        if evaluation.is_by_policies() || evaluation.is_join() {
            return Ok(missed);
        }
        let module = &evaluation.query.module;
        let mut set = QuerySet::new(Schema::of(&module.definition));
        for plan in &evaluation.key.plans {
            set.add(plan.clone())?;
        }
        let (read, _) = reader.read(cursor.epoch, cursor.next, CATCH_UP_BYTES);
        let returns_events = evaluation.query.returns_events();
        let lost = || (Cause::lost_events(), Vec::new(), Vec::new());
        missed.extend((read.is_gap && returns_events).then(lost));
        for entry in &read.entries {
            let entry = decode(entry)?;
            let xid = entry.header.xid;
            if entry.header.module != evaluation.key.module || seen.sees(xid) || !snapshot::sees(xid) {
                continue;
            }
            let Kind::Changes(changes) = &entry.kind else {
                missed.extend((entry.kind == Kind::Resync && returns_events).then(lost));
                break;
            };
            let mut lookup = StateAfter { module: Rc::clone(module), later: &[] };
            let results = set.evaluate(&deltas(module, changes), &mut lookup)?;
            if !results.is_empty() {
                let (deletes, inserts) = Evaluation::net(results.iter().map(|(_, delta)| delta).collect());
                missed.push((Cause::of(xid, &changes.calls), deletes, inserts));
            }
        }
        Ok(missed)
    }
}
