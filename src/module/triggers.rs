//! The triggers that publishing puts on a module's tables. All are made by a superuser, with functions of the extension.

use spacetime_definition::{Definition, Table};

use super::schedule::ScheduledFunction;
use crate::catalog::{Concurrency, ModuleRow, SqlWriters, StoragePlan, StoredTable};
use crate::pg::name::{literal, quote_qualified};

/// One kind of trigger on one table.
pub(super) struct OwnTrigger {
    /// Its function in schema `spacetime`.
    pub(super) function: &'static str,
    pub(super) sql: Vec<String>,
}

/// The function of the triggers of scheduled tables.
pub(super) const SCHEDULE_FUNCTION: &str = "_note_schedule";

const NAMES: [&str; 5] = [
    "spacetime_lock",
    "spacetime_schedule",
    "spacetime_schedule_truncate",
    "spacetime_capture",
    "spacetime_capture_truncate",
];

/// The triggers that a table of the module `row` must have.
pub(super) fn of_table(
    row: &ModuleRow,
    definition: &Definition,
    table: &Table,
    stored: &StoredTable,
) -> Vec<OwnTrigger> {
    let name = quote_qualified(&row.schema_name, &stored.pg_name);
    let identity = literal(&row.identity.to_string());
    let mut triggers = Vec::new();
    if stored.is_event {
        return triggers;
    }
    if row.concurrency == Concurrency::Serial && row.sql_writers == SqlWriters::Locked {
        triggers.push(lock(&name, &row.storage.lock_table, &identity));
    }
    if ScheduledFunction::of(definition, table).is_some() {
        triggers.push(note_schedule(&name, &identity));
    }
    triggers.push(capture(&name, &identity));
    triggers
}

/// Tells the change log of rows that plain SQL writes. `ENABLE ALWAYS`: rows of replication count, too.
fn capture(table: &str, identity: &str) -> OwnTrigger {
    let function = format!("spacetime._capture_change({identity})");
    let sql = vec![
        format!(
            "CREATE OR REPLACE TRIGGER spacetime_capture AFTER INSERT OR UPDATE OR DELETE ON {table} \
             FOR EACH ROW EXECUTE FUNCTION {function}"
        ),
        format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER spacetime_capture"),
        format!(
            "CREATE OR REPLACE TRIGGER spacetime_capture_truncate BEFORE TRUNCATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION {function}"
        ),
        format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER spacetime_capture_truncate"),
    ];
    OwnTrigger { function: "_capture_change", sql }
}

/// Makes plain SQL writers of a table take the module's lock.
fn lock(table: &str, lock_table: &str, identity: &str) -> OwnTrigger {
    let sql = format!(
        "CREATE OR REPLACE TRIGGER spacetime_lock BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} \
         FOR EACH STATEMENT EXECUTE FUNCTION spacetime._lock_module({}, {identity})",
        literal(lock_table),
    );
    OwnTrigger { function: "_lock_module", sql: vec![sql] }
}

/// Keeps the schedule in step with the rows of a scheduled table.
fn note_schedule(table: &str, identity: &str) -> OwnTrigger {
    let function = format!("spacetime._note_schedule({identity})");
    let sql = vec![
        format!(
            "CREATE OR REPLACE TRIGGER spacetime_schedule AFTER INSERT OR UPDATE OR DELETE ON {table} \
             FOR EACH ROW EXECUTE FUNCTION {function}"
        ),
        format!(
            "CREATE OR REPLACE TRIGGER spacetime_schedule_truncate AFTER TRUNCATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION {function}"
        ),
    ];
    OwnTrigger { function: SCHEDULE_FUNCTION, sql }
}

/// Statements that free a table, given by its quoted name, from what [`note_schedule`] put on it.
pub(super) fn drop_schedule(table: &str) -> Vec<String> {
    ["spacetime_schedule", "spacetime_schedule_truncate"]
        .map(|trigger| format!("DROP TRIGGER IF EXISTS {trigger} ON {table}"))
        .into()
}

/// Statements that free a module's tables from all of them.
pub(super) fn drop(plan: &StoragePlan, schema: &str) -> impl Iterator<Item = String> {
    plan.relations().flat_map(move |table| {
        let table = quote_qualified(schema, &table.pg_name);
        NAMES.map(|trigger| format!("DROP TRIGGER IF EXISTS {trigger} ON {table}"))
    })
}
