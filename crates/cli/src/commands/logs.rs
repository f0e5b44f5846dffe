//! `spacetime logs`.

use clap::Args;
use serde_json::Value;

use super::gateway::stop_requested;
use crate::error::{Error, Result};
use crate::target::Where;
use crate::terminal;

/// Shows what a module has printed, the newest last.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Name of the module.
    module: String,
    /// How many of the newest records.
    #[arg(long, short, value_name = "N", default_value_t = 100)]
    num_lines: u32,
    /// Go on showing new ones, until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    /// One JSON object per line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Where,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let mut target = options.target.open(None).await?;
    let show = |record: &Value| terminal::out(line(record, options.json));
    if !options.follow {
        target.logs(&options.module, options.num_lines).await?.iter().for_each(show);
        return Ok(());
    }
    tokio::select! {
        () = stop_requested()? => Ok(()),
        ended = target.follow_logs(&options.module, options.num_lines, show) => {
            ended?;
            Err(Error::refused("the log goes no further", "the server was stopped, or the module deleted"))
        }
    }
}

fn line(record: &Value, json: bool) -> String {
    if json {
        return record.to_string();
    }
    let text = |name: &str| record[name].as_str().unwrap_or_default();
    let level = text("level").to_uppercase();
    format!("{level:>5} {}", text("message"))
}
