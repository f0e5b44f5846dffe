//! One connection, from client_connected to client_disconnected.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use spacetime_wire::{ConnectionId, RowList, WireError};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::protocol::{Encoder, Reply as Answer, Request};
use super::seats::Taken;
use crate::executor::{QueuedCall, Room};
use crate::metrics::Metrics;
use crate::postgres::{Module, RightsSeen};
use crate::state::Gateway;
use crate::subscriptions::{
    AppliedTable, ClientId, Event, HubHandle, Input, NewClient, Reply, Request as SetRequest, Subscribe,
    SubscribeKind, one_off, plans,
};
use crate::tokens::Caller;

const PING_INTERVAL: Duration = Duration::from_secs(15);
const IDLE_LIMIT: Duration = Duration::from_secs(30);
/// Time for a slow client to take one message, besides what its size takes.
const SEND_LIMIT: Duration = Duration::from_secs(30);
/// The slowest line that counts as reading: 64 kB/s.
const SEND_BYTES_PER_MS_MIN: u64 = 64;
/// Time for the other side to answer a close frame.
const CLOSE_DRAIN: Duration = Duration::from_millis(250);
/// Events that may wait for a client before it is dropped.
const EVENTS_MAX: usize = 16_384;
/// Bytes of a close frame's reason.
const REASON_MAX: usize = 123;

/// A connection that was accepted.
pub(super) struct Session {
    pub(super) gateway: Arc<Gateway>,
    pub(super) encoder: Encoder,
    /// The client is told only what is durable.
    pub(super) is_confirmed: bool,
}

/// What messages say of the connection.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) module: Arc<Module>,
    pub(super) caller: Caller,
    pub(super) connection_id: ConnectionId,
}

/// Why a connection ends.
struct End {
    code: u16,
    reason: String,
}

impl End {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        reason.truncate(reason.floor_char_boundary(REASON_MAX));
        Self { code, reason }
    }
}

impl From<WireError> for End {
    fn from(error: WireError) -> Self {
        Self { code: error.close_code(), reason: error.close_reason() }
    }
}

