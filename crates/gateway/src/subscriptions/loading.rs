//! Readings: the first rows of queries, and rows that a stretch waits for.

use std::sync::Arc;
use std::time::Duration;

use super::event::{ClientId, Event, Request, SubscribeKind, within_answer};
use super::filling::{FailedQueries, Filled};
use super::hub::{Input, Shared};
use super::mirror::{Part, QueryId};
use super::registry::NewlyApplied;
use super::stream::Stream;
use crate::changes::{Entry, Kind, Table};
use crate::error::Result;
use crate::postgres::{Loaded, Rows};

/// Pause before rows are read again after a failure.
const RETRY: Duration = Duration::from_millis(500);
/// The module is gone: nobody waits for its rows.
const UNDEFINED_OBJECT: &str = "42704";

/// A reading for new subscriptions.
pub(super) struct Load {
    parts: Vec<Part>,
    /// Entries taken in since it was asked for.
    pub(super) later: Vec<Arc<Entry>>,
    read: Option<Loaded>,
}

/// Rows of the entries that a reading does not contain.
pub(super) fn unseen<'a>(entries: &'a [Arc<Entry>], read: &Loaded) -> Vec<&'a [Table]> {
    let entries = entries.iter().filter(|entry| !read.snapshot.contains(entry.xid));
    entries
        .filter_map(|entry| match &entry.kind {
            Kind::Changes { tables, .. } => Some(tables.as_slice()),
            _ => None,
        })
        .collect()
}

/// Whether somebody has changed rows that a reading does not contain, and nobody knows which.
fn has_unknown(entries: &[Arc<Entry>], read: &Loaded) -> bool {
    entries.iter().any(|entry| matches!(entry.kind, Kind::Resync) && !read.snapshot.contains(entry.xid))
}

fn is_question(part: Part) -> bool {
    matches!(part, Part::Question(..))
}

impl Stream {
    /// Asks for rows. Gives the number under which they come.
    pub(super) fn request(&mut self, parts: &[Part], is_needed: bool, shared: &mut Shared) -> u64 {
        shared.last_load += 1;
        let (load, module) = (shared.last_load, self.module);
        // What is not wanted any more keeps its place; its rows are not looked at.
        let reads: Vec<_> = parts.iter().map(|part| self.read_of(*part)).collect();
        let (database, handle) = (Arc::clone(&shared.database), shared.handle.clone());
        shared.vital.spawn("a reading of rows", async move {
            let wanted: Vec<_> = reads.iter().flatten().cloned().collect();
            let result = loop {
                match database.load(&module.to_string(), &wanted).await {
                    // Nothing goes on without these rows.
                    Err(error) if is_needed && error.sqlstate() != Some(UNDEFINED_OBJECT) => {
                        tracing::warn!(%error, "reading rows anew failed; trying again");
                        tokio::time::sleep(RETRY).await;
                    }
                    result => break result,
                }
            };
            let result = result.map(|mut loaded| {
                let mut found = std::mem::take(&mut loaded.rows).into_iter();
                let unwanted = || Ok(Rows { rows: Vec::new(), tables_read: Vec::new() });
                let place = |read: &Option<_>| {
                    if read.is_some() { found.next().unwrap_or_else(unwanted) } else { unwanted() }
                };
                loaded.rows = reads.iter().map(place).collect();
                loaded
            });
            drop(handle.send(Input::Read { module, load, result }));
        });
        load
    }

    /// Begins to read what new subscriptions need.
    pub(super) fn load(&mut self, parts: Vec<Part>, shared: &mut Shared) {
        if parts.is_empty() {
            return;
        }
        let load = self.request(&parts, false, shared);
        self.loads.insert(load, Load { parts, later: Vec::new(), read: None });
    }

    /// Begins all readings again: what they were to be completed with is lost.
    pub(super) fn restart_loads(&mut self, shared: &mut Shared) {
        for (_, load) in std::mem::take(&mut self.loads) {
            self.load(load.parts, shared);
        }
    }

    /// Rows have come, or not.
    pub(super) fn read(&mut self, number: u64, result: Result<Loaded>, shared: &mut Shared) {
        if let Some(stretch) = self.stretch.as_mut().filter(|stretch| stretch.load == number) {
            match result {
                Ok(loaded) => stretch.read = Some(loaded),
                // Only a module that is gone; its clients are about to learn that.
                Err(error) => {
                    tracing::info!(%error, module = %self.module, "rows are not read any more");
                    self.abandon_stretch(shared);
                }
            }
        } else if let Some(load) = self.loads.get_mut(&number) {
            match result {
                Ok(loaded) => load.read = Some(loaded),
                Err(error) => {
                    tracing::warn!(%error, "the rows of a subscription could not be read");
                    let parts = self.loads.remove(&number).map(|load| load.parts).unwrap_or_default();
                    for part in parts {
                        self.end(part, &error.message(), shared);
                    }
                }
            }
        }
        self.advance(shared);
    }

