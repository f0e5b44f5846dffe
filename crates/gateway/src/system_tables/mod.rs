//! The tables `st_…` (wire.md §4.5): what a module consists of and who is connected, for queries that are asked once.
//!
//! They are no tables of Postgres': their rows are made from the module's definition when somebody asks, and are the same for
//! everybody. Hence they are joined with each other, but not with the module's tables, and cannot be subscribed to.

mod catalog;
mod module;

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use spacetime_definition::{Field, Product, Type};
use spacetime_query::syntax::{Output, Query, Select, Statement};
use spacetime_query::{
    Access, CheckedOutput, CheckedStatement, Plan, Schema, StoredColumn, StoredRelation, VisibilityRules,
    answer_columns, check_statement, parse, select_in_memory,
};

use crate::error::{Error, Result};
use crate::postgres::{Database, Module};
use crate::subscriptions::{Asker, TableInfo};
use catalog::{Facts, SystemTable, TABLES};

/// Bytes of an answer.
const ANSWER_MAX: usize = 64 << 20;

static SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| Schema { relations: TABLES.iter().map(SystemTable::relation).collect() });

/// A query that looks at system tables only, checked.
#[derive(Debug)]
pub(crate) struct SystemQuery {
    plans: Vec<Plan>,
    output: CheckedOutput,
    limit: Option<u64>,
}

impl SystemQuery {
    /// For a text of the dialect without columns, COUNT and LIMIT; `None` if it does not name system tables.
    pub(crate) fn of_text(text: &str, asker: &Asker) -> Result<Option<Self>> {
        // What is wrong with a text, whoever reads it next says.
        let Ok(query) = parse(text) else { return Ok(None) };
        Self::of(&Statement::Select(Select { query, output: Output::Rows, limit: None }), asker)
    }

    /// For a statement; `None` if it does not name system tables.
    pub(crate) fn of(statement: &Statement, asker: &Asker) -> Result<Option<Self>> {
        let names = names(statement);
        let Some(system) = names.iter().find(|name| is_system(name)) else { return Ok(None) };
        if let Some(other) = names.iter().find(|name| !is_system(name)) {
            return Err(Error::Query(format!(
                "the system table `{system}` cannot be joined with `{other}`: ask for one after the other"
            )));
        }
        let access = if asker.is_owner { Access::Owner } else { Access::Client };
        let sender = asker.identity.to_le_bytes();
        let checked = check_statement(statement, &SCHEMA, &VisibilityRules::default(), access, &sender);
        match checked.map_err(|error| Error::Query(error.to_string()))? {
            CheckedStatement::Select { plans, output, limit } => {
                let plans = plans.into_iter().map(|plan| plan.bind(&sender)).collect();
                Ok(Some(Self { plans, output, limit }))
            }
            // Writes do not pass the check.
            _ => Ok(None),
        }
    }

    /// Refuses texts that are to be kept up to date.
    pub(crate) fn refuse_subscription(text: &str) -> Result<()> {
        let Ok(query) = parse(text) else { return Ok(()) };
        match relations(&query).into_iter().find(|name| is_system(name)) {
            Some(name) => Err(Error::Query(format!(
                "the system table `{name}` cannot be subscribed to: query it once, executing: `{text}`"
            ))),
            None => Ok(()),
        }
    }

    pub(crate) fn columns(&self) -> Vec<(String, Type)> {
        answer_columns(&SCHEMA, &self.plans, &self.output)
    }

    /// What messages say of the table whose rows are returned.
    pub(crate) fn table(&self) -> Option<TableInfo> {
        let table = TABLES.get(self.plans.first()?.returned_relation())?;
        let fields =
            table.columns.iter().map(|(name, kind)| Field { name: Some((*name).into()), ty: kind.ty() });
        let row = Product { name: None, fields: fields.collect() };
        Some(TableInfo { name: table.name.into(), id: table.id, is_event: false, row })
    }

    /// The rows, in BSATN.
    pub(crate) async fn answer(&self, database: &Database, module: &Arc<Module>) -> Result<Vec<Bytes>> {
        let looks_at = |name: &str| {
            let relations = self.plans.iter().flat_map(|plan| &plan.relations);
            relations.filter_map(|id| TABLES.get(*id)).any(|table| table.name == name)
        };
        let clients =
            if looks_at("st_client") { database.clients(module.identity).await? } else { Vec::new() };
        let facts = Facts { module, clients: &clients };
        // Only of those that are looked at.
        let rows: Vec<Vec<Vec<u8>>> = TABLES
            .iter()
            .map(|table| if looks_at(table.name) { (table.rows)(&facts) } else { Vec::new() })
            .collect();
        let found = select_in_memory(&self.plans, &self.output, self.limit, &SCHEMA, &rows, ANSWER_MAX);
        Ok(found.map_err(|error| Error::Query(error.to_string()))?.into_iter().map(Bytes::from).collect())
    }
}

fn is_system(name: &str) -> bool {
    TABLES.iter().any(|table| table.name == name)
}

/// The tables that a statement names.
fn names(statement: &Statement) -> Vec<&str> {
    match statement {
        Statement::Select(select) => relations(&select.query),
        Statement::Insert { table, .. }
        | Statement::Update { table, .. }
        | Statement::Delete { table, .. } => {
            vec![&table.text]
        }
        Statement::SetRowLimit(_) | Statement::ShowRowLimit => Vec::new(),
    }
}

fn relations(query: &Query) -> Vec<&str> {
    let joined = query.joins.iter().map(|join| &join.relation);
    std::iter::once(&query.from).chain(joined).map(|relation| relation.table.text.as_str()).collect()
}

impl SystemTable {
    fn relation(&self) -> StoredRelation {
        let columns = self.columns.iter().map(|(name, kind)| StoredColumn {
            name: (*name).into(),
            source_name: (*name).into(),
            ty: kind.ty(),
            is_indexed: false,
        });
        StoredRelation {
            name: self.name.into(),
            source_name: self.name.into(),
            columns: columns.collect(),
            is_public: true,
            is_event: false,
            // Nobody writes them.
            is_view: true,
        }
    }
}
