//! The binary layout of the change log: what the extension writes when a transaction commits, and what readers of
//! `spacetime.changes` decode (docs/internals/change-log.md). No Postgres, no I/O.
//!
//! All integers are little-endian. A byte string is its length as u32 and its bytes; text is a byte string of UTF-8.
//!
//! ```text
//! answer  = version u8 (1) · status u8 (0 ok, 1 resync) · epoch u64 · next u64 · count u32 · count × entry
//! cursor  = epoch u64 · next u64                                            (16 bytes; what a reader gives back)
//! entry   = length u32 (of what follows) · seq u64 · lsn u64 · xid u64 · committed_at_us i64 · module [32] · kind u8 · body
//! body of kind 0 (changes)   = calls u16 × call · tables u16 × table
//! body of kind 1 (published) = version u32 (0: the module was dropped) · breaks_clients u8
//! body of kind 2 (resync)    = nothing: rows of the module changed that are not in the log
//! call    = reducer text · sender [32] · connection_id [16] · timestamp_us i64 · arguments bytes · tag u64
//! table   = name text · flags u8 (1 event table) · deletes rows · inserts rows
//! rows    = count u32 · size u32 (of what follows) · count × bytes, each one row in BSATN
//! ```
//!
//! Within an entry the order of a table's rows carries no meaning: what a commit did is its inserts minus its deletes, as
//! multisets.

mod answer;
mod entry;
mod error;
mod read;

pub use answer::{Answer, Cursor, Status, encode_answer};
pub use entry::{Call, Changes, Entry, EntryHeader, Kind, Rows, TableChanges, encode_header, header_len};
pub use error::Error;

/// Result of decoding.
pub type Result<T> = std::result::Result<T, Error>;
