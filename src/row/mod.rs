//! Rows between two worlds: BSATN as guests and clients hold it, datums as Postgres stores them.
//!
//! Invariant: BSATN in, table, BSATN out gives the same bytes for every value inside the documented ranges (NaN is made
//! canonical on the way in). Anything else is an error, never another value. No SQL here, no I/O.

mod codec;
mod literal;
mod storage;
mod table;
mod value;

pub(crate) use codec::ValueCodec;
pub(crate) use literal::literal;
pub(crate) use storage::{StoredValue, U64As, column_type, stored};
pub(crate) use table::{IndexCodec, PartNames, TableCodec, append_drawn};
pub(crate) use value::DecodeError;
