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
use crate::changes::{Entry, Kind, Position};
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

    /// Begins to read everything anew, and parts that were not read yet.
    pub(super) fn reload(&mut self, parts: Vec<Part>, entries: Vec<Arc<Entry>>, shared: &mut Shared) {
        Metrics::add(&shared.metrics.resyncs, 1);
        for entry in &entries {
            self.answers.lose(Some(entry.xid));
        }
        let parts = self.with_held(parts);
        self.restart_loads(shared);
        self.read_stretch(parts, entries, true, shared);
        self.give_due(shared);
    }

    fn with_held(&self, mut parts: Vec<Part>) -> Vec<Part> {
        parts.extend(self.mirror.parts_held());
        parts.sort_unstable();
        parts.dedup();
        parts
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
                Extent::Items(items) => items,
                // Entries that the snapshot contains are on their way.
                Extent::Unknown => return false,
                Extent::Lost(before_gap) => {
                    self.skip(before_gap, shared);
                    self.abandon_stretch(shared);
                    return true;
                }
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

    /// Leaves items out; the reload behind them tells what they did, but for rows of event tables.
    fn skip(&mut self, items: usize, shared: &mut Shared) {
        for item in self.queue.drain(..items).collect::<Vec<_>>() {
            if let Item::Entry(entry) = item {
                self.answers.lose(Some(entry.xid));
                self.published(&entry, shared);
            }
        }
    }

    fn complete_stretch(&mut self, shared: &mut Shared) {
        let Some(stretch) = self.stretch.take() else { return };
        let Stretch { entries, parts, is_reload, read, .. } = stretch;
        let Some(read) = read else { return };
        let is_unseen = |entry: &&Arc<Entry>| !read.snapshot.contains(entry.xid);
        let is_outdated = entries.iter().filter(is_unseen).any(|entry| match &entry.kind {
            Kind::Changes { tables, .. } => {
                parts.iter().zip(&read.rows).any(|(part, rows)| self.is_outdated(*part, rows, tables))
            }
            Kind::Resync => true,
            Kind::Published { .. } => false,
        });
        let needs_reload = !is_reload && entries.iter().any(|entry| matches!(entry.kind, Kind::Resync));
        if is_outdated || needs_reload {
            let is_reload = is_reload || needs_reload;
            // Also those that have no rows yet.
            let parts = if is_reload { self.with_held(parts) } else { parts };
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
        if self.mirror.is_damaged {
            self.reload(parts, Vec::new(), shared);
            return;
        }
        self.fail(&parts, &read, shared);
        self.answer_questions(parts.iter().copied().zip(&read.rows), shared);
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
        let mut changed = Changed::new();
        // A damaged mirror waits for the reload.
        if is_reload || !self.mirror.is_damaged {
            let filled = self.mirror.fill(&rows, &later);
            self.give_up(filled.failed, shared);
            changed = filled.changed;
        }
        // All subscribers are held back: this only adds to what they are told.
        drop(shared.registry.updates(&changed, &self.mirror, &held_back, &mut merged));
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
        let (mut updates, unable) = shared.registry.merged_updates(merged, &self.mirror, held_back);
        shared.close_unable(unable);
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

/// How far a stretch goes.
#[derive(Debug, PartialEq, Eq)]
enum Extent {
    /// So many items of the queue: up to the last entry that its rows contain.
    Items(usize),
    /// Such entries can still come.
    Unknown,
    /// Such entries are lost, in the gap behind so many items.
    Lost(usize),
}

/// Rows that were read after a restart are of another epoch than the entries before it: between them there is a gap.
fn items_in(queue: &VecDeque<Item>, position: Position, read: &Loaded) -> Extent {
    let mut end = position.has_reached(read.end).then_some(0);
    for (place, item) in queue.iter().enumerate() {
        if end.is_some() {
            break;
        }
        match item {
            Item::Entry(entry) if position.epoch == read.end.epoch && entry.seq >= read.end.next => {
                end = Some(place);
            }
            Item::Passed(position) if position.has_reached(read.end) => end = Some(place),
            Item::Gap(_) => return Extent::Lost(place),
            Item::Entry(_) | Item::Passed(_) => {}
        }
    }
    let Some(end) = end else { return Extent::Unknown };
    let is_seen = |item: &Item| matches!(item, Item::Entry(entry) if read.snapshot.contains(entry.xid));
    let seen = queue.iter().take(end).rposition(is_seen);
    Extent::Items(seen.map_or(0, |last| last + 1))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Extent, Item, Loaded, Position, items_in};
    use crate::changes::{Entry, Kind};
    use crate::postgres::Snapshot;

    /// An entry whose number is that of its transaction.
    fn entry(seq: u64) -> Item {
        let module = spacetime_auth::Identity::from_be_bytes([1; 32]);
        Item::Entry(Arc::new(Entry { seq, xid: seq, module, committed_at_us: 0, kind: Kind::Resync }))
    }

    /// Rows with all transactions before `xmax`.
    fn read(xmax: u64, end: Position) -> Loaded {
        let snapshot = Snapshot::parse(&format!("{xmax}:{xmax}:")).expect("well-formed");
        Loaded { snapshot, end, rows: Vec::new() }
    }

    #[test]
    fn a_stretch_takes_in_what_its_rows_contain() {
        let at = |next| Position { epoch: 1, next };
        let queue = [entry(5), entry(6), entry(7), Item::Passed(at(8))].into();
        assert_eq!(items_in(&queue, at(5), &read(7, at(7))), Extent::Items(2));
        assert_eq!(items_in(&queue, at(5), &read(5, at(5))), Extent::Items(0));
        assert_eq!(items_in(&queue, at(5), &read(8, at(8))), Extent::Items(3));
        assert_eq!(items_in(&queue, at(5), &read(9, at(9))), Extent::Unknown);
    }

    #[test]
    fn rows_of_after_a_restart_are_no_use_to_entries_of_before() {
        let (before, after) = (Position { epoch: 1, next: 5 }, Position { epoch: 2, next: 1 });
        let mut queue = [entry(5), entry(6), Item::Passed(Position { next: 7, ..before })].into();
        assert_eq!(items_in(&queue, before, &read(9, after)), Extent::Unknown);
        queue.push_back(Item::Gap(after));
        assert_eq!(items_in(&queue, before, &read(9, after)), Extent::Lost(3));
        // Nor are those of a reader that lagged behind: what lies between is in the rows.
        let queue = [entry(5), Item::Gap(Position { next: 90, ..before })].into();
        assert_eq!(items_in(&queue, before, &read(70, Position { next: 80, ..before })), Extent::Lost(1));
    }
}
