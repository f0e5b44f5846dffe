//! Whether a token proves what it says: the order of checks, and what may cause a fetch.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use spacetime_outbound::Url;

use crate::algorithm::Algorithm;
use crate::cache::CachedKeys;
use crate::claims::{Rules, Verified};
use crate::discovery::fetch_keys;
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::issuer::{NAME_BYTES_MAX, TrustedIssuer};
use crate::key::{KeySet, PublicKey, Verdict, secret_verifies};
use crate::token::Token;

/// The issuer of the tokens we make (wire.md §6.4).
pub const LOCAL_ISSUER: &str = "localhost";

/// Whom this server believes.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// Our own keys, those of earlier times included.
    pub own_keys: &'a [PublicKey],
    /// The list administrators keep.
    pub issuers: &'a [TrustedIssuer],
    /// Issuers whose tokens are refused even when re-signed by our own key.
    pub distrusted: &'a [String],
}

/// What a token is worth before anything was fetched.
#[derive(Debug)]
pub enum Examined<'a> {
    /// It is good.
    Verified(Box<Verified>),
    /// It is from a trusted issuer, its claims are good, and the issuer's published keys must tell about its signature.
    Pending(Box<Pending<'a>>),
}

/// A token that waits for its issuer's keys.
#[derive(Debug)]
pub struct Pending<'a> {
    issuer: &'a TrustedIssuer,
    signature: Signature,
    /// Not to be shown to anybody yet.
    claims: Verified,
}

struct Signature {
    algorithm: Algorithm,
    key_id: Option<String>,
    signed: String,
    signature: String,
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The rest is the token.
        f.debug_struct("Signature").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// How it ended, and what to remember.
#[derive(Debug)]
pub struct Resolution {
    /// The answer.
    pub result: Result<Verified>,
    /// If set, replaces the issuer's cache entry. Also after failures: they count for the rate limit.
    pub keep: Option<CachedKeys>,
    /// The keys that answered are getting old: call [`TrustedIssuer::refresh_keys`] when nobody waits.
    pub refresh_due: bool,
}

impl Resolution {
    fn of(result: Result<Verified>) -> Self {
        Self { result, keep: None, refresh_due: false }
    }
}

impl<'a> Trust<'a> {
    /// Does all that can be done with what is known. `now` is in seconds since 1970.
    pub fn examine(&self, token: &str, now: i64) -> Result<Examined<'a>> {
        let token = Token::parse(token)?;
        let signature = Signature {
            algorithm: token.algorithm,
            key_id: token.key_id,
            signed: token.signed,
            signature: token.signature,
        };
        // First, whatever `iss` says: tokens for WebSockets are signed by us and keep their issuer (wire.md §6.2).
        if self.own_keys.iter().any(|key| signature.is_by(key)) {
            let verified = Rules::OWN.check(token.claims, token.payload, now)?;
            self.refuse_distrusted(&verified.issuer)?;
            return Ok(Examined::Verified(Box::new(verified)));
        }
        let name = match token.claims.get("iss") {
            Some(Value::String(name)) => name.as_str(),
            _ => return Err(Error::claim("iss", "is missing or not a string")),
        };
        if name == LOCAL_ISSUER {
            return Err(Error::Signature(
                ": it was issued by another server, or before this server's key was replaced",
            ));
        }
        self.refuse_distrusted(name)?;
        let Some(issuer) = self.issuers.iter().find(|issuer| issuer.issuer() == name) else {
            return Err(untrusted(name, token.claims.get("aud")));
        };
        if !issuer.allows(signature.algorithm) {
            let name = signature.algorithm.name();
            return Err(Error::Algorithm(format!("{name} is not allowed for issuer {:?}", issuer.issuer())));
        }
        // Before the signature, so that a token which cannot be good causes no fetch.
        let claims = Rules::of(issuer).check(token.claims, token.payload, now)?;
        let verdict = match (&issuer.options().secret, issuer.static_keys()) {
            (Some(secret), _) => match signature.is_by_secret(secret) {
                true => Verdict::Valid,
                false => Verdict::Invalid,
            },
            (None, Some(keys)) => signature.verdict(keys),
            (None, None) => return Ok(Examined::Pending(Box::new(Pending { issuer, signature, claims }))),
        };
        signature.answer(verdict, issuer, claims).map(|verified| Examined::Verified(Box::new(verified)))
    }

    /// The Postgres roles a verified token gives: those its issuer's mapping names. A token of our own that kept its
    /// issuer gets that issuer's, for as long as the issuer is trusted.
    pub fn roles(&self, verified: &Verified) -> BTreeSet<String> {
        let issuer = self.issuers.iter().find(|issuer| issuer.issuer() == verified.issuer);
        issuer.map(|issuer| issuer.roles(verified)).unwrap_or_default()
    }

    fn refuse_distrusted(&self, issuer: &str) -> Result<()> {
        match self.distrusted.iter().any(|distrusted| distrusted == issuer) {
            true => Err(Error::DistrustedIssuer { issuer: issuer.to_owned() }),
            false => Ok(()),
        }
    }
}

