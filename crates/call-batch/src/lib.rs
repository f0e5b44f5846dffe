//! The binary layout of `spacetime.call_batch`: what a gateway asks, and what the extension answers. No Postgres, no I/O.
//!
//! All integers are little-endian. A byte string is its length as u32 and its bytes; text is a byte string of UTF-8.
//!
//! ```text
//! batch  = version u8 (1) · count u32 · count × call
//! call   = module text · reducer text · role text (empty: see Call::role) · sender [32] · connection_id [16]
//!          · claims text (JSON; what get_jwt answers) · tag u64 · format u8 (0 BSATN, 1 JSON) · arguments bytes
//! answer = version u8 (1) · xid u64 (0: nothing was written) · count u32 · count × result
//! result = sqlstate [5] ("00000": done) · message text · timestamp_us i64 · duration_us u32 · has_written u8
//! ```
//!
//! An answer may have fewer results than the batch has calls: the rest was not run and can be sent again.

mod answer;
mod batch;
mod bytes;

pub use answer::{Answer, CallResult, DONE};
pub use batch::{Arguments, Call, decode, encode};
pub use bytes::Error;

/// Version of the layout.
const VERSION: u8 = 1;

#[cfg(test)]
mod tests;
