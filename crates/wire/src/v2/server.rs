//! Version 2, messages to a client (wire.md §2.5, §2.7).

use bytes::Bytes;
use spacetime_auth::Identity;

use super::{QuerySetId, TimeDuration, Timestamp};
use crate::codec::{self, Codec, Input, Output, product, sum};
use crate::connection_id::ConnectionId;
use crate::error::WireError;
use crate::limits::Limits;
use crate::rows::RowList;

/// A message to a client.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerMessage {
    InitialConnection(InitialConnection),
    SubscribeApplied(SubscribeApplied),
    UnsubscribeApplied(UnsubscribeApplied),
    SubscriptionError(SubscriptionError),
    TransactionUpdate(TransactionUpdate),
    OneOffQueryResult(OneOffQueryResult),
    ReducerResult(ReducerResult),
    ProcedureResult(ProcedureResult),
}

/// The first message of a connection. Not the order of version 1.
#[derive(Debug, Clone, PartialEq)]
pub struct InitialConnection {
    pub identity: Identity,
    pub connection_id: ConnectionId,
    /// The token that the client presented, unchanged, or the one made for it.
    pub token: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SubscribeApplied {
    pub request_id: u32,
    pub query_set_id: QuerySetId,
    pub rows: QueryRows,
}

#[derive(Debug, Clone, PartialEq)]
pub struct UnsubscribeApplied {
    pub request_id: u32,
    pub query_set_id: QuerySetId,
    /// Some, also without rows, exactly if the client asked for SendDroppedRows.
    pub rows: Option<QueryRows>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionError {
    /// None if no request is to blame; TypeScript clients disconnect then.
    pub request_id: Option<u32>,
    pub query_set_id: QuerySetId,
    pub error: String,
}

/// Rows that changed in one transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransactionUpdate {
    pub query_sets: Vec<QuerySetUpdate>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct QuerySetUpdate {
    pub query_set_id: QuerySetId,
    pub tables: Vec<TableUpdate>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TableUpdate {
    pub table_name: String,
    pub rows: Vec<TableUpdateRows>,
}

/// Rows that a table gained and lost. Not the order of version 1.
#[derive(Debug, Clone, PartialEq)]
pub enum TableUpdateRows {
    PersistentTable { inserts: RowList, deletes: RowList },
    EventTable { events: RowList },
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueryRows {
    pub tables: Vec<SingleTableRows>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SingleTableRows {
    pub table: String,
    pub rows: RowList,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OneOffQueryResult {
    pub request_id: u32,
    pub result: Result<QueryRows, String>,
}

/// The one answer to a CallReducer.
#[derive(Debug, Clone, PartialEq)]
pub struct ReducerResult {
    pub request_id: u32,
    pub timestamp: Timestamp,
    pub result: ReducerOutcome,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ReducerOutcome {
    /// Committed. Rust clients insist on an empty return value.
    Ok {
        ret_value: Bytes,
        transaction_update: TransactionUpdate,
    },
    /// Committed without rows for the caller; the reference never sends it.
    OkEmpty,
    /// The reducer's error: BSATN of its error type, see [`ReducerOutcome::error`].
    Err(Bytes),
    InternalError(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct ProcedureResult {
    pub status: ProcedureStatus,
    pub timestamp: Timestamp,
    pub total_host_execution_duration: TimeDuration,
    pub request_id: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ProcedureStatus {
    /// BSATN of the return value.
    Returned(Bytes),
    InternalError(String),
}

product!(InitialConnection { identity, connection_id, token });
product!(SubscribeApplied { request_id, query_set_id, rows });
product!(UnsubscribeApplied { request_id, query_set_id, rows });
product!(SubscriptionError { request_id, query_set_id, error });
product!(TransactionUpdate { query_sets });
product!(QuerySetUpdate { query_set_id, tables });
product!(TableUpdate { table_name, rows });
product!(QueryRows { tables });
product!(SingleTableRows { table, rows });
product!(OneOffQueryResult { request_id, result });
product!(ReducerResult { request_id, timestamp, result });
product!(ProcedureResult { status, timestamp, total_host_execution_duration, request_id });
sum!(ProcedureStatus { 0 => Returned(value), 1 => InternalError(message) });
sum!(ServerMessage {
    0 => InitialConnection(message),
    1 => SubscribeApplied(message),
    2 => UnsubscribeApplied(message),
    3 => SubscriptionError(message),
    4 => TransactionUpdate(message),
    5 => OneOffQueryResult(message),
    6 => ReducerResult(message),
    7 => ProcedureResult(message),
});

impl Codec for TableUpdateRows {
    fn write(&self, out: &mut Output) {
        match self {
            Self::PersistentTable { inserts, deletes } => {
                out.put(&[0]);
                inserts.write(out);
                deletes.write(out);
            }
            Self::EventTable { events } => {
                out.put(&[1]);
                events.write(out);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        match input.reader.tag(2)? {
            0 => Ok(Self::PersistentTable { inserts: Codec::read(input)?, deletes: Codec::read(input)? }),
            _ => Ok(Self::EventTable { events: Codec::read(input)? }),
        }
    }
}

impl Codec for ReducerOutcome {
    fn write(&self, out: &mut Output) {
        match self {
            Self::Ok { ret_value, transaction_update } => {
                out.put(&[0]);
                ret_value.write(out);
                transaction_update.write(out);
            }
            Self::OkEmpty => out.put(&[1]),
            Self::Err(error) => {
                out.put(&[2]);
                error.write(out);
            }
            Self::InternalError(message) => {
                out.put(&[3]);
                message.write(out);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, WireError> {
        Ok(match input.reader.tag(4)? {
            0 => Self::Ok { ret_value: Codec::read(input)?, transaction_update: Codec::read(input)? },
            1 => Self::OkEmpty,
            2 => Self::Err(Codec::read(input)?),
            _ => Self::InternalError(Codec::read(input)?),
        })
    }
}

impl ReducerOutcome {
    /// The outcome of a call that committed.
    pub fn committed(transaction_update: TransactionUpdate) -> Self {
        Self::Ok { ret_value: Bytes::new(), transaction_update }
    }

    /// The outcome of a call whose reducer returned an error.
    ///
    /// # Errors
    ///
    /// [`WireError::MessageTooLong`] if a message cannot hold it.
    pub fn error(message: &str) -> Result<Self, WireError> {
        let error = codec::write_message(&message.to_owned(), Limits::default().outgoing_bytes)?;
        Ok(Self::Err(Bytes::from(error)))
    }
}

impl ServerMessage {
    /// The message without envelope; see [`crate::envelope::seal`].
    ///
    /// # Errors
    ///
    /// [`WireError::MessageTooLong`] beyond [`Limits::outgoing_bytes`].
    pub fn encode(&self, limits: &Limits) -> Result<Vec<u8>, WireError> {
        codec::write_message(self, limits.outgoing_bytes)
    }

    /// Reads a message without envelope; see [`crate::envelope::open`].
    ///
    /// # Errors
    ///
    /// [`WireError::Malformed`] or [`WireError::OverLimit`].
    pub fn decode(message: &Bytes, limits: &Limits) -> Result<Self, WireError> {
        codec::read_message(message, limits, limits.outgoing_bytes)
    }
}
