//! Version 2, messages to the server (wire.md §2.6).

use bytes::Bytes;

use crate::codec::{self, product, sum};
use crate::error::WireError;
use crate::limits::Limits;

/// A message to the server.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientMessage {
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
    OneOffQuery(OneOffQuery),
    CallReducer(CallReducer),
    CallProcedure(CallProcedure),
}

/// A number that the client gives to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuerySetId {
    pub id: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Subscribe {
    pub request_id: u32,
    pub query_set_id: QuerySetId,
    pub query_strings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Unsubscribe {
    pub request_id: u32,
    pub query_set_id: QuerySetId,
    pub flags: UnsubscribeFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnsubscribeFlags {
    #[default]
    Default,
    /// The answer contains the rows of the query set.
    SendDroppedRows,
}

/// Runs a query once.
#[derive(Debug, Clone, PartialEq)]
pub struct OneOffQuery {
    pub request_id: u32,
    pub query_string: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CallReducer {
    pub request_id: u32,
    /// Always 0; other values are refused.
    pub flags: u8,
    pub reducer: String,
    /// BSATN product of the arguments.
    pub args: Bytes,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CallProcedure {
    pub request_id: u32,
    /// Always 0; other values are refused.
    pub flags: u8,
    pub procedure: String,
    /// BSATN product of the arguments.
    pub args: Bytes,
}

product!(QuerySetId { id });
product!(Subscribe { request_id, query_set_id, query_strings by queries });
product!(Unsubscribe { request_id, query_set_id, flags });
product!(OneOffQuery { request_id, query_string by query });
product!(CallReducer { request_id, flags by no_flags, reducer by name, args });
product!(CallProcedure { request_id, flags by no_flags, procedure by name, args });
sum!(UnsubscribeFlags { 0 => Default, 1 => SendDroppedRows });
sum!(ClientMessage {
    0 => Subscribe(message),
    1 => Unsubscribe(message),
    2 => OneOffQuery(message),
    3 => CallReducer(message),
    4 => CallProcedure(message),
});

impl ClientMessage {
    /// Reads the payload of a binary frame. Byte strings of the message share it.
    ///
    /// # Errors
    ///
    /// [`WireError::Malformed`] or [`WireError::OverLimit`].
    pub fn decode(frame: &Bytes, limits: &Limits) -> Result<Self, WireError> {
        codec::read_message(frame, limits, limits.message_bytes)
    }

    /// The payload of a binary frame.
    ///
    /// # Errors
    ///
    /// [`WireError::MessageTooLong`] beyond what a server accepts.
    pub fn encode(&self) -> Result<Bytes, WireError> {
        codec::write_message(self, Limits::default().message_bytes).map(Bytes::from)
    }
}
