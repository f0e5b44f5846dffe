//! Who may see a module's tables and call its functions: grants and row-level security. Text only, as in [`super::ddl`].
//!
//! Event tables are no tables in Postgres and need no rights. Every other one has row security on, so a GRANT alone opens nothing that the module keeps private. It is not FORCEd: reducers
//! run with the owner's rights, and the owner sees everything.

use crate::catalog::{StoragePlan, StoredTable};
use crate::pg::name::{quote, quote_qualified};

/// The role that clients are members of. It is made with the extension.
pub(super) const CLIENT: &str = "spacetime_client";
/// Name of the policy that says which rows of a table clients see.
const READ_POLICY: &str = "spacetime_read";

/// Lets clients name what is in the schema.
pub(super) fn open_schema(schema: &str) -> String {
    format!("GRANT USAGE ON SCHEMA {} TO {CLIENT}", quote(schema))
}

/// Statements that give a new table its rights.
pub(super) fn secure_table(table: &StoredTable, schema: &str) -> Vec<String> {
    let name = quote_qualified(schema, &table.pg_name);
    let mut statements = vec![format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")];
    if table.is_public && table.rules.is_empty() {
        statements.extend(open_table(table, schema));
    }
    statements
}

/// Statements that let clients read a table, as far as its rules go. Whoever else is granted SELECT sees the same rows.
pub(super) fn open_table(table: &StoredTable, schema: &str) -> Vec<String> {
    if table.is_event {
        return Vec::new();
    }
    let name = quote_qualified(schema, &table.pg_name);
    let functions = table.rules.iter().filter_map(|rule| rule.function.as_ref());
    let mut statements: Vec<_> = functions.map(|function| function.create.clone()).collect();
    let conditions: Vec<_> = table.rules.iter().map(|rule| format!("({})", rule.condition)).collect();
    let condition = if conditions.is_empty() { "true".into() } else { conditions.join(" OR ") };
    statements.push(format!("CREATE POLICY {READ_POLICY} ON {name} FOR SELECT USING ({condition})"));
    statements.push(format!("GRANT SELECT ON {name} TO {CLIENT}"));
    statements
}

/// Statements that undo [`open_table`].
pub(super) fn close_table(table: &StoredTable, schema: &str) -> Vec<String> {
    if table.is_event {
        return Vec::new();
    }
    let name = quote_qualified(schema, &table.pg_name);
    let mut statements = hide_table(table, schema);
    statements.push(format!("REVOKE SELECT ON {name} FROM {CLIENT}"));
    statements
}

/// Statements that hide all rows of a table from clients while its columns, or those its rules look at, are changed.
pub(super) fn hide_table(table: &StoredTable, schema: &str) -> Vec<String> {
    if table.is_event {
        return Vec::new();
    }
    let name = quote_qualified(schema, &table.pg_name);
    let functions = table.rules.iter().filter_map(|rule| rule.function.as_ref());
    std::iter::once(format!("DROP POLICY IF EXISTS {READ_POLICY} ON {name}"))
        .chain(functions.map(|function| format!("DROP FUNCTION IF EXISTS {}", function.signature)))
        .collect()
}

/// Statements that make the policies of tables with rules, once all tables are there.
pub(super) fn open_ruled_tables(plan: &StoragePlan, schema: &str) -> Vec<String> {
    let ruled = plan.tables.iter().filter(|table| !table.rules.is_empty());
    ruled.flat_map(|table| open_table(table, schema)).collect()
}

/// Statements that let clients, and nobody else, call a function or procedure, named as DDL does. REVOKE from that role is
/// how an operator takes it back.
pub(super) fn open_function(signature: &str) -> String {
    format!("{}; GRANT EXECUTE ON {signature} TO {CLIENT}", close_function(signature))
}

/// Takes a new function from everybody but the module's owner.
pub(super) fn close_function(signature: &str) -> String {
    format!("REVOKE ALL ON {signature} FROM PUBLIC")
}
