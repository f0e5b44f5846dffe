//! The transaction around a call: ids and its end, savepoints, snapshots, and what may come in between: cancels, timeouts, news
//! of what others have committed.

pub(crate) mod interrupt;
pub(crate) mod invalidation;
pub(crate) mod memory;
pub(crate) mod snapshot;
pub(crate) mod subtransaction;
pub(crate) mod timeout;
pub(crate) mod xact;
