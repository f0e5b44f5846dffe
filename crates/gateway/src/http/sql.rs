//! `/v1/database/{name}/sql`: one statement of the one-off dialect (wire.md §4.4), never SQL of Postgres: a client's text only
//! reaches it as a plan. Real SQL is what Postgres itself is for.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use spacetime_definition::{Field, Type};
use spacetime_query::{
    Access, CheckedStatement, Schema, VisibilityRules, answer_columns, check_statement, parse_statement,
};
use spacetime_wire::http::{ErrorBody, StatementStats, statement_result};

use super::call::{add_headers, connect, to_the_end};
use super::{Authorized, is_confirmed};
use crate::error::{Error, Result};
use crate::postgres::Module;
use crate::state::Gateway;
use crate::system_tables::SystemQuery;
use crate::tokens::Caller;

/// Bytes of an answer.
const ANSWER_MAX: usize = 64 << 20;

pub(super) async fn sql(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    Query(parameters): Query<HashMap<String, String>>,
    Authorized(caller): Authorized,
    query: String,
) -> Result<Response> {
    let is_confirmed = is_confirmed(&parameters)?.unwrap_or(true);
    to_the_end(answer(gateway, name, caller, query, is_confirmed)).await
}

async fn answer(
    gateway: Arc<Gateway>,
    name: String,
    caller: Caller,
    query: String,
    is_confirmed: bool,
) -> Result<Response> {
    let began = Instant::now();
    let module = gateway.database.module(&name).await?;
    let Checked { columns, statement, system } = check(&module, &caller, &query)?;
    let id = connect(&gateway, &module, &caller).await?;
    let ran = match &system {
        Some(system) => system.answer(&gateway.database, &module).await.map(|rows| (rows, 0)),
        None => run(&gateway, &module, &caller, &query).await,
    };
    // A query may have seen what a crash could undo; what a statement wrote is durable, and what it has seen with it.
    let waits = is_confirmed && matches!(statement, Some(CheckedStatement::Select { .. }));
    let durable = if waits { gateway.database.wait_durable().await } else { Ok(()) };
    gateway.disconnected_soon(&module, &caller, id).await;
    let (rows, written) = ran?;
    durable?;
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let mut stats = StatementStats::default();
    match statement {
        Some(CheckedStatement::Insert { .. }) => stats.rows_inserted = written,
        Some(CheckedStatement::Update { .. }) => stats.rows_updated = written,
        Some(CheckedStatement::Delete { .. }) => stats.rows_deleted = written,
        _ => {}
    }
    let body = statement_result(&columns, rows, micros, stats, ANSWER_MAX)?;
    let mut response = ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    add_headers(&mut response, micros, &caller);
    Ok(response)
}

/// A statement that its caller may ask.
struct Checked {
    /// Of the answer.
    columns: Vec<Field>,
    statement: Option<CheckedStatement>,
    /// What is asked of system tables is no business of Postgres'.
    system: Option<SystemQuery>,
}

/// Refuses what the caller may not ask.
fn check(module: &Module, caller: &Caller, text: &str) -> Result<Checked> {
    let refused = |error: spacetime_query::Error| Error::Query(error.to_string());
    let asker = Gateway::asker(module, caller);
    let statement = parse_statement(text).map_err(refused)?;
    let fields = |columns: Vec<(String, _)>| -> Vec<Field> {
        columns.into_iter().map(|(name, ty)| Field { name: Some(name), ty }).collect()
    };
    if let Some(system) = SystemQuery::of(&statement, &asker)? {
        return Ok(Checked { columns: fields(system.columns()), statement: None, system: Some(system) });
    }
    let schema = Schema::of(&module.definition);
    let access = if asker.is_owner { Access::Owner } else { Access::Client };
    let rules = VisibilityRules::default();
    let sender = caller.identity.to_le_bytes();
    let checked = check_statement(&statement, &schema, &rules, access, &sender).map_err(refused)?;
    let columns = match &checked {
        CheckedStatement::Select { plans, output, .. } => answer_columns(&schema, plans, output),
        CheckedStatement::ShowRowLimit => vec![("row_limit".to_owned(), Type::U64)],
        _ => Vec::new(),
    };
    Ok(Checked { columns: fields(columns), statement: Some(checked), system: None })
}

/// Rows in BSATN, and how many were written.
async fn run(gateway: &Gateway, module: &Module, caller: &Caller, text: &str) -> Result<(Vec<Bytes>, u64)> {
    let client = gateway.statements.wait().await?;
    let question = "SELECT pieces, written FROM spacetime._run_statement($1, $2, $3, $4, $5)";
    let sender = caller.identity.to_be_bytes();
    let role = &**gateway.database.role_of(caller.role.as_ref());
    let answer =
        client.query_one(question, &[&module.key(), &text, &&sender[..], &caller.claims, &role]).await;
    client.give_back();
    let row = answer.map_err(|error| {
        let error = Error::from(error);
        match error.sqlstate() {
            // What the statement or its rows are to blame for; of Postgres' own troubles nobody outside is told.
            Some(code) if ["0A", "21", "22", "23", "38", "39", "42", "55"].contains(&&code[..2]) => {
                ErrorBody::BadRequest(error.message()).into()
            }
            _ => error,
        }
    })?;
    let mut rows = Vec::new();
    for piece in row.get::<_, Vec<Vec<u8>>>(0) {
        crate::postgres::split_piece(Bytes::from(piece), &mut rows)?;
    }
    Ok((rows, u64::try_from(row.get::<_, i64>(1)).unwrap_or(0)))
}
