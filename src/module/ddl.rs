//! From a storage plan to the SQL that carries it out. Text only; run by [`super::publish`].

use super::adopt::Record;
use super::policies;
use crate::catalog::{ModuleRow, StoredColumn, StoredIndex, StoredSequence, StoredTable, StoredType};
use crate::pg::name::{literal, quote, quote_qualified};

/// Free space kept in pages of tables with a key, so that updates that touch no index stay on their page.
const FILLFACTOR: u32 = 80;

/// Statements that create a module's schema and the table that its lock is on.
pub(super) fn create_schema(row: &ModuleRow) -> Vec<String> {
    let (lock_table, schema) = (&row.storage.lock_table, &row.schema_name);
    // By this comment adopt_module knows the schema, whatever becomes of its name and of the catalog.
    let record = serde_json::to_string(&Record::of(row)).unwrap_or_default();
    vec![
        format!("CREATE SCHEMA {}", quote(schema)),
        format!("CREATE TABLE {} ()", quote_qualified(schema, lock_table)),
        format!("COMMENT ON TABLE {} IS {}", quote_qualified(schema, lock_table), literal(&record)),
        policies::open_schema(schema),
    ]
}

/// Drops everything of a module.
pub(super) fn drop_schema(schema: &str) -> String {
    format!("DROP SCHEMA {} CASCADE", quote(schema))
}

/// Statements that create a table with everything on it.
pub(super) fn create_whole_table(table: &StoredTable, schema: &str) -> Vec<String> {
    let mut statements: Vec<_> =
        table.sequences.iter().map(|sequence| create_sequence(sequence, schema)).collect();
    if table.is_event {
        return statements;
    }
    statements.push(create_table(table, schema));
    statements.extend(table.sequences.iter().map(|sequence| own_sequence(table, sequence, schema)));
    statements.extend(table.indexes.iter().map(|index| create_index(table, index, schema)));
    statements.extend(create_row_hash_index(table, schema));
    statements.extend(policies::secure_table(table, schema));
    statements
}

pub(super) fn create_type(ty: &StoredType, schema: &str) -> String {
    let name = quote_qualified(schema, &ty.pg_name);
    match &ty.labels {
        Some(labels) => {
            let labels = labels.iter().map(|label| literal(label)).collect::<Vec<_>>().join(", ");
            format!("CREATE TYPE {name} AS ENUM ({labels})")
        }
        None => {
            let bytes = if ty.name == "identity" { 32 } else { 16 };
            format!("CREATE DOMAIN {name} AS bytea CHECK (octet_length(VALUE) = {bytes})")
        }
    }
}

pub(super) fn create_sequence(sequence: &StoredSequence, schema: &str) -> String {
    format!(
        "CREATE SEQUENCE {} AS bigint INCREMENT {} MINVALUE {} MAXVALUE {} START {} CYCLE",
        quote_qualified(schema, &sequence.pg_name),
        sequence.increment,
        sequence.min_value,
        sequence.max_value,
        sequence.start,
    )
}

/// Makes a column that has values count from them on.
pub(super) fn add_sequence(table: &StoredTable, sequence: &StoredSequence, schema: &str) -> Vec<String> {
    let on = quote_qualified(schema, &table.pg_name);
    let column = quote(&table.columns[sequence.column].pg_name);
    let (last, from, to) = match sequence.increment > 0 {
        true => ("max", sequence.start, sequence.max_value),
        false => ("min", sequence.min_value, sequence.start),
    };
    vec![
        create_sequence(sequence, schema),
        format!("ALTER TABLE {on} ALTER COLUMN {column} SET DEFAULT {}", next_value(sequence, schema)),
        own_sequence(table, sequence, schema),
        format!(
            "SELECT setval({}::regclass, last::bigint) FROM (SELECT {last}({column}) AS last FROM {on} \
             WHERE {column} >= {from} AND {column} <= {to}) found WHERE last IS NOT NULL",
            literal(&quote_qualified(schema, &sequence.pg_name)),
        ),
    ]
}

