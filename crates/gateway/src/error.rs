//! The one error type: what went wrong, and what clients are told.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use spacetime_wire::http::ErrorBody;

/// Result with the gateway's error.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a request failed, or the gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What HTTP clients are told as it is.
    #[error("{0}")]
    Answer(#[from] ErrorBody),
    #[error("could not reach Postgres: {0}")]
    Connect(tokio_postgres::Error),
    #[error("Postgres: {}", describe(.0))]
    Postgres(#[from] tokio_postgres::Error),
    #[error("{0}")]
    Wire(#[from] spacetime_wire::WireError),
    #[error("{0}")]
    Token(#[from] spacetime_auth::Error),
    #[error("bytes of the extension cannot be read: {0}")]
    Layout(String),
    #[error("could not listen on {address}: {source}")]
    Listen { address: std::net::SocketAddr, source: std::io::Error },
    /// A query that is refused, in the words clients know.
    #[error("{0}")]
    Query(String),
    /// The database lacks something a gateway needs.
    #[error("{what}. {hint}")]
    Setup { what: String, hint: String },
    /// Nothing of it was done; the caller may try again.
    #[error("the connection to Postgres was lost, and what was on the way was rolled back")]
    RolledBack,
    /// Calls that Postgres was never asked for.
    #[error("Postgres cannot be reached; the call was not done ({0})")]
    NotSent(Box<Error>),
    #[error("Postgres does not answer")]
    Silent,
    #[error("the gateway is shutting down")]
    Stopping,
    /// A fault of the gateway's, after which it cannot go on.
    #[error("a task of the gateway has failed: {0}")]
    TaskFailed(&'static str),
}

/// Message and SQLSTATE of what Postgres reports.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(report) => format!("{} (SQLSTATE {})", report.message(), report.code().code()),
        None => error.to_string(),
    }
}

impl Error {
    /// SQLSTATE of an error that Postgres reported.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Postgres(error) | Self::Connect(error) => error.code().map(|code| code.code()),
            Self::RolledBack => Some("08006"),
            Self::NotSent(_) => Some("08001"),
            _ => None,
        }
    }

    /// The message that Postgres reported, without the SQLSTATE.
    pub fn message(&self) -> String {
        match self {
            Self::Postgres(error) => {
                error.as_db_error().map_or_else(|| error.to_string(), |report| report.message().to_owned())
            }
            other => other.to_string(),
        }
    }

    /// Whether nobody is to blame but the way to Postgres, or Postgres' being away: it may be asked again, and may have
    /// done already what it was asked.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Connect(_) | Self::NotSent(_) | Self::RolledBack | Self::Silent => true,
            Self::Postgres(_) => match self.sqlstate() {
                None => true,
                Some(code) => ["08", "53", "57"].contains(&&code[..2]) && !["57014", "53400"].contains(&code),
            },
            _ => false,
        }
    }

    /// Whether others were in the way, who may be gone the next time.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self.sqlstate(), Some("40001" | "40P01" | "55P03"))
    }

    /// Close code of a WebSocket that ends with this error.
    pub fn close_code(&self) -> u16 {
        match self {
            Self::Stopping => 1001,
            _ => 1011,
        }
    }

    /// What an HTTP client is told; causes that are ours go to the log only.
    pub fn to_body(&self) -> ErrorBody {
        match self {
            Self::Answer(body) => body.clone(),
            Self::Wire(error) => ErrorBody::BadRequest(error.to_string()),
            Self::Query(problem) => ErrorBody::BadRequest(problem.clone()),
            Self::Token(error) if error.refuses_token() => {
                let hint = error.hint().map(|hint| format!(" {hint}")).unwrap_or_default();
                ErrorBody::InvalidToken(format!("{error}{hint}"))
            }
            Self::Connect(_) | Self::NotSent(_) | Self::Silent | Self::Stopping => {
                ErrorBody::Unavailable("Postgres cannot be reached".into())
            }
            Self::Postgres(error) if error.is_closed() => {
                ErrorBody::Unavailable("Postgres cannot be reached".into())
            }
            Self::Postgres(_) => match self.sqlstate() {
                Some("55P03") => ErrorBody::Unavailable("somebody else works on it; try again".into()),
                Some("53100") => ErrorBody::Unavailable("the disk of the database is full".into()),
                Some("53200") => ErrorBody::Unavailable("the database is out of memory".into()),
                Some("53300") => ErrorBody::Unavailable("the database has no connections left".into()),
                _ => ErrorBody::Internal,
            },
            _ => ErrorBody::Internal,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = self.to_body();
        if matches!(body, ErrorBody::Internal | ErrorBody::Unavailable(_)) {
            tracing::error!(error = %self, "request failed");
        }
        // 530 is no status of the standard, but a valid number.
        let status = StatusCode::from_u16(body.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body.to_string()).into_response()
    }
}
