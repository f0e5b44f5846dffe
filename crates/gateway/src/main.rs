//! `spacetime-gateway`: the gateway as a program of its own.

use clap::Parser;
use spacetime_gateway::Options;

/// Serves SpacetimeDB's client API for the modules of a Postgres database.
#[derive(Debug, Parser)]
#[command(name = "spacetime-gateway", version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Format of the log on standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    Text,
    /// One object per line.
    Json,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let Arguments { options, log_format } = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    match spacetime_gateway::serve(options, stop_requested()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Done at Ctrl-C or SIGTERM.
async fn stop_requested() {
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
