//! `/v1/database/{name}/names`: what a module is called.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use spacetime_wire::http::{ErrorBody, InsertDomainResult, Names, SetDomainsResult};

use super::Authorized;
use crate::error::{Error, Result};
use crate::postgres::Module;
use crate::state::Gateway;

pub(super) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
) -> Result<Json<Names>> {
    Ok(Json(Names { names: gateway.database.module(&name).await?.names.clone() }))
}

/// `POST`: one more name, as text.
pub(super) async fn add(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Authorized(caller): Authorized,
    domain: String,
) -> Result<(StatusCode, Json<InsertDomainResult>)> {
    let domain = domain.trim().to_lowercase();
    let module = gateway.database.module(&name).await?;
    if module.owner != caller.identity {
        return Ok((StatusCode::UNAUTHORIZED, Json(InsertDomainResult::PermissionDenied { domain })));
    }
    let mut names = module.names.clone();
    names.push(domain.clone());
    match set(&gateway, &module, &names).await {
        Ok(()) => {
            let database_identity = module.identity;
            Ok((StatusCode::OK, Json(InsertDomainResult::Success { domain, database_identity })))
        }
        Err(error) => match error.sqlstate() {
            // It is another module's.
            Some("42710") => {
                Ok((StatusCode::UNAUTHORIZED, Json(InsertDomainResult::PermissionDenied { domain })))
            }
            Some("22023") => Err(ErrorBody::BadRequest(error.message()).into()),
            _ => Err(error),
        },
    }
}

/// `PUT`: these names and no others, as a JSON array.
pub(super) async fn replace(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Authorized(caller): Authorized,
    body: String,
) -> Result<(StatusCode, Json<SetDomainsResult>)> {
    let names: Vec<String> = serde_json::from_str(&body)
        .map_err(|error| ErrorBody::BadRequest(format!("a JSON array of names is needed: {error}")))?;
    let names: Vec<_> = names.iter().map(|name| name.to_lowercase()).collect();
    let module = match gateway.database.module(&name).await {
        Ok(module) => module,
        Err(Error::Answer(ErrorBody::NoSuchName(_) | ErrorBody::NoSuchIdentity)) => {
            return Ok((StatusCode::NOT_FOUND, Json(SetDomainsResult::DatabaseNotFound)));
        }
        Err(error) => return Err(error),
    };
    if module.owner != caller.identity {
        let refused = SetDomainsResult::NotYourDatabase { database: module.identity };
        return Ok((StatusCode::UNAUTHORIZED, Json(refused)));
    }
    match set(&gateway, &module, &names).await {
        Ok(()) => Ok((StatusCode::OK, Json(SetDomainsResult::Success))),
        Err(error) if matches!(error.sqlstate(), Some("42710" | "22023")) => {
            Ok((StatusCode::BAD_REQUEST, Json(SetDomainsResult::OtherError(error.message()))))
        }
        Err(error) => Err(error),
    }
}

async fn set(gateway: &Gateway, module: &Module, names: &[String]) -> Result<()> {
    let client = gateway.statements.wait().await?;
    client.execute_in_time("SELECT spacetime.set_names($1, $2)", &[&module.key(), &names]).await
}
