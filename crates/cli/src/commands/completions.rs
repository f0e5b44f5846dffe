//! `spacetime completions`.

use clap::{Args, CommandFactory};

use crate::command_line::CommandLine;
use crate::error::Result;

/// Prints completions for a shell.
///
/// For example: `spacetime completions bash > ~/.local/share/bash-completion/completions/spacetime`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub(crate) fn run(options: Options) -> Result<()> {
    clap_complete::generate(options.shell, &mut CommandLine::command(), "spacetime", &mut std::io::stdout());
    Ok(())
}
