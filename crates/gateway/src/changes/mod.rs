//! The change log, read once for the whole gateway.

mod entry;
mod reader;

pub(crate) use entry::{Entry, Kind, Page, Position, Table};
pub(crate) use reader::{Durability, Reader, read};
