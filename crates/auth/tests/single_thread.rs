//! What a Postgres backend relies on: fetching in a backend starts no thread, leaves signals alone and ends when asked.
//!
//! One test function, as the test harness starts a thread for each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

mod provider;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use provider::{DISCOVERY, Provider, Reply, SigningKey, token};
use serde_json::json;
use spacetime_auth::{
    Error, Examined, Fetch, FetchError, HttpFetch, Request, Trust, TrustedIssuer, in_thread,
};

const NOW: i64 = 1_800_000_000;
const LONG: Duration = Duration::from_secs(60);

/// Ids of the threads of this process.
fn threads() -> BTreeSet<String> {
    let entries = fs::read_dir("/proc/self/task").unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Which signals this process blocks, ignores and handles.
fn signals() -> Vec<String> {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    status
        .lines()
        .filter(|line| ["SigBlk", "SigIgn", "SigCgt"].iter().any(|name| line.starts_with(name)))
        .map(str::to_owned)
        .collect()
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn request(url: String) -> Request {
    Request { url, private_addresses: true, body_bytes_max: 1 << 16, timeout: LONG }
}

#[test]
#[expect(clippy::too_many_lines, reason = "threads of another test would be counted, so there is one")]
fn fetching_uses_this_thread_only_and_can_be_interrupted() {
    let key = SigningKey::p256("k");
    let provider = Provider::start(&[&key]);
    // By name, so that names are looked up.
    let url = provider.url_by_name();
    provider.reply(DISCOVERY, Reply::Json(json!({"issuer": url, "jwks_uri": url.clone() + "/keys"})));
    let (threads_before, signals_before) = (threads(), signals());
    let seen = RefCell::new(BTreeSet::new());
    let watch = || {
        seen.borrow_mut().extend(threads());
        assert_eq!(signals(), signals_before, "nobody touches signals");
    };

    // The whole way to an identity.
    let options = json!({"insecure_http": true, "private_addresses": true});
    let issuer = TrustedIssuer::new(&url, Some(vec!["app".to_owned()]), &options).unwrap();
    let claims = json!({"iss": url, "sub": "alice", "aud": "app", "iat": NOW, "exp": NOW + 600});
    let trust = Trust { own_keys: &[], issuers: std::slice::from_ref(&issuer), distrusted: &[] };
    let Examined::Pending(pending) = trust.examine(&token(&key, "ES256", &claims), NOW).unwrap() else {
        panic!()
    };
    let resolution = in_thread::run(
        async |fetch| {
            let done = pending.resolve(None, fetch, NOW).await;
            watch();
            done
        },
        LONG,
        || {
            watch();
            false
        },
    );
    assert_eq!(resolution.unwrap().result.unwrap().subject, "alice");
    watch();
    let files_before = open_files();

    // Servers that never answer, or never stop answering: interrupted after the request arrived.
    for reply in [Reply::Hang, Reply::Drip] {
        provider.reply("/slow", reply);
        let asked_before = provider.requests().len();
        let ticks = Cell::new(0);
        let interrupted = in_thread::run(
            async |fetch| fetch.get(request(url.clone() + "/slow")).await,
            LONG,
            || {
                watch();
                ticks.set(ticks.get() + 1);
                provider.requests().len() > asked_before && ticks.get() > 3
            },
        );
        assert_eq!(interrupted, Err(Error::Interrupted));
    }
    // The caller's limit for everything, and the limit of one request.
    provider.reply("/slow", Reply::Hang);
    let limited = in_thread::run(
        async |fetch| fetch.get(request(url.clone() + "/slow")).await,
        Duration::from_millis(200),
        || false,
    );
    assert_eq!(limited, Err(Error::TimedOut(0)));
    let short = Request { timeout: Duration::from_millis(200), ..request(url.clone() + "/slow") };
    let timed_out = in_thread::run(async |fetch| fetch.get(short.clone()).await, LONG, || false);
    assert_eq!(timed_out, Ok(Err(FetchError::TimedOut)));
    // An interrupt that is there already starts nothing.
    let asked = provider.requests().len();
    let never = in_thread::run(async |fetch| fetch.get(request(url.clone() + "/slow")).await, LONG, || true);
    assert_eq!((never, provider.requests().len()), (Err(Error::Interrupted), asked));
    // A check that unwinds, as errors of Postgres do, leaves nothing behind.
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let ticks = Cell::new(0);
        in_thread::run(
            async |fetch| fetch.get(request(url.clone() + "/slow")).await,
            LONG,
            || {
                ticks.set(ticks.get() + 1);
                assert!(ticks.get() < 3, "an error unwinds through the fetch");
                false
            },
        )
    }));
    assert!(unwound.is_err());

    assert_eq!(*seen.borrow(), threads_before, "no thread was started");
    assert_eq!(threads(), threads_before);
    assert_eq!(signals(), signals_before);
    // What is left open belongs to the provider: its ends of the connections that it holds.
    assert!(open_files() <= files_before + 4, "sockets and runtimes are closed");

    // The test can fail: the gateway's way of looking names up does start a thread, and it is seen.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(HttpFetch::new().get(request(url + "/keys"))).unwrap();
    assert_ne!(threads(), threads_before);
}
