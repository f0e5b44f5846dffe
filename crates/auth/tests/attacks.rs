//! Tokens that must not work, each with the error it must give. All are refused with SQLSTATE 28000, and no error says
//! what the token was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

mod provider;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use provider::keys::sign;
use provider::keys::{hmac, jwks};
use provider::{SigningKey, token};
use serde_json::{Value, json};
use spacetime_auth::{Error, Examined, OwnKey, TOKEN_BYTES_MAX, Trust, TrustedIssuer};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://id.example.com/";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// What is attacked: an issuer with published keys, one with a secret, one with a single algorithm, and our own key.
struct World {
    rsa: SigningKey,
    p256: SigningKey,
    ed25519: SigningKey,
    own: OwnKey,
    issuers: Vec<TrustedIssuer>,
}

impl World {
    fn new() -> Self {
        let (rsa, p256) = (SigningKey::rsa("rsa"), SigningKey::p256("p256"));
        let ed25519 = SigningKey::ed25519("ed");
        let mut encryption_only = SigningKey::p256("encryption").jwk();
        encryption_only["use"] = json!("enc");
        let mut keys = jwks(&[&rsa, &p256, &ed25519]);
        let mut only_rs256 = rsa.jwk();
        only_rs256["kid"] = json!("only RS256");
        only_rs256["alg"] = json!("RS256");
        keys["keys"].as_array_mut().unwrap().extend([encryption_only, only_rs256]);
        let only_rs512 = json!({"jwks": jwks(&[&rsa]), "algorithms": ["RS512"]});
        let trust = |issuer: &str, options: Value| {
            TrustedIssuer::new(issuer, Some(vec!["app".to_owned()]), &options).unwrap()
        };
        let issuers = vec![
            trust(ISSUER, json!({"jwks": keys})),
            trust("https://secret.example.com", json!({"secret": SECRET})),
            trust("https://strict.example.com", only_rs512),
        ];
        Self { rsa, p256, ed25519, own: OwnKey::generate().unwrap(), issuers }
    }

    fn refusal(&self, token: &str) -> Error {
        let own_keys = [self.own.public().clone()];
        let distrusted = ["https://gone.example.com".to_owned()];
        let trust = Trust { own_keys: &own_keys, issuers: &self.issuers, distrusted: &distrusted };
        match trust.examine(token, NOW) {
            Ok(Examined::Verified(_)) => panic!("the token was accepted"),
            Ok(Examined::Pending(_)) => panic!("the token caused a fetch"),
            Err(error) => error,
        }
    }
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "alice", "aud": "app", "iat": NOW, "exp": NOW + 600})
}

/// The claims with some changed; null removes one.
fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

#[track_caller]
fn check(world: &World, name: &str, token: &str, expected: &str) {
    let error = world.refusal(token);
    let variant = match &error {
        Error::Malformed(_) => "malformed",
        Error::Algorithm(_) => "algorithm",
        Error::Signature(_) => "signature",
        Error::UnknownKey { .. } => "unknown key",
        Error::UntrustedIssuer { .. } => "untrusted",
        Error::DistrustedIssuer { .. } => "distrusted",
        Error::Claim { claim, .. } => claim,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(variant, expected, "{name}: {error}");
    assert_eq!(error.sqlstate(), "28000", "{name}");
    assert!(error.refuses_token());
    for text in [error.to_string(), format!("{error:?}"), error.hint().unwrap_or_default()] {
        for part in token.split('.').filter(|part| part.len() > 8) {
            assert!(!text.contains(part), "{name}: the error holds a part of the token: {text}");
        }
        assert!(!text.contains("alice"), "{name}: the error holds the subject: {text}");
    }
}

/// The usual claims under a header of the attacker's, signed with `key`.
fn under(header: Value, key: &SigningKey) -> String {
    let algorithm = header["alg"].as_str().unwrap_or("RS256").to_owned();
    sign(&header.to_string(), &claims().to_string(), |message| key.signature(&algorithm, message))
}

#[test]
fn headers_do_not_choose_how_they_are_verified() {
    let world = World::new();
    let World { rsa, own, .. } = &world;
    let body = claims().to_string();
    for name in ["none", "None", "NONE", "nOnE"] {
        let unsigned = sign(&json!({"alg": name}).to_string(), &body, |_| Vec::new());
        check(&world, name, &unsigned, "algorithm");
        check(&world, name, &under(json!({"alg": name, "kid": "rsa"}), rsa), "algorithm");
    }
    let stripped = token(rsa, "RS256", &claims());
    let stripped = stripped.rsplit_once('.').unwrap().0;
    check(&world, "signature removed", &format!("{stripped}."), "signature");
    check(&world, "signature and dot removed", stripped, "malformed");
    // A public key as a secret, in all the forms in which it is public.
    let public = rsa.jwk();
    let modulus = public["n"].as_str().unwrap();
    let der = URL_SAFE_NO_PAD.decode(modulus).unwrap();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&der));
    for secret in [modulus.as_bytes(), &der, pem.as_bytes(), public.to_string().as_bytes(), b""] {
        for algorithm in ["HS256", "HS384", "HS512"] {
            let forged = sign(&json!({"alg": algorithm, "kid": "rsa"}).to_string(), &body, |m| {
                hmac(algorithm, secret, m)
            });
            check(&world, "HS/RS confusion", &forged, "algorithm");
        }
    }
    let own_point = own.public_jwk().to_string();
    let forged = sign(r#"{"alg":"HS256"}"#, &with(json!({"iss": "localhost"})).to_string(), |m| {
        hmac("HS256", own_point.as_bytes(), m)
    });
    check(&world, "our public key as a secret", &forged, "signature");
}

