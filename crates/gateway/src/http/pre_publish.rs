//! `POST /v1/database/{name}/pre_publish`: what publishing would do to the data and to clients.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use spacetime_wire::http::PrePublishResult;

use super::Authorized;
use super::database::require_owner;
use crate::error::Result;
use crate::state::Gateway;

/// The owner's question; 404 for a name that is free.
pub(super) async fn pre_publish(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Authorized(caller): Authorized,
    wasm: Bytes,
) -> Result<Json<PrePublishResult>> {
    let module = gateway.database.module(&name).await?;
    require_owner(&module, &caller, "update database")?;
    let client = gateway.database.connect().await?;
    let question = "SELECT kind, object, breaks_clients, refused_why, encode(sha256($2), 'hex') \
                    FROM spacetime.plan_publish($1, $2, '{\"allow_breaking\": true}') ORDER BY step";
    let steps =
        client.query(question, &[&module.key(), &&wasm[..]]).await.map_err(super::publish::refused)?;
    let refusals: Vec<String> = steps.iter().filter_map(|step| step.get(3)).collect();
    if !refusals.is_empty() {
        let reason = refusals.join("\n");
        return Ok(Json(PrePublishResult::ManualMigrate { reason, major_version_upgrade: false }));
    }
    let line = |step: &tokio_postgres::Row| {
        let breaks = if step.get(2) { " (breaks clients)" } else { "" };
        format!("{} {}{breaks}\n", step.get::<_, String>(0).replace('_', " "), step.get::<_, String>(1))
    };
    Ok(Json(PrePublishResult::AutoMigrate {
        migrate_plan: steps.iter().map(line).collect(),
        break_clients: steps.iter().any(|step| step.get(2)),
        token: format!("0x{}", steps.first().map_or_else(String::new, |step| step.get(4))),
        major_version_upgrade: false,
    }))
}
