//! From the text of a query to the relations of a module.

use std::rc::Rc;

use spacetime_auth::Identity;
use spacetime_definition::Product;
use spacetime_query::{Access, Plan, Schema, VisibilityRules, parse_in_module, subscribe_parsed};

use crate::catalog;
use crate::error::{Error, Result};
use crate::module::{ReadyModule, ready};

/// A query that can be kept up to date.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) module: Rc<ReadyModule>,
    /// Their rows together are the query's. The sender is bound.
    pub(super) plans: Vec<Plan>,
}

impl Query {
    /// Resolves the names of a query. What the subscriber may see of it is not asked here.
    pub(super) fn resolve(text: &str, sender: Identity) -> Result<Self> {
        let (name, query) = parse_in_module(text)?;
        let found = catalog::find_by_schema(&name.text)?
            .map_or_else(|| catalog::find(&name.text), |row| Ok(Some(row)))?;
        let row = found.ok_or_else(|| Error::NoSuchModule(name.text.clone()))?;
        let module = ready(&row.identity.to_string())?;
        let schema = Schema::of(&module.definition);
        // Row policies decide who sees which rows of tables. Nothing is stored of event tables, so the module's own
        // rules do there.
        let as_owner = subscribe_parsed(&query, &schema, &VisibilityRules::default(), Access::Owner)?;
        let plans = as_owner.into_iter().map(|plan| plan.bind(&sender.to_le_bytes())).collect();
        let query = Self { module, plans };
        query.require_tables()?;
        Ok(query)
    }

    fn require_tables(&self) -> Result<()> {
        let tables = self.module.definition.tables.len();
        let view = self.relations().find(|relation| *relation >= tables);
        match view.and_then(|view| self.module.definition.views.get(view - tables)) {
            None => Ok(()),
            Some(view) => Err(Error::Unsupported {
                what: format!("{:?} is a view; SQL sessions can subscribe to tables", view.name),
                hint: "Subscribe to the tables that the view reads.".into(),
            }),
        }
    }

    /// Every relation of the query, some of them several times.
    pub(super) fn relations(&self) -> impl Iterator<Item = usize> {
        self.plans.iter().flat_map(|plan| plan.relations.iter().copied())
    }

    /// The table whose rows are returned.
    pub(super) fn returned(&self) -> usize {
        self.plans.first().map_or(0, Plan::returned_relation)
    }

    /// Its canonical name.
    pub(super) fn table(&self) -> &str {
        self.module.definition.tables.get(self.returned()).map_or("", |table| &table.name)
    }

    pub(super) fn row_type(&self) -> Product {
        self.module
            .definition
            .tables
            .get(self.returned())
            .map_or_else(|| Product { name: None, fields: Vec::new() }, spacetime_definition::Table::row_type)
    }

    pub(super) fn returns_events(&self) -> bool {
        self.module.definition.tables.get(self.returned()).is_some_and(|table| table.is_event)
    }
}
