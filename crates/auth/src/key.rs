//! Public keys as issuers publish them (RFC 7517), and which signatures they may verify.
//!
//! A key verifies an algorithm of its own kind only: the header of a token chooses among what the key allows, never what
//! the key is. That is what makes it impossible to pass a public RSA key off as an HMAC secret.

use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::error::{Error, Result};

/// Keys in one set; real issuers publish two to ten.
const KEYS_MAX: usize = 100;
/// RSA moduli in bytes: 2048 to 8192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// A key that can verify and not sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    id: Option<String>,
    /// The only algorithm the issuer wants it used with.
    algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// Uncompressed points, with the leading 4.
    P256(Vec<u8>),
    P384(Vec<u8>),
    P521(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl PublicKey {
    /// From a JSON Web Key; None if it is not one for verifying signatures that are known here.
    pub fn from_jwk(jwk: &Value) -> Option<Self> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| {
            member(name).and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok())
        };
        if jwk.get("use").is_some_and(|usage| usage != "sig") {
            return None;
        }
        if let Some(operations) = jwk.get("key_ops")
            && !operations.as_array().is_some_and(|list| list.iter().any(|operation| operation == "verify"))
        {
            return None;
        }
        let algorithm = match jwk.get("alg") {
            None | Some(Value::Null) => None,
            Some(name) => Some(Algorithm::from_name(name.as_str()?).ok()?),
        };
        let point = |size: usize| {
            let (x, y) = (bytes("x")?, bytes("y")?);
            (x.len() == size && y.len() == size).then(|| [&[4], &x[..], &y[..]].concat())
        };
        let material = match (member("kty")?, member("crv")) {
            ("RSA", _) => rsa(bytes("n")?, bytes("e")?)?,
            ("EC", Some("P-256")) => Material::P256(point(32)?),
            ("EC", Some("P-384")) => Material::P384(point(48)?),
            ("EC", Some("P-521")) => Material::P521(point(66)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes("x").filter(|x| x.len() == 32)?),
            _ => return None,
        };
        let key = Self { id: member("kid").map(str::to_owned), algorithm, material };
        // A key that says it is for an algorithm of another kind is for nothing.
        algorithm.is_none_or(|algorithm| key.fits(algorithm)).then_some(key)
    }

    /// True if signatures of this algorithm may be checked with this key.
    fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm::*;
        if self.algorithm.is_some_and(|only| only != algorithm) {
            return false;
        }
        match self.material {
            Material::Rsa { .. } => matches!(algorithm, Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512),
            Material::P256(_) => algorithm == Es256,
            Material::P384(_) => algorithm == Es384,
            Material::P521(_) => algorithm == Es512,
            Material::Ed25519(_) => algorithm == EdDsa,
        }
    }

    /// True if `signature` (base64url) is this key's signature of `signed`.
    pub(crate) fn verifies(&self, algorithm: Algorithm, signed: &str, signature: &str) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        let key = match &self.material {
            Material::Rsa { modulus, exponent } => DecodingKey::from_rsa_raw_components(modulus, exponent),
            Material::P256(point) | Material::P384(point) => DecodingKey::from_ec_der(point),
            Material::Ed25519(point) => DecodingKey::from_ed_der(point),
            Material::P521(point) => {
                let key = UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point);
                return URL_SAFE_NO_PAD
                    .decode(signature)
                    .is_ok_and(|signature| key.verify(signed.as_bytes(), &signature).is_ok());
            }
        };
        verify(&key, algorithm, signed, signature)
    }
}

fn rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Option<Material> {
    // Some issuers write a leading zero byte, as DER does.
    let modulus: Vec<u8> = modulus.into_iter().skip_while(|byte| *byte == 0).collect();
    let exponent: Vec<u8> = exponent.into_iter().skip_while(|byte| *byte == 0).collect();
    // With exponent 1 everything is its own signature.
    let sound = exponent.last().is_some_and(|low| low % 2 == 1) && exponent != [1] && exponent.len() <= 8;
    (sound && MODULUS_BYTES.contains(&modulus.len())).then_some(Material::Rsa { modulus, exponent })
}

/// True if `secret` made this signature. Only for issuers an administrator gave a secret.
pub(crate) fn secret_verifies(secret: &str, algorithm: Algorithm, signed: &str, signature: &str) -> bool {
    algorithm.is_symmetric()
        && verify(&DecodingKey::from_secret(secret.as_bytes()), algorithm, signed, signature)
}

fn verify(key: &DecodingKey, algorithm: Algorithm, signed: &str, signature: &str) -> bool {
    let Some(library) = algorithm.library() else { return false };
    jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, library).unwrap_or(false)
}

/// The keys of one issuer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeySet(Vec<PublicKey>);

/// What a set says about a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Valid,
    Invalid,
    /// No key in the set could have made it: the issuer may have published another since.
    UnknownKey,
}

impl KeySet {
    /// From a JSON Web Key Set. Keys that are unknown, broken or for something else are left out: one odd key must not
    /// lock everybody out.
    pub fn from_jwks(jwks: &Value) -> std::result::Result<Self, &'static str> {
        let keys =
            jwks.get("keys").and_then(Value::as_array).ok_or("it is not an object with an array \"keys\"")?;
        if keys.len() > KEYS_MAX {
            return Err("it holds more than 100 keys");
        }
        let usable: Vec<_> = keys.iter().filter_map(PublicKey::from_jwk).collect();
        if usable.is_empty() {
            return Err("it holds no key that verifies signatures in a way known here");
        }
        Ok(Self(usable))
    }

    /// As [`Self::from_jwks`], for keys an administrator gave.
    pub(crate) fn from_option(jwks: &Value) -> Result<Self> {
        let private = |key: &Value| ["d", "k"].iter().any(|secret| key.get(secret).is_some());
        if jwks.get("keys").and_then(Value::as_array).is_some_and(|keys| keys.iter().any(private)) {
            return Err(Error::configuration(
                "option jwks",
                "it holds a private key, which belongs to the issuer alone",
            ));
        }
        Self::from_jwks(jwks).map_err(|problem| Error::configuration("option jwks", problem))
    }

    pub(crate) fn verdict(
        &self,
        algorithm: Algorithm,
        key_id: Option<&str>,
        signed: &str,
        signature: &str,
    ) -> Verdict {
        let candidates = self
            .0
            .iter()
            .filter(|key| key_id.is_none_or(|wanted| key.id.as_deref() == Some(wanted)))
            .collect::<Vec<_>>();
        if candidates.iter().any(|key| key.verifies(algorithm, signed, signature)) {
            Verdict::Valid
        } else if key_id.is_some() && !candidates.is_empty() {
            Verdict::Invalid
        } else {
            Verdict::UnknownKey
        }
    }
}