    /// Rows count once the entries that they contain have been taken in: so all sets of a client show one commit's state.
    pub(super) fn complete_loads(&mut self, shared: &mut Shared) {
        // In the middle of a stretch some entries are behind and not taken in.
        if self.stretch.is_some() {
            return;
        }
        let position = self.position;
        let is_complete = |load: &Load| load.read.as_ref().is_some_and(|read| position.has_reached(read.end));
        let complete: Vec<_> =
            self.loads.iter().filter(|(_, load)| is_complete(load)).map(|(number, _)| *number).collect();
        if complete.is_empty() {
            return;
        }
        let mut all_outdated = Vec::new();
        for number in complete {
            let Some(Load { parts, later, read: Some(read) }) = self.loads.remove(&number) else { continue };
            if has_unknown(&later, &read) {
                self.load(parts, shared);
                continue;
            }
            let later = unseen(&later, &read);
            let read_parts = || parts.iter().copied().zip(&read.rows);
            let is_outdated =
                |(part, rows): (Part, &_)| later.iter().any(|tables| self.is_outdated(part, rows, tables));
            // Those of one question are read together.
            let ask_again = read_parts().any(|read| is_question(read.0) && is_outdated(read));
            let (outdated, current): (Vec<_>, Vec<_>) = read_parts()
                .partition(|read| if is_question(read.0) { ask_again } else { is_outdated(*read) });
            let rows: Vec<_> =
                current.iter().filter_map(|(part, rows)| Some((*part, rows.as_ref().ok()?))).collect();
            // None of these parts had rows before: there is nothing to tell.
            let Filled { failed, .. } = self.mirror.fill(&rows, &later);
            self.give_up(failed, shared);
            all_outdated.extend(outdated.into_iter().map(|(part, _)| part));
            self.fail(&parts, &read, shared);
            self.answer_questions(current.into_iter(), shared);
        }
        self.apply(shared);
        if !all_outdated.is_empty() {
            // What a view would have become is not known. Nothing is taken in until it has been read, or that might go on
            // for ever.
            self.begin_stretch(all_outdated, Vec::new(), shared);
        }
    }

    /// Tells clients of queries that have their rows now.
    pub(super) fn apply(&mut self, shared: &mut Shared) {
        let failed = self.mirror.ready_queries();
        self.give_up(failed, shared);
        for applied in shared.registry.newly_applied(self.module, &self.mirror) {
            let NewlyApplied { client, request, unanswered, tables } = applied;
            let event = match tables.and_then(within_answer) {
                Ok(tables) => Event::Applied { request, tables, _unanswered: unanswered },
                Err(error) => {
                    drop(shared.registry.unsubscribe(client, request.set, &mut self.mirror));
                    Event::SubscriptionRefused { request, error: error.to_string() }
                }
            };
            shared.tell(client, event);
        }
    }

    /// Ends the subscriptions whose rows could not be read.
    pub(super) fn fail(&mut self, parts: &[Part], read: &Loaded, shared: &mut Shared) {
        for (part, rows) in parts.iter().zip(&read.rows) {
            if let Err(error) = rows {
                tracing::warn!(error, module = %self.module, "a view could not be read");
                self.end(*part, error, shared);
            }
        }
    }

    fn end(&mut self, part: Part, error: &str, shared: &mut Shared) {
        if let Part::Question(number, _) = part {
            self.answer_question(number, Err(error), shared);
            return;
        }
        let queries = self.mirror.queries_of(part);
        self.end_queries(&queries, error, shared);
    }

    /// Ends the subscriptions to queries that cannot be evaluated. They would miss changes.
    pub(super) fn give_up(&mut self, failed: FailedQueries, shared: &mut Shared) {
        for (query, error) in failed {
            tracing::error!(%error, module = %self.module, "a query could not be evaluated");
            self.end_queries(&[query], &error.to_string(), shared);
        }
    }

    fn end_queries(&mut self, queries: &[QueryId], error: &str, shared: &mut Shared) {
        for (client, request, is_applied) in shared.registry.sets_with(queries, &self.mirror) {
            let error = error.to_owned();
            if is_applied {
                self.end_applied(client, request, error, shared);
            } else {
                drop(shared.registry.unsubscribe(client, request.set, &mut self.mirror));
                shared.tell(client, Event::SubscriptionRefused { request, error });
            }
        }
    }

    /// Version 1 has one message for it, which ends all subscriptions of the client.
    fn end_applied(&mut self, client: ClientId, request: Request, error: String, shared: &mut Shared) {
        let sets = match request.kind {
            SubscribeKind::QuerySet | SubscribeKind::QuerySetWithRows => vec![request.set],
            SubscribeKind::Legacy | SubscribeKind::Single | SubscribeKind::Multi => {
                shared.registry.sets_of(client)
            }
        };
        for set in sets {
            drop(shared.registry.unsubscribe(client, set, &mut self.mirror));
        }
        shared.tell(client, Event::SubscriptionEnded { set: request.set, error });
    }
}
