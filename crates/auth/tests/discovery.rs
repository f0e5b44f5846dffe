//! From an issuer to its keys over real HTTP: good providers, rotating ones, and all that can be wrong with one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

mod provider;

use provider::{DISCOVERY, Provider, Reply, SigningKey, token};
use serde_json::{Value, json};
use spacetime_auth::{
    CachedKeys, Error, Examined, Fetch, FetchError, HttpFetch, Pending, Request, Resolution, Response, Trust,
    TrustedIssuer,
};

const NOW: i64 = 1_800_000_000;

fn trusted(issuer: &str, more: Value) -> TrustedIssuer {
    let mut options = json!({"insecure_http": true, "private_addresses": true});
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    TrustedIssuer::new(issuer, Some(vec!["app".to_owned()]), &options).unwrap()
}

fn token_of(issuer: &TrustedIssuer, key: &SigningKey) -> String {
    let claims = json!({"iss": issuer.issuer(), "sub": "alice", "aud": "app", "iat": NOW - 10_000, "exp": NOW + 100_000});
    token(key, "ES256", &claims)
}

fn pending<'a>(issuer: &'a TrustedIssuer, token: &str, now: i64) -> Pending<'a> {
    let trust = Trust { own_keys: &[], issuers: std::slice::from_ref(issuer), distrusted: &[] };
    match trust.examine(token, now).unwrap() {
        Examined::Pending(pending) => *pending,
        Examined::Verified(_) => panic!("verified without keys"),
    }
}

async fn log_in(issuer: &TrustedIssuer, key: &SigningKey) -> Resolution {
    let fetch = HttpFetch::new();
    movable(pending(issuer, &token_of(issuer, key), NOW).resolve(None, &fetch, NOW)).await
}

/// Servers run logins on any of their threads: does not compile if one could not move.
fn movable<T: Send>(future: T) -> T {
    future
}

#[tokio::test]
async fn issuers_are_found_with_slash_and_path() {
    let key = SigningKey::p256("k");
    for path in ["", "/", "/realms/chat", "/tenant/v2/"] {
        let provider = Provider::start(&[]);
        provider.publish(path, &[&key]);
        let issuer = trusted(&(provider.url() + path), json!({}));
        let verified = log_in(&issuer, &key).await.result.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(verified.issuer, issuer.issuer(), "byte for byte, as it decides the identity");
        let base = path.trim_end_matches('/');
        assert_eq!(provider.requests(), [format!("{base}{DISCOVERY}"), format!("{base}/keys")]);
    }
}

#[tokio::test]
async fn options_say_where_keys_are() {
    let key = SigningKey::p256("k");
    let provider = Provider::start(&[&key]);
    let elsewhere = json!({"issuer": provider.url(), "jwks_uri": provider.url() + "/keys"});
    provider.reply("/elsewhere", Reply::Json(elsewhere));
    let discovered = trusted(&provider.url(), json!({"discovery_url": provider.url() + "/elsewhere"}));
    log_in(&discovered, &key).await.result.unwrap();
    assert_eq!(provider.requests(), ["/elsewhere", "/keys"]);
    // An issuer without discovery, and whose name is no address.
    let direct = trusted("chat-backend", json!({"jwks_url": provider.url() + "/keys"}));
    log_in(&direct, &key).await.result.unwrap();
}

