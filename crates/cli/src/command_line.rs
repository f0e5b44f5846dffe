//! The command line: every subcommand and its options. What each does is in `commands/`, one file per subcommand.

use clap::{Parser, Subcommand};

use crate::commands::{
    build, call, completions, delete, describe, dev, gateway, generate, init, list, login, logs, publish,
    server, sql, start, status, stop, subscribe,
};

/// What somebody types who has just installed this.
const FIRST_STEPS: &str = "\
First steps:
  spacetime start                      a private Postgres and the gateway; then, in another terminal:
  spacetime init hello && cd hello     a module in Rust
  spacetime publish
  spacetime call hello add Ada
  spacetime sql hello 'SELECT * FROM person'";

/// Modules of tables and reducers that run inside Postgres: make, build, publish and use them.
#[derive(Debug, Parser)]
#[command(
    name = "spacetime",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = FIRST_STEPS
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Start(start::Options),
    Status(status::Options),
    Stop(stop::Options),
    Gateway(gateway::Options),
    Init(init::Options),
    Build(build::Options),
    Publish(publish::Options),
    Generate(generate::Options),
    Dev(dev::Options),
    Call(call::Options),
    Sql(sql::Options),
    Subscribe(subscribe::Options),
    Logs(logs::Options),
    Describe(describe::Options),
    List(list::Options),
    Delete(delete::Options),
    Login(login::Options),
    Server(server::Options),
    Completions(completions::Options),
}

impl Command {
    pub(crate) async fn run(self) -> crate::error::Result<()> {
        match self {
            Self::Start(options) => start::run(options).await,
            Self::Status(options) => status::run(options).await,
            Self::Stop(options) => stop::run(options).await,
            Self::Gateway(options) => gateway::run(options).await,
            Self::Init(options) => init::run(options),
            Self::Build(options) => build::run(options),
            Self::Publish(options) => publish::run(options).await,
            Self::Generate(options) => generate::run(options).await,
            Self::Dev(options) => dev::run(options).await,
            Self::Call(options) => call::run(options).await,
            Self::Sql(options) => sql::run(options).await,
            Self::Subscribe(options) => subscribe::run(options).await,
            Self::Logs(options) => logs::run(options).await,
            Self::Describe(options) => describe::run(options).await,
            Self::List(options) => list::run(options).await,
            Self::Delete(options) => delete::run(options).await,
            Self::Login(options) => login::run(options).await,
            Self::Server(options) => server::run(options),
            Self::Completions(options) => completions::run(options),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::CommandLine;

    #[test]
    fn options_do_not_contradict_each_other() {
        CommandLine::command().debug_assert();
    }

    /// docs/cli.md is what the commands say of themselves. To write it anew: `SPACETIME_WRITE_DOCS=1 cargo test -p spacetime-cli`.
    #[test]
    fn documentation_is_the_help() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
        let options =
            clap_markdown::MarkdownOptions::new().title("The `spacetime` command".into()).show_footer(false);
        let now = clap_markdown::help_markdown_custom::<CommandLine>(&options);
        if std::env::var_os("SPACETIME_WRITE_DOCS").is_some() {
            std::fs::write(path, &now).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(now == written, "docs/cli.md is not what --help says; see this test's comment");
    }
}
