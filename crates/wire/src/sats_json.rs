//! SATS-JSON (wire.md §0.3): JSON to BSATN and back, by type.
//!
//! Reading accepts every form that the reference accepts and some that people type; writing has three forms, see
//! [`Form`].

mod error;
mod identifier;
mod input;
mod integer;
mod output;
mod timestamp;

#[cfg(test)]
mod input_tests;
#[cfg(test)]
mod output_tests;
#[cfg(test)]
mod round_trip_tests;

pub use error::{JsonError, JsonErrorKind};
pub use input::{arguments_to_bsatn, to_bsatn};
pub use output::{Form, from_bsatn};

/// Object key under which the storage form keeps the bits of an f32, as 8 hex digits.
const F32_BITS: &str = "$f32";
/// Object key under which the storage form keeps the bits of an f64, as 16 hex digits.
const F64_BITS: &str = "$f64";

// Field names of the special products (wire.md §0.2).
const IDENTITY: &str = "__identity__";
const CONNECTION_ID: &str = "__connection_id__";
const TIMESTAMP: &str = "__timestamp_micros_since_unix_epoch__";
const TIME_DURATION: &str = "__time_duration_micros__";
const UUID: &str = "__uuid__";
