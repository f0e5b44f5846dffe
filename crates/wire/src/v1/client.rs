//! Version 1, messages to the server (wire.md §2.2).

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{
    self, Codec, Input, MESSAGE_BYTES, MESSAGE_ID_BYTES, NAME_BYTES, Output, QUERIES, QUERY_BYTES, product,
    sum, within,
};
use crate::error::WireError;
use crate::limits::Limits;
use crate::sats_serde;

/// A message to the server. `A` is what the arguments of calls are in: BSATN (`Bytes`) or JSON text (`String`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ClientMessage<A> {
    #[serde(alias = "0")]
    CallReducer(CallReducer<A>),
    #[serde(alias = "1")]
    Subscribe(Subscribe),
    #[serde(alias = "2")]
    OneOffQuery(OneOffQuery),
    #[serde(alias = "3")]
    SubscribeSingle(SubscribeSingle),
    #[serde(alias = "4")]
    SubscribeMulti(SubscribeMulti),
    #[serde(alias = "5")]
    Unsubscribe(Unsubscribe),
    #[serde(alias = "6")]
    UnsubscribeMulti(UnsubscribeMulti),
    #[serde(alias = "7")]
    CallProcedure(CallProcedure<A>),
}

/// Calls a reducer; answered by a TransactionUpdate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallReducer<A> {
    pub reducer: String,
    pub args: A,
    pub request_id: u32,
    pub flags: CallReducerFlags,
}

/// What the caller of a reducer wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallReducerFlags {
    #[default]
    FullUpdate,
    /// A committed call is answered like anybody else's, a failed one not at all.
    NoSuccessNotify,
}

/// Replaces the set of queries of the older kind of subscription; answered by an InitialSubscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscribe {
    pub query_strings: Vec<String>,
    pub request_id: u32,
}

/// Runs a query once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneOffQuery {
    /// The client's choice, returned in the answer.
    #[serde(with = "sats_serde::hex_bytes")]
    pub message_id: Bytes,
    pub query_string: String,
}

/// A number that the client gives to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QueryId {
    pub id: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubscribeSingle {
    pub query: String,
    pub request_id: u32,
    pub query_id: QueryId,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubscribeMulti {
    pub query_strings: Vec<String>,
    pub request_id: u32,
    pub query_id: QueryId,
}

/// Ends what SubscribeSingle began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unsubscribe {
    pub request_id: u32,
    pub query_id: QueryId,
}

/// Ends what SubscribeMulti began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnsubscribeMulti {
    pub request_id: u32,
    pub query_id: QueryId,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallProcedure<A> {
    pub procedure: String,
    pub args: A,
    pub request_id: u32,
    /// Always 0; other values are refused.
    #[serde(deserialize_with = "no_flags")]
    pub flags: u8,
}

product!(CallReducer<Bytes> { reducer by name, args, request_id, flags });
product!(Subscribe { query_strings by queries, request_id });
product!(OneOffQuery { message_id by message_id, query_string by query });
product!(QueryId { id });
product!(SubscribeSingle { query by query, request_id, query_id });
product!(SubscribeMulti { query_strings by queries, request_id, query_id });
product!(Unsubscribe { request_id, query_id });
product!(UnsubscribeMulti { request_id, query_id });
product!(CallProcedure<Bytes> { procedure by name, args, request_id, flags by no_flags });

sum!(ClientMessage<Bytes> {
    0 => CallReducer(message),
    1 => Subscribe(message),
    2 => OneOffQuery(message),
    3 => SubscribeSingle(message),
    4 => SubscribeMulti(message),
    5 => Unsubscribe(message),
    6 => UnsubscribeMulti(message),
    7 => CallProcedure(message),
});

impl ClientMessage<Bytes> {
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

impl ClientMessage<String> {
    /// Reads the text of a text frame.
    ///
    /// # Errors
    ///
    /// [`WireError::Malformed`] or [`WireError::OverLimit`].
    pub fn from_json(text: &str, limits: &Limits) -> Result<Self, WireError> {
        within(MESSAGE_BYTES, text.len(), limits.message_bytes)?;
        let message: Self = serde_json::from_str(text)?;
        message.check(limits)?;
        Ok(message)
    }

    /// The text of a text frame.
    ///
    /// # Errors
    ///
    /// Never in practice; the JSON writer reports its errors this way.
    pub fn to_json(&self) -> Result<String, WireError> {
        Ok(serde_json::to_string(self)?)
    }

    /// What the binary decoder checks while it reads.
    fn check(&self, limits: &Limits) -> Result<(), WireError> {
        let check_query = |query: &String| within(QUERY_BYTES, query.len(), limits.query_bytes);
        match self {
            Self::CallReducer(call) => within(NAME_BYTES, call.reducer.len(), limits.name_bytes),
            Self::CallProcedure(call) => within(NAME_BYTES, call.procedure.len(), limits.name_bytes),
            Self::OneOffQuery(query) => {
                within(MESSAGE_ID_BYTES, query.message_id.len(), limits.message_id_bytes)?;
                check_query(&query.query_string)
            }
            Self::SubscribeSingle(subscribe) => check_query(&subscribe.query),
            Self::Subscribe(Subscribe { query_strings, .. })
            | Self::SubscribeMulti(SubscribeMulti { query_strings, .. }) => {
                within(QUERIES, query_strings.len(), limits.queries)?;
                query_strings.iter().try_for_each(check_query)
            }
            Self::Unsubscribe(_) | Self::UnsubscribeMulti(_) => Ok(()),
        }
    }
}

impl<A> ClientMessage<A> {
    /// The same message with other arguments, so that both encodings can be served by one type.
    pub fn map_arguments<B>(self, convert: impl FnOnce(A) -> B) -> ClientMessage<B> {
        match self {
            Self::CallReducer(CallReducer { reducer, args, request_id, flags }) => {
                ClientMessage::CallReducer(CallReducer { reducer, args: convert(args), request_id, flags })
            }
            Self::CallProcedure(CallProcedure { procedure, args, request_id, flags }) => {
                ClientMessage::CallProcedure(CallProcedure {
                    procedure,
                    args: convert(args),
                    request_id,
                    flags,
                })
            }
            Self::Subscribe(message) => ClientMessage::Subscribe(message),
            Self::OneOffQuery(message) => ClientMessage::OneOffQuery(message),
            Self::SubscribeSingle(message) => ClientMessage::SubscribeSingle(message),
            Self::SubscribeMulti(message) => ClientMessage::SubscribeMulti(message),
            Self::Unsubscribe(message) => ClientMessage::Unsubscribe(message),
            Self::UnsubscribeMulti(message) => ClientMessage::UnsubscribeMulti(message),
        }
    }
}

impl CallReducerFlags {
    fn from_number(number: u8) -> Result<Self, WireError> {
        match number {
            0 => Ok(Self::FullUpdate),
            1 => Ok(Self::NoSuccessNotify),
            other => Err(WireError::malformed(format!("unknown flags {other} of a reducer call"))),
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::FullUpdate => 0,
            Self::NoSuccessNotify => 1,
        }
    }
}

impl Codec for CallReducerFlags {
    fn write(&self, out: &mut Output) {
        self.number().write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        Self::from_number(u8::read(input)?)
    }
}

impl Serialize for CallReducerFlags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for CallReducerFlags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_number(u8::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn no_flags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    codec::zero_flags(u8::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}
