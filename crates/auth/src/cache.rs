//! How long an issuer's keys are good without asking again.
//!
//! Key: the issuer, byte for byte. Lifetime: fresh for [`FRESH_SECONDS`], usable while somebody asks again for
//! [`EXPIRY_SECONDS`]. Invalidation: a token that names an unknown key asks again, at most every [`RETRY_SECONDS`], and a
//! change of the issuer's options must delete the entry. Where entries are kept is the caller's business; an entry kept
//! in a table must survive the error that a refused token raises, or else every such token costs a fetch.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::key::KeySet;

/// Up to this age keys are used without a question.
pub const FRESH_SECONDS: i64 = 300;
/// From this age on keys are not used: an issuer that took a key back has the right to be heard.
pub const EXPIRY_SECONDS: i64 = 7200;
/// Between two attempts to fetch the keys of one issuer: what strangers with made-up tokens can cause.
pub const RETRY_SECONDS: i64 = 10;

/// What is known of an issuer's keys. Plain data, to be kept as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CachedKeys {
    /// The key set as it was published; null if no attempt has succeeded yet.
    jwks: Value,
    /// When it was fetched.
    fetched_at: i64,
    /// When somebody last tried.
    attempted_at: i64,
}

impl CachedKeys {
    pub(crate) fn fetched(jwks: Value, now: i64) -> Self {
        Self { jwks, fetched_at: now, attempted_at: now }
    }

    /// The entry after an attempt failed: old keys stay usable for as long as they are.
    #[must_use]
    pub fn failed(previous: Option<&Self>, now: i64) -> Self {
        match previous {
            Some(previous) => Self { attempted_at: now, ..previous.clone() },
            None => Self { jwks: Value::Null, fetched_at: 0, attempted_at: now },
        }
    }

    /// The keys, if they may still be used.
    pub(crate) fn usable(&self, now: i64) -> Option<KeySet> {
        (0..EXPIRY_SECONDS).contains(&self.age(now)).then(|| KeySet::from_jwks(&self.jwks).ok()).flatten()
    }

    /// True if keys are usable but somebody should ask again when there is time.
    pub(crate) fn is_stale(&self, now: i64) -> bool {
        !(0..FRESH_SECONDS).contains(&self.age(now)) && self.may_retry(now)
    }

    /// True if the last attempt is long enough ago.
    pub(crate) fn may_retry(&self, now: i64) -> bool {
        !(0..RETRY_SECONDS).contains(&self.seconds_since_attempt(now))
    }

    pub(crate) fn seconds_since_attempt(&self, now: i64) -> i64 {
        now.saturating_sub(self.attempted_at)
    }

    /// Negative if the clock was set back; such an entry is treated as expired.
    fn age(&self, now: i64) -> i64 {
        now.saturating_sub(self.fetched_at)
    }
}
