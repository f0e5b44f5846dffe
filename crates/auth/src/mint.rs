//! Tokens of our own: for anonymous clients, and short-lived ones for opening WebSockets (wire.md §6.4).

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::claims::{OWN_LEEWAY_SECONDS, Verified};
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::key::PublicKey;
use crate::validate::LOCAL_ISSUER;

/// Life of a token for opening a WebSocket.
const WEBSOCKET_SECONDS: i64 = 60;
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// The key this server signs with: P-256. Whoever has it is everybody.
pub struct OwnKey {
    /// PKCS #8.
    der: Vec<u8>,
    jwk: Value,
    public: PublicKey,
}

impl std::fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// Claims of an anonymous token, in the order that clients have seen so far.
#[derive(Serialize)]
struct AnonymousClaims {
    hex_identity: String,
    sub: String,
    iss: &'static str,
    aud: [&'static str; 1],
    iat: i64,
    /// Null: clients keep these tokens for years, and losing one is losing the account.
    exp: Option<i64>,
}

impl OwnKey {
    /// Draws a new key.
    pub fn generate() -> Result<Self> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| Error::OwnKey("the system gives no random numbers"))?;
        Self::from_der(pkcs8.as_ref().to_vec())
    }

    /// Reads what [`Self::to_pem`] wrote, or any unencrypted PKCS #8 key of this curve.
    pub fn from_pem(pem: &str) -> Result<Self> {
        let body = pem
            .trim()
            .strip_prefix(PEM_BEGIN)
            .and_then(|rest| rest.strip_suffix(PEM_END))
            .ok_or(Error::OwnKey("it is not a PEM text of a PKCS #8 private key"))?;
        let body: String = body.split_whitespace().collect();
        Self::from_der(STANDARD.decode(body).map_err(|_| Error::OwnKey("its PEM text is not base64"))?)
    }

    fn from_der(der: Vec<u8>) -> Result<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der)
            .map_err(|_| Error::OwnKey("it is not a key of the curve P-256"))?;
        let point = pair.public_key().as_ref();
        let (x, y) =
            point.split_at_checked(1).map(|(_, rest)| rest.split_at(rest.len() / 2)).unwrap_or_default();
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        let public = PublicKey::from_jwk(&jwk).ok_or(Error::OwnKey("its public half cannot be read"))?;
        Ok(Self { der, jwk, public })
    }

    /// The private key, to be kept where nobody but the superuser reads.
    pub fn to_pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        let mut pem = format!("{PEM_BEGIN}\n");
        for (index, character) in text.chars().enumerate() {
            if index > 0 && index % 64 == 0 {
                pem.push('\n');
            }
            pem.push(character);
        }
        pem + "\n" + PEM_END + "\n"
    }

    /// The half that verifies.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The half that verifies, as a JSON Web Key for [`PublicKey::from_jwk`] and for others.
    pub fn public_jwk(&self) -> &Value {
        &self.jwk
    }

    /// A token for somebody new. It proves an identity and nothing else, for ever.
    pub fn mint_anonymous(&self, now: i64) -> Result<(Identity, String)> {
        let subject = random_uuid()?;
        let identity = Identity::derive(LOCAL_ISSUER, &subject);
        let claims = AnonymousClaims {
            hex_identity: identity.to_string(),
            sub: subject,
            iss: LOCAL_ISSUER,
            aud: ["spacetimedb"],
            iat: now,
            exp: None,
        };
        Ok((identity, self.sign(&claims)?))
    }

    /// A token for opening a WebSocket, where browsers can put it in the address only: the same claims, from the same
    /// issuer, for a minute, and never for longer than the token that was shown.
    pub fn mint_websocket(&self, verified: &Verified, now: i64) -> Result<String> {
        let mut claims: Map<String, Value> = verified.claims.clone();
        let end = now + WEBSOCKET_SECONDS;
        let end = verified.valid_until.map_or(end, |until| end.min(until - OWN_LEEWAY_SECONDS));
        claims.insert("hex_identity".to_owned(), verified.identity.to_string().into());
        claims.insert("iat".to_owned(), now.into());
        claims.insert("exp".to_owned(), end.into());
        self.sign(&claims)
    }

    fn sign(&self, claims: &impl Serialize) -> Result<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), claims, &EncodingKey::from_ec_der(&self.der))
            .map_err(|_| Error::OwnKey("it does not sign"))
    }
}

/// A UUID of version 4.
fn random_uuid() -> Result<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::OwnKey("the system gives no random numbers"))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}
