//! `spacetime gateway`.

use std::io::ErrorKind;
use std::net::SocketAddr;

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
    spacetime_gateway::serve(options.gateway, stop_requested()?).await.map_err(explained)
}

/// What kept a gateway from starting, with the way out.
pub(crate) fn explained(error: spacetime_gateway::Error) -> Error {
    match error {
        spacetime_gateway::Error::Listen { address, source } => cannot_listen(address, &source),
        spacetime_gateway::Error::Connect(error) => Error::refused(
            format!("could not reach Postgres: {}", Error::Postgres(error)),
            "is it running, and is --database-url right?",
        ),
        error => Error::Gateway(error),
    }
}

/// Why an address cannot be listened on.
pub(crate) fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::AddrInUse => Error::refused(
            format!("something already listens on {address}"),
            "is it another `spacetime start`? See `spacetime status`, or choose an address with --listen",
        ),
        ErrorKind::PermissionDenied => Error::refused(
            format!("cannot listen on {address}: {error}"),
            "ports below 1024 are root's; choose another with --listen",
        ),
        _ => Error::refused(
            format!("cannot listen on {address}: {error}"),
            "choose an address of this machine with --listen",
        ),
    }
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

/// Done at Ctrl-C, SIGTERM, or when the terminal is closed; all are caught from the moment of the call.
///
/// # Errors
///
/// The operating system lets nobody catch signals.
pub(crate) fn stop_requested() -> Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let catch =
        |kind| signal(kind).map_err(|error| Error::Plain(format!("signals cannot be caught: {error}")));
    let (mut interrupt, mut terminate) = (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?);
    let mut hangup = if ignores_hangup() { None } else { Some(catch(SignalKind::hangup())?) };
    Ok(async move {
        let closed = async {
            match &mut hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = closed => {}
        }
    })
}

/// Whether `nohup` or the like wants this process to outlive its terminal: catching the signal would undo that.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // SIGHUP is signal 1, the lowest bit.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
