//! Who sends a request: a token in the header or the address, or somebody new.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use spacetime_wire::http::ErrorBody;

use crate::error::{Error, Result};
use crate::state::Gateway;
use crate::tokens::Caller;

/// The caller; without a token one is made.
pub(crate) struct Authorized(pub(crate) Caller);

#[derive(serde::Deserialize)]
struct Parameters {
    token: Option<String>,
}

impl FromRequestParts<Arc<Gateway>> for Authorized {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, gateway: &Arc<Gateway>) -> Result<Self> {
        let token = match parts.headers.get(AUTHORIZATION) {
            Some(value) => {
                let text = value.to_str().map_err(|_| ErrorBody::MalformedAuthorization)?;
                Some(text.strip_prefix("Bearer ").ok_or(ErrorBody::MalformedAuthorization)?.to_owned())
            }
            // Never logged: it is a credential.
            None => Query::<Parameters>::try_from_uri(&parts.uri).ok().and_then(|query| query.0.token),
        };
        let caller = match token.as_deref().map(str::trim).filter(|token| !token.is_empty()) {
            Some(token) => gateway.tokens.verify(token).await?,
            None => gateway.tokens.new_caller().await?,
        };
        Ok(Self(caller))
    }
}

impl Authorized {
    /// The caller, who must have presented a token.
    pub(super) fn required(self) -> Result<Caller> {
        if self.0.is_known { Ok(self.0) } else { Err(ErrorBody::AuthorizationRequired.into()) }
    }
}
