//! Tokens that must work: every algorithm, the shapes real providers issue, and our own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

mod provider;

use provider::keys::sign;
use provider::keys::{hmac, jwks};
use provider::{SigningKey, token};
use serde_json::{Value, json};
use spacetime_auth::{
    Error, Examined, Identity, OwnKey, PublicKey, Result, Trust, TrustedIssuer, Verified, issuer_unverified,
};

const NOW: i64 = 1_800_000_000;
const AUTH0: &str = "https://example.auth0.com/";

fn examine(trust: &Trust<'_>, token: &str) -> Result<Verified> {
    match trust.examine(token, NOW)? {
        Examined::Verified(verified) => Ok(*verified),
        Examined::Pending(_) => panic!("no test here fetches"),
    }
}

fn with_issuer(issuer: &TrustedIssuer, token: &str) -> Result<Verified> {
    examine(&Trust { own_keys: &[], issuers: std::slice::from_ref(issuer), distrusted: &[] }, token)
}

fn with_own(own_keys: &[PublicKey], token: &str) -> Result<Verified> {
    examine(&Trust { own_keys, issuers: &[], distrusted: &[] }, token)
}

fn trusted(audience: &str, options: &Value) -> TrustedIssuer {
    TrustedIssuer::new(AUTH0, Some(vec![audience.to_owned()]), options).unwrap()
}

fn claims() -> Value {
    json!({"iss": AUTH0, "sub": "auth0|123", "aud": "app", "iat": NOW - 10, "exp": NOW + 3600})
}

#[test]
fn every_algorithm_verifies() {
    let rsa = SigningKey::rsa("rsa");
    let (p256, p384, p521) = (SigningKey::p256("p256"), SigningKey::p384("p384"), SigningKey::p521("p521"));
    let ed25519 = SigningKey::ed25519("ed");
    let issuer = trusted("app", &json!({"jwks": jwks(&[&rsa, &p256, &p384, &p521, &ed25519])}));
    let pairs = [
        (&rsa, "RS256"),
        (&rsa, "RS384"),
        (&rsa, "RS512"),
        (&rsa, "PS256"),
        (&rsa, "PS384"),
        (&rsa, "PS512"),
        (&p256, "ES256"),
        (&p384, "ES384"),
        (&p521, "ES512"),
        (&ed25519, "EdDSA"),
    ];
    for (key, algorithm) in pairs {
        let good = token(key, algorithm, &claims());
        let verified = with_issuer(&issuer, &good).unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!(
            verified.identity.to_string(),
            "c2004d1ddeaffdd12404c40c380fce6b4833e922dc4f4ba5f29f42cdc98121f0",
            "the vector of wire.md §6.3"
        );
        // Without a key id every key is tried.
        let header = json!({"alg": algorithm}).to_string();
        let anonymous = sign(&header, &claims().to_string(), |message| key.signature(algorithm, message));
        with_issuer(&issuer, &anonymous)
            .unwrap_or_else(|error| panic!("{algorithm} without key id: {error}"));
        let (body, _) = good.rsplit_once('.').unwrap();
        let (_, other) =
            token(key, algorithm, &json!({})).rsplit_once('.').map(|(_, s)| ((), s.to_owned())).unwrap();
        assert!(
            matches!(with_issuer(&issuer, &format!("{body}.{other}")), Err(Error::Signature(_))),
            "{algorithm}"
        );
    }
}

#[test]
fn secrets_verify_where_configured() {
    let secret = "0123456789abcdef0123456789abcdef";
    let issuer = trusted("app", &json!({"secret": secret, "algorithms": ["HS256", "HS384", "HS512"]}));
    for algorithm in ["HS256", "HS384", "HS512"] {
        let header = json!({"alg": algorithm}).to_string();
        let good =
            sign(&header, &claims().to_string(), |message| hmac(algorithm, secret.as_bytes(), message));
        with_issuer(&issuer, &good).unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        let bad = sign(&header, &claims().to_string(), |message| hmac(algorithm, b"guess", message));
        assert!(matches!(with_issuer(&issuer, &bad), Err(Error::Signature(_))), "{algorithm}");
    }
}