#[test]
fn tokens_do_not_bring_their_keys_along() {
    let world = World::new();
    let p256 = &world.p256;
    let stranger = SigningKey::p256("stranger");
    let embedded = json!({"alg": "ES256", "jwk": stranger.jwk()});
    check(&world, "embedded key", &under(embedded, &stranger), "signature");
    let embedded = json!({"alg": "ES256", "kid": "p256", "jwk": stranger.jwk()});
    check(&world, "embedded key with a known id", &under(embedded, &stranger), "signature");
    let address = json!({"alg": "ES256", "jku": "https://evil.example/keys", "kid": "stranger"});
    check(&world, "address of keys", &under(address, &stranger), "unknown key");
    let certificate = json!({"alg": "ES256", "x5u": "https://evil.example/cert", "x5c": ["AAAA"]});
    check(&world, "certificate", &under(certificate, &stranger), "signature");
    // Key ids.
    check(&world, "id of another key", &under(json!({"alg": "ES256", "kid": "rsa"}), p256), "signature");
    check(
        &world,
        "id of a key for encryption",
        &under(json!({"alg": "ES256", "kid": "encryption"}), p256),
        "unknown key",
    );
    check(
        &world,
        "path as id",
        &under(json!({"alg": "ES256", "kid": "../../../dev/null"}), p256),
        "unknown key",
    );
    check(&world, "SQL as id", &under(json!({"alg": "ES256", "kid": "' OR 1=1 --"}), p256), "unknown key");
    check(&world, "long id", &under(json!({"alg": "ES256", "kid": "k".repeat(257)}), p256), "malformed");
    check(&world, "number as id", &under(json!({"alg": "ES256", "kid": 1}), p256), "malformed");
}

#[test]
fn keys_are_for_their_algorithms() {
    let world = World::new();
    let World { rsa, p256, .. } = &world;
    check(&world, "another curve", &under(json!({"alg": "ES384", "kid": "p256"}), p256), "signature");
    check(&world, "EdDSA by name only", &under(json!({"alg": "EdDSA", "kid": "p256"}), p256), "signature");
    let padded = under(json!({"alg": "PS256", "kid": "only RS256"}), rsa);
    check(&world, "not what the key is for", &padded, "signature");
    check(&world, "unknown algorithm", &under(json!({"alg": "ES256K", "kid": "p256"}), p256), "algorithm");
    check(&world, "lower case", &under(json!({"alg": "es256", "kid": "p256"}), p256), "algorithm");
    check(&world, "list of algorithms", &under(json!({"alg": ["ES256"]}), p256), "algorithm");
    check(&world, "no algorithm", &under(json!({"kid": "p256"}), p256), "algorithm");
    let strict = with(json!({"iss": "https://strict.example.com"}));
    check(&world, "not allowed for the issuer", &token(rsa, "RS256", &strict), "algorithm");
}

#[test]
fn extensions_of_the_header_are_refused() {
    let world = World::new();
    let p256 = &world.p256;
    let crit = json!({"alg": "ES256", "kid": "p256", "crit": ["exp"], "exp": NOW});
    check(&world, "critical extension", &under(crit, p256), "malformed");
    check(&world, "unencoded payload", &under(json!({"alg": "ES256", "b64": false}), p256), "malformed");
    check(&world, "compressed", &under(json!({"alg": "ES256", "zip": "DEF"}), p256), "malformed");
    for kind in ["logout+jwt", "dpop+jwt", "secevent+jwt", "JOSE", ""] {
        check(
            &world,
            "another kind of token",
            &under(json!({"alg": "ES256", "kid": "p256", "typ": kind}), p256),
            "malformed",
        );
    }
}

