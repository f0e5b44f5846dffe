//! An OpenID provider for tests of the whole system: `cargo run -p spacetime-auth --example oidc_provider [PORT]`.
//!
//! Prints one line of JSON with its issuer and serves until it is killed. Besides discovery and keys:
//!
//! | request | does |
//! |---|---|
//! | `POST /token` with claims | answers a token (RS256); `iss`, `iat` and `exp` are added unless given; a claim null is left out |
//! | `POST /rotate` | from now on tokens are signed with a new key, the only one published |
//! | `POST /mode` with `{"path": "/keys", "mode": "hang"}` | misbehaves there: `hang`, `drip`, `huge`, `close`, `garbage`, `status`, `redirect`; `good` ends it |
//! | `GET /requests` | which paths were asked for |
#![allow(clippy::expect_used, reason = "a test that panics has failed")]

#[path = "../tests/provider/mod.rs"]
mod provider;

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use provider::{Provider, Reply, SigningKey, token};
use serde_json::{Value, json};

fn main() {
    let port = std::env::args().nth(1).map_or(0, |port| port.parse().expect("a port number"));
    let key = Mutex::new(SigningKey::rsa("key-1"));
    let handler = move |provider: &Provider, method: &str, path: &str, body: &str| {
        let mut key = key.lock().expect("one thread");
        match (method, path) {
            ("POST", "/token") => Some(issue(provider, &key, body)),
            ("POST", "/rotate") => {
                let number: u32 = key.id.trim_start_matches("key-").parse().unwrap_or(0);
                *key = SigningKey::rsa(&format!("key-{}", number + 1));
                provider.publish("", &[&key]);
                Some(Reply::Json(json!({"kid": key.id})))
            }
            ("POST", "/mode") => Some(misbehave(provider, &key, body)),
            ("POST", "/start") => {
                provider.publish("", &[&key]);
                Some(Reply::Json(json!({})))
            }
            ("GET", "/requests") => Some(Reply::Json(json!(provider.requests()))),
            _ => None,
        }
    };
    let provider = Provider::start_with(port, Some(Box::new(handler)));
    provider.post("/start");
    println!("{}", json!({"issuer": provider.url(), "port": provider.port()}));
    loop {
        std::thread::park();
    }
}

fn issue(provider: &Provider, key: &SigningKey, body: &str) -> Reply {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut claims = json!({"iss": provider.url(), "iat": now, "exp": now + 3600});
    let Ok(Value::Object(given)) = serde_json::from_str(body) else { return Reply::Status(400) };
    if let Value::Object(claims) = &mut claims {
        claims.extend(given);
        claims.retain(|_, value| !value.is_null());
    }
    Reply::Text(token(key, "RS256", &claims))
}

fn misbehave(provider: &Provider, key: &SigningKey, body: &str) -> Reply {
    let order: Value = serde_json::from_str(body).unwrap_or_default();
    let reply = match order["mode"].as_str() {
        Some("good") => {
            provider.publish("", &[key]);
            return Reply::Json(json!({}));
        }
        Some("hang") => Reply::Hang,
        Some("drip") => Reply::Drip,
        Some("huge") => Reply::Huge { bytes: 1 << 30, announced: false },
        Some("close") => Reply::Close,
        Some("garbage") => Reply::Garbage,
        Some("status") => {
            Reply::Status(order["status"].as_u64().and_then(|n| n.try_into().ok()).unwrap_or(500))
        }
        Some("redirect") => Reply::Redirect(302, order["target"].as_str().unwrap_or_default().to_owned()),
        _ => return Reply::Status(400),
    };
    provider.reply(order["path"].as_str().unwrap_or_default(), reply);
    Reply::Json(json!({}))
}
