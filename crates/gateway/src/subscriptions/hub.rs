//! The one task that puts in order what clients are told. Its input: pages of the change log, what became of calls,
//! connections that come, go and subscribe, and rows that were read. Entries are taken in strictly one after the other;
//! one that must wait (for the outcome of its batch, or for tables to be read anew) holds back those behind it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use spacetime_auth::Identity;
use spacetime_call_batch::CallResult;
use tokio::sync::mpsc;

use super::answers::{Answers, BatchId, Outcome, PendingCall, Reply};
use super::event::{CallInfo, CallOutcome, ClientId, Event, Request, SetKey, SubscribeKind};
use super::loading::Load;
use super::plan::Plan;
use super::registry::{Registry, Updates};
use crate::changes::{Entry, Kind, Page, Table};
use crate::error::Result;
use crate::metrics::Metrics;
use crate::postgres::{Database, Loaded};

/// What the hub learns.
#[derive(Debug)]
pub(crate) enum Input {
    Connect(NewClient),
    Disconnect(ClientId),
    Subscribe(Subscribe),
    Unsubscribe {
        client: ClientId,
        request: Request,
    },
    /// Calls are about to be sent.
    Started {
        module: Identity,
        batch: BatchId,
        calls: Vec<PendingCall>,
    },
    /// What became of them; durable.
    Finished {
        module: Identity,
        batch: BatchId,
        outcome: Outcome,
    },
    Page(Page),
    Read {
        load: u64,
        result: Result<Loaded>,
    },
}

#[derive(Debug)]
pub(crate) struct NewClient {
    pub(crate) id: ClientId,
    pub(crate) module: Identity,
    pub(crate) events: mpsc::Sender<Event>,
}

#[derive(Debug)]
pub(crate) struct Subscribe {
    pub(crate) client: ClientId,
    pub(crate) request: Request,
    pub(crate) plans: Vec<Plan>,
}

/// The way to the hub.
pub(crate) type HubHandle = mpsc::UnboundedSender<Input>;

pub(crate) struct Hub {
    pub(super) registry: Registry,
    answers: HashMap<Identity, Answers>,
    queue: VecDeque<Item>,
    /// Entries before this number have been taken in.
    pub(super) next_seq: u64,
    /// Readings of tables, by number.
    pub(super) loads: HashMap<u64, Load>,
    pub(super) last_load: u64,
    /// The reading that everything waits for, because entries were lost.
    pub(super) reloading: Option<u64>,
    pub(super) database: Arc<Database>,
    metrics: Arc<Metrics>,
    pub(super) handle: HubHandle,
}

enum Item {
    Entry(Entry),
    /// Entries are lost: every module's tables are read anew.
    Gap,
    /// The reading for one module that a gap or an entry has made necessary.
    Resync {
        module: Identity,
        xid: Option<u64>,
    },
    /// The end of a page.
    Passed {
        next_seq: u64,
    },
}

impl Hub {
    /// Starts the task.
    pub(crate) fn start(database: Arc<Database>, metrics: Arc<Metrics>, next_seq: u64) -> HubHandle {
        let (handle, mut inputs) = mpsc::unbounded_channel();
        let mut hub = Self {
            registry: Registry::default(),
            answers: HashMap::new(),
            queue: VecDeque::new(),
            next_seq,
            loads: HashMap::new(),
            last_load: 0,
            reloading: None,
            database,
            metrics,
            handle: handle.clone(),
        };
        tokio::spawn(async move {
            while let Some(input) = inputs.recv().await {
                hub.take_in(input);
            }
        });
        handle
    }

    fn take_in(&mut self, input: Input) {
        match input {
            Input::Connect(new) => self.registry.connect(new.id, new.module, new.events),
            Input::Disconnect(id) => self.registry.disconnect(id),
            Input::Subscribe(subscribe) => self.subscribe(subscribe),
            Input::Unsubscribe { client, request } => self.unsubscribe(client, request),
            Input::Started { module, batch, calls } => {
                self.answers.entry(module).or_default().start(batch, calls);
            }
            Input::Finished { module, batch, outcome } => {
                self.answers.entry(module).or_default().finish(batch, outcome);
                self.give_due(module);
                self.advance();
            }
            Input::Page(page) => {
                Metrics::add(&self.metrics.entries, page.entries.len() as u64);
                if page.is_gap {
                    self.queue.push_back(Item::Gap);
                }
                self.queue.extend(page.entries.into_iter().map(Item::Entry));
                self.queue.push_back(Item::Passed { next_seq: page.next_seq });
                self.advance();
            }
            Input::Read { load, result } => self.read(load, result),
        }
    }

