//! Publishing modules, and asking what publishing would do.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use spacetime_wire::http::{ErrorBody, PrePublishResult, PublishOperation, PublishResult, step_text};

use super::Authorized;
use super::database::require_owner;
use crate::error::{Error, Result};
use crate::postgres::Module;
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
    require_wasm(&parameters)?;
    let existing = match gateway.database.module(&name).await {
        Ok(module) => Some(module),
        Err(Error::Answer(ErrorBody::NoSuchName(_))) => None,
        Err(error) => return Err(error),
    };
    let Some(existing) = existing else {
        let name = name.to_lowercase();
        require_publisher(&gateway, &caller).await?;
        let module = create(&gateway, &caller, &name, &wasm).await?;
        return Ok(Json(success(&module, Some(name), PublishOperation::Created)));
    };
    require_owner(&existing, &caller, "update database")?;
    let mut options = serde_json::Map::new();
    if has(&parameters, "clear", "true") {
        options.insert("delete_data".into(), true.into());
    }
    if has(&parameters, "policy", "BreakClients") {
        // Somebody has looked at what will break, and this is what was looked at.
        let given = parameters.get("token").map(String::as_str);
        if given != Some(confirmation(&existing, &wasm).as_str()) {
            return Err(ErrorBody::BadRequest(
                "policy=BreakClients needs the token that pre_publish gives for this module and the published version"
                    .into(),
            )
            .into());
        }
        options.insert("allow_breaking".into(), true.into());
    }
    let module = publish(&gateway, &existing.key(), &wasm, options).await?;
    // Addressed by its identity, a module has no name to speak of.
    let domain = (name.to_lowercase() != module.key()).then_some(name);
    Ok(Json(success(&module, domain, PublishOperation::Updated)))
}

/// `POST /v1/database`: a module without a name.
pub(super) async fn unnamed(
    State(gateway): State<Arc<Gateway>>,
    Query(parameters): Parameters,
    Authorized(caller): Authorized,
    wasm: Bytes,
) -> Result<Json<PublishResult>> {
    require_wasm(&parameters)?;
    if has(&parameters, "clear", "true") {
        return Err(ErrorBody::BadRequest("clear needs the name of the database to clear".into()).into());
    }
    require_publisher(&gateway, &caller).await?;
    let module = create(&gateway, &caller, "", &wasm).await?;
    Ok(Json(success(&module, None, PublishOperation::Created)))
}

/// `PUT /v1/database/{name}/reset`: begins afresh, with the version sent or the one that is published.
pub(super) async fn reset(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Query(parameters): Parameters,
    Authorized(caller): Authorized,
    wasm: Bytes,
) -> Result<Json<PublishResult>> {
    require_wasm(&parameters)?;
    let existing = gateway.database.module(&name).await?;
    require_owner(&existing, &caller, "reset database")?;
    let wasm = if wasm.is_empty() {
        let question = "SELECT wasm FROM spacetime._module WHERE identity = $1";
        let identity = existing.identity.to_be_bytes();
        let row = gateway.database.connect().await?.query_one(question, &[&&identity[..]]).await?;
        Bytes::from(row.get::<_, Vec<u8>>(0))
    } else {
        wasm
    };
    let options = serde_json::Map::from_iter([("delete_data".to_owned(), true.into())]);
    let module = publish(&gateway, &existing.key(), &wasm, options).await?;
    let domain = (name.to_lowercase() != module.key()).then_some(name);
    Ok(Json(success(&module, domain, PublishOperation::Updated)))
}

