//! One connection, from client_connected to client_disconnected.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use spacetime_wire::{ConnectionId, WireError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use super::protocol::{Encoder, Reply};
use super::requests::ReadAhead;
use super::seats::Taken;
use crate::executor::Room;
use crate::metrics::Metrics;
use crate::postgres::Module;
use crate::state::Gateway;
use crate::subscriptions::{ClientId, Event, HubHandle, Input, NewClient};
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
pub(super) struct End {
    code: u16,
    reason: String,
}

impl End {
    pub(super) fn new(code: u16, reason: impl Into<String>) -> Self {
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
            gone: watch::channel(false).0,
        };
        connection.serve(socket, received, &seat).await;
        drop(hub.send(Input::Disconnect(id)));
        gateway.disconnected(&peer.module, &peer.caller, peer.connection_id).await;
        gateway.metrics.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection whose client is connected.
pub(super) struct Connection {
    pub(super) id: ClientId,
    pub(super) gateway: Arc<Gateway>,
    pub(super) hub: HubHandle,
    pub(super) encoder: Encoder,
    pub(super) is_confirmed: bool,
    pub(super) claims: Arc<str>,
    /// Bytes of rows that the hub has told and that have not been sent.
    waiting: Arc<AtomicUsize>,
    pub(super) room: Room,
    /// The client will send nothing more: answers are of no use to it.
    pub(super) gone: watch::Sender<bool>,
}

impl Connection {
    /// Reads and writes by turns until one side has had enough, and says goodbye.
    async fn serve(&self, socket: WebSocket, mut events: mpsc::Receiver<Event>, seat: &Taken) {
        let (mut sink, mut stream) = socket.split();
        let (pings, mut pinged) = mpsc::channel(1);
        let (ahead, requests) = mpsc::unbounded_channel();
        let received = async {
            let handled = self.handle(requests);
            tokio::pin!(handled);
            tokio::select! {
                end = &mut handled => end,
                end = self.receive(&mut stream, pings, ahead) => {
                    end?;
                    // Calls that it has sent before it went are run.
                    self.gone.send_replace(true);
                    handled.await
                }
            }
        };
        let end = tokio::select! {
            end = received => end,
            end = self.send(&mut sink, &mut pinged, &mut events) => end,
            () = seat.replaced() => Err(End::new(1008, "another connection has come with this id")),
        };
        let close = end.err().map(|end| CloseFrame { code: end.code, reason: end.reason.into() });
        // The other side may be gone already.
        drop(tokio::time::timeout(CLOSE_DRAIN, sink.send(Message::Close(close))).await);
        let drain = async { while let Some(Ok(_)) = stream.next().await {} };
        drop(tokio::time::timeout(CLOSE_DRAIN, drain).await);
    }

    /// Reads what the client sends, until it has gone (`Ok`) or has to go. Goes on, to hear pings, while one of its messages is
    /// being handled, as long as there is room for what it reads.
    async fn receive(
        &self,
        stream: &mut SplitStream<WebSocket>,
        pings: mpsc::Sender<()>,
        ahead: mpsc::UnboundedSender<ReadAhead>,
    ) -> Result<(), End> {
        let mut stopping = self.gateway.stopping.subscribe();
        let stopped = async move { stopping.wait_for(|stopping| *stopping).await.is_ok() };
        tokio::pin!(stopped);
        let mut ping = tokio::time::interval(PING_INTERVAL);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_heard = Instant::now();
        let room = Room::new();
        // A message that there is no room for yet.
        let mut held: Option<Message> = None;
        loop {
            let bytes = held.as_ref().map_or(0, length);
            tokio::select! {
                frame = stream.next(), if held.is_none() => {
                    match frame {
                        Some(Ok(Message::Close(_))) | None => return Ok(()),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(message)) => held = Some(message),
                        Some(Err(error)) => return Err(unreadable(error)),
                    }
                    last_heard = Instant::now();
                }
                taken = room.take(bytes), if held.is_some() => {
                    let room = taken.map_err(|error| End::new(error.close_code(), error.to_string()))?;
                    // Whoever handles them lives as long as this.
                    drop(held.take().map(|message| ahead.send(ReadAhead { message, _room: room })));
                    last_heard = Instant::now();
                }
                _ = ping.tick() => {
                    // While a message is held, nothing is heard because nobody listens.
                    let is_silent = held.is_none() && last_heard.elapsed() > IDLE_LIMIT;
                    if is_silent || matches!(pings.try_send(()), Err(TrySendError::Closed(()))) {
                        return Ok(());
                    }
                }
                _ = &mut stopped => return Err(shutting_down()),
            }
        }
    }

    /// Sends pings and what the hub tells, until the client has gone (`Ok`) or has to go.
    async fn send(
        &self,
        sink: &mut SplitSink<WebSocket, Message>,
        pings: &mut mpsc::Receiver<()>,
        events: &mut mpsc::Receiver<Event>,
    ) -> Result<(), End> {
        let mut next = self.encoder.encode(&Reply::First)?;
        loop {
            if let Some(message) = next {
                let limit =
                    SEND_LIMIT + Duration::from_millis(length(&message) as u64 / SEND_BYTES_PER_MS_MIN);
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
                Some(()) = pings.recv() => Some(Message::Ping(Bytes::new())),
                event = events.recv() => match event {
                    Some(Event::Close { code, reason }) => return Err(End::new(code, reason)),
                    Some(event) => {
                        self.waiting.fetch_sub(event.bytes(), Ordering::Relaxed);
                        self.encode(&event)?
                    }
                    // The hub has dropped the client.
                    None => return Err(too_slow()),
                },
            };
        }
    }

    fn encode(&self, event: &Event) -> Result<Option<Message>, End> {
        let encoded = self.encoder.encode(&Reply::Event(event));
        Ok(encoded.or_else(|error| match event.instead(&error) {
            Some(instead) => self.encoder.encode(&Reply::Event(&instead)),
            None => Err(error),
        })?)
    }
}

fn shutting_down() -> End {
    End::new(1001, "the gateway is shutting down")
}

/// Bytes of a message.
fn length(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
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
