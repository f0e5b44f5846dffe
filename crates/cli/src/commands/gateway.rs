//! `spacetime gateway`.

use clap::Args;

use crate::error::Result;

/// Serves SpacetimeDB's client API for the modules of a database, until Ctrl-C.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    gateway: spacetime_gateway::Options,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    log_to_stderr("info");
    Ok(spacetime_gateway::serve(options.gateway, stop_requested()).await?)
}

/// The gateway's own words; RUST_LOG says which.
pub(crate) fn log_to_stderr(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Done at Ctrl-C or SIGTERM.
pub(crate) async fn stop_requested() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
