//! `/v1/database/{name}`: what a module is.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use spacetime_wire::http::schema::{Version, definition_json, version_9_json};
use spacetime_wire::http::{DatabaseInfo, ErrorBody, HostType, Names};

use super::Authorized;
use crate::error::{Error, Result};
use crate::postgres::Module;
use crate::state::Gateway;
use crate::tokens::Caller;

pub(super) async fn health(State(gateway): State<Arc<Gateway>>) -> Result<Json<serde_json::Value>> {
    gateway.database.shared().await?.simple_query("").await?;
    Ok(Json(serde_json::json!({ "status": "ok" })))
}

pub(super) async fn info(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
) -> Result<Json<DatabaseInfo>> {
    let module = gateway.database.module(&name).await?;
    let digest = module.wasm_sha256.as_slice().try_into();
    let digest = digest.map_err(|_| Error::Layout("a digest does not have 32 bytes".into()))?;
    Ok(Json(DatabaseInfo {
        database_identity: module.identity,
        owner_identity: module.owner,
        host_type: HostType::Wasm,
        initial_program: DatabaseInfo::program_hash(digest),
    }))
}

pub(super) async fn identity(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
) -> Result<String> {
    Ok(gateway.database.module(&name).await?.key())
}

pub(super) async fn names(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
) -> Result<Json<Names>> {
    Ok(Json(Names { names: gateway.database.module(&name).await?.names.clone() }))
}

pub(super) async fn schema(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Query(parameters): Query<HashMap<String, String>>,
) -> Result<Response> {
    let asked = parameters.get("version").and_then(|version| Version::from_parameter(version));
    let asked = asked.ok_or_else(|| ErrorBody::BadRequest("version must be 9 or 10".into()))?;
    let module = gateway.database.module(&name).await?;
    let body = match (asked, Version::of(&module.description)?) {
        (Version::V9, Version::V10) => version_9_json(&module.definition),
        (asked, own) if asked == own => definition_json(&module.description)?,
        _ => return Err(ErrorBody::BadRequest("the module has no definition of version 10".into()).into()),
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

pub(super) async fn delete(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Authorized(caller): Authorized,
) -> Result<()> {
    let module = gateway.database.module(&name).await?;
    require_owner(&module, &caller, "delete database")?;
    let client = gateway.database.shared().await?;
    client.execute("SELECT spacetime.drop_module($1)", &[&module.key()]).await?;
    Ok(())
}

/// Refuses everybody but the module's owner.
pub(super) fn require_owner(module: &Module, caller: &Caller, action: &str) -> Result<()> {
    if module.owner == caller.identity {
        return Ok(());
    }
    let body = ErrorBody::NotAuthorized {
        caller: caller.identity,
        database: module.identity,
        action: action.to_owned(),
    };
    Err(body.into())
}
