//! `spacetime gateway`.

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::error::{Error, Result};

/// Serves SpacetimeDB's client API for the modules of a database, until Ctrl-C.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    gateway: spacetime_gateway::Options,
    /// Format of the log on standard error. RUST_LOG=debug says more.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    /// One object per line.
    Json,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    log_to_stderr("info", options.log_format);
    Ok(spacetime_gateway::serve(options.gateway, stop_requested()?).await?)
}

/// The gateway's own words; RUST_LOG says which.
pub(crate) fn log_to_stderr(default: &str, format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
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
