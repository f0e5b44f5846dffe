//! The only folder that speaks to Postgres' C interface (`pg_sys`).
//!
//! Hazard that shapes everything here: a Postgres ERROR leaves any of these functions as a Rust panic (pgrx), and the
//! transaction's resource owners and memory contexts free what was open. So nothing in this folder implements `Drop`
//! by calling Postgres: what a call opened is closed explicitly on success and left to the abort on failure.

pub(crate) mod access;
pub(crate) mod change_log;
pub(crate) mod external;
pub(crate) mod function;
pub(crate) mod name;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod report;
mod server;
pub(crate) mod session;
mod table;
mod transaction;
mod unguarded;
mod value;

// The rooms are for those who read this folder; others need not know in which of them a module is.
pub(crate) use self::function::{entry, procedure, result};
pub(crate) use self::server::{module_state, notify, shmem, wal, worker};
pub(crate) use self::session::{row_security, user};
pub(crate) use self::table::{attempt, index, relation, scan, target, write, writer};
pub(crate) use self::transaction::{
    interrupt, invalidation, memory, snapshot, subtransaction, timeout, xact,
};
pub(crate) use self::value::{array, datum, numeric, types};

/// A random number from the server's generator; 1 if it has none.
fn random_u64() -> u64 {
    access::random_bytes().map_or(1, u64::from_ne_bytes)
}

pub(crate) use pgrx::pg_sys::{Datum, ItemPointerData as RowId, Oid};
