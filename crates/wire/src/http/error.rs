//! Errors of the HTTP interface: a status and plain text (wire.md §5.1, §5.5, §6.1). The official tool looks at the
//! beginnings of some of them.

use spacetime_auth::Identity;

/// Status of a call whose reducer returned an error or panicked; no registered status.
const STATUS_REDUCER_FAILED: u16 = 530;

/// An error with the status and the text of its body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorBody {
    #[error("No such database.")]
    NoSuchIdentity,
    #[error("`{0}` not found")]
    NoSuchName(String),
    #[error("{caller} is not authorized to perform action on database {database}: {action}")]
    NotAuthorized { caller: Identity, database: Identity, action: String },
    #[error("Authorization required")]
    AuthorizationRequired,
    #[error("Authorization is invalid: malformed token")]
    MalformedAuthorization,
    /// A token that does not hold, with the reason.
    #[error("{0}")]
    InvalidToken(String),
    #[error("no valid protocol selected")]
    NoProtocol,
    #[error("no such reducer")]
    NoSuchReducer,
    #[error("No such procedure")]
    NoSuchProcedure,
    #[error("invalid arguments for reducer {function}: {problem}")]
    InvalidArguments { function: String, problem: String },
    /// The reducer's own error, or the fixed text for a trap.
    #[error("{0}")]
    ReducerFailed(String),
    /// client_connected refused the caller.
    #[error("{0}")]
    ConnectionRefused(String),
    #[error("{0}")]
    OutOfEnergy(String),
    #[error("Database update rejected: {0}")]
    UpdateRejected(String),
    #[error("Failed to create or update the database: {0}")]
    UpdateFailed(String),
    #[error("Database is locked and cannot be deleted. Unlock it first.")]
    Locked,
    #[error("Expected request with `Content-Type: application/json`")]
    UnsupportedContentType,
    /// Anything else that the request is to blame for.
    #[error("{0}")]
    BadRequest(String),
    #[error("{0}")]
    NotImplemented(String),
    #[error("{0}")]
    Unavailable(String),
    /// Our fault; the cause is for the log, not for the client.
    #[error("internal error")]
    Internal,
}

impl ErrorBody {
    /// HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::MalformedAuthorization
            | Self::NoProtocol
            | Self::InvalidArguments { .. }
            | Self::UpdateRejected(_)
            | Self::UpdateFailed(_)
            | Self::BadRequest(_) => 400,
            Self::AuthorizationRequired | Self::InvalidToken(_) => 401,
            Self::OutOfEnergy(_) => 402,
            Self::NotAuthorized { .. } | Self::ConnectionRefused(_) | Self::Locked => 403,
            Self::NoSuchIdentity | Self::NoSuchName(_) | Self::NoSuchReducer | Self::NoSuchProcedure => 404,
            Self::UnsupportedContentType => 415,
            Self::Internal => 500,
            Self::NotImplemented(_) => 501,
            Self::Unavailable(_) => 503,
            Self::ReducerFailed(_) => STATUS_REDUCER_FAILED,
        }
    }
}
