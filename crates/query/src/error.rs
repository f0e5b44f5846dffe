//! The one error type of this crate.

/// Where in the query text, both counted from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: u64,
    pub column: u64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a query was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no query of the dialect.
    #[error("{problem} at {position}")]
    Syntax { position: Position, problem: String },
    /// The text is longer than [`crate::MAX_LENGTH`].
    #[error("the query has {length} bytes, at most {max} are allowed", max = crate::MAX_LENGTH)]
    TooLong { length: usize },
    /// Parentheses nest deeper than [`crate::MAX_DEPTH`].
    #[error("the query nests deeper than {max} levels at {position}", max = crate::MAX_DEPTH)]
    TooDeep { position: Position },
}

impl Error {
    /// Code to report it with in SQL.
    pub fn sqlstate(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "42601",
            Self::TooLong { .. } | Self::TooDeep { .. } => "54001",
        }
    }
}
