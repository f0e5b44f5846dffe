//! `/v1/database/{name}/call/{function}`: a call without a connection. It gets one for its length.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use spacetime_call_batch::CallResult;
use spacetime_wire::http::ErrorBody;
use tokio::sync::oneshot;

use super::Authorized;
use crate::error::{Error, Result};
use crate::executor::{Arguments, QueuedCall};
use crate::state::{Gateway, new_connection_id};
use crate::subscriptions::Reply;

pub(super) async fn call(
    State(gateway): State<Arc<Gateway>>,
    Path((name, function)): Path<(String, String)>,
    Authorized(caller): Authorized,
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
    if definition.reducer_by_name(&function).is_none() {
        if definition.procedure_by_name(&function).is_some() {
            return Err(
                ErrorBody::NotImplemented("procedures are not supported by this gateway yet".into()).into()
            );
        }
        return Err(ErrorBody::NoSuchReducer.into());
    }
    let connection_id = new_connection_id()?;
    gateway.connected(&module, &caller, connection_id).await.map_err(|error| match error.sqlstate() {
        Some("38000" | "39000") => ErrorBody::ConnectionRefused(error.message()).into(),
        _ => error,
    })?;
    let (reply, result) = oneshot::channel();
    let call = QueuedCall {
        reducer: function.clone(),
        arguments: Arguments::Json(arguments),
        sender: caller.identity,
        connection_id,
        claims: Arc::from(caller.claims.as_str()),
        reply: Reply::Http(reply),
    };
    let submitted = gateway.executors.submit(module.identity, call);
    let result = match submitted {
        Ok(()) => result.await.map_err(|_| Error::Stopping),
        Err(_) => Err(ErrorBody::Unavailable("too many requests".into()).into()),
    };
    gateway.disconnected(&module, &caller, connection_id).await;
    let result = result?;
    let headers = [
        ("spacetime-energy-used", "0".to_owned()),
        ("spacetime-execution-duration-micros", result.duration_us.to_string()),
        ("spacetime-identity", caller.identity.to_string()),
        ("spacetime-identity-token", caller.token),
    ];
    let mut response = match answer(&function, &result) {
        None => StatusCode::OK.into_response(),
        Some(body) => Error::from(body).into_response(),
    };
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// What is wrong with a call; never more than clients may know.
fn answer(function: &str, result: &CallResult) -> Option<ErrorBody> {
    let message = result.message.clone();
    Some(match result.code() {
        "00000" => return None,
        "38000" => ErrorBody::ReducerFailed(message),
        "39000" => ErrorBody::ReducerFailed("The instance encountered a fatal error.".into()),
        "42883" if message.contains("lifecycle") => ErrorBody::BadRequest(message),
        "42883" => ErrorBody::NoSuchReducer,
        "22023" | "22P02" | "22003" => {
            ErrorBody::InvalidArguments { function: function.to_owned(), problem: message }
        }
        "53400" | "57014" => ErrorBody::OutOfEnergy(message),
        "42501" => ErrorBody::ConnectionRefused(message),
        "08006" | "40001" | "55P03" => ErrorBody::Unavailable(message),
        _ => ErrorBody::ReducerFailed(message),
    })
}
