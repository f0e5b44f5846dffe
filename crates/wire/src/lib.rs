//! Encodings that clients see (wire.md).

pub mod sats_json;