impl Signature {
    fn is_by(&self, key: &PublicKey) -> bool {
        key.verifies(self.algorithm, &self.signed, &self.signature)
    }

    fn is_by_secret(&self, secret: &str) -> bool {
        secret_verifies(secret, self.algorithm, &self.signed, &self.signature)
    }

    fn verdict(&self, keys: &KeySet) -> Verdict {
        keys.verdict(self.algorithm, self.key_id.as_deref(), &self.signed, &self.signature)
    }

    fn answer(&self, verdict: Verdict, issuer: &TrustedIssuer, claims: Verified) -> Result<Verified> {
        match verdict {
            Verdict::Valid => Ok(claims),
            Verdict::Invalid => Err(Error::Signature("")),
            Verdict::UnknownKey if self.key_id.is_none() => {
                Err(Error::Signature(" by any key of its issuer"))
            }
            Verdict::UnknownKey => Err(Error::UnknownKey { issuer: issuer.issuer().to_owned() }),
        }
    }
}

impl<'a> Pending<'a> {
    /// The issuer whose keys are needed.
    pub fn issuer(&self) -> &'a TrustedIssuer {
        self.issuer
    }

    /// Answers from cached keys; None if they do not suffice and a fetch is due.
    pub fn resolve_cached(&self, cached: Option<&CachedKeys>, now: i64) -> Option<Resolution> {
        let cached = cached?;
        let Some(keys) = cached.usable(now) else {
            let failed = Error::RecentlyFailed {
                issuer: self.issuer.issuer().to_owned(),
                seconds: cached.seconds_since_attempt(now),
            };
            return (!cached.may_retry(now)).then(|| Resolution::of(Err(failed)));
        };
        let verdict = self.signature.verdict(&keys);
        if verdict == Verdict::UnknownKey && cached.may_retry(now) {
            return None;
        }
        let refresh_due = verdict == Verdict::Valid && cached.is_stale(now);
        let result = self.signature.answer(verdict, self.issuer, self.claims.clone());
        Some(Resolution { refresh_due, ..Resolution::of(result) })
    }

    /// Answers from cached keys or else from fetched ones.
    pub async fn resolve(self, cached: Option<&CachedKeys>, fetch: &impl Fetch, now: i64) -> Resolution {
        if let Some(resolution) = self.resolve_cached(cached, now) {
            return resolution;
        }
        let (keep, refreshed) = self.issuer.refresh_keys(cached, fetch, now).await;
        let result = refreshed.and_then(|keys| {
            let verdict = self.signature.verdict(&keys);
            self.signature.answer(verdict, self.issuer, self.claims)
        });
        Resolution { keep: Some(keep), ..Resolution::of(result) }
    }
}

impl TrustedIssuer {
    /// Fetches this issuer's keys. The entry replaces the cached one whether that succeeded or not.
    pub async fn refresh_keys(
        &self,
        cached: Option<&CachedKeys>,
        fetch: &impl Fetch,
        now: i64,
    ) -> (CachedKeys, Result<KeySet>) {
        match fetch_keys(self, fetch).await {
            Ok(jwks) => {
                let keys = KeySet::from_jwks(&jwks).map_err(|problem| Error::Document {
                    url: self.issuer().to_owned(),
                    problem: problem.to_owned(),
                });
                (CachedKeys::fetched(jwks, now), keys)
            }
            Err(error) => (CachedKeys::failed(cached, now), Err(error)),
        }
    }
}

/// The refusal of a token whose issuer nobody trusts, with the statement that would change that. What it names comes
/// from a stranger and is meant to be pasted into psql: only harmless characters are offered.
fn untrusted(issuer: &str, audience: Option<&Value>) -> Error {
    let harmless = |text: &str| {
        !text.is_empty()
            && text.len() <= NAME_BYTES_MAX
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:/@%+=,".contains(c))
    };
    let named: Vec<&str> = match audience {
        Some(Value::String(audience)) => vec![audience],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let offered = harmless(issuer) && named.len() <= 8 && named.iter().copied().all(harmless);
    let statement = offered.then(|| trust_statement(issuer, &named));
    Error::UntrustedIssuer { issuer: issuer.chars().take(NAME_BYTES_MAX).collect(), statement }
}

fn trust_statement(issuer: &str, audiences: &[&str]) -> String {
    let list: Vec<String> = audiences.iter().map(|audience| format!("'{audience}'")).collect();
    let mut options = Map::new();
    if list.is_empty() {
        options.insert("any_audience".to_owned(), true.into());
    }
    // A provider on the developer's own machine. No other private address is offered: a stranger chose it.
    if is_local_provider(issuer) {
        options.insert("insecure_http".to_owned(), true.into());
        options.insert("private_addresses".to_owned(), true.into());
    }
    let audiences = if list.is_empty() { "NULL".to_owned() } else { format!("ARRAY[{}]", list.join(", ")) };
    let options = if options.is_empty() { String::new() } else { format!(", '{}'", Value::Object(options)) };
    format!("SELECT spacetime.trust_issuer('{issuer}', {audiences}{options});")
}

fn is_local_provider(issuer: &str) -> bool {
    Url::parse(issuer).is_ok_and(|url| {
        url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
    })
}
