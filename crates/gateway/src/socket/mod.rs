//! WebSocket connections (wire.md §1).

mod connection;
mod procedure;
mod protocol;
mod requests;
mod seats;
mod v1;
mod v2;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use spacetime_wire::envelope::Compression;
use spacetime_wire::http::ErrorBody;
use spacetime_wire::{ConnectionId, Limits, SUBPROTOCOLS};

use crate::error::{Error, Result};
use crate::http::{Authorized, is_confirmed};
use crate::options::CompressionChoice;
use crate::state::{Gateway, new_connection_id};
use connection::{Peer, Session};
use protocol::{Encoder, Protocol};
pub(crate) use seats::Seats;

/// Bytes of a message to a client: each has its own copy while it is sent.
const MESSAGE_MAX: usize = 256 << 20;

/// `GET /v1/database/{name}/subscribe`.
pub(crate) async fn subscribe(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Query(parameters): Query<HashMap<String, String>>,
    Authorized(caller): Authorized,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response> {
    let offered = offered(&headers);
    let chosen = SUBPROTOCOLS.into_iter().find(|known| offered.iter().any(|offer| offer == known));
    let chosen = chosen.ok_or(ErrorBody::NoProtocol)?;
    let protocol = Protocol::of(chosen, parameters.get("light").is_some_and(|light| light == "true"));
    let connection_id = match parameters.get("connection_id") {
        Some(text) => text.parse::<ConnectionId>()?,
        None => new_connection_id()?,
    };
    let is_confirmed = is_confirmed(&parameters)?.unwrap_or(matches!(protocol, Protocol::V2 { .. }));
    let asked = match parameters.get("compression") {
        None => Compression::default(),
        Some(name) => Compression::from_parameter(name)
            .ok_or_else(|| ErrorBody::BadRequest("unknown compression: use None, Brotli or Gzip".into()))?,
    };
    let compression = match gateway.options.compression {
        CompressionChoice::Never => Compression::None,
        CompressionChoice::Asked => asked,
    };
    let module = gateway.database.module(&name).await?;
    if *gateway.stopping.borrow() {
        return Err(Error::Stopping);
    }
    let (identity, token) = (caller.identity, caller.token.clone());
    let peer = Arc::new(Peer { module, caller, connection_id });
    let limits = Limits { outgoing_bytes: MESSAGE_MAX, ..Limits::default() };
    let limit = limits.message_bytes;
    let session = Session { gateway, is_confirmed, encoder: Encoder { protocol, compression, peer, limits } };
    let mut response = upgrade
        .protocols([chosen])
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| session.run(socket))
        .into_response();
    let headers = response.headers_mut();
    for (name, value) in [("spacetime-identity", identity.to_string()), ("spacetime-identity-token", token)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

/// Subprotocols that the client offers.
fn offered(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all("sec-websocket-protocol").iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_owned()).collect()
}
