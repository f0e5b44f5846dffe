//! `spacetime status`.

use clap::Args;

use super::start::DataFolder;
use crate::cluster::Running;
use crate::error::{Error, Result};
use crate::terminal;

/// Says what `spacetime start` runs; exit status 1 if nothing.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    folder: DataFolder,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let folder = options.folder.path()?;
    let Some(running) = Running::read(&folder)? else {
        return Err(Error::refused(
            format!("nothing runs in {}", folder.display()),
            "start it with: spacetime start",
        ));
    };
    if options.json {
        terminal::out(serde_json::to_string(&running)?);
        return Ok(());
    }
    let health = reqwest::get(format!("{}/v1/health", running.server)).await;
    let health =
        if health.is_ok_and(|answer| answer.status().is_success()) { "healthy" } else { "does not answer" };
    terminal::out(format_args!("process   {}", running.pid));
    terminal::out(format_args!("Postgres  {}", running.database_url));
    terminal::out(format_args!("clients   {} ({health})", running.server));
    Ok(())
}