    /// Takes in entries until one must wait.
    pub(super) fn advance(&mut self) {
        while self.reloading.is_none() {
            let Some(item) = self.queue.pop_front() else { break };
            match item {
                Item::Entry(entry) if self.must_wait(&entry) => {
                    self.queue.push_front(Item::Entry(entry));
                    break;
                }
                Item::Entry(entry) => self.entry(entry),
                Item::Gap => self.gap(),
                Item::Resync { module, xid } => self.resync(module, xid),
                Item::Passed { next_seq } => {
                    self.next_seq = next_seq;
                    self.page_passed();
                }
            }
        }
    }

    fn must_wait(&self, entry: &Entry) -> bool {
        let Kind::Changes { calls, .. } = &entry.kind else { return false };
        let Some(answers) = self.answers.get(&entry.module) else { return false };
        calls.iter().any(|(tag, _)| *tag != 0 && answers.is_awaited(*tag))
    }

    fn entry(&mut self, entry: Entry) {
        match entry.kind {
            Kind::Changes { calls, tables } => {
                self.changes(entry.module, entry.xid, entry.committed_at_us, calls, &tables);
            }
            Kind::Resync => {
                let item = Item::Resync { module: entry.module, xid: Some(entry.xid) };
                self.queue.push_front(item);
            }
            Kind::Published { version, breaks_clients } => {
                tracing::info!(module = %entry.module, version, breaks_clients, "a module was published");
                if breaks_clients || version == 0 {
                    for client in self.registry.clients_of(entry.module) {
                        self.tell(client, Event::Close { code: 1001, reason: "module exited".into() });
                        self.registry.disconnect(client);
                    }
                }
            }
        }
    }

    fn changes(
        &mut self,
        module: Identity,
        xid: u64,
        committed_at_us: i64,
        calls: Vec<(u64, CallInfo)>,
        tables: &[Table],
    ) {
        let mut updates = Updates::new();
        let mut queries = self.registry.queries.remove(&module).unwrap_or_default();
        for table in tables {
            for query in queries.values_mut().filter(|query| query.plan.table.name == table.name) {
                let delta = query.change(xid, &table.deletes, &table.inserts);
                if let Err(error) = self.registry.collect(query, &delta, &mut updates) {
                    tracing::error!(%error, "an update is too large for a message");
                }
            }
        }
        self.registry.queries.insert(module, queries);
        let mut call = None;
        for (tag, info) in calls {
            let info = Arc::new(info);
            if tag != 0 {
                self.answer_call(module, tag, &info, &mut updates);
            }
            call.get_or_insert(info);
        }
        for (client, sets) in updates {
            let sets = sets.into_iter().collect();
            self.tell(client, Event::Update { sets, call: call.clone(), committed_at_us });
        }
        self.give_due(module);
    }

    /// Answers a call by its entry, and before it those that came before it. The caller's rows go with its answer.
    fn answer_call(&mut self, module: Identity, tag: u64, info: &Arc<CallInfo>, updates: &mut Updates) {
        for (mut pending, result) in self.answers.entry(module).or_default().up_to(tag) {
            let mut sets = Vec::new();
            if pending.tag == tag {
                pending.call = Arc::clone(info);
                if let Reply::Socket { client, .. } = &pending.reply {
                    sets = updates.remove(client).unwrap_or_default().into_iter().collect();
                }
            }
            self.answer(pending, result, sets);
        }
    }

    fn give_due(&mut self, module: Identity) {
        for (pending, result) in self.answers.entry(module).or_default().due() {
            self.answer(pending, result, Vec::new());
        }
    }

    fn answer(
        &mut self,
        pending: PendingCall,
        result: CallResult,
        sets: Vec<(SetKey, Vec<super::event::ChangedTable>)>,
    ) {
        match pending.reply {
            // Who does not wait any more needs no answer.
            Reply::Http(reply) => drop(reply.send(result)),
            Reply::Socket { client, request_id, is_quiet } => {
                let outcome = CallOutcome::of(&result);
                let call = pending.call;
                self.tell(client, Event::Answer { request_id, outcome, sets, call, is_quiet });
            }
        }
    }

