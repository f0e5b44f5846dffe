//! Subscriptions that come, go and resume, and what their roles may see.

use std::collections::{HashMap, HashSet};

use super::Hub;
use crate::catalog::{self, SubscriptionState};
use crate::error::Result;
use crate::guc;
use crate::pg::notify;
use crate::pg::subtransaction::attempt;
use crate::pg::worker::{Failure, TRANSIENT, transaction};
use crate::subscription::evaluation::{Evaluation, EvaluationId, Key, key_now};
use crate::subscription::query::Query;
use crate::subscription::rows::{self, Rows};
use crate::subscription::subscriber::Subscriber;

/// How full the queue of notifications may be before everybody's subscriptions end.
const QUEUE_FULL: f64 = 0.9;
/// A session whose transaction is older than this does not read its notifications, in seconds.
const LAGGARD_S: i64 = 1;

impl Hub {
    /// Brings the subscribers in step with the catalog and with who is connected.
    pub(super) fn follow_sessions(&mut self, states: &[SubscriptionState], now_us: i64) -> Result<()> {
        let there: HashSet<_> = states.iter().map(|state| state.id).collect();
        let ended: Vec<_> = self.subscribers.keys().filter(|id| !there.contains(id)).copied().collect();
        for id in ended {
            self.outbox.forget(id);
            self.forget(id);
        }
        for state in states {
            if !self.subscribers.contains_key(&state.id) && !self.outbox.has_forgotten(state.id) {
                self.admit(state.id)?;
            }
            self.follow_session(state, now_us);
        }
        Ok(())
    }

    /// A new subscription: finds or makes its evaluation.
    fn admit(&mut self, id: i64) -> Result<()> {
        let Some(row) = catalog::subscription(id)? else { return Ok(()) };
        // Ended, but the notifier has not written that yet.
        let Some(rows) = &row.rows else { return Ok(()) };
        if !self.has_room_for(rows.len()) {
            if self.is_anyone_new() {
                // What those hold is let go of once they share an evaluation's rows.
                self.is_hindered = true;
            } else {
                let failure = Failure::from(rows::too_large());
                self.outbox.end(&row.channel, id, 1, &failure.sqlstate, &failure.message);
            }
            return Ok(());
        }
        let found = attempt(|| {
            let query = Query::resolve(&row.query, row.identity)?;
            let key = key_now(&query, row.role, row.login.as_deref())?;
            Ok((query, key))
        });
        match found {
            Ok((query, key)) => {
                let evaluation = self.evaluation(query, key, &row.query, row.identity);
                self.subscribers.insert(id, Subscriber::new(row, evaluation)?);
            }
            Err(failure) if TRANSIENT.contains(&failure.sqlstate.as_str()) => self.is_hindered = true,
            Err(failure) => self.outbox.end(&row.channel, id, 1, &failure.sqlstate, &failure.message),
        }
        Ok(())
    }

    fn evaluation(
        &mut self,
        query: Query,
        key: Key,
        text: &str,
        sender: spacetime_auth::Identity,
    ) -> EvaluationId {
        if let Some((id, _)) = self.evaluations.iter().find(|(_, known)| known.key == key) {
            return *id;
        }
        self.next_evaluation += 1;
        let id = EvaluationId(self.next_evaluation);
        let evaluation = Evaluation {
            key,
            query,
            text: text.to_owned(),
            sender,
            held: Rows::default(),
            is_current: false,
            has_lost_events: false,
            plan_ids: Vec::new(),
            subscribers: Vec::new(),
        };
        self.evaluations.insert(id, evaluation);
        id
    }

    fn follow_session(&mut self, state: &SubscriptionState, now_us: i64) {
        let Some(subscriber) = self.subscribers.get_mut(&state.id) else { return };
        if state.resumes > subscriber.resumes {
            subscriber.resumes = state.resumes;
            subscriber.gone_since_us = None;
            self.outbox.note_resumable(state.id, None);
            match subscriber.after(state.resume_after.unwrap_or_default()) {
                Some(messages) => {
                    let channel = subscriber.channel.clone();
                    messages
                        .iter()
                        .for_each(|(seq, change)| self.outbox.send(&channel, state.id, *seq, change));
                }
                None => {
                    let failure = failure("55000", "messages after that number are not kept; subscribe anew");
                    self.end(state.id, &failure);
                    return;
                }
            }
        }
        let Some(subscriber) = self.subscribers.get_mut(&state.id) else { return };
        match subscriber.gone_since_us {
            None if !state.has_session => {
                subscriber.gone_since_us = Some(now_us);
                self.outbox.note_resumable(state.id, Some(subscriber.first_kept()));
            }
            Some(since) if since + guc::resume_window_us() < now_us => {
                self.outbox.forget(state.id);
                self.forget(state.id);
            }
            _ => {}
        }
    }

