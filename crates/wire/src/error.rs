//! Why a message or body was refused.

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes or the text are no message of the protocol.
    #[error("malformed message: {0}")]
    Malformed(String),
    /// More than [`crate::Limits`] admits.
    #[error("{what} over the limit: at most {limit} are accepted")]
    OverLimit {
        /// What there is too much of, with its unit: `bytes of a message`.
        what: &'static str,
        limit: usize,
    },
    /// A message to a client would be longer than a length field or the limit can express.
    #[error("message of more than {limit} bytes; use a query that returns fewer rows")]
    MessageTooLong { limit: usize },
}

/// WebSocket close code for a message that cannot be decoded (wire.md §1.4).
const CLOSE_UNDECODABLE: u16 = 1011;
/// Longest reason of a close frame, in bytes (RFC 6455 §5.5).
const LONGEST_REASON: usize = 123;

impl WireError {
    pub(crate) fn malformed(problem: impl Into<String>) -> Self {
        Self::Malformed(problem.into())
    }

    /// The SQLSTATE that says the same.
    pub fn sqlstate(&self) -> &'static str {
        match self {
            // protocol_violation
            Self::Malformed(_) => "08P01",
            // program_limit_exceeded
            Self::OverLimit { .. } | Self::MessageTooLong { .. } => "54000",
        }
    }

    /// Code of the close frame that ends a connection with this error.
    pub fn close_code(&self) -> u16 {
        CLOSE_UNDECODABLE
    }

    /// Reason of that close frame: the message, cut to what a close frame can hold.
    pub fn close_reason(&self) -> String {
        let mut reason = self.to_string();
        reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
        reason
    }
}

impl From<spacetime_definition::Error> for WireError {
    fn from(error: spacetime_definition::Error) -> Self {
        match error {
            spacetime_definition::Error::Malformed { offset, problem } => {
                Self::Malformed(format!("at byte {offset}: {problem}"))
            }
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl From<serde_json::Error> for WireError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::WireError;

    #[test]
    fn close_reasons_fit_a_close_frame_and_stay_utf8() {
        let error = WireError::Malformed("ü".repeat(100));
        let reason = error.close_reason();
        assert!(reason.len() <= 123 && reason.len() > 120, "{}", reason.len());
        assert!(reason.ends_with('ü'));
        assert_eq!((error.close_code(), error.sqlstate()), (1011, "08P01"));
    }
}
