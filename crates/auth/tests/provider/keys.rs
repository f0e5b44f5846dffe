//! Keys of a provider, and tokens signed with them: good ones, and any other.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

enum Private {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair, &'static str),
    Ed(Ed25519KeyPair),
}

/// A provider's key with its id.
pub(crate) struct SigningKey {
    pub(crate) id: String,
    private: Private,
}

impl SigningKey {
    pub(crate) fn rsa(id: &str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        Self { id: id.to_owned(), private: Private::Rsa(Box::new(pair)) }
    }

    pub(crate) fn p256(id: &str) -> Self {
        Self::ec(id, &ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")
    }

    pub(crate) fn p384(id: &str) -> Self {
        Self::ec(id, &ECDSA_P384_SHA384_FIXED_SIGNING, "P-384")
    }

    pub(crate) fn p521(id: &str) -> Self {
        Self::ec(id, &ECDSA_P521_SHA512_FIXED_SIGNING, "P-521")
    }

    fn ec(id: &str, algorithm: &'static EcdsaSigningAlgorithm, curve: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(algorithm).expect("a key");
        Self { id: id.to_owned(), private: Private::Ec(pair, curve) }
    }

    pub(crate) fn ed25519(id: &str) -> Self {
        Self { id: id.to_owned(), private: Private::Ed(Ed25519KeyPair::generate().expect("a key")) }
    }

    /// The public half.
    pub(crate) fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.private {
            Private::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "kid": self.id, "use": "sig", "n": text(&public.n), "e": text(&public.e)})
            }
            Private::Ec(pair, curve) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({"kty": "EC", "crv": curve, "kid": self.id, "x": text(x), "y": text(y)})
            }
            Private::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": self.id, "x": text(pair.public_key().as_ref())})
            }
        }
    }

    /// The signature of `message`, by the algorithm whatever it is called in a header.
    pub(crate) fn signature(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.private {
            Private::Ec(pair, _) => pair.sign(&random, message).expect("a signature").as_ref().to_vec(),
            Private::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Private::Rsa(pair) => {
                let padding: &dyn signature::RsaEncoding = match algorithm {
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    "PS384" => &signature::RSA_PSS_SHA384,
                    "PS512" => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut bytes = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut bytes).expect("a signature");
                bytes
            }
        }
    }
}

pub(crate) fn jwks(keys: &[&SigningKey]) -> Value {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()})
}

/// A token as the provider would issue it.
pub(crate) fn token(key: &SigningKey, algorithm: &str, claims: &Value) -> String {
    let header = json!({"alg": algorithm, "typ": "JWT", "kid": key.id});
    sign(&header.to_string(), &claims.to_string(), |message| key.signature(algorithm, message))
}

/// Any three parts.
pub(crate) fn sign(header: &str, claims: &str, signature: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = signature(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// An HMAC, as of somebody who takes a public key or a configured secret for one.
pub(crate) fn hmac(algorithm: &str, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match algorithm {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(algorithm, secret), message).as_ref().to_vec()
}