#[tokio::test]
async fn odd_keys_lock_nobody_out() {
    let key = SigningKey::p256("k");
    let provider = Provider::start(&[&key]);
    let odd = json!([
        {}, 7, null, {"kty": "RSA"}, {"kty": "RSA", "n": "AQ", "e": "AQAB"}, {"kty": "oct", "k": "c2VjcmV0", "kid": "k"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "k"}, {"kty": "EC", "crv": "secp256k1", "x": "", "y": ""},
        {"kty": "OKP", "crv": "X25519", "x": "AA"}, {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, key.jwk(),
    ]);
    provider.reply("/keys", Reply::Json(json!({"keys": odd})));
    let issuer = trusted(&provider.url(), json!({}));
    log_in(&issuer, &key).await.result.unwrap();
}

#[tokio::test]
async fn redirects_stay_on_their_host() {
    let key = SigningKey::p256("k");
    let (provider, other) = (Provider::start(&[&key]), Provider::start(&[&key]));
    let issuer = trusted(&provider.url(), json!({}));
    provider.reply("/keys2", Reply::Json(provider::keys::jwks(&[&key])));
    for status in [301, 302, 303, 307, 308] {
        provider.reply("/keys", Reply::Redirect(status, "/keys2".to_owned()));
        log_in(&issuer, &key).await.result.unwrap_or_else(|error| panic!("{status}: {error}"));
    }
    let bad = [
        (other.url() + "/keys", "08P01"),
        (provider.url_by_name() + "/keys2", "08P01"),
        (format!("//127.0.0.1:{}/keys", other.port()), "08P01"),
        ("file:///etc/passwd".to_owned(), "08P01"),
        ("/keys".to_owned(), "08P01"),
        (provider.url().replace("http://", "http://user@") + "/keys2", "42501"),
    ];
    for (target, sqlstate) in bad {
        provider.reply("/keys", Reply::Redirect(302, target.clone()));
        let error = log_in(&issuer, &key).await.result.unwrap_err();
        assert_eq!(error.sqlstate(), sqlstate, "{target}: {error}");
    }
    assert!(other.requests().is_empty(), "nobody went there");
}

#[tokio::test]
async fn broken_providers_give_clear_errors() {
    let key = SigningKey::p256("k");
    let provider = Provider::start(&[]);
    let issuer = trusted(&provider.url(), json!({}));
    let url = provider.url();
    let keys = url.clone() + "/keys";
    let replies = [
        (DISCOVERY, Reply::Status(404), "08P01"),
        (DISCOVERY, Reply::Status(401), "08P01"),
        (DISCOVERY, Reply::Status(204), "08P01"),
        (DISCOVERY, Reply::Status(500), "08006"),
        (DISCOVERY, Reply::Status(503), "08006"),
        (DISCOVERY, Reply::Status(429), "08006"),
        (DISCOVERY, Reply::Text("<html>".to_owned()), "08P01"),
        (DISCOVERY, Reply::Text(String::new()), "08P01"),
        (DISCOVERY, Reply::Json(json!([])), "08P01"),
        (DISCOVERY, Reply::Json(json!({"jwks_uri": keys})), "08P01"),
        (DISCOVERY, Reply::Json(json!({"issuer": "https://other.example.com", "jwks_uri": keys})), "08P01"),
        (DISCOVERY, Reply::Json(json!({"issuer": format!("{url}/other"), "jwks_uri": keys})), "08P01"),
        (DISCOVERY, Reply::Json(json!({"issuer": url})), "08P01"),
        (DISCOVERY, Reply::Json(json!({"issuer": url, "jwks_uri": "file:///etc/passwd"})), "42501"),
        (DISCOVERY, Reply::Json(json!({"issuer": url, "jwks_uri": "/keys"})), "42501"),
        (DISCOVERY, Reply::Close, "08006"),
        (DISCOVERY, Reply::Garbage, "08006"),
        (DISCOVERY, Reply::Truncated, "08006"),
        (DISCOVERY, Reply::Huge { bytes: 1 << 30, announced: true }, "08P01"),
        (DISCOVERY, Reply::Huge { bytes: 1 << 30, announced: false }, "08P01"),
        ("/keys", Reply::Huge { bytes: 1 << 30, announced: false }, "08P01"),
        ("/keys", Reply::Status(404), "08P01"),
        ("/keys", Reply::Json(json!({"keys": []})), "08P01"),
        ("/keys", Reply::Json(json!({"keys": {}})), "08P01"),
        ("/keys", Reply::Json(json!({"keys": vec![key.jwk(); 101]})), "08P01"),
        ("/keys", Reply::Json(json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]})), "08P01"),
    ];
    for (path, reply, sqlstate) in replies {
        provider.publish("", &[&key]);
        provider.reply(path, reply);
        let resolution = log_in(&issuer, &key).await;
        let error = resolution.result.unwrap_err();
        assert_eq!(error.sqlstate(), sqlstate, "{path}: {error}");
        assert!(!error.refuses_token());
        assert!(resolution.keep.is_some(), "a failure counts for the rate limit");
    }
    provider.publish("", &[&key]);
    log_in(&issuer, &key).await.result.unwrap();
}

