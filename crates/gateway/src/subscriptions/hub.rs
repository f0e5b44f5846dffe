//! The one task that puts in order what clients are told. Its input: pages of the change log, what became of calls,
//! connections that come, go and subscribe, and rows that were read. Each module has a stream of its own ([`super::stream`]);
//! one that must wait for rows holds up no other.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use spacetime_auth::Identity;
use spacetime_call_batch::CallResult;
use tokio::sync::{mpsc, oneshot};

use super::answers::{BatchId, Outcome, PendingCall, Reply};
use super::event::{CallOutcome, ChangedTable, ClientId, Event, Request, SetKey, SubscribeKind};
use super::one_off::Question;
use super::planning::Plan;
use super::registry::{Asked, Registry, Unable};
use super::stream::{Item, Stream};
use crate::changes::{Page, Position};
use crate::error::Result;
use crate::metrics::Metrics;
use crate::postgres::{Database, Loaded, RightsSeen};
use crate::refusal::{Refusal, TRAPPED};
use crate::vital::VitalTasks;

/// Bytes of rows that may wait for a client when another event comes, besides first rows.
const WAITING_BYTES_MAX: usize = 64 << 20;

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
    /// A query to be answered once.
    Ask(Question),
    /// Something else to tell a client, once it has been told everything before a place; at once without one.
    Tell {
        client: ClientId,
        after: Option<Position>,
        event: Event,
    },
    /// Calls are about to be sent.
    Started {
        module: Identity,
        batch: BatchId,
        calls: Vec<PendingCall>,
    },
    /// What became of them; durable, but in the hub of clients that do not wait for that.
    Finished {
        module: Identity,
        batch: BatchId,
        outcome: Outcome,
    },
    Page(Page),
    /// What clients may see of a module now.
    Rights {
        module: Identity,
        seen: RightsSeen,
    },
    Read {
        module: Identity,
        load: u64,
        result: Result<Loaded>,
    },
}

#[derive(Debug)]
pub(crate) struct NewClient {
    pub(crate) id: ClientId,
    pub(crate) module: Identity,
    pub(crate) events: mpsc::Sender<Event>,
    /// Bytes of rows in the events that the client has not taken yet.
    pub(crate) waiting: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub(crate) struct Subscribe {
    pub(crate) client: ClientId,
    pub(crate) request: Request,
    pub(crate) plans: Vec<Plan>,
    /// What the plans rest on; nothing for the module's owner.
    pub(crate) rights: Option<RightsSeen>,
    pub(crate) unanswered: Unanswered,
}

/// Dropped when the client has been told what became of its request: then its next one is handled.
pub(crate) type Unanswered = oneshot::Sender<Infallible>;

/// The way to the hub.
pub(crate) type HubHandle = mpsc::UnboundedSender<Input>;

pub(crate) struct Hub {
    streams: HashMap<Identity, Stream>,
    shared: Shared,
    /// Entries before this were handed to the streams there were.
    position: Position,
}

/// What streams need of the world around them.
pub(super) struct Shared {
    pub(super) registry: Registry,
    pub(super) database: Arc<Database>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) vital: VitalTasks,
    pub(super) handle: HubHandle,
    pub(super) last_load: u64,
    /// Lives of Postgres that are over: no entry of theirs comes any more.
    pub(super) past_epochs: Vec<u64>,
    /// Clients that are told nothing more; their queries are left as soon as nobody is in the middle of a step.
    gone: HashSet<ClientId>,
}

impl Hub {
    /// Starts the task.
    pub(crate) fn start(
        database: Arc<Database>,
        metrics: Arc<Metrics>,
        vital: VitalTasks,
        position: Position,
    ) -> HubHandle {
        let (handle, mut inputs) = mpsc::unbounded_channel();
        let shared = Shared {
            registry: Registry::default(),
            database,
            metrics,
            vital: vital.clone(),
            handle: handle.clone(),
            last_load: 0,
            past_epochs: Vec::new(),
            gone: HashSet::new(),
        };
        let mut hub = Self { streams: HashMap::new(), shared, position };
        vital.spawn("the hub of what clients are told", async move {
            while let Some(input) = inputs.recv().await {
                hub.take_in(input);
                hub.forget_gone();
            }
        });
        handle
    }

    fn stream(&mut self, module: Identity) -> (&mut Stream, &mut Shared) {
        let position = self.position;
        let stream = self.streams.entry(module).or_insert_with(|| Stream::new(module, position));
        (stream, &mut self.shared)
    }

    fn take_in(&mut self, input: Input) {
        match input {
            Input::Connect(new) => {
                self.stream(new.module);
                self.shared.registry.connect(new);
            }
            Input::Disconnect(id) => drop(self.shared.gone.insert(id)),
            Input::Subscribe(subscribe) => self.subscribe(subscribe),
            Input::Unsubscribe { client, request } => self.unsubscribe(client, request),
            Input::Ask(question) => {
                let Some(found) = self.shared.registry.clients.get(&question.client) else { return };
                let (stream, shared) = self.stream(found.module);
                stream.ask(question, shared);
            }
            Input::Tell { client, after: None, event } => self.shared.tell(client, event),
            Input::Tell { client, after: Some(after), event } => {
                let Some(found) = self.shared.registry.clients.get(&client) else { return };
                let (stream, shared) = self.stream(found.module);
                stream.tell_in_turn(after, client, event, shared);
            }
            Input::Started { module, batch, calls } => self.stream(module).0.answers.start(batch, calls),
            Input::Finished { module, batch, outcome } => {
                let (stream, shared) = self.stream(module);
                stream.answers.finish(batch, outcome);
                stream.give_due(shared);
                stream.advance(shared);
            }
            Input::Page(page) => self.page(page),
            Input::Rights { module, seen } => {
                for client in self.shared.registry.outdated_by(module, &seen) {
                    self.shared.close(client, 1001, "access rights have changed".into());
                }
            }
            Input::Read { module, load, result } => {
                let (stream, shared) = self.stream(module);
                stream.read(load, result, shared);
            }
        }
    }

