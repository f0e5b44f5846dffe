//! An issuer that an administrator trusts, and how far: what `spacetime.trust_issuer` takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::address::{Reach, parse_url};
use crate::algorithm::{Algorithm, PUBLIC_KEY_ALGORITHMS};
use crate::claims::Verified;
use crate::error::{Error, Result};
use crate::key::KeySet;
use crate::roles::{Mapped, RoleClaim, roles};
use crate::validate::LOCAL_ISSUER;

/// Issuer and subject have this limit each (module-abi.md §5.1).
pub(crate) const NAME_BYTES_MAX: usize = 128;
/// Clocks differ; this is what common libraries grant.
const LEEWAY_SECONDS: i64 = 60;
const LEEWAY_SECONDS_MAX: i64 = 600;
/// Shorter secrets can be guessed from a single token (RFC 7518 §3.2).
const SECRET_BYTES_MIN: usize = 32;

/// A row of the list of trusted issuers, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustedIssuer {
    issuer: String,
    audiences: Option<Vec<String>>,
    options: IssuerOptions,
    algorithms: Vec<Algorithm>,
    static_keys: Option<KeySet>,
}

/// The options of `spacetime.trust_issuer`. Absent ones have the strict value.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IssuerOptions {
    /// Tokens for any audience, or none, are accepted: only with audiences NULL.
    pub any_audience: bool,
    /// Tokens that never expire are accepted.
    pub no_expiry: bool,
    /// Keys to use instead of fetching any.
    pub jwks: Option<Value>,
    /// Names of the algorithms that tokens may use.
    pub algorithms: Option<Vec<String>>,
    /// A shared secret: the issuer signs with HS256, HS384 or HS512.
    pub secret: Option<String>,
    /// Where the discovery document is, if not below the issuer.
    pub discovery_url: Option<String>,
    /// Where the keys are: nothing is discovered.
    pub jwks_url: Option<String>,
    /// Documents may be fetched without TLS.
    pub insecure_http: bool,
    /// Documents may be fetched from private, loopback and link-local addresses.
    pub private_addresses: bool,
    /// How far clocks may differ.
    pub leeway_seconds: Option<i64>,
    /// Where tokens hold roles.
    pub role_claim: Option<RoleClaim>,
    /// Which Postgres roles they stand for.
    role_map: BTreeMap<String, Mapped>,
}

impl fmt::Debug for IssuerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the secret, whatever else is of interest.
        f.debug_struct("IssuerOptions").field("secret", &self.secret.is_some()).finish_non_exhaustive()
    }
}

impl TrustedIssuer {
    /// Checks what an administrator asks for.
    pub fn new(issuer: &str, audiences: Option<Vec<String>>, options: &Value) -> Result<Self> {
        check_issuer(issuer)?;
        let options = read_options(options)?;
        match &audiences {
            None if !options.any_audience => {
                return Err(Error::configuration(
                    "audiences",
                    "NULL accepts tokens made for any application of the issuer, which needs the option any_audience",
                ));
            }
            Some(_) if options.any_audience => {
                return Err(Error::configuration("audiences", "the option any_audience goes with NULL"));
            }
            Some(list) if list.is_empty() || list.iter().any(String::is_empty) => {
                return Err(Error::configuration("audiences", "an empty list or name matches no token"));
            }
            _ => {}
        }
        let algorithms = algorithms(&options)?;
        let static_keys = options.jwks.as_ref().map(KeySet::from_option).transpose()?;
        let trusted = Self { issuer: issuer.to_owned(), audiences, options, algorithms, static_keys };
        trusted.check_sources()?;
        Ok(trusted)
    }

    /// Exactly one source of keys, and its addresses can be opened.
    fn check_sources(&self) -> Result<()> {
        let options = &self.options;
        let given = [&options.secret, &options.discovery_url, &options.jwks_url].map(Option::is_some);
        if given.into_iter().filter(|given| *given).count() + usize::from(options.jwks.is_some()) > 1 {
            return Err(Error::configuration(
                "options",
                "secret, jwks, jwks_url and discovery_url exclude each other",
            ));
        }
        if let Some(secret) = &options.secret
            && secret.len() < SECRET_BYTES_MIN
        {
            return Err(Error::configuration("option secret", "it is shorter than 32 bytes"));
        }
        if !(0..=LEEWAY_SECONDS_MAX).contains(&self.leeway_seconds()) {
            return Err(Error::configuration("option leeway_seconds", "it is not between 0 and 600"));
        }
        if options.role_claim.is_none() && !options.role_map.is_empty() {
            return Err(Error::configuration("option role_map", "it needs the option role_claim"));
        }
        if self.is_fetched() {
            let address = options.jwks_url.clone().unwrap_or_else(|| self.discovery_url());
            parse_url(&address, self.reach()).map_err(|error| match error {
                Error::Forbidden { problem, option, .. } => Error::Configuration {
                    what: "issuer",
                    problem: match option {
                        Some(option) => format!("{problem}; the option {option} would allow it"),
                        None => problem,
                    },
                },
                other => other,
            })?;
        }
        Ok(())
    }

