//! What happens to one module, in order: entries of the change log are taken in one after the other. One that must wait (for
//! the outcome of its batch, or for rows that must be read because of it) holds back those behind it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use spacetime_auth::Identity;

use super::answers::{Answers, PendingCall, Reply};
use super::event::{CallInfo, CallOutcome, ClientId, Event};
use super::hub::Shared;
use super::loading::Load;
use super::mirror::{Changed, Mirror};
use super::one_off::Question;
use super::registry::{Merged, Updates};
use super::stretch::Stretch;
use crate::changes::{Entry, Kind, Position, Table};

/// One module, as of a place in the change log.
pub(super) struct Stream {
    pub(super) module: Identity,
    pub(super) mirror: Mirror,
    pub(super) answers: Answers,
    pub(super) queue: VecDeque<Item>,
    /// Everything before this has been taken in.
    pub(super) position: Position,
    /// Readings for new subscriptions, by number. Entries go on meanwhile.
    pub(super) loads: HashMap<u64, Load>,
    pub(super) stretch: Option<Stretch>,
    /// Queries that were asked once and are not answered, by number.
    pub(super) questions: HashMap<u64, Question>,
    pub(super) last_question: u64,
    /// What clients are told once everything before a place has been taken in.
    in_turn: Vec<(Position, ClientId, Event)>,
}

pub(super) enum Item {
    Entry(Arc<Entry>),
    /// Entries before this are lost.
    Gap(Position),
    /// Everything before this was handed over, of all modules.
    Passed(Position),
}

impl Stream {
    pub(super) fn new(module: Identity, position: Position) -> Self {
        Self {
            module,
            mirror: Mirror::default(),
            answers: Answers::default(),
            queue: VecDeque::new(),
            position,
            loads: HashMap::new(),
            stretch: None,
            questions: HashMap::new(),
            last_question: 0,
            in_turn: Vec::new(),
        }
    }

    /// Tells a client something once everything before a place has been taken in.
    pub(super) fn tell_in_turn(
        &mut self,
        after: Position,
        client: ClientId,
        event: Event,
        shared: &mut Shared,
    ) {
        self.in_turn.push((after, client, event));
        self.advance(shared);
    }

    /// Tells what it is time for. Nothing leads to a place of a life of Postgres that is over: what it left has been told.
    fn tell_reached(&mut self, shared: &mut Shared) {
        let is_over = |epoch: u64| epoch != self.position.epoch && shared.past_epochs.contains(&epoch);
        let is_reached = |after: Position| self.position.has_reached(after) || is_over(after.epoch);
        let (reached, later) =
            std::mem::take(&mut self.in_turn).into_iter().partition(|(after, ..)| is_reached(*after));
        self.in_turn = later;
        for (_, client, event) in reached {
            shared.tell(client, event);
        }
    }

    /// Takes in entries until one must wait.
    pub(super) fn advance(&mut self, shared: &mut Shared) {
        loop {
            self.complete_loads(shared);
            if self.stretch.is_none() && !self.in_turn.is_empty() {
                self.tell_reached(shared);
            }
            if self.stretch.is_some() && !self.continue_stretch(shared) {
                return;
            }
            if matches!(self.queue.front(), Some(Item::Entry(entry)) if self.must_wait(entry)) {
                return;
            }
            let Some(item) = self.queue.pop_front() else { return };
            if let Some(items) = self.stretch.as_mut().and_then(|stretch| stretch.items.as_mut()) {
                *items = items.saturating_sub(1);
            }
            match item {
                Item::Entry(entry) => self.entry(entry, shared),
                Item::Gap(position) => {
                    self.position = position;
                    self.answers.lose(None);
                    self.give_due(shared);
                    self.reload(Vec::new(), Vec::new(), shared);
                }
                Item::Passed(position) => self.position = position,
            }
        }
    }

    /// Whether an entry must wait for the outcome of its calls' batch.
    fn must_wait(&self, entry: &Entry) -> bool {
        let Kind::Changes { calls, .. } = &entry.kind else { return false };
        calls.iter().any(|(tag, _)| *tag != 0 && self.answers.is_awaited(*tag))
    }

    fn entry(&mut self, entry: Arc<Entry>, shared: &mut Shared) {
        if let Some(stretch) = &mut self.stretch {
            stretch.entries.push(entry);
            return;
        }
        match &entry.kind {
            Kind::Changes { tables, .. } => {
                let touched = self.mirror.touched(Some(tables));
                if !touched.is_empty() {
                    self.begin_stretch(touched, vec![entry], shared);
                    return;
                }
                self.pass(&entry);
                self.commit(&entry, &HashSet::new(), &mut Merged::new(), &mut Vec::new(), shared);
                self.give_due(shared);
                if self.mirror.is_damaged {
                    self.reload(Vec::new(), Vec::new(), shared);
                }
            }
            Kind::Resync => self.reload(Vec::new(), vec![entry], shared),
            Kind::Published { .. } => {
                let derived = self.mirror.touched(None);
                if self.published(&entry, shared) || derived.is_empty() {
                    self.pass(&entry);
                } else {
                    // Views may have other code now.
                    self.begin_stretch(derived, vec![entry], shared);
                }
            }
        }
    }

