//! Tests of the sandbox: none needs Postgres, modules are written as text or come from `modules/build`.

mod abi;
mod artifacts;
mod boot;
mod bounds;
mod calls;
mod guest;
mod mock;
mod modules;
mod refused;
mod rows;
