//! What can go wrong.

use spacetime_wire::WireError;
use tokio_tungstenite::tungstenite;

pub(crate) type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("WebSocket: {0}")]
    Socket(#[from] Box<tungstenite::Error>),
    #[error("a message that does not decode: {0}")]
    Wire(#[from] WireError),
    #[error("the server has closed the connection: {0}")]
    Closed(String),
    #[error("the server refuses: {0}")]
    Refused(String),
    #[error("{0}")]
    Lost(String),
}

impl From<tungstenite::Error> for Error {
    fn from(error: tungstenite::Error) -> Self {
        Self::Socket(Box::new(error))
    }
}
