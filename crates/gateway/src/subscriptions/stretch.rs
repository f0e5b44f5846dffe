//! Rows that only reading shows: views, tables under operators' policies, and everything when entries were lost.
//!
//! The entry that touches them begins a *stretch*: nothing further is taken in, the rows are read in a new snapshot, and then
//! all entries that the snapshot contains are taken in together. Clients with such queries hear of them in one update, so
//! that views and tables always show one commit; everybody else hears of each entry.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::event::{CallOutcome, ClientId, Event};
use super::hub::Shared;
use super::loading::unseen;
use super::mirror::{Changed, Part};
use super::registry::Merged;
use super::stream::{Item, Stream};
use crate::changes::{Entry, Kind, Position, Table};
use crate::metrics::Metrics;
use crate::postgres::{Loaded, Rows};

/// Entries that are taken in together.
pub(super) struct Stretch {
    pub(super) entries: Vec<Arc<Entry>>,
    /// The reading that everything waits for.
    pub(super) load: u64,
    parts: Vec<Part>,
    /// Entries may be lost: everything is read, and what it shows is told instead of them.
    is_reload: bool,
    pub(super) read: Option<Loaded>,
    /// Items of the queue that are to be taken in with them, once that is known.
    pub(super) items: Option<usize>,
}

impl Stream {
    /// Begins to read parts anew, because of an entry.
    pub(super) fn begin_stretch(&mut self, parts: Vec<Part>, entries: Vec<Arc<Entry>>, shared: &mut Shared) {
        Metrics::add(&shared.metrics.stretches, 1);
        self.read_stretch(parts, entries, false, shared);
    }

    /// Begins to read everything anew.
    pub(super) fn reload(&mut self, entries: Vec<Arc<Entry>>, shared: &mut Shared) {
        Metrics::add(&shared.metrics.resyncs, 1);
        for entry in &entries {
            self.answers.lose(Some(entry.xid));
        }
        let parts = self.mirror.parts_held();
        self.restart_loads(shared);
        self.read_stretch(parts, entries, true, shared);
        self.give_due(shared);
    }

    fn read_stretch(
        &mut self,
        parts: Vec<Part>,
        entries: Vec<Arc<Entry>>,
        is_reload: bool,
        shared: &mut Shared,
    ) {
        let load = self.request(&parts, true, shared);
        self.stretch = Some(Stretch { entries, load, parts, is_reload, read: None, items: None });
    }

    /// Whether the next item of the queue is to be taken in.
    pub(super) fn continue_stretch(&mut self, shared: &mut Shared) -> bool {
        if let Some(Item::Gap(_)) = self.queue.front() {
            // What was read is worth nothing: it is all read again.
            self.abandon_stretch(shared);
            return true;
        }
        let Some(stretch) = &mut self.stretch else { return true };
        let Some(read) = &stretch.read else { return false };
        let items = match stretch.items {
            Some(items) => items,
            None => match items_in(&self.queue, self.position, read) {
                Some(items) => items,
                // Entries that the snapshot contains are on their way.
                None => return false,
            },
        };
        stretch.items = Some(items);
        if items > 0 {
            return true;
        }
        self.complete_stretch(shared);
        self.stretch.is_none()
    }

    /// Answers the calls of a stretch without its rows: a reload that follows finds them, or there is nobody to tell.
    pub(super) fn abandon_stretch(&mut self, shared: &mut Shared) {
        let Some(stretch) = self.stretch.take() else { return };
        for entry in &stretch.entries {
            self.answers.lose(Some(entry.xid));
            self.published(entry, shared);
        }
        // A reload reads what has rows already.
        let held = self.mirror.parts_held();
        let unread = stretch.parts.into_iter().filter(|part| !held.contains(part)).collect();
        self.load(unread, shared);
        self.give_due(shared);
    }

    fn complete_stretch(&mut self, shared: &mut Shared) {
        let Some(stretch) = self.stretch.take() else { return };
        let Stretch { entries, parts, is_reload, read, .. } = stretch;
        let Some(read) = read else { return };
        let is_unseen = |entry: &&Arc<Entry>| !read.snapshot.contains(entry.xid);
        let is_outdated = entries.iter().filter(is_unseen).any(|entry| match &entry.kind {
            Kind::Changes { tables, .. } => parts.iter().zip(&read.rows).any(|(part, rows)| {
                // By what was looked at the last time, and this time.
                let looks_at =
                    |table: &Table| rows.as_ref().is_ok_and(|rows| rows.tables_read.contains(&table.name));
                self.mirror.is_touched(*part, tables) || tables.iter().any(looks_at)
            }),
            Kind::Resync => true,
            Kind::Published { .. } => false,
        });
        let needs_reload = !is_reload && entries.iter().any(|entry| matches!(entry.kind, Kind::Resync));
        if is_outdated || needs_reload {
            let is_reload = is_reload || needs_reload;
            // Also those that have no rows yet.
            let mut parts = parts;
            if is_reload {
                parts.extend(self.mirror.parts_held());
                parts.sort_unstable();
                parts.dedup();
            }
            self.read_stretch(parts, entries, is_reload, shared);
            return;
        }
        if !is_reload {
            // What entries after the first one have touched besides.
            let mut more = parts.clone();
            for entry in &entries {
                if let Kind::Changes { tables, .. } = &entry.kind {
                    more.extend(self.mirror.touched(Some(tables)));
                }
            }
            more.sort_unstable();
            more.dedup();
            if more.len() > parts.len() {
                self.read_stretch(more, entries, false, shared);
                return;
            }
        }
        self.take_in_stretch(&entries, &parts, is_reload, &read, shared);
        self.fail(&parts, &read, shared);
        self.apply(shared);
        self.give_due(shared);
    }

