//! `spacetime list`.

use clap::Args;

use super::sql;
use crate::error::Result;
use crate::target::Where;

/// Lists modules: your own of a server, or all of a database.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// As a JSON array of objects.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Where,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let mut target = options.target.open(None).await?;
    sql::show(&target.list().await?, options.json)
}
