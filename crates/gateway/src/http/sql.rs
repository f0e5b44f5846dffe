//! `/v1/database/{name}/sql`: queries of the subscription dialect. Column lists, COUNT, LIMIT and writing statements are
//! refused: SQL proper is what Postgres itself is for.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use spacetime_wire::http::{StatementStats, statement_result};

use super::Authorized;
use crate::error::Result;
use crate::state::Gateway;
use crate::subscriptions::one_off;

/// Bytes of an answer.
const ANSWER_MAX: usize = 64 << 20;

pub(super) async fn sql(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Authorized(caller): Authorized,
    query: String,
) -> Result<Response> {
    let began = Instant::now();
    let module = gateway.database.module(&name).await?;
    let asker = Gateway::asker(&module, &caller);
    let (table, rows) = one_off(&gateway.database, &module, &asker, &query).await?;
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let body = statement_result(&table.row.fields, rows, micros, StatementStats::default(), ANSWER_MAX)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
