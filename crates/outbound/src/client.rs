//! Requests, for any async program and, with [`crate::in_thread`], for one that has a single thread.
//!
//! Hazard: whatever reqwest does by default for convenience (proxies from the environment, redirects, decompression,
//! looking names up itself) is off or not compiled in; each would be a way around the rules for addresses or sizes.

use std::error::Error as _;
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Method, Version};

use crate::address::is_public;
use crate::failure::Failure;

const REDIRECTS_MAX: usize = 5;

/// How names become addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lookup {
    /// getaddrinfo on one of the runtime's threads for blocking work.
    Threaded,
    /// getaddrinfo right here. It cannot be interrupted; resolv.conf limits how long it takes.
    InThread,
}

/// Makes requests.
#[derive(Debug)]
pub struct Client {
    lookup: Lookup,
    /// As what a client may connect to and whether it follows redirects is fixed when it is made: one for each
    /// combination. Each is made on first use: that reads the certificates of the operating system.
    clients: [OnceLock<Option<reqwest::Client>>; 4],
}

impl Client {
    /// For programs that have threads. To be kept: connections and certificates are reused.
    pub fn new() -> Self {
        Self::with(Lookup::Threaded)
    }

    /// For [`crate::in_thread`].
    pub(crate) fn in_thread() -> Self {
        Self::with(Lookup::InThread)
    }

    fn with(lookup: Lookup) -> Self {
        Self { lookup, clients: Default::default() }
    }

    fn client(&self, private_addresses: bool, follow_redirects: bool) -> Result<&reqwest::Client, Failure> {
        let slot = &self.clients[usize::from(private_addresses) + 2 * usize::from(follow_redirects)];
        let resolver = Resolver { lookup: self.lookup, private_addresses };
        slot.get_or_init(|| client(resolver, follow_redirects).ok()).as_ref().ok_or_else(|| {
            Failure::Failed("the certificates of the operating system cannot be read".to_owned())
        })
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

fn client(resolver: Resolver, follow_redirects: bool) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .dns_resolver(resolver)
        // A proxy would connect for us, to addresses we do not see.
        .no_proxy()
        .redirect(if follow_redirects { within_origin() } else { Policy::none() })
        // A repeated request is the caller's decision.
        .retry(reqwest::retry::never())
        .referer(false)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        // Connections would not outlive the runtime of one call (`in_thread`), and nobody asks often.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("spacetime/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Another origin may be one that nobody allowed.
fn within_origin() -> Policy {
    Policy::custom(|attempt| {
        let is_same =
            attempt.previous().last().is_some_and(|before| before.origin() == attempt.url().origin());
        if is_same && attempt.previous().len() <= REDIRECTS_MAX { attempt.follow() } else { attempt.stop() }
    })
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Any method.
    pub method: Method,
    /// Checked by [`crate::parse_url`]; the addresses its host resolves to are checked here.
    pub url: String,
    /// Headers of the message itself; those of the connection are the client's.
    pub headers: HeaderMap,
    /// The body, which may be empty.
    pub body: Vec<u8>,
    /// If not set, only addresses are connected to for which [`is_public`] holds.
    pub private_addresses: bool,
    /// Whether redirects within the same origin are followed. Others never are: they are the answer.
    pub follow_redirects: bool,
    /// Reading stops once a body is longer.
    pub body_bytes_max: usize,
    /// From resolving the name to the last byte.
    pub timeout: Duration,
}

/// What came back, whatever its status.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// What the server speaks.
    pub version: Version,
    /// All headers.
    pub headers: HeaderMap,
    /// At most as many bytes as asked for.
    pub body: Vec<u8>,
}

impl Client {
    /// Makes one request.
    pub async fn send(&self, request: Request) -> Result<Response, Failure> {
        let client = self.client(request.private_addresses, request.follow_redirects)?;
        let sent = client
            .request(request.method, &request.url)
            .headers(request.headers)
            .body(request.body)
            .timeout(request.timeout)
            .send();
        let mut response = sent.await.map_err(failed)?;
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).is_ok_and(|bytes| bytes > request.body_bytes_max) {
            return Err(Failure::TooLarge);
        }
        let (status, version) = (response.status().as_u16(), response.version());
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > request.body_bytes_max {
                return Err(Failure::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, version, headers, body })
    }
}

/// What went wrong, in one line. Errors of reqwest say the least at the top.
fn failed(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    if error.is_timeout() {
        return Failure::TimedOut;
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<NoPublicAddress>() {
            return Failure::PrivateAddress;
        }
        text = cause.to_string();
        source = cause.source();
    }
    Failure::Failed(text)
}

/// Resolves names to the addresses that may be connected to. Addresses written as numbers never come here; those were
/// checked in the URL.
#[derive(Debug, Clone, Copy)]
struct Resolver {
    lookup: Lookup,
    private_addresses: bool,
}

#[derive(Debug)]
struct NoPublicAddress;

impl fmt::Display for NoPublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host has no address on the public internet")
    }
}

impl std::error::Error for NoPublicAddress {}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { lookup, private_addresses } = *self;
        Box::pin(async move {
            let host = (name.as_str(), 0);
            let found: Vec<SocketAddr> = match lookup {
                Lookup::Threaded => tokio::net::lookup_host(host).await?.collect(),
                Lookup::InThread => host.to_socket_addrs()?.collect(),
            };
            let allowed: Vec<_> =
                found.into_iter().filter(|address| private_addresses || is_public(address.ip())).collect();
            match allowed.is_empty() {
                true => Err(NoPublicAddress.into()),
                false => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
