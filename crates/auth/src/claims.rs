//! What a token says, and the rules it must keep (wire.md §6.2).

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::issuer::{NAME_BYTES_MAX, TrustedIssuer};

/// Moments beyond are nonsense and would overflow sums: the year 9999.
const MOMENT_MAX: i64 = 253_402_300_799;

/// What is granted to tokens of our own: several hosts may share one key.
pub(crate) const OWN_LEEWAY_SECONDS: i64 = 60;

/// A token whose signature and claims are good.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// Who the caller is.
    pub identity: Identity,
    /// Claim `iss`.
    pub issuer: String,
    /// Claim `sub`.
    pub subject: String,
    /// All claims.
    pub claims: Map<String, Value>,
    /// The claims as the issuer wrote them: what guests read.
    pub payload: String,
    /// Seconds since 1970 until which the token counts, the granted difference of clocks included; None: for ever.
    pub valid_until: Option<i64>,
}

/// What tokens are held against.
pub(crate) struct Rules<'a> {
    audiences: Option<&'a [String]>,
    expiry_required: bool,
    leeway_seconds: i64,
}

impl<'a> Rules<'a> {
    /// For tokens that we signed ourselves.
    pub(crate) const OWN: Self =
        Self { audiences: None, expiry_required: false, leeway_seconds: OWN_LEEWAY_SECONDS };

    pub(crate) fn of(issuer: &'a TrustedIssuer) -> Self {
        Self {
            audiences: issuer.audiences(),
            expiry_required: !issuer.options().no_expiry,
            leeway_seconds: issuer.leeway_seconds(),
        }
    }

    /// Checks all claims. The signature is somebody else's business, and claims mean nothing before it was checked.
    pub(crate) fn check(&self, claims: Map<String, Value>, payload: String, now: i64) -> Result<Verified> {
        let issuer = name(&claims, "iss")?.to_owned();
        let subject = name(&claims, "sub")?.to_owned();
        let issued = moment(&claims, "iat")?.ok_or(Error::claim("iat", "is missing"))?;
        if issued > now + self.leeway_seconds {
            return Err(Error::claim("iat", "lies in the future"));
        }
        if moment(&claims, "nbf")?.is_some_and(|start| start > now + self.leeway_seconds) {
            return Err(Error::claim("nbf", "lies in the future"));
        }
        let expiry = moment(&claims, "exp")?;
        if expiry.is_none() && self.expiry_required {
            return Err(Error::claim("exp", "is missing"));
        }
        let valid_until = expiry.map(|expiry| expiry + self.leeway_seconds);
        if valid_until.is_some_and(|end| end <= now) {
            return Err(Error::claim("exp", "has passed"));
        }
        self.check_audience(&claims)?;
        let identity = Identity::derive(&issuer, &subject);
        match claims.get("hex_identity") {
            None => {}
            Some(Value::String(hex)) if *hex == identity.to_string() => {}
            Some(_) => return Err(Error::claim("hex_identity", "is not the identity of issuer and subject")),
        }
        Ok(Verified { identity, issuer, subject, claims, payload, valid_until })
    }

    fn check_audience(&self, claims: &Map<String, Value>) -> Result<()> {
        let named: Vec<&str> = match claims.get("aud") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(audience)) => vec![audience],
            Some(Value::Array(list)) => list
                .iter()
                .map(|audience| {
                    audience.as_str().ok_or(Error::claim("aud", "holds something that is not a string"))
                })
                .collect::<Result<_>>()?,
            Some(_) => return Err(Error::claim("aud", "is neither a string nor an array")),
        };
        match self.audiences {
            Some(_) if named.is_empty() => Err(Error::claim("aud", "is missing")),
            Some(known) if !named.iter().any(|audience| known.iter().any(|known| known == audience)) => {
                Err(Error::claim("aud", "names none of the audiences trusted for this issuer"))
            }
            _ => Ok(()),
        }
    }
}

/// The claim that an identity is derived from.
fn name<'a>(claims: &'a Map<String, Value>, claim: &'static str) -> Result<&'a str> {
    match claims.get(claim) {
        Some(Value::String(name)) if name.is_empty() => Err(Error::claim(claim, "is empty")),
        Some(Value::String(name)) if name.len() > NAME_BYTES_MAX => {
            Err(Error::claim(claim, "is longer than 128 bytes"))
        }
        Some(Value::String(name)) => Ok(name),
        _ => Err(Error::claim(claim, "is missing or not a string")),
    }
}

/// A moment in seconds since 1970. Absent and null are the same; anything but an integer is refused, never ignored.
fn moment(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<i64>> {
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_i64() {
            Some(seconds @ 0..=MOMENT_MAX) => Ok(Some(seconds)),
            _ => Err(Error::claim(claim, "is not a number of whole seconds since 1970")),
        },
    }
}
