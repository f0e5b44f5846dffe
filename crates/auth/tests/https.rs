//! HTTPS as in production: certificates are checked against the roots of the operating system, and fetching in a backend
//! stays on its thread with TLS, too.
//!
//! One test function: the roots come from an environment variable that nothing else may read meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use spacetime_auth::{Fetch, FetchError, HttpFetch, Request, Response, in_thread};

/// A server on a free port that shows `certificate` and answers "hello".
fn serve(certificate: CertificateDer<'static>, key: &KeyPair) -> u16 {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = Stream::new(&mut connection, &mut socket);
            // Clients that do not like the certificate hang up here.
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    port
}

fn request(port: u16) -> Request {
    Request {
        url: format!("https://localhost:{port}/"),
        private_addresses: true,
        body_bytes_max: 100,
        timeout: Duration::from_secs(10),
    }
}

fn threads() -> BTreeSet<String> {
    let entries = fs::read_dir("/proc/self/task").unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn certificates_are_checked_and_no_thread_is_started() {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap();
    let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("roots.pem");
    fs::write(&roots, root.pem()).unwrap();
    // SAFETY: this is the only test of this program and no other thread has been started yet, so nobody reads the
    // environment at the same time.
    unsafe { std::env::set_var("SSL_CERT_FILE", &roots) };
    let issuer = Issuer::new(authority, authority_key);

    let leaf = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        (certificate.der().clone(), key)
    };
    let (good, good_key) = leaf("localhost");
    let good = serve(good, &good_key);
    let (other_name, other_key) = leaf("id.example.com");
    let other_name = serve(other_name, &other_key);
    let self_signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let self_signed = serve(self_signed.cert.der().clone(), &self_signed.signing_key);

    let before = threads();
    let answer = in_thread::run(
        async |fetch| {
            let answer = fetch.get(request(good)).await;
            (answer, threads())
        },
        Duration::from_secs(30),
        || false,
    );
    let (answer, during) = answer.unwrap();
    assert_eq!(answer, Ok(Response { status: 200, location: None, body: b"hello".to_vec() }));
    assert_eq!((during, threads()), (before.clone(), before), "no thread was started");
    for port in [other_name, self_signed] {
        let refused =
            in_thread::run(async |fetch| fetch.get(request(port)).await, Duration::from_secs(30), || false);
        let Ok(Err(FetchError::Failed(problem))) = refused else { panic!("{refused:?}") };
        assert!(problem.contains("certificate"), "{problem}");
    }
    // The gateway's way checks the same.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fetch = HttpFetch::new();
    assert!(runtime.block_on(fetch.get(request(good))).is_ok());
    assert!(matches!(runtime.block_on(fetch.get(request(self_signed))), Err(FetchError::Failed(_))));
}
