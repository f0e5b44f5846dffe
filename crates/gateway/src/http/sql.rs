//! `/v1/database/{name}/sql`: queries of the subscription dialect. Column lists, COUNT, LIMIT and writing statements are
//! refused: SQL proper is what Postgres itself is for.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use spacetime_wire::http::{ErrorBody, StatementStats, statement_result};

use super::Authorized;
use crate::error::Result;
use crate::state::Gateway;
use crate::subscriptions::plans;

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
    let plans = plans(&module, Gateway::asker(&module, &caller), &query)?;
    let [plan] = plans.as_slice() else {
        return Err(ErrorBody::BadRequest("a statement is about one table".into()).into());
    };
    let loaded = gateway.database.load(&module.key(), std::slice::from_ref(&plan.table.name)).await?;
    let rows = loaded.tables.iter().flatten().filter(|row| plan.admits(row));
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let body = statement_result(&plan.table.row.fields, rows, micros, StatementStats::default(), ANSWER_MAX)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
