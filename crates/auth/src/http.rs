//! [`Fetch`] over HTTPS, for any async program and, with [`crate::in_thread`], for one that has a single thread.
//!
//! Hazard: whatever reqwest does by default for convenience (proxies from the environment, redirects, decompression,
//! looking names up itself) is off or not compiled in; each would be a way around the rules for addresses or sizes.

use std::error::Error as _;
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::OnceLock;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::is_public;
use crate::fetch::{Fetch, FetchError, Request, Response};

/// How names become addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lookup {
    /// getaddrinfo on one of the runtime's threads for blocking work.
    Threaded,
    /// getaddrinfo right here. It cannot be interrupted; resolv.conf limits how long it takes.
    InThread,
}

/// Fetches over HTTPS.
#[derive(Debug)]
pub struct HttpFetch {
    lookup: Lookup,
    /// Two clients, as what a client may connect to is fixed when it is made. Each is made on first use: that reads the
    /// certificates of the operating system.
    public_only: OnceLock<Option<reqwest::Client>>,
    anywhere: OnceLock<Option<reqwest::Client>>,
}

impl HttpFetch {
    /// For programs that have threads. To be kept: connections and certificates are reused.
    pub fn new() -> Self {
        Self::with(Lookup::Threaded)
    }

    /// For [`crate::in_thread`].
    pub(crate) fn in_thread() -> Self {
        Self::with(Lookup::InThread)
    }

    fn with(lookup: Lookup) -> Self {
        Self { lookup, public_only: OnceLock::new(), anywhere: OnceLock::new() }
    }

    fn client(&self, private_addresses: bool) -> Result<&reqwest::Client, FetchError> {
        let slot = if private_addresses { &self.anywhere } else { &self.public_only };
        slot.get_or_init(|| client(Resolver { lookup: self.lookup, private_addresses }).ok())
            .as_ref()
            .ok_or_else(|| {
                FetchError::Failed("the certificates of the operating system cannot be read".to_owned())
            })
    }
}

impl Default for HttpFetch {
    fn default() -> Self {
        Self::new()
    }
}

fn client(resolver: Resolver) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .dns_resolver(resolver)
        // A proxy would connect for us, to addresses we do not see.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // A repeated request is the algorithm's decision, too.
        .retry(reqwest::retry::never())
        .referer(false)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        // Keys are fetched every few minutes at most: nothing to keep connections for.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("spacetime/", env!("CARGO_PKG_VERSION")))
        .build()
}

impl Fetch for HttpFetch {
    async fn get(&self, request: Request) -> Result<Response, FetchError> {
        let client = self.client(request.private_addresses)?;
        let sent =
            client.get(&request.url).header("accept", "application/json").timeout(request.timeout).send();
        let mut response = sent.await.map_err(failed)?;
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).is_ok_and(|bytes| bytes > request.body_bytes_max) {
            return Err(FetchError::TooLarge);
        }
        let status = response.status().as_u16();
        let location =
            response.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > request.body_bytes_max {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, location, body })
    }
}

/// What went wrong, in one line. Errors of reqwest say the least at the top.
fn failed(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    if error.is_timeout() {
        return FetchError::TimedOut;
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<NoPublicAddress>() {
            return FetchError::PrivateAddress;
        }
        text = cause.to_string();
        source = cause.source();
    }
    FetchError::Failed(text)
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
