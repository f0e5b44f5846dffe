//! `/v1/database/{name}/logs`: what the module has printed.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use spacetime_wire::http::{ErrorBody, LogLevel, LogLine};

use super::Authorized;
use super::database::require_owner;
use crate::error::Result;
use crate::state::Gateway;

#[derive(serde::Deserialize)]
pub(super) struct Parameters {
    num_lines: Option<i32>,
    #[serde(default)]
    follow: bool,
}

pub(super) async fn logs(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Query(parameters): Query<Parameters>,
    Authorized(caller): Authorized,
) -> Result<Response> {
    let module = gateway.database.module(&name).await?;
    require_owner(&module, &caller, "view module logs")?;
    if parameters.follow {
        return Err(ErrorBody::NotImplemented("following logs is not supported yet".into()).into());
    }
    let lines = parameters.num_lines.unwrap_or(i32::MAX);
    let question = "SELECT at, level, target, file, line, message FROM spacetime.logs($1, $2, 'trace')";
    let client = gateway.database.shared().await?;
    let mut body = String::new();
    for row in client.query(question, &[&module.key(), &lines]).await? {
        let at: std::time::SystemTime = row.get(0);
        let line = LogLine {
            level: level(row.get(1)),
            ts: i64::try_from(at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_micros())
                .unwrap_or(0),
            target: row.get(2),
            filename: row.get(3),
            line_number: row.get::<_, Option<i32>>(4).and_then(|line| u32::try_from(line).ok()),
            function: None,
            message: row.get(5),
            trace: None,
        };
        body.push_str(&line.to_ndjson()?);
    }
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

fn level(name: &str) -> LogLevel {
    match name {
        "error" => LogLevel::Error,
        "warn" => LogLevel::Warn,
        "debug" => LogLevel::Debug,
        "trace" => LogLevel::Trace,
        "panic" => LogLevel::Panic,
        _ => LogLevel::Info,
    }
}
