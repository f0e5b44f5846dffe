//! Tables of modules, straight on heap and indexes: opening and reading them, and writing rows as an SQL statement would, with
//! its locks, constraints and triggers.

pub(crate) mod attempt;
mod delete;
pub(crate) mod index;
mod probe;
pub(crate) mod relation;
pub(crate) mod scan;
pub(crate) mod target;
mod trigger;
pub(crate) mod write;
pub(crate) mod writer;