#[tokio::test]
async fn bodies_are_not_read_beyond_their_limit() {
    let provider = Provider::start(&[]);
    for announced in [true, false] {
        provider.reply("/huge", Reply::Huge { bytes: 1 << 30, announced });
        let request = Request {
            url: provider.url() + "/huge",
            private_addresses: true,
            body_bytes_max: 1 << 16,
            timeout: std::time::Duration::from_secs(60),
        };
        assert_eq!(HttpFetch::new().get(request).await, Err(FetchError::TooLarge));
    }
}

#[tokio::test]
async fn servers_nobody_can_reach_give_clear_errors() {
    let key = SigningKey::p256("k");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unreachable = [format!("http://{closed}"), "http://no-such-host.invalid".to_owned()];
    for address in unreachable {
        let error = log_in(&trusted(&address, json!({})), &key).await.result.unwrap_err();
        assert_eq!(error.sqlstate(), "08006", "{error}");
    }
    // TLS is asked for, and what answers is not TLS: never a retry in the clear.
    let provider = Provider::start(&[&key]);
    let tls = trusted(&format!("https://127.0.0.1:{}", provider.port()), json!({}));
    assert_eq!(log_in(&tls, &key).await.result.unwrap_err().sqlstate(), "08006");
}

#[tokio::test]
async fn private_addresses_are_refused_where_the_connection_is_made() {
    let key = SigningKey::p256("k");
    let provider = Provider::start(&[&key]);
    let request = |url: &str| Request {
        url: url.to_owned(),
        private_addresses: false,
        body_bytes_max: 1000,
        timeout: std::time::Duration::from_secs(5),
    };
    let fetch = HttpFetch::new();
    let refused = fetch.get(request(&(provider.url_by_name() + "/keys"))).await;
    assert_eq!(refused, Err(FetchError::PrivateAddress));
    // The whole way: the name looks harmless, its address does not.
    let issuer = TrustedIssuer::new(
        &provider.url_by_name(),
        Some(vec!["app".to_owned()]),
        &json!({"insecure_http": true}),
    );
    let issuer = issuer.unwrap();
    let error = log_in(&issuer, &key).await.result.unwrap_err();
    assert_eq!(error.sqlstate(), "42501");
    assert!(error.hint().unwrap().contains("private_addresses"));
    assert!(provider.requests().is_empty(), "nothing was sent");
    let allowed = trusted(&provider.url_by_name(), json!({}));
    provider.reply(
        DISCOVERY,
        Reply::Json(json!({"issuer": allowed.issuer(), "jwks_uri": provider.url() + "/keys"})),
    );
    log_in(&allowed, &key).await.result.unwrap();
}

/// A provider in memory: documents by address, and how often it was asked.
struct Memory {
    jwks: Result<Value, FetchError>,
    asked: std::sync::atomic::AtomicUsize,
}

impl Memory {
    fn new(jwks: Result<Value, FetchError>) -> Self {
        Self { jwks, asked: 0.into() }
    }

