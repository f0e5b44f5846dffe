//! The SQL surface: each function parses its arguments, makes one call, and turns the result into SQL. No logic.
//!
//! Every function that can write says so: VOLATILE and PARALLEL UNSAFE.

#![allow(
    clippy::result_large_err,
    reason = "pgrx keeps SQLSTATE, detail and hint only of its own, large error type"
)]

mod batch;
mod changes;
mod client;
mod environment;
mod http;
mod identity;
mod lock;
mod module;
mod reducer;
mod schedule;
mod subscription;
mod view;
