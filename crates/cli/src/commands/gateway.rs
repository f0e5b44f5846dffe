//! `spacetime gateway`.

use clap::Args;

use crate::error::{Error, Result};

/// Serves SpacetimeDB's client API for the modules of a database, until Ctrl-C.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    gateway: spacetime_gateway::Options,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    log_to_stderr("info");
    Ok(spacetime_gateway::serve(options.gateway, stop_requested()?).await?)
}

/// The gateway's own words; RUST_LOG says which.
pub(crate) fn log_to_stderr(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Done at Ctrl-C or SIGTERM; both are caught from the moment of the call.
///
/// # Errors
///
/// The operating system lets nobody catch signals.
pub(crate) fn stop_requested() -> Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let catch =
        |kind| signal(kind).map_err(|error| Error::Plain(format!("signals cannot be caught: {error}")));
    let (mut interrupt, mut terminate) = (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
