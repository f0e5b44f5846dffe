//! Version 1 of the client protocol (wire.md §2.1 to §2.4), in binary and in JSON.
//!
//! Messages to the server are generic over the arguments of a call: BSATN (`Bytes`) or JSON text (`String`).
//! Messages to a client are generic over their [`Encoding`], which decides what rows and arguments are made of.

mod client;
mod server;

pub use client::{
    CallProcedure, CallReducer, CallReducerFlags, ClientMessage, OneOffQuery, QueryId, Subscribe,
    SubscribeMulti, SubscribeSingle, Unsubscribe, UnsubscribeMulti,
};
pub use server::{
    DatabaseUpdate, IdentityToken, InitialSubscription, OneOffQueryResponse, OneOffTable, ProcedureResult,
    ProcedureStatus, QueryUpdate, ReducerCallInfo, ServerMessage, SubscribeApplied, SubscribeMultiApplied,
    SubscribeRows, SubscriptionError, TableUpdate, TransactionUpdate, TransactionUpdateLight,
    UnsubscribeApplied, UnsubscribeMultiApplied, UpdateStatus,
};

use std::fmt::Debug;

use bytes::Bytes;

use crate::rows::{JsonRows, RowList};
pub use crate::sats_serde::{EnergyQuanta, TimeDuration, Timestamp};

/// What rows and arguments are in a message to a client.
pub trait Encoding: Debug + Clone + PartialEq {
    type Rows: Debug + Clone + PartialEq + Default;
    /// Arguments of a reducer, or the result of a procedure.
    type Value: Debug + Clone + PartialEq;
}

/// The binary encoding.
#[derive(Debug, Clone, PartialEq)]
pub enum Bsatn {}

impl Encoding for Bsatn {
    type Rows = RowList;
    /// A product of arguments, or a value.
    type Value = Bytes;
}

/// The JSON encoding.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {}

impl Encoding for Json {
    type Rows = JsonRows;
    /// JSON text: an array or object of arguments, or a value.
    type Value = String;
}
