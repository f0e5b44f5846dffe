//! `spacetime delete`.

use clap::Args;

use crate::error::Result;
use crate::target::Where;
use crate::terminal;

/// Deletes a module with all its data.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Name of the module.
    module: String,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    target: Where,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let mut target = options.target.open(None).await?;
    terminal::confirm(&format!("Delete {} and all its data?", options.module), "--yes", options.yes)?;
    target.delete(&options.module).await?;
    terminal::step("deleted", &options.module);
    Ok(())
}
