//! The one error type of this crate.

/// Why a module definition or a BSATN value was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not an encoding of what was expected (module-abi.md §3, §4.1).
    #[error("malformed bytes at offset {offset}: {problem}")]
    Malformed {
        /// Offset in bytes from the start of the buffer that was being read.
        offset: usize,
        /// What was expected and what was found.
        problem: String,
    },
    /// The definition is well-formed but breaks a rule of module-abi.md §3.7.
    #[error("{subject}: {problem}")]
    Invalid {
        /// The object concerned, for example ``table `person`, column `id` ``.
        subject: String,
        /// The rule that is broken.
        problem: String,
    },
    /// The definition may be fine, but this host does not implement what it asks for.
    #[error("{what} is not supported: {hint}")]
    Unsupported {
        /// What was asked for.
        what: String,
        /// What the developer can do about it.
        hint: String,
    },
    /// A string contains U+0000, which Postgres can hold neither in text nor in jsonb (SQLSTATE 22P05).
    #[error("a string contains the character U+0000, which Postgres cannot store")]
    NulCharacter,
}

impl Error {
    pub(crate) fn malformed(offset: usize, problem: impl Into<String>) -> Self {
        Self::Malformed { offset, problem: problem.into() }
    }

    pub(crate) fn invalid(subject: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { subject: subject.into(), problem: problem.into() }
    }

    pub(crate) fn unsupported(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into(), hint: hint.into() }
    }
}