#[test]
fn auth0_tokens_work() {
    let key = SigningKey::rsa("k");
    let options = json!({
        "jwks": jwks(&[&key]),
        "role_claim": "https://chat.example.com/roles",
        "role_map": {"admin": "spacetime_admin"},
    });
    let issuer = trusted("https://chat.example.com/api", &options);
    let access_token = json!({
        "iss": AUTH0, "sub": "auth0|123", "azp": "client", "scope": "openid profile",
        "aud": ["https://chat.example.com/api", "https://example.auth0.com/userinfo"],
        "iat": NOW, "exp": NOW + 86400, "https://chat.example.com/roles": ["admin", "postgres"],
    });
    let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": "k", "x5t": "abc"}).to_string();
    let token = sign(&header, &access_token.to_string(), |message| key.signature("RS256", message));
    let verified = with_issuer(&issuer, &token).unwrap();
    assert_eq!(verified.subject, "auth0|123");
    assert_eq!(verified.payload, access_token.to_string(), "guests read what the issuer wrote");
    assert_eq!(verified.claims["https://chat.example.com/roles"], json!(["admin", "postgres"]));
    assert_eq!(issuer.roles(&verified).into_iter().collect::<Vec<_>>(), ["spacetime_admin"]);
    assert_eq!(verified.valid_until, Some(NOW + 86400 + 60));
}

#[test]
fn the_slash_is_part_of_the_identity() {
    assert_eq!(
        Identity::derive("localhost", "test-subject").to_string(),
        "c200b3ce65d91b79ecfb7d881cd65bf8da2f647d590af1474ad19faa7aa87e38"
    );
    assert_eq!(
        Identity::derive("https://example.auth0.com", "auth0|123").to_string(),
        "c20042584cf4feb5d67d5079b420c3a9bcaab62761ead5da5e99979b412f8b13"
    );
}

#[test]
fn clocks_may_differ_a_little() {
    let key = SigningKey::p256("k");
    let issuer = trusted("app", &json!({"jwks": jwks(&[&key])}));
    let strict = trusted("app", &json!({"jwks": jwks(&[&key]), "leeway_seconds": 0}));
    for (claim, off) in [("exp", -59), ("nbf", 59), ("iat", 59)] {
        let mut claims = claims();
        claims[claim] = json!(NOW + off);
        let token = token(&key, "ES256", &claims);
        with_issuer(&issuer, &token).unwrap_or_else(|error| panic!("{claim}: {error}"));
        assert!(
            matches!(with_issuer(&strict, &token), Err(Error::Claim { claim: found, .. }) if found == claim)
        );
    }
}

#[test]
fn options_relax_what_they_name() {
    let key = SigningKey::p256("k");
    let relaxed = json!({"jwks": jwks(&[&key]), "any_audience": true, "no_expiry": true});
    let issuer = TrustedIssuer::new(AUTH0, None, &relaxed).unwrap();
    let verified =
        with_issuer(&issuer, &token(&key, "ES256", &json!({"iss": AUTH0, "sub": "x", "iat": NOW}))).unwrap();
    assert_eq!(verified.valid_until, None);
    let kept: Value = serde_json::to_value(issuer.options()).unwrap();
    assert_eq!(TrustedIssuer::new(AUTH0, None, &kept).unwrap(), issuer, "options survive being kept");
}

