//! `spacetime`: modules of tables and reducers that run inside Postgres, from the command line.
//!
//! ```text
//!  command_line ──► commands/   one file per subcommand
//!                     │ uses
//!     project         what is in the current folder: spacetime.toml, language, sources
//!     module_file     what a built module says it consists of
//!     bindings/       client code for a definition: TypeScript, Rust, SQL
//!     target/         where modules live: a gateway (HTTP) or a database (SQL)
//!     device_login    tokens of OpenID providers
//!     cluster/        the private Postgres that `spacetime start` makes
//! ```

mod bindings;
mod cluster;
mod command_line;
mod commands;
mod device_login;
mod error;
mod module_file;
mod project;
mod settings;
mod target;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match command_line::CommandLine::parse().command.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
