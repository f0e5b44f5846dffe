//! Module definitions (module-abi.md §3): what a guest's `__describe_module__` returns, decoded, validated, with
//! references resolved and names made canonical. Also the BSATN values that the types describe.
//!
//! [`decode`] is the entry. Nothing here panics or allocates beyond a multiple of its input, whatever the bytes.

mod assembly;
mod definition;
mod environment;
mod error;
mod function;
mod names;
mod raw;
mod raw_v10;
mod raw_v9;
mod resolve;
mod schedule_at;
mod table;
mod types;
mod wide_integer;

pub mod bsatn;
pub mod migration;
pub mod sort_key;

pub use definition::{
    Abi, Column, Definition, EnvironmentVariable, HttpRoute, Index, IndexAlgorithm, Lifecycle, NamedType,
    Procedure, Reducer, Schedule, Sequence, Table, UniqueConstraint, View, ViewKind, Visibility,
};
pub use error::Error;
pub use schedule_at::{ScheduleAt, next_due};
pub use types::{Field, MAX_TYPE_DEPTH, Product, Sum, Type, Variant};

/// Decodes, validates and names a module definition: the bytes that `__describe_module__` wrote, envelope included.
///
/// # Errors
///
/// [`Error::Malformed`] if the bytes are no definition, [`Error::Invalid`] if a rule of module-abi.md §3.7 is
/// broken, [`Error::Unsupported`] if this host does not implement what the module asks for.
pub fn decode(description: &[u8]) -> Result<Definition, Error> {
    assembly::assemble(&raw::decode(description)?)
}
