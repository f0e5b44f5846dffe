//! `/v1/database/{name}/call/{function}`: a call without a connection. It gets one for its length.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use spacetime_wire::ConnectionId;
use spacetime_wire::http::ErrorBody;
use tokio::sync::oneshot;

use super::Authorized;
use crate::error::{Error, Result};
use crate::executor::{Arguments, QueuedCall};
use crate::postgres::Module;
use crate::refusal::Refusal;
use crate::state::{Gateway, new_connection_id};
use crate::subscriptions::Reply;
use crate::tokens::Caller;

pub(super) async fn call(
    State(gateway): State<Arc<Gateway>>,
    Path((name, function)): Path<(String, String)>,
    Authorized(caller): Authorized,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    to_the_end(run(gateway, name, function, caller, headers, body)).await
}

/// Does what a request asks for to its end, also when who has sent it does not wait: a connection that was made for it
/// must end.
pub(super) async fn to_the_end(
    answer: impl Future<Output = Result<Response>> + Send + 'static,
) -> Result<Response> {
    tokio::spawn(answer).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request failed");
        Err(ErrorBody::Internal.into())
    })
}

async fn run(
    gateway: Arc<Gateway>,
    name: String,
    function: String,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes() != b"application/json") {
        return Err(ErrorBody::UnsupportedContentType.into());
    }
    let arguments = String::from_utf8(body.to_vec()).map_err(|_| ErrorBody::InvalidArguments {
        function: function.clone(),
        problem: "not UTF-8".into(),
    })?;
    let module = gateway.database.module(&name).await?;
    let definition = &module.definition;
    let Some(reducer) = definition.reducer_by_name(&function) else {
        let procedure = definition.procedure_by_name(&function).ok_or(ErrorBody::NoSuchReducer)?;
        return super::procedure::call(&gateway, &module, procedure, caller, arguments).await;
    };
    if definition.reducers.get(reducer).is_some_and(|reducer| reducer.lifecycle.is_some()) {
        let problem = format!("{function} is a lifecycle reducer, which nobody calls");
        return Err(ErrorBody::BadRequest(problem).into());
    }
    let connection_id = connect(&gateway, &module, &caller).await?;
    let (reply, result) = oneshot::channel();
    let call = QueuedCall {
        reducer: function.clone(),
        arguments: Arguments::Json(arguments),
        sender: caller.identity,
        connection_id,
        claims: Arc::from(caller.claims.as_str()),
        role: caller.role.clone(),
        reply: Reply::Http(reply),
        room: None,
    };
    let submitted = gateway.executors.submit(module.identity, call);
    let result = match submitted {
        Ok(()) => result.await.map_err(|_| Error::Stopping),
        Err(_) => Err(ErrorBody::Unavailable("too many requests".into()).into()),
    };
    gateway.disconnected_soon(&module, &caller, connection_id).await;
    let result = result?;
    let mut response = if result.is_done() {
        StatusCode::OK.into_response()
    } else {
        let refusal = Refusal::of(Some(result.code()));
        let body = refusal.to_body(&function, result.message.clone(), ErrorBody::NoSuchReducer);
        Error::from(body).into_response()
    };
    add_headers(&mut response, u64::from(result.duration_us), &caller);
    response.headers_mut().insert("spacetime-energy-used", header::HeaderValue::from_static("0"));
    Ok(response)
}

/// A connection for the length of a call; client_connected may refuse it.
pub(super) async fn connect(
    gateway: &Arc<Gateway>,
    module: &Arc<Module>,
    caller: &Caller,
) -> Result<ConnectionId> {
    let id = new_connection_id()?;
    gateway.connected(module, caller, id).await.map_err(|error| match error.sqlstate() {
        Some("38000" | "39000") => ErrorBody::ConnectionRefused(error.message()).into(),
        _ => error,
    })?;
    Ok(id)
}

/// How long a call took, and who has made it.
pub(super) fn add_headers(response: &mut Response, micros: u64, caller: &Caller) {
    for (name, value) in [
        ("spacetime-execution-duration-micros", micros.to_string()),
        ("spacetime-identity", caller.identity.to_string()),
        ("spacetime-identity-token", caller.token.clone()),
    ] {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
}
