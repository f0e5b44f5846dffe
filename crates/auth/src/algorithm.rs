//! The signature algorithms a token may use. `none` is not among them.

use crate::error::{Error, Result};

/// A JSON Web Signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of RFC 7518 and RFC 8037")]
pub enum Algorithm {
    Hs256,
    Hs384,
    Hs512,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
}

use Algorithm::*;

const NAMES: [(Algorithm, &str); 13] = [
    (Hs256, "HS256"),
    (Hs384, "HS384"),
    (Hs512, "HS512"),
    (Rs256, "RS256"),
    (Rs384, "RS384"),
    (Rs512, "RS512"),
    (Ps256, "PS256"),
    (Ps384, "PS384"),
    (Ps512, "PS512"),
    (Es256, "ES256"),
    (Es384, "ES384"),
    (Es512, "ES512"),
    (EdDsa, "EdDSA"),
];

/// What an issuer's published keys may be used with unless configured otherwise.
pub(crate) const PUBLIC_KEY_ALGORITHMS: [Algorithm; 10] =
    [Rs256, Rs384, Rs512, Ps256, Ps384, Ps512, Es256, Es384, Es512, EdDsa];

impl Algorithm {
    /// From the name in a token's header or in an option.
    pub fn from_name(name: &str) -> Result<Self> {
        if let Some((algorithm, _)) = NAMES.iter().find(|(_, known)| *known == name) {
            return Ok(*algorithm);
        }
        if name.eq_ignore_ascii_case("none") {
            return Err(Error::Algorithm("an unsigned token proves nothing".to_owned()));
        }
        Err(Error::Algorithm("it is not one of RS, PS or ES with 256, 384 or 512, EdDSA, HS".to_owned()))
    }

    /// The registered name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    /// True if the key that verifies is the key that signs.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Hs256 | Hs384 | Hs512)
    }

    /// What `jsonwebtoken` calls it. It does not know ES512.
    pub(crate) fn library(self) -> Option<jsonwebtoken::Algorithm> {
        use jsonwebtoken::Algorithm as Library;
        Some(match self {
            Hs256 => Library::HS256,
            Hs384 => Library::HS384,
            Hs512 => Library::HS512,
            Rs256 => Library::RS256,
            Rs384 => Library::RS384,
            Rs512 => Library::RS512,
            Ps256 => Library::PS256,
            Ps384 => Library::PS384,
            Ps512 => Library::PS512,
            Es256 => Library::ES256,
            Es384 => Library::ES384,
            EdDsa => Library::EdDSA,
            Es512 => return None,
        })
    }
}
