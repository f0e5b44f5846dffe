//! The sandbox: runs modules' WASM code. The only folder that names `wasmtime`.
//!
//! Invariant: code of a guest reaches the world through [`host::Host`] and through nothing else; whatever it does, it can
//! only end its own call. Hazard: frames of a guest lie between our frames, and Postgres errors and cancels cross them.
//! They cross as Rust panics, which wasmtime carries over guest frames untouched, so nothing here may catch one. An
//! instance that did not return normally is never called again: calls consume it and hand it back only if it is fit.
//!
//! Nothing here may run before the postmaster forks, and nothing starts a thread.
//!
//! - [`engine`]: compiler and runtime settings, one engine per fuel flavour and process
//! - [`abi`]: names and types of everything a module imports and exports
//! - [`code`]: a compiled, checked and linked module; [`artifact`]: compiled code on disk
//! - [`instance`]: a live module; [`call`]: calling a reducer on it; [`view`], [`procedure`]: calling those
//! - [`limits`], [`memory`], [`state`], [`trap`]: bounds, guest pointers, data of an instance, failures
//! - [`host`]: what guests import, and the trait that answers them

pub(crate) mod abi;
pub(crate) mod artifact;
pub(crate) mod call;
pub(crate) mod code;
pub(crate) mod engine;
pub(crate) mod host;
pub(crate) mod instance;
pub(crate) mod limits;
mod memory;
mod procedure;
mod state;
mod trap;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use artifact::ArtifactStore;
pub(crate) use call::{Outcome, ReducerCall};
pub(crate) use code::Code;
pub(crate) use engine::{Fuel, bump_epoch};
pub(crate) use instance::Instance;
pub(crate) use limits::Limits;
pub(crate) use procedure::ProcedureCall;
pub(crate) use view::{ViewCall, ViewOutcome};