#[test]
fn signatures_cannot_be_forged_or_bent() {
    let world = World::new();
    let good = token(&world.p256, "ES256", &claims());
    let (body, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = body.split_once('.').unwrap();
    let stranger = token(&SigningKey::p256("p256"), "ES256", &claims());
    check(&world, "a stranger's key with a known id", &stranger, "signature");
    let zeroes = URL_SAFE_NO_PAD.encode([0; 64]);
    check(&world, "zeroes for an ECDSA signature", &format!("{body}.{zeroes}"), "signature");
    let short = URL_SAFE_NO_PAD.encode([1; 8]);
    check(&world, "short signature", &format!("{body}.{short}"), "signature");
    let mut extended = URL_SAFE_NO_PAD.decode(signature).unwrap();
    extended.push(0);
    check(&world, "longer signature", &format!("{body}.{}", URL_SAFE_NO_PAD.encode(extended)), "signature");
    let changed = URL_SAFE_NO_PAD.encode(with(json!({"sub": "bob"})).to_string());
    check(&world, "changed claims", &format!("{header}.{changed}.{signature}"), "signature");
    let other_header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#);
    check(&world, "changed header", &format!("{other_header}.{payload}.{signature}"), "signature");
    check(&world, "padding", &format!("{body}.{signature}=="), "malformed");
    check(&world, "space", &format!("{body}.{signature} "), "malformed");
    check(&world, "line break", &format!("{header}.\n{payload}.{signature}"), "malformed");
    check(&world, "standard base64", &format!("{header}.{payload}.++//"), "malformed");
    check(&world, "part repeated", &format!("{good}.{signature}"), "malformed");
    check(&world, "encrypted", "a.b.c.d.e", "malformed");
    check(&world, "opaque", "XKcd1vPsT3fVtK9sOQe", "malformed");
    check(&world, "empty", "", "malformed");
    check(&world, "dots", "..", "malformed");
    check(&world, "bearer", &format!("Bearer {good}"), "malformed");
    let oversized = token(&world.p256, "ES256", &with(json!({"x": "y".repeat(TOKEN_BYTES_MAX)})));
    check(&world, "oversized", &oversized, "malformed");
    let guess = with(json!({"iss": "https://secret.example.com"})).to_string();
    for secret in ["", "secret", "https://secret.example.com"] {
        let forged = sign(r#"{"alg":"HS256"}"#, &guess, |m| hmac("HS256", secret.as_bytes(), m));
        check(&world, "guessed secret", &forged, "signature");
    }
    let wrong_size = sign(r#"{"alg":"HS512"}"#, &guess, |m| hmac("HS512", SECRET.as_bytes(), m));
    check(&world, "algorithm not configured", &wrong_size, "algorithm");
    let crossed = token(&world.p256, "ES256", &with(json!({"iss": "https://secret.example.com"})));
    check(&world, "key of another issuer", &crossed, "algorithm");
    let crossed = token(&world.p256, "ES256", &with(json!({"iss": "localhost"})));
    check(&world, "our issuer by a foreign key", &crossed, "signature");
    let (_, anonymous) = OwnKey::generate().unwrap().mint_anonymous(NOW).unwrap();
    check(&world, "anonymous token of another server", &anonymous, "signature");
}

#[test]
fn claims_keep_their_rules() {
    let world = World::new();
    let key = &world.ed25519;
    let attacks = [
        ("expired", json!({"exp": NOW - 61}), "exp"),
        ("expired at the last second of leeway", json!({"exp": NOW - 60}), "exp"),
        ("never expires", json!({"exp": null}), "exp"),
        ("expiry as text", json!({"exp": "2099-01-01"}), "exp"),
        ("expiry as digits", json!({"exp": (NOW + 600).to_string()}), "exp"),
        ("expiry beyond reason", json!({"exp": 1e300}), "exp"),
        ("expiry that overflows", json!({"exp": i64::MAX}), "exp"),
        ("expiry before time", json!({"exp": -1}), "exp"),
        ("expiry as a list", json!({"exp": [NOW + 600]}), "exp"),
        ("not yet valid", json!({"nbf": NOW + 61}), "nbf"),
        ("validity as text", json!({"nbf": "now"}), "nbf"),
        ("from the future", json!({"iat": NOW + 61}), "iat"),
        ("of no time", json!({"iat": null}), "iat"),
        ("issued as text", json!({"iat": "now"}), "iat"),
        ("for another application", json!({"aud": "other"}), "aud"),
        ("for others", json!({"aud": ["other", "app2"]}), "aud"),
        ("for an application whose name starts alike", json!({"aud": "app/admin"}), "aud"),
        ("for an application in other case", json!({"aud": "APP"}), "aud"),
        ("for nobody", json!({"aud": null}), "aud"),
        ("for an empty list", json!({"aud": []}), "aud"),
        ("audience of the wrong type", json!({"aud": {"app": true}}), "aud"),
        ("audiences of the wrong type", json!({"aud": ["app", 1]}), "aud"),
        ("no issuer", json!({"iss": null}), "iss"),
        ("issuers", json!({"iss": [ISSUER]}), "iss"),
        ("no subject", json!({"sub": null}), "sub"),
        ("empty subject", json!({"sub": ""}), "sub"),
        ("subject as number", json!({"sub": 7}), "sub"),
        ("long subject", json!({"sub": "s".repeat(129)}), "sub"),
        ("another's identity", json!({"hex_identity": "c2".repeat(32)}), "hex_identity"),
        ("identity of the wrong type", json!({"hex_identity": 1}), "hex_identity"),
        ("empty issuer", json!({"iss": ""}), "untrusted"),
        ("issuer without slash", json!({"iss": "https://id.example.com"}), "untrusted"),
        ("issuer with two slashes", json!({"iss": "https://id.example.com//"}), "untrusted"),
        ("issuer in other case", json!({"iss": "https://ID.example.com/"}), "untrusted"),
        ("issuer with user", json!({"iss": "https://id.example.com@evil.example/"}), "untrusted"),
        ("issuer below", json!({"iss": "https://id.example.com/evil"}), "untrusted"),
        ("issuer with space", json!({"iss": "https://id.example.com/ "}), "untrusted"),
        ("role identity", json!({"iss": "postgres:1/2"}), "untrusted"),
        ("metadata service", json!({"iss": "http://169.254.169.254/"}), "untrusted"),
        ("taken back", json!({"iss": "https://gone.example.com"}), "distrusted"),
        ("character that Postgres cannot store", json!({"x": "a\u{0}b"}), "malformed"),
        ("subject with such a character", json!({"sub": "bob\u{0}alice"}), "malformed"),
        ("deep claims", nested(40), "malformed"),
        ("many claims", (0..300).map(|n| (n.to_string(), json!(n))).collect(), "malformed"),
    ];
    for (name, changes, expected) in attacks {
        check(&world, name, &token(key, "EdDSA", &with(changes)), expected);
    }
    // What serde_json would not write.
    let raw = [
        ("claim twice", claims().to_string().replacen('{', r#"{"sub":"root","#, 1)),
        ("claim twice, escaped", claims().to_string().replacen('{', r#"{"\u0073ub":"root","#, 1)),
        ("claims as a list", "[]".to_owned()),
        ("no JSON", "sub=alice".to_owned()),
        ("text behind", claims().to_string() + "{}"),
        ("comment", claims().to_string() + "//"),
        ("NaN", claims().to_string().replacen('{', r#"{"x":NaN,"#, 1)),
    ];
    for (name, payload) in raw {
        let header = r#"{"alg":"EdDSA","kid":"ed"}"#;
        check(&world, name, &sign(header, &payload, |message| key.signature("EdDSA", message)), "malformed");
    }
    let header = r#"{"alg":"none","alg":"EdDSA","kid":"ed"}"#;
    let doubled = sign(header, &claims().to_string(), |message| key.signature("EdDSA", message));
    check(&world, "algorithm twice", &doubled, "malformed");
}

fn nested(depth: usize) -> Value {
    json!({"x": (0..depth).fold(json!(1), |inner, _| json!([inner]))})
}

#[test]
fn an_unknown_issuer_is_told_with_a_statement_that_is_safe_to_paste() {
    let world = World::new();
    let refusal = |issuer: &str, audience: Value| {
        let changes = json!({"iss": issuer, "aud": audience});
        world.refusal(&token(&world.p256, "ES256", &with(changes))).hint()
    };
    assert_eq!(
        refusal("https://new.example.com/", json!(["app", "api"])).unwrap(),
        "To trust it: SELECT spacetime.trust_issuer('https://new.example.com/', ARRAY['app', 'api']);"
    );
    assert_eq!(
        refusal("https://new.example.com", json!(null)).unwrap(),
        "To trust it: SELECT spacetime.trust_issuer('https://new.example.com', NULL, '{\"any_audience\":true}');"
    );
    assert_eq!(
        refusal("http://localhost:8080/realms/chat", json!("app")).unwrap(),
        "To trust it: SELECT spacetime.trust_issuer('http://localhost:8080/realms/chat', ARRAY['app'], \
         '{\"insecure_http\":true,\"private_addresses\":true}');"
    );
    let metadata = refusal("http://169.254.169.254/", json!("app")).unwrap();
    assert!(!metadata.contains("private_addresses"), "what a stranger chose is not offered");
    assert_eq!(refusal("https://x'); DROP TABLE users; --", json!("app")), None);
    assert_eq!(refusal("https://new.example.com", json!("app'); DROP TABLE users; --")), None);
    assert_eq!(refusal("https://new.example.com\u{202e}", json!("app")), None);
    assert_eq!(refusal(&"x".repeat(4000), json!("app")), None);
}
