//! What can go wrong, in the user's words. Every message names what was wrong; where there is a way out, a second line says it.

use std::path::PathBuf;

use nix::sys::signal::Signal::{SIGINT, SIGTERM};

/// Shorthand for results of this crate.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Errors of the command. `Display` is what the user reads.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something the user asked for cannot be, and what to do instead.
    #[error("{what}\n  hint: {hint}")]
    Refused { what: String, hint: String },
    /// Something the user asked for cannot be.
    #[error("{0}")]
    Plain(String),
    #[error("{path}: {source}", path = path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("cannot run {program}: {source}")]
    Program { program: String, source: std::io::Error },
    /// A program ended with an error; it has said itself why.
    #[error("{program} failed ({status})")]
    ProgramFailed { program: String, status: std::process::ExitStatus },
    #[error("{}", postgres_message(.0))]
    Postgres(#[from] tokio_postgres::Error),
    #[error(
        "{}\n  hint: is Postgres running, and is the URL right? It looks like postgres://USER@HOST:PORT/DATABASE",
        postgres_message(.0)
    )]
    DatabaseUnreachable(tokio_postgres::Error),
    #[error(
        "{} cannot be reached: {source}\n  hint: start it with `spacetime start`, or name another with --server",
        url
    )]
    Unreachable { url: String, source: reqwest::Error },
    #[error("the server's answer broke off: {0}")]
    Http(#[from] reqwest::Error),
    /// A server's refusal in its own words.
    #[error("{text} (HTTP {status})")]
    Answer { status: u16, text: String },
    #[error("the definition of the module is not valid: {0}")]
    Definition(#[from] spacetime_definition::Error),
    #[error("the server's description of the module is not understood: {0}")]
    Schema(#[from] spacetime_wire::WireError),
    #[error("not a module: {0}")]
    Wasm(#[from] wasmi::Error),
    #[error("not valid JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{path}: {source}", path = path.display())]
    Toml { path: PathBuf, source: toml::de::Error },
    #[error("{0}")]
    Gateway(#[from] spacetime_gateway::Error),
    /// The user said no, or there was nobody to ask.
    #[error("nothing was changed")]
    Declined,
}

impl Error {
    pub(crate) fn refused(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), hint: hint.into() }
    }

    /// For `map_err`: an error of a file system call about `path`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// For `map_err`: a program that could not be started.
    pub(crate) fn program(program: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let program = program.into();
        move |source| Self::Program { program, source }
    }

    /// Whether a program that we ran was interrupted, by Ctrl-C for example.
    pub(crate) fn is_interrupt(&self) -> bool {
        use std::os::unix::process::ExitStatusExt;
        let Self::ProgramFailed { status, .. } = self else { return false };
        [SIGINT, SIGTERM].iter().any(|signal| status.signal() == Some(*signal as i32))
    }

    /// Whether the server could not be reached, or went away: asking again later may help.
    pub(crate) fn is_connection(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::DatabaseUnreachable(_)
            | Self::Http(_)
            | Self::Answer { status: 502..=504, .. } => true,
            // Class 08 are lost connections, 57P0x shutdowns and starts.
            Self::Postgres(error) => error
                .code()
                .is_none_or(|code| code.code().starts_with("08") || code.code().starts_with("57P0")),
            _ => false,
        }
    }

    /// Exit status: 1 for what failed, 2 as clap's for what was asked wrongly, 3 for a question answered no.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Declined => 3,
            _ => 1,
        }
    }
}

/// Message, SQLSTATE, detail and hint of the server, or what kept us from asking it.
fn postgres_message(error: &tokio_postgres::Error) -> String {
    let Some(of_server) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        return format!("Postgres: {error}{cause}");
    };
    let mut text = format!("{} ({})", of_server.message(), of_server.code().code());
    for (label, line) in [("detail", of_server.detail()), ("hint", of_server.hint())] {
        if let Some(line) = line {
            text.push_str(&format!("\n  {label}: {line}"));
        }
    }
    text
}
