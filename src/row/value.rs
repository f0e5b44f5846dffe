//! Why a value cannot cross from one world to the other.

use crate::error::{Error, ValueProblem};

/// A value that one side holds and the other cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ValueError {
    pub(crate) problem: String,
    pub(crate) kind: ValueProblem,
}

impl ValueError {
    pub(crate) fn new(kind: ValueProblem, problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), kind }
    }

    /// The error, saying where the value was met.
    pub(crate) fn at(self, place: impl Into<String>) -> Error {
        Error::Value { place: place.into(), problem: self.problem, kind: self.kind }
    }
}

/// Why BSATN did not become a datum.
#[derive(Debug)]
pub(crate) enum DecodeError {
    /// The bytes are no value of the type: errno 3 for the guest.
    Malformed,
    /// A value that Postgres cannot hold.
    Value(ValueError),
}

impl From<spacetime_definition::Error> for DecodeError {
    fn from(_: spacetime_definition::Error) -> Self {
        Self::Malformed
    }
}

impl From<ValueError> for DecodeError {
    fn from(error: ValueError) -> Self {
        Self::Value(error)
    }
}