impl Session {
    pub(super) async fn run(self, socket: WebSocket) {
        let Self { gateway, encoder, is_confirmed } = self;
        let peer = Arc::clone(&encoder.peer);
        let key = (peer.module.identity, peer.caller.identity, peer.connection_id);
        // Held until the client is disconnected.
        let seat = gateway.seats.take(key).await;
        if let Err(error) = gateway.connected(&peer.module, &peer.caller, peer.connection_id).await {
            // No message and no close frame: that is how clients know a refusal.
            tracing::info!(%error, module = %peer.module.identity, "a client was refused");
            return;
        }
        let hub = match gateway.hubs.hub(is_confirmed).await {
            Ok(hub) => hub.clone(),
            Err(error) => {
                tracing::warn!(%error, "the change log cannot be read for a client");
                gateway.disconnected(&peer.module, &peer.caller, peer.connection_id).await;
                return;
            }
        };
        gateway.metrics.connections.fetch_add(1, Ordering::Relaxed);
        let id = gateway.next_client();
        let (events, received) = mpsc::channel(EVENTS_MAX);
        let waiting = Arc::new(AtomicUsize::new(0));
        drop(hub.send(Input::Connect(NewClient {
            id,
            module: peer.module.identity,
            events,
            waiting: Arc::clone(&waiting),
        })));
        let claims = Arc::from(peer.caller.claims.as_str());
        let connection = Connection {
            id,
            gateway: Arc::clone(&gateway),
            hub: hub.clone(),
            encoder,
            is_confirmed,
            claims,
            waiting,
            room: Room::new(),
        };
        connection.serve(socket, received, &seat).await;
        drop(hub.send(Input::Disconnect(id)));
        gateway.disconnected(&peer.module, &peer.caller, peer.connection_id).await;
        gateway.metrics.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection whose client is connected.
pub(super) struct Connection {
    id: ClientId,
    pub(super) gateway: Arc<Gateway>,
    hub: HubHandle,
    pub(super) encoder: Encoder,
    is_confirmed: bool,
    pub(super) claims: Arc<str>,
    /// Bytes of rows that the hub has told and that have not been sent.
    waiting: Arc<AtomicUsize>,
    room: Room,
}

impl Connection {
    /// Reads and writes by turns until one side has had enough, and says goodbye.
    async fn serve(&self, socket: WebSocket, mut events: mpsc::Receiver<Event>, seat: &Taken) {
        let (mut sink, mut stream) = socket.split();
        let (direct, mut answers) = mpsc::channel::<Message>(64);
        let end = tokio::select! {
            end = self.receive(&mut stream, &direct) => end,
            end = self.send(&mut sink, &mut answers, &mut events) => end,
            () = seat.replaced() => Err(End::new(1008, "another connection has come with this id")),
        };
        let close = end.err().map(|end| CloseFrame { code: end.code, reason: end.reason.into() });
        // The other side may be gone already.
        drop(tokio::time::timeout(CLOSE_DRAIN, sink.send(Message::Close(close))).await);
        let drain = async { while let Some(Ok(_)) = stream.next().await {} };
        drop(tokio::time::timeout(CLOSE_DRAIN, drain).await);
    }

    /// Handles what the client sends, until it has gone (`Ok`) or has to go. Answers that need no hub go to `direct`.
    async fn receive(
        &self,
        stream: &mut SplitStream<WebSocket>,
        direct: &mpsc::Sender<Message>,
    ) -> Result<(), End> {
        let mut stopping = self.gateway.stopping.subscribe();
        let stopped = async move { stopping.wait_for(|stopping| *stopping).await.is_ok() };
        tokio::pin!(stopped);
        let mut ping = tokio::time::interval(PING_INTERVAL);
        // A message may take long to handle: nothing was heard meanwhile because nobody listened.
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_heard = Instant::now();
        loop {
            tokio::select! {
                frame = stream.next() => {
                    match frame {
                        Some(Ok(Message::Close(_))) | None => return Ok(()),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(message)) => self.message(message, direct).await?,
                        Some(Err(error)) => return Err(unreadable(error)),
                    }
                    last_heard = Instant::now();
                }
                _ = ping.tick() => {
                    if last_heard.elapsed() > IDLE_LIMIT || direct.send(Message::Ping(Bytes::new())).await.is_err() {
                        return Ok(());
                    }
                }
                _ = &mut stopped => return Err(shutting_down()),
            }
        }
    }

    /// Sends `answers` and what the hub tells, until the client has gone (`Ok`) or has to go.
    async fn send(
        &self,
        sink: &mut SplitSink<WebSocket, Message>,
        answers: &mut mpsc::Receiver<Message>,
        events: &mut mpsc::Receiver<Event>,
    ) -> Result<(), End> {
        let mut next = self.encode(&Answer::First)?;
        loop {
            if let Some(message) = next {
                let limit = SEND_LIMIT + Duration::from_millis(length(&message) / SEND_BYTES_PER_MS_MIN);
                match tokio::time::timeout(limit, sink.send(message)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return Ok(()),
                    Err(_) => {
                        tracing::warn!(client = self.id, "a client does not read and is dropped");
                        Metrics::add(&self.gateway.metrics.dropped_clients, 1);
                        return Err(too_slow());
                    }
                }
            }
            next = tokio::select! {
                biased;
                message = answers.recv() => message,
                event = events.recv() => match event {
                    Some(Event::Close { code, reason }) => return Err(End::new(code, reason)),
                    Some(event) => {
                        self.waiting.fetch_sub(event.bytes(), Ordering::Relaxed);
                        self.encode(&Answer::Event(&event))?
                    }
                    // The hub has dropped the client.
                    None => return Err(too_slow()),
                },
            };
        }
    }

    fn encode(&self, answer: &Answer<'_>) -> Result<Option<Message>, End> {
        Ok(self.encoder.encode(answer)?)
    }

    async fn message(&self, message: Message, direct: &mpsc::Sender<Message>) -> Result<(), End> {
        let peer = &self.encoder.peer;
        for request in self.encoder.protocol.decode(message, &self.encoder.limits)? {
            match request {
                Request::Call { reducer, arguments, request_id, is_quiet } => {
                    let is_early = !self.is_confirmed;
                    let reply = Reply::Socket { client: self.id, request_id, is_quiet, is_early };
                    let call = QueuedCall {
                        reducer,
                        arguments,
                        sender: peer.caller.identity,
                        connection_id: peer.connection_id,
                        claims: Arc::clone(&self.claims),
                        role: peer.caller.role.clone(),
                        reply,
                        room: None,
                    };
                    self.queue(call).await?;
                }
                Request::Procedure { procedure, arguments, request_id } => {
                    self.procedure(procedure, arguments, request_id, direct).await;
                }
                Request::Subscribe { request, queries } => self.subscribe(request, &queries, direct).await?,
                Request::Unsubscribe { request } => {
                    drop(self.hub.send(Input::Unsubscribe { client: self.id, request }));
                }
                Request::OneOff { id, query } => {
                    let result = self.one_off(&query).await;
                    self.say(&Answer::OneOff { id: &id, result }, direct).await?;
                }
            }
        }
        Ok(())
    }

    /// Nothing more is read while there is no room: who sends faster than calls can be run waits, and nobody else.
    async fn queue(&self, call: QueuedCall) -> Result<(), End> {
        let mut stopping = self.gateway.stopping.subscribe();
        let module = self.encoder.peer.module.identity;
        tokio::select! {
            queued = self.gateway.executors.submit_in_turn(module, &self.room, call) => {
                queued.map_err(|error| End::new(error.close_code(), error.to_string()))
            }
            _ = stopping.wait_for(|stopping| *stopping) => Err(shutting_down()),
        }
    }

    async fn say(&self, answer: &Answer<'_>, direct: &mpsc::Sender<Message>) -> Result<(), End> {
        if let Some(message) = self.encode(answer)? {
            // Nobody receives while the connection is ending.
            drop(direct.send(message).await);
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        request: SetRequest,
        queries: &[String],
        direct: &mpsc::Sender<Message>,
    ) -> Result<(), End> {
        match self.plans(request.kind, queries).await {
            Ok((plans, rights)) => {
                let subscribe = Subscribe { client: self.id, request, plans, rights };
                drop(self.hub.send(Input::Subscribe(subscribe)));
                Ok(())
            }
            Err(error) => {
                let event = Event::SubscriptionRefused { request, error: error.to_string() };
                self.say(&Answer::Event(&event), direct).await
            }
        }
    }

    async fn plans(
        &self,
        kind: SubscribeKind,
        queries: &[String],
    ) -> crate::Result<(Vec<crate::subscriptions::Plan>, Option<RightsSeen>)> {
        let identity = self.encoder.peer.module.identity;
        // Before the plans: rights that change meanwhile make them outdated.
        let rights = self.gateway.database.rights(Some(identity)).await?.pop().map(|(_, seen)| seen);
        // The version of now: it may have been published since the connection was made.
        let module = self.gateway.database.module(&self.encoder.peer.module.key()).await?;
        let asker = Gateway::asker(&module, &self.encoder.peer.caller);
        let mut all = Vec::new();
        for query in queries {
            all.extend(plans(&module, &asker, query)?);
        }
        let is_v1 = kind != SubscribeKind::QuerySet;
        if let Some(event_table) = all.iter().find(|plan| is_v1 && plan.table.is_event) {
            let name = &event_table.table.name;
            return Err(crate::Error::Query(format!("event table `{name}` requires WebSocket v2")));
        }
        Ok((all, rights.filter(|_| !asker.is_owner)))
    }

    async fn one_off(&self, query: &str) -> Result<AppliedTable, String> {
        let found = async {
            let module = self.gateway.database.module(&self.encoder.peer.module.key()).await?;
            let asker = Gateway::asker(&module, &self.encoder.peer.caller);
            let (table, rows) = one_off(&self.gateway.database, &module, &asker, query).await?;
            Ok(AppliedTable { table, rows: RowList::new(rows)? })
        };
        found.await.map_err(|error: crate::Error| error.message())
    }
}

fn shutting_down() -> End {
    End::new(1001, "the gateway is shutting down")
}

/// Bytes of a message.
fn length(message: &Message) -> u64 {
    match message {
        Message::Text(text) => text.len() as u64,
        Message::Binary(bytes) => bytes.len() as u64,
        _ => 0,
    }
}

/// For clients that do not read what they are told.
fn too_slow() -> End {
    End::new(1013, "the client does not keep up")
}

/// Why a frame could not be read.
fn unreadable(error: axum::Error) -> End {
    let reason = error.to_string();
    let cause = error.into_inner().downcast::<tungstenite::Error>();
    match cause.as_deref() {
        Ok(tungstenite::Error::Capacity(_)) => End::new(1009, reason),
        _ => End::new(1011, reason),
    }
}

/// Microseconds since the Unix epoch.
pub(super) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
