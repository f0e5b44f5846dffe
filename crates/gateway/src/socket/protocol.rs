//! What differs between the subprotocols: requests come out of frames, events go into them.

use std::sync::Arc;

use axum::extract::ws::Message;
use spacetime_wire::envelope::{self, Compression};
use spacetime_wire::{Limits, V1_BSATN, V1_JSON, WireError};

use super::connection::Peer;
use super::{v1, v2};
use crate::executor::Arguments;
use crate::subscriptions::{Event, OneOffId, Request as SetRequest};

/// The chosen subprotocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    V1 { is_json: bool, is_light: bool },
    V2 { is_v3: bool },
}

/// What a client asks for.
#[derive(Debug)]
pub(super) enum Request {
    Call { reducer: String, arguments: Arguments, request_id: u32, is_quiet: bool },
    Procedure { procedure: String, arguments: Arguments, request_id: u32 },
    Subscribe { request: SetRequest, queries: Vec<String> },
    Unsubscribe { request: SetRequest },
    OneOff { id: OneOffId, query: String },
}

/// A message to the client.
#[derive(Debug)]
pub(super) enum Reply<'a> {
    First,
    Event(&'a Event),
}

/// Puts answers into frames of one connection.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    pub(super) protocol: Protocol,
    pub(super) compression: Compression,
    pub(super) peer: Arc<Peer>,
    pub(super) limits: Limits,
}

impl Protocol {
    pub(super) fn of(name: &str, is_light: bool) -> Self {
        match name {
            V1_BSATN => Self::V1 { is_json: false, is_light },
            V1_JSON => Self::V1 { is_json: true, is_light },
            other => Self::V2 { is_v3: other == spacetime_wire::V3_BSATN },
        }
    }

    /// The requests of a frame; `None` for frames that are none.
    pub(super) fn decode(self, message: Message, limits: &Limits) -> Result<Vec<Request>, WireError> {
        match (self, message) {
            (Self::V1 { .. }, Message::Binary(frame)) => {
                let message = spacetime_wire::v1::ClientMessage::decode(&frame, limits)?;
                Ok(vec![v1::request(message.map_arguments(Arguments::Bsatn))])
            }
            (Self::V1 { .. }, Message::Text(text)) => {
                let message = spacetime_wire::v1::ClientMessage::from_json(text.as_str(), limits)?;
                Ok(vec![v1::request(message.map_arguments(Arguments::Json))])
            }
            (Self::V2 { is_v3: true }, Message::Binary(frame)) => {
                let messages = spacetime_wire::v3::decode_client(&frame, limits)?;
                Ok(messages.into_iter().map(v2::request).collect())
            }
            (Self::V2 { .. }, Message::Binary(frame)) => {
                Ok(vec![v2::request(spacetime_wire::v2::ClientMessage::decode(&frame, limits)?)])
            }
            (Self::V2 { .. }, _) => {
                Err(WireError::Malformed("text frames are not part of this subprotocol".into()))
            }
            (_, _) => Ok(Vec::new()),
        }
    }
}

impl Encoder {
    /// The frame that says it; `None` for what this protocol keeps from the client.
    pub(super) fn encode(&self, reply: &Reply<'_>) -> Result<Option<Message>, WireError> {
        let Self { protocol, compression, peer, limits } = self;
        let binary = |message: Vec<u8>| Message::Binary(envelope::seal(&message, *compression));
        match *protocol {
            Protocol::V1 { is_json: false, is_light } => {
                let message = v1::message::<spacetime_wire::v1::Bsatn>(reply, peer, is_light)?;
                message.map(|message| Ok(binary(message.encode(limits)?))).transpose()
            }
            Protocol::V1 { is_json: true, is_light } => {
                let message = v1::message::<spacetime_wire::v1::Json>(reply, peer, is_light)?;
                message.map(|message| Ok(Message::Text(message.to_json(limits)?.into()))).transpose()
            }
            Protocol::V2 { .. } => {
                let message = v2::message(reply, peer)?;
                message.map(|message| Ok(binary(message.encode(limits)?))).transpose()
            }
        }
    }
}