#[test]
fn anonymous_tokens_are_ours_for_ever() {
    let key = OwnKey::generate().unwrap();
    let (identity, minted) = key.mint_anonymous(NOW).unwrap();
    let again = OwnKey::from_pem(&key.to_pem()).unwrap();
    let years_later = Trust { own_keys: &[again.public().clone()], issuers: &[], distrusted: &[] };
    let Examined::Verified(verified) = years_later.examine(&minted, NOW + 1_000_000_000).unwrap() else {
        panic!()
    };
    assert_eq!(verified.identity, identity);
    assert_eq!(verified.valid_until, None);
    assert_eq!(verified.claims["hex_identity"], json!(identity.to_string()));
    assert_eq!(verified.claims["aud"], json!(["spacetimedb"]));
    assert_eq!(verified.claims["exp"], Value::Null);
    assert_eq!((verified.issuer.as_str(), verified.subject.len()), ("localhost", 36));
    assert_eq!(&verified.subject[14..15], "4", "a UUID of version 4");
    let payload = minted.split('.').nth(1).unwrap();
    assert!(!payload.contains(['-', '_']), "the official CLI reads payloads as standard base64");
    let other = OwnKey::generate().unwrap();
    assert_ne!(other.mint_anonymous(NOW).unwrap().0, identity);
    let refused = with_own(&[other.public().clone()], &minted).unwrap_err();
    assert_eq!(refused.sqlstate(), "28000");
    // A replaced key goes on verifying for as long as it is listed.
    with_own(&[other.public().clone(), key.public().clone()], &minted).unwrap();
}

#[test]
fn websocket_tokens_keep_issuer_and_claims_for_a_minute() {
    let provider = SigningKey::p256("k");
    let own = OwnKey::generate().unwrap();
    let public = PublicKey::from_jwk(own.public_jwk()).unwrap();
    let mut rich = claims();
    rich["https://example.com/roles"] = json!(["a"]);
    let issuer = trusted("app", &json!({"jwks": jwks(&[&provider])}));
    let long = with_issuer(&issuer, &token(&provider, "ES256", &rich)).unwrap();
    let short = own.mint_websocket(&long, NOW).unwrap();
    // Our key comes first: the issuer need not be trusted here.
    let verified = with_own(std::slice::from_ref(&public), &short).unwrap();
    assert_eq!(verified.identity, long.identity);
    assert_eq!(verified.issuer, AUTH0);
    assert_eq!(verified.claims["https://example.com/roles"], json!(["a"]));
    assert_eq!(verified.claims["exp"], json!(NOW + 60));
    let own_keys = [public];
    let late = Trust { own_keys: &own_keys, issuers: &[], distrusted: &[] }.examine(&short, NOW + 121);
    assert!(matches!(late, Err(Error::Claim { claim: "exp", .. })));
    // Roles are the issuer's to give, and only while it is trusted.
    let mapping = json!({
        "jwks": jwks(&[&provider]), "role_claim": "https://example.com/roles", "role_map": {"a": "auditor"},
    });
    let mapping = [trusted("app", &mapping)];
    let trust = Trust { own_keys: &own_keys, issuers: &mapping, distrusted: &[] };
    assert_eq!(trust.roles(&verified).into_iter().collect::<Vec<_>>(), ["auditor"]);
    assert!(Trust { issuers: &[], ..trust }.roles(&verified).is_empty());
    assert_eq!(issuer_unverified(&short).unwrap(), AUTH0);
    // But not if an administrator took the trust back, and not beyond the end of the token that was shown.
    let distrusted = [AUTH0.to_owned()];
    let trust = Trust { own_keys: &[own.public().clone()], issuers: &[], distrusted: &distrusted };
    assert!(matches!(examine(&trust, &short), Err(Error::DistrustedIssuer { .. })));
    let ending = Verified { valid_until: Some(NOW + 5), ..long };
    let shorter = with_own(&[own.public().clone()], &own.mint_websocket(&ending, NOW).unwrap()).unwrap();
    assert_eq!(shorter.valid_until, Some(NOW + 5));
}

#[test]
fn keys_are_read_back_or_refused() {
    for pem in [
        "",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----",
    ] {
        let error = OwnKey::from_pem(pem).unwrap_err();
        assert_eq!(error.sqlstate(), "XX000");
    }
    let key = OwnKey::generate().unwrap();
    assert!(key.to_pem().lines().all(|line| line.len() <= 64));
    assert!(
        !format!("{key:?}").contains(key.to_pem().lines().nth(1).unwrap()),
        "private keys are not printed"
    );
}