    fn page(&mut self, page: Page) {
        Metrics::add(&self.shared.metrics.entries, page.entries.len() as u64);
        if page.end.epoch != self.position.epoch {
            self.shared.past_epochs.push(self.position.epoch);
        }
        if page.is_gap {
            self.streams.values_mut().for_each(|stream| stream.queue.push_back(Item::Gap(page.end)));
        }
        for entry in page.entries {
            if let Some(stream) = self.streams.get_mut(&entry.module) {
                stream.queue.push_back(Item::Entry(Arc::new(entry)));
            }
        }
        self.position = page.end;
        for stream in self.streams.values_mut() {
            stream.queue.push_back(Item::Passed(page.end));
            stream.advance(&mut self.shared);
        }
    }

    fn forget_gone(&mut self) {
        for id in std::mem::take(&mut self.shared.gone) {
            let Some(module) = self.shared.registry.clients.get(&id).map(|client| client.module) else {
                continue;
            };
            let (stream, shared) = self.stream(module);
            shared.registry.disconnect(id, &mut stream.mirror);
        }
    }

    fn subscribe(&mut self, subscribe: Subscribe) {
        let Subscribe { client, request, plans, rights, unanswered } = subscribe;
        let Some(found) = self.shared.registry.clients.get(&client) else { return };
        let (stream, shared) = self.stream(found.module);
        if request.set == SetKey::Legacy {
            drop(shared.registry.unsubscribe(client, SetKey::Legacy, &mut stream.mirror));
        } else if shared.registry.has_set(client, request.set) {
            // As of the kind without ids: an error with the id would end the set that has it.
            let kind = match request.kind {
                SubscribeKind::Single | SubscribeKind::Multi => SubscribeKind::Legacy,
                kind => kind,
            };
            let request = Request { kind, ..request };
            shared.refuse(client, request, "a subscription with this id exists already".into(), 1011);
            return;
        }
        let asked = Asked { request, rights, unanswered };
        let missing = shared.registry.subscribe(client, asked, plans, &mut stream.mirror);
        stream.load(missing, shared);
        stream.apply(shared);
    }

    fn unsubscribe(&mut self, client: ClientId, request: Request) {
        let Some(found) = self.shared.registry.clients.get(&client) else { return };
        let (stream, shared) = self.stream(found.module);
        match shared.registry.unsubscribe(client, request.set, &mut stream.mirror) {
            Some(Ok(tables)) => shared.tell(client, Event::Unapplied { request, tables }),
            Some(Err(error)) => shared.refuse(client, request, error.to_string(), 1011),
            None => shared.refuse(client, request, "there is no subscription with this id".into(), 1011),
        }
    }
}

impl Shared {
    /// Hands an event to a connection. One that does not keep up is dropped: nobody waits for it.
    pub(super) fn tell(&mut self, client: ClientId, event: Event) {
        let Some(found) = self.registry.clients.get(&client) else { return };
        if self.gone.contains(&client) {
            return;
        }
        let bytes = event.bytes();
        let before = found.waiting.fetch_add(bytes, Ordering::Relaxed);
        if before > WAITING_BYTES_MAX || found.events.try_send(event).is_err() {
            tracing::warn!(client, "a client does not keep up and is dropped");
            Metrics::add(&self.metrics.dropped_clients, 1);
            self.gone.insert(client);
        }
    }

    /// Ends a connection.
    pub(super) fn close(&mut self, client: ClientId, code: u16, reason: String) {
        self.tell(client, Event::Close { code, reason });
        self.gone.insert(client);
    }

    /// They would miss a change.
    pub(super) fn close_unable(&mut self, clients: Unable) {
        for client in clients {
            self.close(client, 1009, "a commit has changed more rows than a message can hold".into());
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

    /// Gives an answer; to a connection with rows.
    pub(super) fn answer(
        &mut self,
        pending: PendingCall,
        result: CallResult,
        sets: Vec<(SetKey, Vec<ChangedTable>)>,
    ) {
        match pending.reply {
            // Who does not wait any more needs no answer.
            Reply::Http(reply) => drop(reply.send(result)),
            Reply::Socket { client, request_id, is_quiet, .. } => {
                let outcome = CallOutcome::of(&result);
                let call = pending.call;
                self.tell(client, Event::Answer { request_id, outcome, sets, call, is_quiet });
            }
        }
    }
}

impl CallOutcome {
    /// What clients are told of a result: the reducer's own words, never SQLSTATE, DETAIL or backtraces.
    pub(crate) fn of(result: &CallResult) -> Self {
        if result.is_done() {
            return Self::Done { timestamp_us: result.timestamp_us, duration_us: result.duration_us };
        }
        match Refusal::of(Some(result.code())) {
            Refusal::Reducer => Self::Refused(result.message.clone()),
            Refusal::Trapped => Self::Failed(TRAPPED.into()),
            Refusal::NoSuchFunction => Self::NotRun(format!("no such reducer: {}", result.message)),
            Refusal::Arguments | Refusal::Forbidden => Self::NotRun(result.message.clone()),
            Refusal::LimitReached => Self::OutOfEnergy(result.message.clone()),
            _ => Self::Failed(result.message.clone()),
        }
    }
}
