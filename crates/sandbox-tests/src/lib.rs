//! `src/wasm` and `src/error.rs`, compiled without Postgres so that their tests can run. See Cargo.toml.
#![cfg(test)]
#![allow(dead_code, unused_imports, reason = "the extension uses what the tests do not")]

#[path = "../../../src/error.rs"]
mod error;
#[path = "../../../src/wasm/mod.rs"]
mod wasm;

mod interrupts;
mod pg;
