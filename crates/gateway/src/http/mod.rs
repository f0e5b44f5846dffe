//! The HTTP interface (wire.md §5): one file per kind of resource.

mod authorization;
mod call;
mod database;
mod identity;
mod logs;
mod pre_publish;
mod publish;
mod sql;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, header};
use axum::routing::{any, get, post, put};
use spacetime_wire::http::ErrorBody;
use tower_http::cors::{Any, CorsLayer};

pub(crate) use authorization::Authorized;

use crate::error::{Error, Result};
use crate::socket;
use crate::state::Gateway;

/// Time for open WebSockets to end at a shutdown.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of a body, but for modules.
const BODY_MAX: usize = 2 << 20;
/// Bytes of a module.
const MODULE_MAX: usize = 256 << 20;

/// Serves until `shutdown`; then connections close, and what is running is finished.
pub(crate) async fn serve(
    gateway: Arc<Gateway>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let address = gateway.options.listen;
    let listener =
        tokio::net::TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
    tracing::info!(%address, "listening");
    let router = router(Arc::clone(&gateway));
    let stopping = Arc::clone(&gateway);
    let stop = async move {
        shutdown.await;
        tracing::info!("shutting down");
        stopping.stopping.send_replace(true);
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(stop).await;
    // WebSockets are not among what was waited for.
    let closed = async {
        while gateway.metrics.connections.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(CLOSE_LIMIT, closed).await.is_err() {
        tracing::warn!("some clients were not disconnected in time; the next start does it");
    }
    served.map_err(|source| Error::Listen { address, source })
}

fn router(gateway: Arc<Gateway>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::ACCEPT, header::CONTENT_TYPE]);
    let modules = Router::new()
        .route("/v1/database", post(publish::unnamed))
        .route("/v1/database/{name}", put(publish::named).get(database::info).delete(database::delete))
        .route("/v1/database/{name}/pre_publish", post(pre_publish::pre_publish))
        .layer(DefaultBodyLimit::max(MODULE_MAX));
    let rest = Router::new()
        .route("/v1/ping", get(|| async {}))
        .route("/v1/health", get(database::health))
        .route("/health", get(database::health))
        .route("/metrics", get(metrics))
        .route("/v1/metrics", get(metrics))
        .route("/v1/identity", post(identity::create))
        .route("/v1/identity/public-key", get(identity::public_key))
        .route("/v1/identity/websocket-token", post(identity::websocket_token))
        .route("/v1/identity/{identity}/verify", get(identity::verify))
        .route("/v1/identity/{identity}/databases", get(identity::databases))
        .route("/v1/database/{name}/identity", get(database::identity))
        .route("/v1/database/{name}/names", get(database::names))
        .route("/v1/database/{name}/schema", get(database::schema))
        .route("/v1/database/{name}/logs", get(logs::logs))
        .route("/v1/database/{name}/call/{function}", post(call::call))
        .route("/v1/database/{name}/sql", post(sql::sql))
        .route("/v1/database/{name}/subscribe", get(socket::subscribe))
        .route("/v1/database/{name}/route", any(no_routes))
        .route("/v1/database/{name}/route/{*rest}", any(no_routes))
        .layer(DefaultBodyLimit::max(BODY_MAX));
    modules.merge(rest).layer(cors).with_state(gateway)
}

async fn metrics(State(gateway): State<Arc<Gateway>>) -> String {
    gateway.metrics.text()
}

async fn no_routes() -> Error {
    ErrorBody::NotImplemented("HTTP handlers of modules are not supported".into()).into()
}
