//! The HTTP interface (wire.md §5): one file per kind of resource.

mod authorization;
mod call;
mod database;
mod identity;
mod listener;
mod logs;
mod names;
mod procedure;
mod publish;
mod sql;

use std::collections::HashMap;
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

/// Time for requests to end at a shutdown, and then for WebSockets.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);
/// Bytes of a body, but for modules.
const BODY_MAX: usize = 2 << 20;
/// Bytes of a module.
const MODULE_MAX: usize = 256 << 20;

/// Serves until `shutdown`; then connections close, and what is running is finished.
pub(crate) async fn serve(
    gateway: Arc<Gateway>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let incoming = listener::Incoming::bind(&gateway.options).await?;
    let router = router(Arc::clone(&gateway));
    let stopping = Arc::clone(&gateway);
    let stop = async move {
        shutdown.await;
        tracing::info!("shutting down");
        stopping.stopping.send_replace(true);
    };
    let mut stopped = gateway.stopping.subscribe();
    let overdue = async {
        // The sender lives in `gateway`.
        drop(stopped.wait_for(|stopping| *stopping).await);
        tokio::time::sleep(CLOSE_LIMIT).await;
    };
    // Whoever has connected and asks for nothing, or follows a log, would be waited for without end.
    tokio::select! {
        () = listener::serve(incoming, router, stop) => {}
        () = overdue => {}
        error = gateway.vital.failed() => return Err(error),
    }
    // WebSockets are not among what was waited for.
    let closed = async {
        while gateway.metrics.connections.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(CLOSE_LIMIT, closed).await.is_err() {
        tracing::warn!("some clients were not disconnected in time; the next start does it");
    }
    Ok(())
}

fn router(gateway: Arc<Gateway>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::ACCEPT, header::CONTENT_TYPE]);
    let modules = Router::new()
        .route("/v1/database", post(publish::unnamed))
        .route("/v1/database/{name}", put(publish::named).get(database::info).delete(database::delete))
        .route("/v1/database/{name}/pre_publish", post(publish::plan))
        .route("/v1/database/{name}/reset", put(publish::reset))
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
        .route("/v1/database/{name}/names", get(names::list).post(names::add).put(names::replace))
        .route("/v1/database/{name}/lock", post(database::lock))
        .route("/v1/database/{name}/unlock", post(database::unlock))
        .route("/v1/database/{name}/unstable/timestamp", get(database::timestamp))
        .route("/v1/energy/{identity}", get(database::energy))
        .route("/v1/database/{name}/schema", get(database::schema))
        .route("/v1/database/{name}/logs", get(logs::logs))
        .route("/v1/database/{name}/call/{function}", post(call::call))
        .route("/v1/database/{name}/sql", post(sql::sql))
        .route("/v1/database/{name}/subscribe", get(socket::subscribe))
        .route("/v1/database/{name}/route", any(no_routes))
        .route("/v1/database/{name}/route/{*rest}", any(no_routes))
        .layer(DefaultBodyLimit::max(BODY_MAX));
    modules.merge(rest).layer(cors).layer(axum::middleware::from_fn(log_request)).with_state(gateway)
}

/// Whether answers are only about what is durable, as far as the request says.
pub(crate) fn is_confirmed(parameters: &HashMap<String, String>) -> Result<Option<bool>> {
    match parameters.get("confirmed").map(String::as_str) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(ErrorBody::BadRequest("confirmed is either true or false".into()).into()),
    }
}

/// Tells of each request, without its query: tokens are in there.
async fn log_request(
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let began = std::time::Instant::now();
    let response = next.run(request).await;
    let (status, micros) = (response.status().as_u16(), began.elapsed().as_micros());
    tracing::debug!(%method, path, status, micros, "request");
    response
}

async fn metrics(State(gateway): State<Arc<Gateway>>) -> String {
    gateway.metrics.text()
}

async fn no_routes() -> Error {
    ErrorBody::NotImplemented("HTTP handlers of modules are not supported".into()).into()
}
