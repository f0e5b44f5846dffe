//! The change log: what every commit did to module tables, for whoever subscribes.
//!
//! `journal` notes changes while a transaction makes them, `publish` hands them to shared memory when it commits, `read`
//! answers `spacetime.changes`. Rows of reducers come from the host functions, rows of plain SQL from a trigger.
//!
//! Hazard: nothing here may make a commit fail that would have succeeded without a change log, except for want of disk
//! space or memory.

mod capture;
mod journal;
mod publish;
mod read;

pub(crate) use capture::{capture_rewrite, capture_statement, capture_truncate};
pub(crate) use journal::{
    CallNote, begin_entry, note_call, note_delete, note_event, note_insert, note_published, note_write,
    position,
};
pub(crate) use publish::is_captured;
pub(crate) use read::{answer, settled_cursor};
