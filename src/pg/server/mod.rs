//! What outlives a session: background workers, shared memory, files of modules' state, WAL positions, and the hook on
//! statements.

pub(crate) mod module_state;
pub(crate) mod notify;
pub(crate) mod shmem;
mod statement_hook;
pub(crate) mod wal;
pub(crate) mod worker;
