//! What an administrator may ask for with `spacetime.trust_issuer`, and what is refused at once instead of at each login.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

mod provider;

use provider::{SigningKey, keys};
use serde_json::{Value, json};
use spacetime_auth::{Error, OwnKey, TrustedIssuer};

const ISSUER: &str = "https://id.example.com/";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn trust(issuer: &str, audiences: Option<&[&str]>, options: &Value) -> Result<TrustedIssuer, Error> {
    let audiences = audiences.map(|list| list.iter().map(|&name| name.to_owned()).collect());
    TrustedIssuer::new(issuer, audiences, options)
}

#[test]
fn good_configurations_are_taken() {
    let keys = keys::jwks(&[&SigningKey::p256("k")]);
    let good = [
        (ISSUER, Value::Null),
        (ISSUER, json!({})),
        (ISSUER, json!({"algorithms": ["RS256", "EdDSA", "ES512"], "leeway_seconds": 0})),
        (ISSUER, json!({"role_claim": ["realm_access", "roles"], "role_map": {"a": ["b", "c"], "d": "e"}})),
        ("http://localhost:8080/realms/chat", json!({"insecure_http": true})),
        ("http://10.1.2.3", json!({"insecure_http": true, "private_addresses": true})),
        ("supabase", json!({"secret": SECRET, "algorithms": ["HS256"]})),
        ("offline", json!({"jwks": keys})),
        ("backend", json!({"jwks_url": "https://id.example.com/keys"})),
    ];
    for (issuer, options) in good {
        trust(issuer, Some(&["app"]), &options).unwrap_or_else(|error| panic!("{issuer} {options}: {error}"));
    }
    trust(ISSUER, None, &json!({"any_audience": true})).unwrap();
}

#[test]
fn bad_configurations_are_refused() {
    let keys = keys::jwks(&[&SigningKey::p256("k")]);
    let mut private = keys.clone();
    private["keys"][0]["d"] = json!("AA");
    let bad = [
        (ISSUER, None, json!({})),
        (ISSUER, Some(&["app"][..]), json!({"any_audience": true})),
        (ISSUER, Some(&[]), json!({})),
        (ISSUER, Some(&["app", ""]), json!({})),
        (ISSUER, Some(&["app"]), json!({"anyaudience": true})),
        (ISSUER, Some(&["app"]), json!({"any_audience": "yes"})),
        (ISSUER, Some(&["app"]), json!([])),
        (ISSUER, Some(&["app"]), json!({"algorithms": []})),
        (ISSUER, Some(&["app"]), json!({"algorithms": ["none"]})),
        (ISSUER, Some(&["app"]), json!({"algorithms": ["RS256", "HS256"]})),
        (ISSUER, Some(&["app"]), json!({"secret": SECRET, "algorithms": ["RS256"]})),
        (ISSUER, Some(&["app"]), json!({"secret": SECRET, "jwks": keys})),
        (ISSUER, Some(&["app"]), json!({"secret": SECRET, "jwks_url": "https://id.example.com/keys"})),
        (ISSUER, Some(&["app"]), json!({"secret": "short"})),
        (ISSUER, Some(&["app"]), json!({"secret": 12_345})),
        (ISSUER, Some(&["app"]), json!({"jwks": private})),
        (ISSUER, Some(&["app"]), json!({"jwks": {"keys": []}})),
        (ISSUER, Some(&["app"]), json!({"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}})),
        (ISSUER, Some(&["app"]), json!({"leeway_seconds": -1})),
        (ISSUER, Some(&["app"]), json!({"leeway_seconds": 601})),
        (ISSUER, Some(&["app"]), json!({"role_map": {"a": "b"}})),
        (ISSUER, Some(&["app"]), json!({"jwks_url": "http://id.example.com/keys"})),
        (ISSUER, Some(&["app"]), json!({"discovery_url": "https://127.0.0.1/x"})),
        ("http://id.example.com", Some(&["app"]), json!({})),
        ("https://169.254.169.254/", Some(&["app"]), json!({})),
        ("https://[::1]/", Some(&["app"]), json!({})),
        ("not a URL", Some(&["app"]), json!({})),
        ("chat", Some(&["app"]), json!({})),
        ("", Some(&["app"]), json!({})),
        ("localhost", Some(&["app"]), json!({"jwks": keys})),
        ("postgres:1/2", Some(&["app"]), json!({"jwks": keys})),
        // Could name the same identities as https://id.example.com with subjects that start with "x|".
        ("https://id.example.com|x", Some(&["app"]), json!({"jwks": keys})),
    ];
    for (issuer, audiences, options) in bad {
        let Err(error) = trust(issuer, audiences, &options) else {
            panic!("{issuer} {audiences:?} {options}")
        };
        assert_eq!(error.sqlstate(), "22023", "{issuer} {options}: {error}");
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(SECRET) && !text.contains("12345"), "the error holds the secret: {text}");
        }
    }
    let long = format!("https://{}", "x".repeat(121));
    assert_eq!(trust(&long, Some(&["app"]), &json!({})).unwrap_err().sqlstate(), "22023");
}

#[test]
fn secrets_are_not_printed() {
    let issuer = trust(ISSUER, Some(&["app"]), &json!({"secret": SECRET})).unwrap();
    assert!(!format!("{issuer:?}").contains(SECRET));
    let key = OwnKey::generate().unwrap();
    let pem = key.to_pem();
    assert!(!format!("{key:?}").contains(pem.lines().nth(1).unwrap()));
}