    /// The issuer, byte for byte as tokens name it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The options, for keeping.
    pub fn options(&self) -> &IssuerOptions {
        &self.options
    }

    /// Whom tokens must be made for; None: anybody.
    pub fn audiences(&self) -> Option<&[String]> {
        self.audiences.as_deref()
    }

    /// True if keys are to be had from the issuer only.
    pub fn is_fetched(&self) -> bool {
        self.options.secret.is_none() && self.static_keys.is_none()
    }

    /// The Postgres roles a token gives.
    pub fn roles(&self, verified: &Verified) -> BTreeSet<String> {
        match &self.options.role_claim {
            Some(claim) => roles(&verified.claims, claim, &self.options.role_map),
            None => BTreeSet::new(),
        }
    }

    pub(crate) fn leeway_seconds(&self) -> i64 {
        self.options.leeway_seconds.unwrap_or(LEEWAY_SECONDS)
    }

    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    pub(crate) fn static_keys(&self) -> Option<&KeySet> {
        self.static_keys.as_ref()
    }

    pub(crate) fn reach(&self) -> Reach {
        Reach { insecure_http: self.options.insecure_http, private_addresses: self.options.private_addresses }
    }

    /// Where the discovery document is. A slash at the end of the issuer is part of its name and not of its path.
    pub(crate) fn discovery_url(&self) -> String {
        self.options.discovery_url.clone().unwrap_or_else(|| {
            format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'))
        })
    }
}

fn read_options(options: &Value) -> Result<IssuerOptions> {
    // serde's errors quote values; a secret of the wrong type must not be quoted.
    if options.get("secret").is_some_and(|secret| !secret.is_string() && !secret.is_null()) {
        return Err(Error::configuration("option secret", "it is not a string"));
    }
    match options {
        Value::Null => Ok(IssuerOptions::default()),
        // serde would take an array, too.
        Value::Object(_) => serde_json::from_value(options.clone())
            .map_err(|error| Error::configuration("options", error.to_string())),
        _ => Err(Error::configuration("options", "they are not a JSON object")),
    }
}

fn check_issuer(issuer: &str) -> Result<()> {
    let refuse = |problem| Err(Error::configuration("issuer", problem));
    if issuer.is_empty() || issuer.len() > NAME_BYTES_MAX {
        return refuse("it has no byte or more than 128");
    }
    if issuer == LOCAL_ISSUER || issuer.starts_with("postgres:") {
        return refuse("the name belongs to this server");
    }
    // The identity is a hash of issuer, "|" and subject: two issuers must not be able to make the same text.
    if issuer.contains('|') {
        return refuse("it contains \"|\", which separates issuer and subject where identities are derived");
    }
    if issuer.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse("it contains a space or control character");
    }
    Ok(())
}

fn algorithms(options: &IssuerOptions) -> Result<Vec<Algorithm>> {
    let symmetric = options.secret.is_some();
    let Some(names) = &options.algorithms else {
        return Ok(if symmetric { vec![Algorithm::Hs256] } else { PUBLIC_KEY_ALGORITHMS.to_vec() });
    };
    let mut algorithms = Vec::new();
    for name in names {
        let algorithm = Algorithm::from_name(name)
            .map_err(|_| Error::configuration("option algorithms", format!("{name:?} is not one")))?;
        if algorithm.is_symmetric() != symmetric {
            return Err(Error::configuration(
                "option algorithms",
                "HS256, HS384 and HS512 go with the option secret, and only with it",
            ));
        }
        algorithms.push(algorithm);
    }
    if algorithms.is_empty() {
        return Err(Error::configuration("option algorithms", "it is empty"));
    }
    Ok(algorithms)
}
