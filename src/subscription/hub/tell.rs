//! From changes to messages.

use std::rc::Rc;

use super::Hub;
use crate::error::Result;
use crate::pg::worker::Failure;
use crate::subscription::change::{Cause, Change, Writer};
use crate::subscription::evaluation::EvaluationId;

impl Hub {
    /// Writes a change down; `None` if nothing changed.
    pub(super) fn change(
        &mut self,
        id: EvaluationId,
        cause: Cause,
        deletes: Vec<&[u8]>,
        inserts: Vec<&[u8]>,
    ) -> Result<Option<Rc<Change>>> {
        let Some(evaluation) = self.evaluations.get(&id) else { return Ok(None) };
        if deletes.is_empty() && inserts.is_empty() && !cause.has_lost_events {
            return Ok(None);
        }
        let fields = evaluation.query.row_type().fields;
        let writer =
            Writer { table: evaluation.query.table(), fields: &fields, next_large: &mut self.next_large };
        let (change, large) = writer.write(cause, deletes, inserts)?;
        large.into_iter().for_each(|row| self.outbox.keep_row(id, row));
        Ok(Some(Rc::new(change)))
    }

    /// Tells all subscribers of an evaluation.
    pub(super) fn tell(&mut self, id: EvaluationId, change: Option<Rc<Change>>) {
        let Some(evaluation) = self.evaluations.get(&id) else { return };
        for subscriber in evaluation.subscribers.clone() {
            self.tell_one(subscriber, change.as_ref());
        }
    }

    pub(super) fn tell_one(&mut self, id: i64, change: Option<&Rc<Change>>) {
        let (Some(subscriber), Some(change)) = (self.subscribers.get_mut(&id), change) else { return };
        let seq = subscriber.number(change);
        if subscriber.gone_since_us.is_none() {
            self.outbox.send(&subscriber.channel, id, seq, change);
        }
    }

    /// Ends all subscriptions of an evaluation, for a reason that they are told.
    pub(super) fn end_all(&mut self, evaluation: EvaluationId, failure: &Failure) {
        let own: Vec<_> = self
            .subscribers
            .values()
            .filter(|subscriber| subscriber.evaluation == evaluation)
            .map(|s| s.id)
            .collect();
        own.into_iter().for_each(|id| self.end(id, failure));
    }

    /// Ends a subscription, for a reason that it is told.
    pub(super) fn end(&mut self, id: i64, failure: &Failure) {
        if let Some(subscriber) = self.subscribers.get(&id) {
            let channel = subscriber.channel.clone();
            self.outbox.end(&channel, id, subscriber.seq + 1, &failure.sqlstate, &failure.message);
        }
        self.forget(id);
    }

    /// Forgets a subscription, and its evaluation with the last one.
    pub(super) fn forget(&mut self, id: i64) {
        let Some(mut subscriber) = self.subscribers.remove(&id) else { return };
        self.outbox.forget_rows(subscriber.forget_all());
        self.leave(id, subscriber.evaluation);
    }

    /// Takes a subscription out of its evaluation.
    pub(super) fn leave(&mut self, id: i64, evaluation_id: EvaluationId) {
        if let Some(evaluation) = self.evaluations.get_mut(&evaluation_id) {
            evaluation.subscribers.retain(|known| *known != id);
        }
        let is_used = self
            .subscribers
            .values()
            .any(|subscriber| subscriber.evaluation == evaluation_id && subscriber.id != id);
        if is_used {
            return;
        }
        let Some(evaluation) = self.evaluations.remove(&evaluation_id) else { return };
        if let Some(watched) = self.modules.get_mut(&evaluation.key.module) {
            evaluation.plan_ids.iter().for_each(|plan| watched.set.remove(*plan));
            if watched.set.is_empty() {
                self.modules.remove(&evaluation.key.module);
            }
        }
    }
}
