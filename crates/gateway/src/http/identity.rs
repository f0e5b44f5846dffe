//! `/v1/identity`: identities and tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use spacetime_auth::Identity;
use spacetime_wire::http::{Databases, ErrorBody, IdentityAndToken, Token};

use super::Authorized;
use crate::error::Result;
use crate::state::Gateway;

pub(super) async fn create(State(gateway): State<Arc<Gateway>>) -> Result<Json<IdentityAndToken>> {
    let caller = gateway.tokens.new_caller().await?;
    Ok(Json(IdentityAndToken { identity: caller.identity, token: caller.token }))
}

pub(super) async fn public_key(State(gateway): State<Arc<Gateway>>) -> Result<Response> {
    let kind = [(header::CONTENT_TYPE, "application/pem-certificate-chain")];
    Ok((kind, gateway.tokens.public_pem().await?).into_response())
}

pub(super) async fn websocket_token(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
) -> Result<Json<Token>> {
    let caller = authorized.required()?;
    Ok(Json(Token { token: gateway.tokens.for_websocket(&caller.token).await? }))
}

pub(super) async fn verify(Path(identity): Path<String>, authorized: Authorized) -> Result<StatusCode> {
    let caller = authorized.required()?;
    if parse(&identity)? != caller.identity {
        return Err(ErrorBody::BadRequest("Identity does not match token".into()).into());
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn databases(
    State(gateway): State<Arc<Gateway>>,
    Path(identity): Path<String>,
) -> Result<Json<Databases>> {
    let owned = gateway.database.modules_of(parse(&identity)?).await?;
    Ok(Json(Databases::new(owned)))
}

pub(super) fn parse(text: &str) -> Result<Identity> {
    let bytes = hex::decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let bytes = bytes.ok_or_else(|| ErrorBody::BadRequest("an identity has 64 hex digits".into()))?;
    Ok(Identity::from_be_bytes(bytes))
}