    /// Moves subscribers whose role sees other rows than before to other evaluations, and ends those who see nothing.
    pub(super) fn look_at_rights(&mut self) {
        let mut known: HashMap<_, std::result::Result<Key, Failure>> = HashMap::new();
        let (mut moved, mut doubtful) = (Vec::new(), Vec::new());
        for subscriber in self.subscribers.values() {
            let Some(evaluation) = self.evaluations.get(&subscriber.evaluation) else { continue };
            let now = known.entry((subscriber.evaluation, subscriber.role)).or_insert_with(|| {
                attempt(|| key_now(&evaluation.query, subscriber.role, subscriber.login.as_deref()))
            });
            match now {
                Ok(key) if key.reader.is_some() == evaluation.key.reader.is_some() => {}
                // Logins differ among those who share an evaluation.
                Ok(_) => moved.push((subscriber.id, None)),
                Err(failure) if failure.sqlstate == "42501" => {
                    moved.push((subscriber.id, Some(failure.clone())))
                }
                // Reading the rows shows what has become of the table.
                Err(_) => doubtful.push(subscriber.evaluation),
            }
        }
        for id in doubtful {
            self.set_current(id, false);
        }
        for (id, failure) in moved {
            match failure {
                Some(failure) => self.end(id, &failure),
                None => self.change_evaluation(id),
            }
        }
    }

    fn change_evaluation(&mut self, id: i64) {
        let Some(subscriber) = self.subscribers.get(&id) else { return };
        let old = subscriber.evaluation;
        let Some(evaluation) = self.evaluations.get(&old) else { return };
        let (text, sender, query) = (subscriber.query.clone(), subscriber.identity, evaluation.query.clone());
        let held = evaluation.held.clone();
        let now = attempt(|| key_now(&query, subscriber.role, subscriber.login.as_deref()));
        let Ok(key) = now else { return };
        let new = self.evaluation(query, key, &text, sender);
        if let Some(subscriber) = self.subscribers.get_mut(&id) {
            subscriber.evaluation = new;
            // What is held is the same for all of an evaluation, unless the subscriber has not joined it yet.
            subscriber.holds.get_or_insert(held);
        }
        self.leave(id, old);
    }

    /// When the server's queue of notifications fills up: ends the subscriptions of those who do not read, as sessions in long
    /// transactions do not. Their messages cannot be taken out of the queue, but no more are put in.
    pub(super) fn drop_laggards(&mut self) -> std::result::Result<(), Failure> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let limit = guc::notify_queue_limit();
        let laggards = transaction("looking at the queue of notifications", || {
            let usage = notify::queue_usage();
            match usage {
                _ if usage >= limit.max(QUEUE_FULL) => Ok(self.subscribers.keys().copied().collect()),
                _ if usage >= limit => catalog::subscriptions_in_transactions(LAGGARD_S),
                _ => Ok(Vec::new()),
            }
        })?;
        for id in laggards {
            if self.subscribers.contains_key(&id) {
                pgrx::log!("spacetime: subscription {id} is ended: the queue of notifications fills up");
                self.end(id, &failure("53400", "the session did not read its notifications; subscribe anew"));
            }
        }
        Ok(())
    }

    /// Lets go of messages that nobody will ask for again.
    pub(super) fn forget_old(&mut self, now_us: i64) {
        let (bytes_max, since_us) = (guc::resume_window_bytes(), now_us - guc::resume_window_us());
        for subscriber in self.subscribers.values_mut() {
            let first = subscriber.first_kept();
            self.outbox.forget_rows(subscriber.forget_old(bytes_max, since_us));
            if subscriber.gone_since_us.is_some() && subscriber.first_kept() != first {
                self.outbox.note_resumable(subscriber.id, Some(subscriber.first_kept()));
            }
        }
    }
}

fn failure(sqlstate: &str, message: &str) -> Failure {
    Failure { sqlstate: sqlstate.into(), message: message.into(), detail: None }
}
