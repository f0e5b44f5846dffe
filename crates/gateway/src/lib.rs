//! Serves SpacetimeDB's client API (HTTP and WebSocket) for every module of a Postgres database, so that the official
//! client SDKs work unmodified.
//!
//! ```text
//!  http/, socket/ ──calls──► executor/ ──call_batch──► Postgres
//!        │  ▲                    │ what became of them        │
//!        │  └──events── subscriptions/hub ◄──entries── changes/reader (spacetime.changes)
//!        └──subscribe──────────────┘
//! ```
//!
//! One task, the hub, puts everything that clients are told in order: rows that changed, in commit order, and between
//! them the answers to their calls. It holds the rows of each distinct query once; what clients get is what it adds to and
//! takes from them, so a client's rows always are those of one commit.

mod changes;
mod error;
mod executor;
mod http;
mod metrics;
mod name_hold;
mod options;
mod postgres;
mod refusal;
mod socket;
mod state;
mod subscriptions;
mod system_tables;
mod tokens;
mod vital;

pub use error::{Error, Result};
pub use options::{CompressionChoice, Options, Publishers};

/// Runs a gateway until `shutdown` is done; open connections are closed then.
///
/// # Errors
///
/// Postgres cannot be reached at the start, the extension lacks something, or the address is taken.
pub async fn serve(options: Options, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let state = state::Gateway::start(options).await?;
    http::serve(state, shutdown).await
}
