//! The SQL surface: each function parses its arguments, makes one call, and turns the result into SQL. No logic.
//!
//! Every function that can write says so: VOLATILE and PARALLEL UNSAFE.

mod identity;
mod lock;
mod module;
mod reducer;