    /// A new version of the module; whether its clients had to go.
    pub(super) fn published(&mut self, entry: &Entry, shared: &mut Shared) -> bool {
        let Kind::Published { version, breaks_clients } = &entry.kind else { return false };
        tracing::info!(module = %self.module, version, breaks_clients, "a module was published");
        let must_go = *breaks_clients || *version == 0;
        if must_go {
            for client in shared.registry.clients_of(self.module) {
                shared.close(client, 1001, "module exited".into());
            }
        }
        must_go
    }

    /// Notes that an entry has been taken in.
    pub(super) fn pass(&mut self, entry: &Arc<Entry>) {
        self.position.next = self.position.next.max(entry.seq + 1);
        for load in self.loads.values_mut() {
            load.later.push(Arc::clone(entry));
        }
    }

    /// Takes in what an entry did, and tells it, but to those in `held_back`: their rows are added to `merged`, their answers
    /// to `kept`.
    pub(super) fn commit(
        &mut self,
        entry: &Entry,
        held_back: &HashSet<ClientId>,
        merged: &mut Merged,
        kept: &mut Vec<(ClientId, Event)>,
        shared: &mut Shared,
    ) {
        let Kind::Changes { tables, .. } = &entry.kind else { return };
        let changed = self.evaluated(tables, Mirror::commit);
        self.tell(entry, &changed, held_back, merged, kept, shared);
    }

    /// What a step of the mirror gives. Errors mean that rows are not what the module says they are; they leave the mirror
    /// damaged, and a reload finds what this step and those after it have changed.
    pub(super) fn evaluated(
        &mut self,
        tables: &[Table],
        step: impl FnOnce(&mut Mirror, &[Table]) -> Result<Changed, spacetime_query::Error>,
    ) -> Changed {
        if self.mirror.is_damaged {
            return Changed::new();
        }
        step(&mut self.mirror, tables).unwrap_or_else(|error| {
            tracing::error!(%error, module = %self.module, "a change could not be evaluated");
            Changed::new()
        })
    }

    /// Tells what an entry changed, and answers its calls.
    pub(super) fn tell(
        &mut self,
        entry: &Entry,
        changed: &Changed,
        held_back: &HashSet<ClientId>,
        merged: &mut Merged,
        kept: &mut Vec<(ClientId, Event)>,
        shared: &mut Shared,
    ) {
        let (mut updates, unable) = shared.registry.updates(changed, &self.mirror, held_back, merged);
        shared.close_unable(unable);
        let mut call = None;
        let calls = match &entry.kind {
            Kind::Changes { calls, .. } => calls.as_slice(),
            _ => &[],
        };
        for (tag, info) in calls {
            let info = Arc::new(info.clone());
            if *tag != 0 {
                self.answer_call(*tag, &info, &mut updates, held_back, kept, shared);
            }
            call.get_or_insert(info);
        }
        for (client, sets) in updates {
            let sets = sets.into_iter().collect();
            let committed_at_us = entry.committed_at_us;
            shared.tell(client, Event::Update { sets, call: call.clone(), committed_at_us });
        }
    }

    /// Answers a call by its entry, and before it those that came before it. The caller's rows go with its answer.
    fn answer_call(
        &mut self,
        tag: u64,
        info: &Arc<CallInfo>,
        updates: &mut Updates,
        held_back: &HashSet<ClientId>,
        kept: &mut Vec<(ClientId, Event)>,
        shared: &mut Shared,
    ) {
        for (mut pending, result) in self.answers.up_to(tag) {
            let mut sets = Vec::new();
            let client = pending.client();
            if pending.tag == tag {
                pending.call = Arc::clone(info);
                let own = client.and_then(|client| updates.remove(&client));
                sets = own.into_iter().flatten().collect();
            }
            match client.filter(|client| held_back.contains(client)) {
                Some(client) => kept.extend(pending.event(&result).map(|event| (client, event))),
                None => shared.answer(pending, result, sets),
            }
        }
    }

    /// Gives the answers that nothing stands before.
    pub(super) fn give_due(&mut self, shared: &mut Shared) {
        // Within a stretch, rows that earlier calls made are still to come.
        if self.stretch.as_ref().is_some_and(|stretch| !stretch.entries.is_empty()) {
            return;
        }
        for (pending, result) in self.answers.due() {
            shared.answer(pending, result, Vec::new());
        }
    }
}

impl PendingCall {
    /// The answer without rows.
    fn event(self, result: &spacetime_call_batch::CallResult) -> Option<Event> {
        let Reply::Socket { request_id, is_quiet, .. } = self.reply else { return None };
        let (outcome, call) = (CallOutcome::of(result), self.call);
        Some(Event::Answer { request_id, outcome, sets: Vec::new(), call, is_quiet })
    }

    fn client(&self) -> Option<ClientId> {
        match &self.reply {
            Reply::Socket { client, .. } => Some(*client),
            Reply::Http(_) => None,
        }
    }
}