/// `POST /v1/database/{name}/pre_publish`: what publishing would do.
pub(super) async fn plan(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Query(parameters): Parameters,
    Authorized(caller): Authorized,
    wasm: Bytes,
) -> Result<Json<PrePublishResult>> {
    require_wasm(&parameters)?;
    let module = gateway.database.module(&name).await?;
    require_owner(&module, &caller, "update database")?;
    let client = gateway.database.connect().await?;
    let question = "SELECT kind, object, breaks_clients, refused_why FROM spacetime.plan_publish($1, $2, $3)";
    let options = serde_json::json!({ "allow_breaking": true });
    let steps = client.query(question, &[&module.key(), &&wasm[..], &options]).await.map_err(refused)?;
    let (mut text, mut break_clients, mut reasons) = (String::new(), false, Vec::new());
    for step in &steps {
        let (kind, object): (String, String) = (step.get(0), step.get(1));
        let breaks: bool = step.get(2);
        break_clients |= breaks;
        let mark = if breaks { " (disconnects clients)" } else { "" };
        text.push_str(&format!("▸ {}{mark}\n", step_text(&kind, &object)));
        if let Some(why) = step.get::<_, Option<String>>(3) {
            reasons.push(format!("{object}: {why}"));
        }
    }
    Ok(Json(if reasons.is_empty() {
        PrePublishResult::AutoMigrate {
            migrate_plan: if text.is_empty() { "Nothing changes.\n".into() } else { text },
            break_clients,
            token: confirmation(&module, &wasm),
            major_version_upgrade: false,
        }
    } else {
        PrePublishResult::ManualMigrate { reason: reasons.join("\n"), major_version_upgrade: false }
    }))
}

/// Names what was looked at: the module's present version and the new one.
fn confirmation(module: &Module, wasm: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&module.identity.to_be_bytes());
    hasher.update(&module.wasm_sha256);
    hasher.update(wasm);
    format!("0x{}", hasher.finalize().to_hex())
}

fn has(parameters: &HashMap<String, String>, name: &str, value: &str) -> bool {
    parameters.get(name).is_some_and(|given| given == value)
}

fn require_wasm(parameters: &HashMap<String, String>) -> Result<()> {
    if has(parameters, "host_type", "Js") {
        let problem = "JavaScript modules are not supported, only WebAssembly";
        return Err(ErrorBody::BadRequest(problem.into()).into());
    }
    if parameters.get("num_replicas").is_some_and(|number| number.parse::<u8>().is_err()) {
        return Err(ErrorBody::BadRequest("num_replicas is a number up to 255".into()).into());
    }
    Ok(())
}

async fn require_publisher(gateway: &Gateway, caller: &Caller) -> Result<()> {
    if !caller.is_known {
        return Err(ErrorBody::AuthorizationRequired.into());
    }
    if gateway.options.lets_anybody_publish() {
        return Ok(());
    }
    let question = "SELECT EXISTS (SELECT FROM spacetime._publisher WHERE identity = $1)";
    let identity = caller.identity.to_be_bytes();
    let client = gateway.database.shared().await?;
    if client.query_one(question, &[&&identity[..]]).await?.get(0) {
        return Ok(());
    }
    let problem = format!(
        "identity {0} may not publish modules here. A superuser can allow it: SELECT spacetime.grant_publish('\\x{0}')",
        caller.identity
    );
    Err(ErrorBody::ConnectionRefused(problem).into())
}

async fn create(gateway: &Gateway, caller: &Caller, name: &str, wasm: &[u8]) -> Result<Arc<Module>> {
    let owner = caller.identity.to_string();
    let options = serde_json::Map::from_iter([("owner_identity".to_owned(), owner.into())]);
    publish(gateway, name, wasm, options).await
}

/// Publishes over a connection of its own: it takes its time.
async fn publish(
    gateway: &Gateway,
    module: &str,
    wasm: &[u8],
    options: serde_json::Map<String, serde_json::Value>,
) -> Result<Arc<Module>> {
    let client = gateway.database.connect().await?;
    let options = serde_json::Value::Object(options);
    let question = "SELECT publish_module($1, $2, $3) ->> 'module'";
    let published = client.query_one(question, &[&module, &wasm, &options]).await.map_err(refused)?;
    gateway.database.module(published.get(0)).await
}

fn success(module: &Module, domain: Option<String>, op: PublishOperation) -> PublishResult {
    PublishResult::Success { domain, database_identity: module.identity, op }
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
