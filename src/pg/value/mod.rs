//! Values as Postgres holds them.

pub(crate) mod array;
pub(crate) mod datum;
pub(crate) mod numeric;
pub(crate) mod types;
