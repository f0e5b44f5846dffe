//! Version 1, messages to a client (wire.md §2.3).

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spacetime_auth::Identity;

use super::{Bsatn, Encoding, EnergyQuanta, Json, QueryId, TimeDuration, Timestamp};
use crate::codec::{self, Codec, Input, MESSAGE_BYTES, Output, product, sum, within};
use crate::connection_id::ConnectionId;
use crate::envelope;
use crate::error::WireError;
use crate::limits::Limits;
use crate::sats_serde;

/// Declares messages that are generic over their [`Encoding`], with serde for [`Json`].
macro_rules! encoded {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident<E> $body:tt)*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[serde(bound(
                serialize = "E::Rows: Serialize, E::Value: Serialize",
                deserialize = "E::Rows: DeserializeOwned, E::Value: DeserializeOwned"
            ))]
            pub $kind $name<E: Encoding> $body
        )*
    };
}

encoded! {
    /// A message to a client.
    pub enum ServerMessage<E> {
        InitialSubscription(InitialSubscription<E>),
        TransactionUpdate(TransactionUpdate<E>),
        TransactionUpdateLight(TransactionUpdateLight<E>),
        IdentityToken(IdentityToken),
        OneOffQueryResponse(OneOffQueryResponse<E>),
        SubscribeApplied(SubscribeApplied<E>),
        UnsubscribeApplied(UnsubscribeApplied<E>),
        SubscriptionError(SubscriptionError),
        SubscribeMultiApplied(SubscribeMultiApplied<E>),
        UnsubscribeMultiApplied(UnsubscribeMultiApplied<E>),
        ProcedureResult(ProcedureResult<E>),
    }

    /// Answers Subscribe.
    pub struct InitialSubscription<E> {
        pub database_update: DatabaseUpdate<E>,
        pub request_id: u32,
        pub total_host_execution_duration: TimeDuration,
    }

    /// A transaction: to the caller of a reducer always, to others if rows of theirs changed.
    pub struct TransactionUpdate<E> {
        pub status: UpdateStatus<E>,
        pub timestamp: Timestamp,
        #[serde(with = "sats_serde::identity")]
        pub caller_identity: Identity,
        pub caller_connection_id: ConnectionId,
        pub reducer_call: ReducerCallInfo<E>,
        pub energy_quanta_used: EnergyQuanta,
        pub total_host_execution_duration: TimeDuration,
    }

    /// What became of a transaction.
    pub enum UpdateStatus<E> {
        Committed(DatabaseUpdate<E>),
        Failed(String),
        #[serde(with = "sats_serde::unit")]
        OutOfEnergy,
    }

    pub struct ReducerCallInfo<E> {
        /// Empty for transactions of SQL.
        pub reducer_name: String,
        /// `u32::MAX` for transactions of SQL.
        pub reducer_id: u32,
        pub args: E::Value,
        pub request_id: u32,
    }

    /// A transaction without the metadata of the call.
    pub struct TransactionUpdateLight<E> {
        pub request_id: u32,
        pub update: DatabaseUpdate<E>,
    }

    /// Answers OneOffQuery.
    pub struct OneOffQueryResponse<E> {
        #[serde(with = "sats_serde::hex_bytes")]
        pub message_id: Bytes,
        #[serde(with = "sats_serde::option")]
        pub error: Option<String>,
        /// Exactly one table if there is no error, also without rows.
        pub tables: Vec<OneOffTable<E>>,
        pub total_host_execution_duration: TimeDuration,
    }

    pub struct OneOffTable<E> {
        pub table_name: String,
        pub rows: E::Rows,
    }

    /// Answers SubscribeSingle.
    pub struct SubscribeApplied<E> {
        pub request_id: u32,
        pub total_host_execution_duration_micros: u64,
        pub query_id: QueryId,
        pub rows: SubscribeRows<E>,
    }

    /// Answers Unsubscribe; the rows are deletes.
    pub struct UnsubscribeApplied<E> {
        pub request_id: u32,
        pub total_host_execution_duration_micros: u64,
        pub query_id: QueryId,
        pub rows: SubscribeRows<E>,
    }

    pub struct SubscribeRows<E> {
        pub table_id: u32,
        pub table_name: String,
        pub table_rows: TableUpdate<E>,
    }

    /// Answers SubscribeMulti; the rows are inserts.
    pub struct SubscribeMultiApplied<E> {
        pub request_id: u32,
        pub total_host_execution_duration_micros: u64,
        pub query_id: QueryId,
        pub update: DatabaseUpdate<E>,
    }

    /// Answers UnsubscribeMulti; the rows are deletes.
    pub struct UnsubscribeMultiApplied<E> {
        pub request_id: u32,
        pub total_host_execution_duration_micros: u64,
        pub query_id: QueryId,
        pub update: DatabaseUpdate<E>,
    }

    /// Answers CallProcedure.
    pub struct ProcedureResult<E> {
        pub status: ProcedureStatus<E>,
        pub timestamp: Timestamp,
        pub total_host_execution_duration: TimeDuration,
        pub request_id: u32,
    }

    pub enum ProcedureStatus<E> {
        Returned(E::Value),
        #[serde(with = "sats_serde::unit")]
        OutOfEnergy,
        InternalError(String),
    }

    pub struct DatabaseUpdate<E> {
        /// Several updates of one table are legal.
        pub tables: Vec<TableUpdate<E>>,
    }

    /// Rows of one table. Only tables that the client's queries name: clients fail on others.
    pub struct TableUpdate<E> {
        /// Clients look at the name only.
        pub table_id: u32,
        pub table_name: String,
        /// Inserts and deletes together.
        pub num_rows: u64,
        pub updates: Vec<QueryUpdate<E>>,
    }

    /// Rows that one query gained and lost.
    pub struct QueryUpdate<E> {
        pub deletes: E::Rows,
        pub inserts: E::Rows,
    }
}

