//! Where connections come from: several addresses, with TLS or without. Handshakes run beside each other, so that a client
//! that stalls in one holds up nobody.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use crate::error::{Error, Result};
use crate::options::Options;

/// Time for the head of a request, also of the next one on a connection.
const HEADER_LIMIT: Duration = Duration::from_secs(30);
/// Time for a TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Pause after accepting failed: most likely there are too many open files.
const RETRY: Duration = Duration::from_millis(100);
/// Connections that may wait to be served.
const WAITING_MAX: usize = 64;

/// A connection's two directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connections of all addresses.
pub(super) struct Incoming {
    connections: mpsc::Receiver<Box<dyn Stream>>,
}

impl Incoming {
    /// Listens on all addresses. One of an address family that this machine lacks is left out, unless it is the only one.
    pub(super) async fn bind(options: &Options) -> Result<Self> {
        let tls = match (&options.tls_cert, &options.tls_key) {
            (Some(certificate), Some(key)) => Some(acceptor(certificate, key)?),
            _ => None,
        };
        let (sender, connections) = mpsc::channel(WAITING_MAX);
        let (mut listens, mut missing) = (false, None);
        for address in options.listen.iter().copied() {
            match TcpListener::bind(address).await {
                Ok(listener) => {
                    let bound = listener.local_addr().map_err(|source| Error::Listen { address, source })?;
                    tracing::info!(address = %bound, tls = tls.is_some(), "listening");
                    listens = true;
                    tokio::spawn(accept(listener, tls.clone(), sender.clone()));
                }
                Err(source) if is_missing(&source) => {
                    tracing::warn!(%address, error = %source, "this address does not exist here");
                    missing = Some(Error::Listen { address, source });
                }
                Err(source) => return Err(Error::Listen { address, source }),
            }
        }
        match missing {
            _ if listens => Ok(Self { connections }),
            Some(error) => Err(error),
            None => Err(Error::Setup {
                what: "there is no address to listen on".into(),
                hint: "--listen 127.0.0.1:3000".into(),
            }),
        }
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        // EAFNOSUPPORT, which has no kind of its own.
        || error.raw_os_error() == Some(97)
}

/// Serves connections until `stop`; then those that are in the middle of a request are waited for.
pub(super) async fn serve(mut incoming: Incoming, router: Router, stop: impl Future<Output = ()>) {
    let (stopping, _) = watch::channel(false);
    // Closed when no connection is left.
    let (open, mut ended) = mpsc::channel::<Infallible>(1);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            Some(stream) = incoming.connections.recv() => {
                tokio::spawn(connection(stream, router.clone(), stopping.subscribe(), open.clone()));
            }
            () = &mut stop => break,
        }
    }
    // Nobody is accepted any more.
    drop((incoming, open));
    stopping.send_replace(true);
    ended.recv().await;
}

async fn connection(
    stream: Box<dyn Stream>,
    router: Router,
    mut stopping: watch::Receiver<bool>,
    _open: mpsc::Sender<Infallible>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_LIMIT);
    let service = TowerToHyperService::new(router);
    let served = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(served);
    let stopped = async move { drop(stopping.wait_for(|stopping| *stopping).await) };
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stopped => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, sender: mpsc::Sender<Box<dyn Stream>>) {
    while !sender.is_closed() {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            },
            () = sender.closed() => return,
        };
        // Small messages go out at once. It may have closed already; reading will tell.
        drop(stream.set_nodelay(true));
        match &tls {
            None => drop(sender.send(Box::new(stream)).await),
            Some(tls) => {
                tokio::spawn(shake_hands(tls.clone(), stream, peer, sender.clone()));
            }
        }
    }
}

async fn shake_hands(
    tls: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
    sender: mpsc::Sender<Box<dyn Stream>>,
) {
    match tokio::time::timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await {
        Ok(Ok(stream)) => drop(sender.send(Box::new(stream)).await),
        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
    }
}

fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    let failed = |path: &Path, problem: String| Error::Setup {
        what: format!("{} cannot be used for TLS: {problem}", path.display()),
        hint: "--tls-cert names a PEM file with a certificate chain, --tls-key one with its private key."
            .into(),
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|error| failed(certificate, error.to_string()))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| failed(key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| failed(certificate, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
