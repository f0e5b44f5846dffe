//! A query that was checked against a module: one table and a condition on its rows.
//!
//! Two-table queries and views are refused for now, and so are tables with visibility rules for everybody but the
//! module's owner: a gateway that cannot evaluate a rule must not show the rows.

use std::sync::Arc;

use spacetime_auth::Identity;
use spacetime_definition::Table;
use spacetime_query::syntax::Projection;

use super::condition::Condition;
use crate::error::{Error, Result};
use crate::postgres::Module;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) identity: Identity,
    /// Owners see private tables, and no rules apply to them.
    pub(crate) is_owner: bool,
}

/// A checked query.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) table: Arc<TableInfo>,
    pub(crate) condition: Condition,
}

/// What messages say of a table.
#[derive(Debug)]
pub(crate) struct TableInfo {
    /// Canonical name.
    pub(crate) name: String,
    pub(crate) id: u32,
    pub(crate) is_event: bool,
    pub(crate) row: spacetime_definition::Product,
}

/// First id of a module's own tables.
const FIRST_TABLE_ID: u32 = 4097;

/// Checks a query; `SELECT * FROM *` gives one plan for each table the asker may read.
pub(crate) fn plans(module: &Module, asker: Asker, text: &str) -> Result<Vec<Plan>> {
    if is_everything(text) {
        let readable = module.definition.tables.iter().enumerate().filter(|(_, table)| {
            !table.is_event && may_read(table, asker) && (asker.is_owner || !has_rule(module, table))
        });
        let all =
            |(at, table): (usize, &Table)| Plan { table: info(at, table), condition: Condition::Always };
        return Ok(readable.map(all).collect());
    }
    let plan = plan(module, asker, text);
    plan.map(|plan| vec![plan]).map_err(|error| Error::Query(format!("{error}, executing: `{text}`")))
}

/// `SELECT * FROM *`, which is no query of the grammar.
fn is_everything(text: &str) -> bool {
    let words: Vec<_> =
        text.trim().trim_end_matches(';').split_whitespace().map(str::to_ascii_lowercase).collect();
    words == ["select", "*", "from", "*"]
}

fn plan(module: &Module, asker: Asker, text: &str) -> Result<Plan> {
    let refused = |problem: String| Err(Error::Query(problem));
    let query = spacetime_query::parse(text).map_err(|error| Error::Query(error.to_string()))?;
    if !query.joins.is_empty() {
        return refused("queries of two tables are not supported by this gateway yet".into());
    }
    let definition = &module.definition;
    let name = &query.from.table.text;
    let missing = format!("no such table: `{name}`. If the table exists, it may be marked private.");
    if definition.view_by_name(name).is_some() {
        return refused(format!("`{name}` is a view; views are not supported by this gateway yet"));
    }
    let Some(at) = definition.table_by_name(name) else { return refused(missing) };
    let table = &definition.tables[at];
    if !may_read(table, asker) {
        return refused(missing);
    }
    if !asker.is_owner && has_rule(module, table) {
        return refused(format!(
            "`{name}` has visibility rules or row security, which this gateway does not evaluate yet"
        ));
    }
    let alias = query.from.alias.as_ref().unwrap_or(&query.from.table).text.as_str();
    if let Projection::Relation(relation) = &query.projection
        && relation.text != alias
    {
        return refused(format!("`{}` is not in scope", relation.text));
    }
    let condition = match &query.filter {
        Some(filter) => Condition::check(filter, table, alias, asker.identity)?,
        None => Condition::Always,
    };
    Ok(Plan { table: info(at, table), condition })
}

fn may_read(table: &Table, asker: Asker) -> bool {
    table.is_public || asker.is_owner
}

/// Whether a client visibility filter or a row security policy may be about the table: when in doubt, yes.
fn has_rule(module: &Module, table: &Table) -> bool {
    if module.secured.contains(&table.name) {
        return true;
    }
    module.definition.row_level_security.iter().any(|rule| match spacetime_query::parse(rule) {
        Ok(query) => {
            let relations = std::iter::once(&query.from).chain(query.joins.iter().map(|join| &join.relation));
            let mut names = relations.map(|relation| relation.table.text.as_str());
            names.any(|name| name == table.name || name == table.source_name)
        }
        Err(_) => true,
    })
}

fn info(at: usize, table: &Table) -> Arc<TableInfo> {
    let at = u32::try_from(at).unwrap_or(u32::MAX - FIRST_TABLE_ID);
    Arc::new(TableInfo {
        name: table.name.clone(),
        id: FIRST_TABLE_ID + at,
        is_event: table.is_event,
        row: table.row_type(),
    })
}

impl Plan {
    /// Queries with the same key have the same rows, whoever asks.
    pub(crate) fn key(&self) -> String {
        format!("{:?} {:?}", self.table.name, self.condition)
    }

    /// Whether a row, in BSATN, belongs to the result. Rows that cannot be read do not.
    pub(crate) fn admits(&self, row: &[u8]) -> bool {
        match &self.condition {
            Condition::Always => true,
            condition => condition.holds(&self.table.row.fields, row).unwrap_or(false),
        }
    }
}