    /// Hands an event to a connection. One that does not keep up is dropped: nobody waits for it.
    pub(super) fn tell(&mut self, client: ClientId, event: Event) {
        let Some(found) = self.registry.clients.get(&client) else { return };
        if found.events.try_send(event).is_err() {
            tracing::warn!(client, "a client does not keep up and is dropped");
            Metrics::add(&self.metrics.dropped_clients, 1);
            self.registry.disconnect(client);
        }
    }

    fn subscribe(&mut self, subscribe: Subscribe) {
        let Subscribe { client, request, plans } = subscribe;
        let Some(module) = self.registry.clients.get(&client).map(|client| client.module) else { return };
        if request.set == SetKey::Legacy {
            drop(self.registry.unsubscribe(client, SetKey::Legacy));
        } else if self.registry.has_set(client, request.set) {
            self.refuse(client, request, "a subscription with this id exists already".into(), 1011);
            return;
        }
        let load = self.last_load + 1;
        let missing = self.registry.subscribe(client, request, plans, load);
        if missing.is_empty() {
            self.apply(module);
        } else {
            self.last_load = load;
            self.load(load, module, missing);
        }
    }

    fn unsubscribe(&mut self, client: ClientId, request: Request) {
        match self.registry.unsubscribe(client, request.set) {
            Some(Ok(tables)) => self.tell(client, Event::Unapplied { request, tables }),
            Some(Err(error)) => self.refuse(client, request, error.to_string(), 1011),
            None => self.refuse(client, request, "there is no subscription with this id".into(), 1011),
        }
    }

    /// In version 1 there is a message for mistakes with ids; with query sets they end the connection.
    fn refuse(&mut self, client: ClientId, request: Request, error: String, code: u16) {
        if matches!(request.kind, SubscribeKind::QuerySet | SubscribeKind::QuerySetWithRows) {
            self.tell(client, Event::Close { code, reason: error });
        } else {
            self.tell(client, Event::SubscriptionRefused { request, error });
        }
    }

    pub(super) fn apply(&mut self, module: Identity) {
        for (client, request, tables) in self.registry.newly_applied(module) {
            let event = match tables {
                Ok(tables) => Event::Applied { request, tables },
                Err(error) => Event::SubscriptionRefused { request, error: error.to_string() },
            };
            self.tell(client, event);
        }
    }

    fn gap(&mut self) {
        let modules: Vec<_> = self.registry.queries.keys().chain(self.answers.keys()).copied().collect();
        let mut seen = std::collections::HashSet::new();
        for module in modules.into_iter().filter(|module| seen.insert(*module)) {
            self.queue.push_front(Item::Resync { module, xid: None });
        }
    }

    /// Reads the tables of a module's queries anew; meanwhile no entry is taken in.
    fn resync(&mut self, module: Identity, xid: Option<u64>) {
        Metrics::add(&self.metrics.resyncs, 1);
        let queries = self.registry.queries.get(&module);
        let queries: Vec<_> = queries
            .into_iter()
            .flatten()
            .filter(|(_, query)| !query.plan.table.is_event)
            .map(|(key, query)| (key.clone(), query.plan.table.name.clone()))
            .collect();
        if !queries.is_empty() {
            self.last_load += 1;
            let load = self.last_load;
            self.reloading = Some(load);
            self.load(load, module, queries);
        }
        // What the calls did is part of the difference that comes.
        self.answers.entry(module).or_default().lose(xid);
        self.give_due(module);
    }
}

impl CallOutcome {
    /// What clients are told of a result: the reducer's own words, never SQLSTATE, DETAIL or backtraces.
    pub(crate) fn of(result: &CallResult) -> Self {
        match result.code() {
            "00000" => Self::Done { timestamp_us: result.timestamp_us, duration_us: result.duration_us },
            "38000" => Self::Refused(result.message.clone()),
            "39000" => Self::Failed("The instance encountered a fatal error.".into()),
            "42883" => Self::Failed(format!("no such reducer: {}", result.message)),
            "53400" | "57014" => Self::OutOfEnergy(result.message.clone()),
            _ => Self::Failed(result.message.clone()),
        }
    }
}
