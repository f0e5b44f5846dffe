//! `spacetime stop`.

use std::time::{Duration, Instant};

use clap::Args;

use super::start::DataFolder;
use crate::cluster::Running;
use crate::error::{Error, Result};
use crate::terminal;

/// Time for everything to end.
const LIMIT: Duration = Duration::from_secs(90);

/// Stops what `spacetime start` runs, and waits for its end.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    folder: DataFolder,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let folder = options.folder.path()?;
    let Some(running) = Running::read(&folder)? else {
        return Err(Error::refused(format!("nothing runs in {}", folder.display()), "see --data-dir"));
    };
    running.stop()?;
    let began = Instant::now();
    while Running::read(&folder)?.is_some() || is_locked(&folder) {
        if began.elapsed() > LIMIT {
            return Err(Error::Plain(format!(
                "process {} has not stopped after {} s",
                running.pid,
                LIMIT.as_secs()
            )));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    terminal::step("stopped", folder.display());
    Ok(())
}

/// Whether the process that ran here is still at its end.
fn is_locked(folder: &std::path::Path) -> bool {
    std::fs::File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock_shared().is_err())
}