    fn take_in_stretch(
        &mut self,
        entries: &[Arc<Entry>],
        parts: &[Part],
        is_reload: bool,
        read: &Loaded,
        shared: &mut Shared,
    ) {
        let held_back: HashSet<ClientId> = if is_reload {
            shared.registry.clients_of(self.module).into_iter().collect()
        } else {
            let queries = parts.iter().flat_map(|part| self.mirror.queries_of(*part));
            let queries = queries.filter_map(|id| self.mirror.query(id));
            queries.flat_map(|query| query.subscribers.iter().map(|(client, _)| *client)).collect()
        };
        let (mut merged, mut kept) = (Merged::new(), Vec::new());
        for entry in entries {
            self.pass(entry);
            match &entry.kind {
                Kind::Changes { tables, .. } if is_reload => {
                    let changed = self.evaluated(tables, super::mirror::Mirror::commit_events);
                    self.tell(entry, &changed, &held_back, &mut merged, &mut kept, shared);
                }
                Kind::Changes { .. } => self.commit(entry, &held_back, &mut merged, &mut kept, shared),
                // The one that a stretch begins with was told already.
                Kind::Published { .. } if !Arc::ptr_eq(entry, &entries[0]) => {
                    self.published(entry, shared);
                }
                Kind::Published { .. } | Kind::Resync => {}
            }
        }
        let later = if is_reload { unseen(entries, read) } else { Vec::new() };
        let rows: Vec<(Part, &Rows)> = parts
            .iter()
            .zip(&read.rows)
            .filter_map(|(part, rows)| rows.as_ref().ok().map(|rows| (*part, rows)))
            .collect();
        let changed = self.mirror.fill(&rows, &later).unwrap_or_else(|error| {
            tracing::error!(%error, module = %self.module, "rows that were read could not be taken in");
            Changed::new()
        });
        // All subscribers are held back: this only adds to what they are told.
        if let Err(error) = shared.registry.updates(&changed, &self.mirror, &held_back, &mut merged) {
            tracing::error!(%error, "an update is too large for a message");
        }
        self.tell_merged(entries, &merged, &held_back, kept, shared);
    }

    /// One update for each client that was held back: with the first of its answers, if it has any.
    fn tell_merged(
        &mut self,
        entries: &[Arc<Entry>],
        merged: &Merged,
        held_back: &HashSet<ClientId>,
        kept: Vec<(ClientId, Event)>,
        shared: &mut Shared,
    ) {
        let updates = shared.registry.merged_updates(merged, &self.mirror, held_back);
        let mut updates = updates.unwrap_or_else(|error| {
            tracing::error!(%error, "an update is too large for a message");
            Default::default()
        });
        let answered: HashSet<ClientId> = kept
            .iter()
            .filter(|(_, event)| matches!(event, Event::Answer { outcome: CallOutcome::Done { .. }, .. }))
            .map(|(client, _)| *client)
            .collect();
        let (first, rest) =
            entries.split_first().map_or((None, entries), |(first, rest)| (Some(first), rest));
        let committed_at_us = entries.last().map_or(0, |entry| entry.committed_at_us);
        let call = first.filter(|_| rest.is_empty()).and_then(|entry| match &entry.kind {
            Kind::Changes { calls, .. } => calls.first().map(|(_, info)| Arc::new(info.clone())),
            _ => None,
        });
        let silent: Vec<_> = updates.keys().filter(|client| !answered.contains(client)).copied().collect();
        for client in silent {
            let sets = updates.remove(&client).unwrap_or_default().into_iter().collect();
            shared.tell(client, Event::Update { sets, call: call.clone(), committed_at_us });
        }
        for (client, mut event) in kept {
            if let Event::Answer { outcome: CallOutcome::Done { .. }, sets, .. } = &mut event
                && let Some(update) = updates.remove(&client)
            {
                *sets = update.into_iter().collect();
            }
            shared.tell(client, event);
        }
    }
}

/// How many items of the queue a stretch takes in: up to the last entry that its rows contain. `None` while such entries can
/// still come.
fn items_in(queue: &VecDeque<Item>, position: Position, read: &Loaded) -> Option<usize> {
    let is_behind = |item: &Item| match item {
        Item::Entry(entry) => entry.seq >= read.end.next,
        Item::Passed(position) => position.has_reached(read.end),
        Item::Gap(_) => true,
    };
    let end = match position.has_reached(read.end) {
        true => 0,
        false => queue.iter().position(is_behind)?,
    };
    let is_seen = |item: &Item| matches!(item, Item::Entry(entry) if read.snapshot.contains(entry.xid));
    let seen = queue.iter().take(end).rposition(is_seen);
    Some(seen.map_or(0, |last| last + 1))
}
