//! Publishing modules.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use spacetime_wire::http::{ErrorBody, PublishOperation, PublishResult};

use super::Authorized;
use super::database::require_owner;
use crate::error::{Error, Result};
use crate::state::Gateway;
use crate::tokens::Caller;

type Parameters = Query<HashMap<String, String>>;

/// `PUT /v1/database/{name}`.
pub(super) async fn named(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Query(parameters): Parameters,
    Authorized(caller): Authorized,
    wasm: Bytes,
) -> Result<Json<PublishResult>> {
    let has = |name: &str, value: &str| parameters.get(name).is_some_and(|given| given == value);
    if has("host_type", "Js") {
        return Err(
            ErrorBody::BadRequest("JavaScript modules are not supported, only WebAssembly".into()).into()
        );
    }
    let mut options = serde_json::Map::new();
    let existing = match gateway.database.module(&name).await {
        Ok(module) => Some(module),
        Err(Error::Answer(ErrorBody::NoSuchName(_))) => None,
        Err(error) => return Err(error),
    };
    match &existing {
        Some(module) => require_owner(module, &caller, "update database")?,
        None => {
            require_publisher(&gateway, &caller)?;
            options.insert("owner_identity".into(), caller.identity.to_string().into());
        }
    }
    if has("clear", "true") && existing.is_some() {
        options.insert("delete_data".into(), true.into());
    }
    if has("policy", "BreakClients") && existing.is_some() {
        options.insert("allow_breaking".into(), true.into());
    }
    let key = existing.as_ref().map_or(name.to_lowercase(), |module| module.key());
    let client = gateway.database.connect().await?;
    let options = serde_json::Value::Object(options);
    let question = "SELECT publish_module($1, $2, $3)";
    client.query_one(question, &[&key, &&wasm[..], &options]).await.map_err(refused)?;
    let module = gateway.database.module(&key).await?;
    let op = if existing.is_some() { PublishOperation::Updated } else { PublishOperation::Created };
    // Addressed by its identity, a module has no name to speak of.
    let domain = (name.to_lowercase() != module.key()).then_some(name);
    Ok(Json(PublishResult::Success { domain, database_identity: module.identity, op }))
}

/// `POST /v1/database`: a module without a name.
pub(super) async fn unnamed(_: State<Arc<Gateway>>) -> Error {
    ErrorBody::NotImplemented("modules without a name are not supported yet: publish under a name".into())
        .into()
}

fn require_publisher(gateway: &Gateway, caller: &Caller) -> Result<()> {
    if !caller.is_known {
        return Err(ErrorBody::AuthorizationRequired.into());
    }
    if gateway.options.lets_anybody_publish() {
        return Ok(());
    }
    let problem = "this gateway lets nobody create modules over HTTP: create it with publish_module in SQL";
    Err(ErrorBody::ConnectionRefused(problem.into()).into())
}

/// In the words of the reference: what the module is to blame for.
pub(super) fn refused(error: tokio_postgres::Error) -> Error {
    let error = Error::from(error);
    let message = error.message();
    match error.sqlstate() {
        Some("0A000" | "55000") => ErrorBody::UpdateRejected(message).into(),
        Some("08006") | None => error,
        Some(_) => ErrorBody::UpdateFailed(message).into(),
    }
}