/// Another range; the position stays.
pub(super) fn change_sequence(sequence: &StoredSequence, schema: &str) -> String {
    format!(
        "ALTER SEQUENCE {} INCREMENT {} MINVALUE {} MAXVALUE {} START {}",
        quote_qualified(schema, &sequence.pg_name),
        sequence.increment,
        sequence.min_value,
        sequence.max_value,
        sequence.start,
    )
}

pub(super) fn own_sequence(table: &StoredTable, sequence: &StoredSequence, schema: &str) -> String {
    format!(
        "ALTER SEQUENCE {} OWNED BY {}.{}",
        quote_qualified(schema, &sequence.pg_name),
        quote_qualified(schema, &table.pg_name),
        quote(&table.columns[sequence.column].pg_name),
    )
}

fn create_table(table: &StoredTable, schema: &str) -> String {
    let mut parts: Vec<_> = (0..table.columns.len()).map(|at| column(table, at, schema)).collect();
    parts.extend(table.columns.iter().filter_map(check));
    let has_key = table.indexes.iter().any(|index| index.is_unique);
    let options = if has_key { format!(" WITH (fillfactor = {FILLFACTOR})") } else { String::new() };
    format!("CREATE TABLE {} ({}){options}", quote_qualified(schema, &table.pg_name), parts.join(", "))
}

/// A column as CREATE TABLE and ADD COLUMN declare it.
pub(super) fn column(table: &StoredTable, at: usize, schema: &str) -> String {
    let column = &table.columns[at];
    let not_null = if column.nullable { "" } else { " NOT NULL" };
    let sequence = table.sequences.iter().find(|sequence| sequence.column == at);
    let default = sequence.map(|sequence| format!(" DEFAULT {}", next_value(sequence, schema)));
    format!("{} {}{not_null}{}", quote(&column.pg_name), type_of(column), default.unwrap_or_default())
}

/// A column's type, with the order of its values.
pub(super) fn type_of(column: &StoredColumn) -> String {
    let collation = if matches!(column.sql_type.as_str(), "text" | "text[]") { " COLLATE \"C\"" } else { "" };
    format!("{}{collation}", column.sql_type)
}

/// The constraint that keeps SQL writers within a column's SATS type.
pub(super) fn check(column: &StoredColumn) -> Option<String> {
    let (name, check) = (column.check_name.as_ref()?, column.check.as_ref()?);
    Some(format!("CONSTRAINT {} CHECK ({check})", quote(name)))
}

/// What auto-increment columns get by default.
pub(super) fn next_value(sequence: &StoredSequence, schema: &str) -> String {
    format!("nextval({}::regclass)", literal(&quote_qualified(schema, &sequence.pg_name)))
}

pub(super) fn create_index(table: &StoredTable, index: &StoredIndex, schema: &str) -> String {
    let on = quote_qualified(schema, &table.pg_name);
    let name = quote(&index.pg_name);
    let columns = index.columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ");
    if index.is_primary_key {
        format!("ALTER TABLE {on} ADD CONSTRAINT {name} PRIMARY KEY ({columns})")
    } else if index.is_unique {
        format!("ALTER TABLE {on} ADD CONSTRAINT {name} UNIQUE NULLS NOT DISTINCT ({columns})")
    } else {
        format!("CREATE INDEX {name} ON {on} ({columns})")
    }
}

/// Rows of a table are a set. 128 bits of hash find an equal row; core functions only, so that nothing in the table
/// depends on the extension. The whole row decides (module-abi.md §4.5).
pub(super) fn create_row_hash_index(table: &StoredTable, schema: &str) -> Option<String> {
    let name = table.row_hash_index.as_ref()?;
    let row = table.columns.iter().map(|column| quote(&column.pg_name)).collect::<Vec<_>>().join(", ");
    Some(format!(
        "CREATE UNIQUE INDEX {} ON {} (hash_record_extended(ROW({row}), 0), hash_record_extended(ROW({row}), 1))",
        quote(name),
        quote_qualified(schema, &table.pg_name),
    ))
}
