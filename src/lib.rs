//! The extension: WASM modules inside Postgres. ARCHITECTURE.md says how the rooms hang together.

mod auth;
mod catalog;
mod changes;
mod error;
mod guc;
mod module;
mod pg;
mod reducer;
mod row;
mod sql_api;
mod subscription;
mod wasm;
mod worker;

pgrx::pg_module_magic!(name, version);

pgrx::extension_sql_file!("../sql/bootstrap.sql", name = "bootstrap", bootstrap);
pgrx::extension_sql_file!("../sql/finalize.sql", name = "finalize", finalize);

/// Runs when the library is loaded. Nothing of the sandbox may start here: under preload this is the postmaster, and
/// neither engines nor threads survive its forks.
#[pgrx::pg_guard]
extern "C-unwind" fn _PG_init() {
    pg::report::without_backtraces();
    guc::init();
    pg::worker::register();
}
