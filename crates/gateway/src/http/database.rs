//! `/v1/database/{name}`: what a module is.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use spacetime_wire::http::schema::{Version, definition_json, version_9_json};
use spacetime_wire::http::{DatabaseInfo, ErrorBody, HostType};

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
    let client = gateway.statements.wait().await?;
    let dropped = client.execute_in_time("SELECT spacetime.drop_module($1)", &[&module.key()]).await;
    dropped.map_err(|error| match error {
        error if error.sqlstate() == Some("55000") => ErrorBody::Locked.into(),
        error => error,
    })?;
    Ok(())
}

/// `POST …/lock`: the module is not deleted by accident.
pub(super) async fn lock(gateway: State<Arc<Gateway>>, name: Path<String>, caller: Authorized) -> Result<()> {
    protect(gateway, name, caller, true).await
}

/// `POST …/unlock`.
pub(super) async fn unlock(
    gateway: State<Arc<Gateway>>,
    name: Path<String>,
    caller: Authorized,
) -> Result<()> {
    protect(gateway, name, caller, false).await
}

async fn protect(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Authorized(caller): Authorized,
    is_protected: bool,
) -> Result<()> {
    let module = gateway.database.module(&name).await?;
    require_owner(&module, &caller, "lock database")?;
    let client = gateway.database.shared().await?;
    client.execute("SELECT spacetime.protect_module($1, $2)", &[&module.key(), &is_protected]).await?;
    Ok(())
}

/// `GET …/unstable/timestamp`: the time on Postgres' clock.
pub(super) async fn timestamp(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
) -> Result<Json<serde_json::Value>> {
    gateway.database.module(&name).await?;
    let question = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let micros: i64 = gateway.database.shared().await?.query_one(question, &[]).await?.get(0);
    Ok(Json(serde_json::json!({ "__timestamp_micros_since_unix_epoch__": micros })))
}

/// `GET /v1/energy/{identity}`: nothing is metered here.
pub(super) async fn energy(Path(identity): Path<String>) -> Result<Json<serde_json::Value>> {
    super::identity::parse(&identity)?;
    Ok(Json(serde_json::json!({ "balance": "0" })))
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
