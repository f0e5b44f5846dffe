//! Encodings that clients see (wire.md). No I/O.
//!
//! [`sats_json`] turns values into JSON and back. The rest is the client protocol (feature `protocol`): WebSocket
//! messages in three versions, and the bodies of the HTTP interface in [`http`].
//!
//! | Subprotocol | Module | Frames |
//! |---|---|---|
//! | `v1.bsatn.spacetimedb` | [`v1`], encoding [`v1::Bsatn`] | one message per binary frame |
//! | `v1.json.spacetimedb` | [`v1`], encoding [`v1::Json`] | one message per text frame |
//! | `v2.bsatn.spacetimedb` | [`v2`] | one message per binary frame |
//! | `v3.bsatn.spacetimedb` | [`v3`] | one or more messages of v2 per binary frame |
//!
//! | Message | Direction | v1 | v2, v3 |
//! |---|---|---|---|
//! | CallReducer | to server | 0 | 3 |
//! | CallProcedure | to server | 7 | 4 |
//! | Subscribe | to server | 1 (all queries), 3 (single), 4 (multi) | 0 |
//! | Unsubscribe | to server | 5 (single), 6 (multi) | 1 |
//! | OneOffQuery | to server | 2 | 2 |
//! | first message | to client | 3 IdentityToken | 0 InitialConnection |
//! | rows of a new subscription | to client | 0 InitialSubscription, 5, 8 | 1 SubscribeApplied |
//! | end of a subscription | to client | 6, 9 | 2 UnsubscribeApplied |
//! | SubscriptionError | to client | 7 | 3 |
//! | rows that changed | to client | 1 TransactionUpdate, 2 TransactionUpdateLight | 4 TransactionUpdate |
//! | outcome of a reducer | to client | 1 TransactionUpdate | 6 ReducerResult |
//! | outcome of a procedure | to client | 10 ProcedureResult | 7 ProcedureResult |
//! | outcome of a one-off query | to client | 4 OneOffQueryResponse | 5 OneOffQueryResult |
//!
//! The numbers are BSATN tags. Every binary message to a client goes into an [`envelope`]; messages to the server
//! have none and are never compressed, so a client cannot send a decompression bomb.
//!
//! Rows are encoded once, as [`RowList`] (binary) or [`JsonRows`]; both are reference counted, and one list may be
//! part of the messages to any number of clients. Decoders allocate no more than a multiple of what they were given
//! and what [`Limits`] admits.

pub mod sats_json;

#[cfg(feature = "protocol")]
mod codec;
#[cfg(feature = "protocol")]
mod connection_id;
#[cfg(feature = "protocol")]
pub mod envelope;
#[cfg(feature = "protocol")]
mod error;
#[cfg(feature = "protocol")]
pub mod http;
#[cfg(feature = "protocol")]
mod limits;
#[cfg(feature = "protocol")]
mod rows;
#[cfg(feature = "protocol")]
mod sats_serde;
#[cfg(feature = "protocol")]
pub mod v1;
#[cfg(feature = "protocol")]
pub mod v2;
#[cfg(feature = "protocol")]
pub mod v3;

#[cfg(feature = "protocol")]
pub use self::{
    connection_id::ConnectionId,
    error::WireError,
    limits::Limits,
    rows::{JsonRows, RowList, RowListBuilder},
};

/// Version 1 in binary.
pub const V1_BSATN: &str = "v1.bsatn.spacetimedb";
/// Version 1 in JSON.
pub const V1_JSON: &str = "v1.json.spacetimedb";
/// Version 2.
pub const V2_BSATN: &str = "v2.bsatn.spacetimedb";
/// Version 3.
pub const V3_BSATN: &str = "v3.bsatn.spacetimedb";
/// All subprotocols; the first one that the client offers too is chosen (wire.md §1.2).
pub const SUBPROTOCOLS: [&str; 4] = [V3_BSATN, V2_BSATN, V1_BSATN, V1_JSON];
