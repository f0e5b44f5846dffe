//! Who sees which rows of a query, and so who can share an evaluation.

use super::query::Query;
use crate::error::{Error, Result};
use crate::pg::row_security::{Readable, readable};
use crate::pg::{Oid, access, user};

/// The role whose members are clients of every module.
const CLIENT: &str = "spacetime_client";

/// How the rows that a role sees are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// It sees all rows: they follow from the change log.
    All,
    /// Row policies decide: the query is run as that role.
    ByPolicies,
}

/// What `role` sees of a query; 42501 if it may not read all of its tables.
pub(super) fn sight(query: &Query, role: Oid) -> Result<Sight> {
    let module = &query.module;
    let mut sight = Sight::All;
    for at in query.relations() {
        let Some(table) = module.row.storage.tables.get(at) else { continue };
        if table.is_event {
            if !may_hear(query, at, role)? {
                return Err(forbidden(&table.name));
            }
            continue;
        }
        let changed = |problem: &str| Error::TableChanged {
            module: module.row.name.clone(),
            table: table.pg_name.clone(),
            problem: problem.into(),
        };
        let relation =
            access::relation(module.schema, &table.pg_name).ok_or_else(|| changed("it is gone"))?;
        match readable(module.schema, relation, role) {
            Readable::NoTable => return Err(changed("it is not a table")),
            Readable::Nothing => return Err(forbidden(&table.name)),
            Readable::ByPolicies => sight = Sight::ByPolicies,
            // All rows are read as the module's owner, for whom row security may be forced.
            Readable::All if readable(module.schema, relation, module.owner) != Readable::All => {
                sight = Sight::ByPolicies;
            }
            Readable::All => {}
        }
    }
    Ok(sight)
}

fn forbidden(table: &str) -> Error {
    Error::Forbidden { what: format!("permission denied for table {table}"), hint: String::new() }
}

/// Event tables are no relations in Postgres. Clients hear of public ones that no rule restricts; owners of all.
fn may_hear(query: &Query, table: usize, role: Oid) -> Result<bool> {
    if user::has_rights_of(role, query.module.owner) {
        return Ok(true);
    }
    let Some(definition) = query.module.definition.tables.get(table) else { return Ok(false) };
    let is_client = access::role(CLIENT).is_some_and(|client| user::has_rights_of(role, client));
    let has_rules = query.module.row.storage.tables.get(table).is_some_and(|table| !table.rules.is_empty());
    if definition.is_public && is_client && has_rules {
        return Err(Error::Unsupported {
            what: format!(
                "event table {:?} has visibility rules, which SQL subscriptions do not know",
                definition.name
            ),
            hint: "Subscribe through a gateway.".into(),
        });
    }
    Ok(definition.is_public && is_client)
}
