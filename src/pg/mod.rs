//! The only folder that speaks to Postgres' C interface (`pg_sys`).
//!
//! Hazard that shapes everything here: a Postgres ERROR leaves any of these functions as a Rust panic (pgrx), and the
//! transaction's resource owners and memory contexts free what was open. So nothing in this folder implements `Drop`
//! by calling Postgres: what a call opened is closed explicitly on success and left to the abort on failure.

pub(crate) mod access;
pub(crate) mod array;
pub(crate) mod attempt;
mod change_file;
pub(crate) mod change_log;
mod change_memory;
mod change_readers;
mod change_ring;
pub(crate) mod change_trigger;

pub(crate) mod datum;
mod delete;
pub(crate) mod entry;
pub(crate) mod external;
pub(crate) mod function;
pub(crate) mod index;
pub(crate) mod interrupt;
pub(crate) mod invalidation;
pub(crate) mod memory;
pub(crate) mod module_state;
pub(crate) mod name;
pub(crate) mod notify;
pub(crate) mod numeric;
pub(crate) mod probe;
pub(crate) mod procedure;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod relation;
pub(crate) mod report;
pub(crate) mod result;
pub(crate) mod row_security;
pub(crate) mod scan;
pub(crate) mod session;
pub(crate) mod shmem;
pub(crate) mod snapshot;
mod statement_hook;
pub(crate) mod subtransaction;
pub(crate) mod target;
pub(crate) mod timeout;
pub(crate) mod trigger;
pub(crate) mod types;
pub(crate) mod user;
pub(crate) mod wal;
pub(crate) mod worker;
pub(crate) mod write;
pub(crate) mod writer;
pub(crate) mod xact;

/// A random number from the server's generator; 1 if it has none.
fn random_u64() -> u64 {
    access::random_bytes().map_or(1, u64::from_ne_bytes)
}

pub(crate) use pgrx::pg_sys::{Datum, ItemPointerData as RowId, Oid};
