//! How requests fail; without the feature `client`, too, for whoever makes them by other means.

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The name resolves to addresses that are not public.
    #[error("its host is not on the public internet")]
    PrivateAddress,
    /// The body is longer than allowed.
    #[error("the answer is too long")]
    TooLarge,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// Anything else: no such name, nobody listens, certificate not trusted.
    #[error("{0}")]
    Failed(String),
}