/// The first message of a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentityToken {
    #[serde(with = "sats_serde::identity")]
    pub identity: Identity,
    /// The token that the client presented, unchanged, or the one made for it.
    pub token: String,
    pub connection_id: ConnectionId,
}

/// A subscription that failed. Without ids it ends all subscriptions of the connection, and some clients close.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubscriptionError {
    pub total_host_execution_duration_micros: u64,
    #[serde(with = "sats_serde::option")]
    pub request_id: Option<u32>,
    #[serde(with = "sats_serde::option")]
    pub query_id: Option<u32>,
    #[serde(with = "sats_serde::option")]
    pub table_id: Option<u32>,
    pub error: String,
}

product!(InitialSubscription<Bsatn> { database_update, request_id, total_host_execution_duration });
product!(TransactionUpdate<Bsatn> {
    status, timestamp, caller_identity, caller_connection_id, reducer_call, energy_quanta_used,
    total_host_execution_duration,
});
product!(ReducerCallInfo<Bsatn> { reducer_name, reducer_id, args, request_id });
product!(TransactionUpdateLight<Bsatn> { request_id, update });
product!(IdentityToken { identity, token, connection_id });
product!(OneOffQueryResponse<Bsatn> { message_id, error, tables, total_host_execution_duration });
product!(OneOffTable<Bsatn> { table_name, rows });
product!(SubscribeApplied<Bsatn> { request_id, total_host_execution_duration_micros, query_id, rows });
product!(UnsubscribeApplied<Bsatn> { request_id, total_host_execution_duration_micros, query_id, rows });
product!(SubscribeRows<Bsatn> { table_id, table_name, table_rows });
product!(SubscriptionError { total_host_execution_duration_micros, request_id, query_id, table_id, error });
product!(SubscribeMultiApplied<Bsatn> { request_id, total_host_execution_duration_micros, query_id, update });
product!(UnsubscribeMultiApplied<Bsatn> { request_id, total_host_execution_duration_micros, query_id, update });
product!(ProcedureResult<Bsatn> { status, timestamp, total_host_execution_duration, request_id });
product!(DatabaseUpdate<Bsatn> { tables });
product!(TableUpdate<Bsatn> { table_id, table_name, num_rows, updates });

sum!(UpdateStatus<Bsatn> { 0 => Committed(update), 1 => Failed(message), 2 => OutOfEnergy });
sum!(ProcedureStatus<Bsatn> { 0 => Returned(value), 1 => OutOfEnergy, 2 => InternalError(message) });
sum!(ServerMessage<Bsatn> {
    0 => InitialSubscription(message),
    1 => TransactionUpdate(message),
    2 => TransactionUpdateLight(message),
    3 => IdentityToken(message),
    4 => OneOffQueryResponse(message),
    5 => SubscribeApplied(message),
    6 => UnsubscribeApplied(message),
    7 => SubscriptionError(message),
    8 => SubscribeMultiApplied(message),
    9 => UnsubscribeMultiApplied(message),
    10 => ProcedureResult(message),
});

/// As CompressableQueryUpdate: written uncompressed, like every current server does.
impl Codec for QueryUpdate<Bsatn> {
    fn write(&self, out: &mut Output) {
        out.put(&[0]);
        self.deletes.write(out);
        self.inserts.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        let tag = input.reader.u8()?;
        let Some(compression) = envelope::Compression::from_tag(tag) else {
            return Err(WireError::malformed(format!("unknown tag {tag} of CompressableQueryUpdate")));
        };
        if compression == envelope::Compression::None {
            return Ok(Self { deletes: Codec::read(input)?, inserts: Codec::read(input)? });
        }
        let compressed = input.reader.bytes()?;
        let plain = Bytes::from(compression.decompress(compressed, input.inflatable)?);
        input.inflatable -= plain.len();
        let mut inner = Input::new(&plain, input.limits);
        Ok(Self { deletes: Codec::read(&mut inner)?, inserts: Codec::read(&mut inner)? })
    }
}

impl ServerMessage<Bsatn> {
    /// The message without envelope; see [`envelope::seal`].
    ///
    /// # Errors
    ///
    /// [`WireError::MessageTooLong`] beyond [`Limits::outgoing_bytes`].
    pub fn encode(&self, limits: &Limits) -> Result<Vec<u8>, WireError> {
        codec::write_message(self, limits.outgoing_bytes)
    }

    /// Reads a message without envelope; see [`envelope::open`].
    ///
    /// # Errors
    ///
    /// [`WireError::Malformed`] or [`WireError::OverLimit`].
    pub fn decode(message: &Bytes, limits: &Limits) -> Result<Self, WireError> {
        codec::read_message(message, limits, limits.outgoing_bytes)
    }
}

impl ServerMessage<Json> {
    /// The text of a text frame.
    ///
    /// # Errors
    ///
    /// [`WireError::MessageTooLong`] beyond [`Limits::outgoing_bytes`].
    pub fn to_json(&self, limits: &Limits) -> Result<String, WireError> {
        let text = serde_json::to_string(self)?;
        if text.len() > limits.outgoing_bytes {
            return Err(WireError::MessageTooLong { limit: limits.outgoing_bytes });
        }
        Ok(text)
    }

    /// Reads the text of a text frame.
    ///
    /// # Errors
    ///
    /// [`WireError::Malformed`] or [`WireError::OverLimit`].
    pub fn from_json(text: &str, limits: &Limits) -> Result<Self, WireError> {
        within(MESSAGE_BYTES, text.len(), limits.outgoing_bytes)?;
        Ok(serde_json::from_str(text)?)
    }
}
