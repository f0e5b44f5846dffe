//! Version 2 of the client protocol (wire.md §2.5 to §2.7). Version 3 is framing around the same messages.

mod client;
mod server;

pub use client::{
    CallProcedure, CallReducer, ClientMessage, OneOffQuery, QuerySetId, Subscribe, Unsubscribe,
    UnsubscribeFlags,
};
pub use server::{
    InitialConnection, OneOffQueryResult, ProcedureResult, ProcedureStatus, QueryRows, QuerySetUpdate,
    ReducerOutcome, ReducerResult, ServerMessage, SingleTableRows, SubscribeApplied, SubscriptionError,
    TableUpdate, TableUpdateRows, TransactionUpdate, UnsubscribeApplied,
};

pub use crate::sats_serde::{TimeDuration, Timestamp};