    fn asked(&self) -> usize {
        self.asked.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Fetch for Memory {
    async fn get(&self, request: Request) -> Result<Response, FetchError> {
        assert_eq!(request.url, "https://id.example.com/keys");
        self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.jwks.clone().map(|jwks| Response {
            status: 200,
            location: None,
            body: jwks.to_string().into_bytes(),
        })
    }
}

fn rotating() -> TrustedIssuer {
    let options = json!({"jwks_url": "https://id.example.com/keys"});
    TrustedIssuer::new("https://id.example.com", Some(vec!["app".to_owned()]), &options).unwrap()
}

async fn resolve(
    issuer: &TrustedIssuer,
    key: &SigningKey,
    cached: Option<&CachedKeys>,
    fetch: &Memory,
    now: i64,
) -> Resolution {
    pending(issuer, &token_of(issuer, key), now).resolve(cached, fetch, now).await
}

#[tokio::test]
async fn rotated_keys_are_fetched_once_and_not_too_often() {
    let issuer = rotating();
    let (old, new) = (SigningKey::p256("old"), SigningKey::p256("new"));
    let fetch = Memory::new(Ok(provider::keys::jwks(&[&old])));
    let cached = resolve(&issuer, &old, None, &fetch, NOW).await.keep.unwrap();
    let hit = resolve(&issuer, &old, Some(&cached), &fetch, NOW + 1).await;
    assert!(hit.result.is_ok() && hit.keep.is_none());
    assert_eq!(fetch.asked(), 1, "fresh keys are used");
    // A new key: too soon after the last attempt to believe in it, then looked for.
    let fetch = Memory::new(Ok(provider::keys::jwks(&[&old, &new])));
    let soon = resolve(&issuer, &new, Some(&cached), &fetch, NOW + 9).await;
    assert!(matches!(soon.result, Err(Error::UnknownKey { .. })));
    assert_eq!(fetch.asked(), 0);
    let later = resolve(&issuer, &new, Some(&cached), &fetch, NOW + 10).await;
    assert!(later.result.is_ok());
    assert_eq!(fetch.asked(), 1);
    // Somebody who makes up key ids causes one fetch per interval, and locks nobody out.
    let cached = later.keep.unwrap();
    let stranger = SigningKey::p256("made-up");
    let mut kept = cached.clone();
    for second in 0..30 {
        let resolution = resolve(&issuer, &stranger, Some(&kept), &fetch, NOW + 10 + second).await;
        assert!(matches!(resolution.result, Err(Error::UnknownKey { .. })));
        kept = resolution.keep.unwrap_or(kept);
    }
    assert_eq!(fetch.asked(), 3);
    assert!(resolve(&issuer, &old, Some(&kept), &fetch, NOW + 41).await.result.is_ok());
    // A bad signature by a known key causes none.
    let forger = SigningKey::p256("old");
    let forged = resolve(&issuer, &forger, Some(&kept), &fetch, NOW + 100).await;
    assert!(matches!(forged.result, Err(Error::Signature(_))));
    assert_eq!(fetch.asked(), 3);
}

#[tokio::test]
async fn stale_keys_serve_through_an_outage_and_not_longer() {
    let issuer = rotating();
    let key = SigningKey::p256("k");
    let good = Memory::new(Ok(provider::keys::jwks(&[&key])));
    let cached = resolve(&issuer, &key, None, &good, NOW).await.keep.unwrap();
    let kept: CachedKeys = serde_json::from_str(&serde_json::to_string(&cached).unwrap()).unwrap();
    assert_eq!(kept, cached, "entries survive being kept");
    assert!(!resolve(&issuer, &key, Some(&cached), &good, NOW + 299).await.refresh_due);
    let stale = resolve(&issuer, &key, Some(&cached), &good, NOW + 300).await;
    assert!(stale.result.is_ok() && stale.refresh_due);
    assert_eq!(good.asked(), 1, "nobody waits for a refresh");
    let down = Memory::new(Err(FetchError::TimedOut));
    let (after_failure, refreshed) = issuer.refresh_keys(Some(&cached), &down, NOW + 300).await;
    assert_eq!(refreshed.unwrap_err().sqlstate(), "08006");
    let during = resolve(&issuer, &key, Some(&after_failure), &down, NOW + 301).await;
    assert!(during.result.is_ok() && !during.refresh_due, "one attempt per interval");
    assert!(resolve(&issuer, &key, Some(&after_failure), &down, NOW + 7199).await.result.is_ok());
    let expired = resolve(&issuer, &key, Some(&after_failure), &down, NOW + 7200).await;
    assert_eq!(expired.result.unwrap_err().sqlstate(), "08006");
    let again = resolve(&issuer, &key, expired.keep.as_ref(), &good, NOW + 7205).await;
    assert!(matches!(again.result, Err(Error::RecentlyFailed { seconds: 5, .. })));
    assert!(resolve(&issuer, &key, expired.keep.as_ref(), &good, NOW + 7210).await.result.is_ok());
    // A clock set back must not make keys last longer.
    assert!(resolve(&issuer, &key, Some(&cached), &down, NOW - 3600).await.result.is_err());
}
