//! The one error type of this crate.
//!
//! Invariant: no text made here holds a token or a part of one beyond the names in its header and the issuer it claims.
//! Errors end up in server logs, and a token is a password.

/// Result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a token, an issuer's configuration or an issuer's documents were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no token, or one that leaves room for two readings.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// The token is signed in a way that is not allowed here.
    #[error("the token's algorithm is refused: {0}")]
    Algorithm(String),
    /// No key that may verify the token does.
    #[error("the token's signature is invalid{0}")]
    Signature(&'static str),
    /// The token names a key that its issuer does not publish.
    #[error("the token names a key that issuer {issuer:?} does not publish")]
    UnknownKey {
        /// The trusted issuer.
        issuer: String,
    },
    /// The token may be genuine, but nobody said that its issuer is trusted.
    #[error("issuer {issuer:?} is not trusted")]
    UntrustedIssuer {
        /// The issuer the token claims; unverified, with unprintable characters escaped.
        issuer: String,
        /// What a database administrator would run.
        statement: Option<String>,
    },
    /// An administrator took the trust back.
    #[error("issuer {issuer:?} is distrusted")]
    DistrustedIssuer {
        /// The issuer.
        issuer: String,
    },
    /// A claim breaks a rule.
    #[error("the token's claim \"{claim}\" {problem}")]
    Claim {
        /// Its name.
        claim: &'static str,
        /// The rule.
        problem: &'static str,
    },
    /// What an administrator asked for cannot be done, or not safely.
    #[error("invalid {what}: {problem}")]
    Configuration {
        /// The argument or option.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The address of an issuer's document is one this server must not open.
    #[error("the address {url} is refused: {problem}")]
    Forbidden {
        /// The address, without its query.
        url: String,
        /// The rule.
        problem: String,
        /// The option that would allow it.
        option: Option<&'static str>,
    },
    /// An issuer's document could not be fetched.
    #[error("could not fetch {url}: {problem}")]
    Unreachable {
        /// The address, without its query.
        url: String,
        /// What happened.
        problem: String,
    },
    /// An issuer's document was fetched and is not what it should be.
    #[error("{url} is not usable: {problem}")]
    Document {
        /// The address, without its query.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An issuer's keys are needed, the last attempt to fetch them failed and the next one is not due.
    #[error("the keys of issuer {issuer:?} could not be fetched {seconds} seconds ago")]
    RecentlyFailed {
        /// The trusted issuer.
        issuer: String,
        /// Age of the failure.
        seconds: i64,
    },
    /// The caller's interrupt check said so.
    #[error("fetching an issuer's keys was interrupted")]
    Interrupted,
    /// The caller's limit of time for everything together has passed.
    #[error("fetching an issuer's keys took longer than {0} seconds")]
    TimedOut(u64),
    /// Our own signing key cannot be made or read.
    #[error("the signing key is unusable: {0}")]
    OwnKey(&'static str),
    /// The machinery for fetching could not be set up.
    #[error("cannot set up fetching: {0}")]
    Setup(String),
}

impl Error {
    /// The SQLSTATE Postgres reports this as.
    pub fn sqlstate(&self) -> &'static str {
        match self {
            // invalid_authorization_specification
            Self::Malformed(_)
            | Self::Algorithm(_)
            | Self::Signature(_)
            | Self::UnknownKey { .. }
            | Self::UntrustedIssuer { .. }
            | Self::DistrustedIssuer { .. }
            | Self::Claim { .. } => "28000",
            // invalid_parameter_value
            Self::Configuration { .. } => "22023",
            // insufficient_privilege
            Self::Forbidden { .. } => "42501",
            // connection_failure
            Self::Unreachable { .. } | Self::RecentlyFailed { .. } | Self::TimedOut(_) => "08006",
            // protocol_violation
            Self::Document { .. } => "08P01",
            // query_canceled
            Self::Interrupted => "57014",
            // internal_error
            Self::OwnKey(_) | Self::Setup(_) => "XX000",
        }
    }

    /// True if the token is to blame, not the server or the issuer: 401 over HTTP.
    pub fn refuses_token(&self) -> bool {
        self.sqlstate() == "28000"
    }

    /// What the person who reads the error can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UntrustedIssuer { statement, .. } => statement.as_ref().map(|statement| format!("To trust it: {statement}")),
            Self::Malformed(_) => Some(
                "A token is the three parts of a signed JSON Web Token. An Auth0 access token for no API audience is not \
                 one: use the ID token, or request an audience."
                    .to_owned(),
            ),
            Self::Forbidden { option: Some(option), .. } => {
                Some(format!("Trust the issuer with the option {{\"{option}\": true}} if this is meant."))
            }
            Self::Document { .. } => {
                Some("The options discovery_url, jwks_url and jwks say where keys are if not at the usual place.".to_owned())
            }
            _ => None,
        }
    }

    pub(crate) fn claim(claim: &'static str, problem: &'static str) -> Self {
        Self::Claim { claim, problem }
    }

    pub(crate) fn configuration(what: &'static str, problem: impl Into<String>) -> Self {
        Self::Configuration { what, problem: problem.into() }
    }
}
