//! From a storage plan to the SQL that carries it out. Text only; run by [`super::publish`].

use spacetime_auth::Identity;

use crate::catalog::{
    Grant, StoragePlan, StoredIndex, StoredReducer, StoredSequence, StoredTable, StoredType,
};
use crate::pg::name::{literal, quote, quote_qualified};
use crate::pg::target::OWN_CHECK_PREFIX;

/// Free space kept in pages of tables with a key, so that updates that touch no index stay on their page.
const FILLFACTOR: u32 = 80;

/// Statements that create everything of a new module, in order, to be run as its owner.
pub(super) fn create(plan: &StoragePlan, schema: &str) -> Vec<String> {
    let mut statements = vec![
        format!("CREATE SCHEMA {}", quote(schema)),
        format!("CREATE TABLE {} ()", quote_qualified(schema, &plan.lock_table)),
        format!(
            "COMMENT ON TABLE {} IS 'its lock is the serial lock of the module: LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE'",
            quote_qualified(schema, &plan.lock_table)
        ),
    ];
    statements.extend(plan.types.iter().map(|ty| create_type(ty, schema)));
    for table in &plan.tables {
        for sequence in &table.sequences {
            statements.push(create_sequence(sequence, schema));
        }
        if table.is_event {
            continue;
        }
        statements.push(create_table(table, schema));
        for sequence in &table.sequences {
            statements.push(own_sequence(table, sequence, schema));
        }
        statements.extend(table.indexes.iter().map(|index| create_index(table, index, schema)));
        statements
            .extend(table.row_hash_index.as_ref().map(|name| create_row_hash_index(table, name, schema)));
    }
    statements
}

/// Statements that make plain SQL writers of the module's tables take its lock.
pub(super) fn lock_triggers(plan: &StoragePlan, schema: &str, identity: Identity) -> Vec<String> {
    plan.relations()
        .map(|table| {
            format!(
                "CREATE TRIGGER spacetime_lock BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {} \
                 FOR EACH STATEMENT EXECUTE FUNCTION spacetime._lock_module({}, {})",
                quote_qualified(schema, &table.pg_name),
                literal(&plan.lock_table),
                literal(&identity.to_string()),
            )
        })
        .collect()
}

/// Creates the SQL function of a reducer; `None` for reducers that have none. To be run as a superuser.
pub(super) fn create_wrapper(
    reducer: &StoredReducer,
    schema: &str,
    identity: Identity,
    owner: &str,
) -> Option<String> {
    let name = quote_qualified(schema, reducer.pg_name.as_ref()?);
    let body = serde_json::json!({ "module": identity.to_string(), "reducer": reducer.name }).to_string();
    Some(format!(
        "CREATE FUNCTION {name}({arguments}) RETURNS void LANGUAGE spacetime VOLATILE PARALLEL UNSAFE AS {body}; \
         ALTER FUNCTION {name}({arguments}) OWNER TO {owner}",
        arguments = reducer.arguments,
        body = literal(&body),
        owner = quote(owner),
    ))
}

/// Drops the SQL function of a reducer.
pub(super) fn drop_wrapper(reducer: &StoredReducer, schema: &str) -> Option<String> {
    let name = quote_qualified(schema, reducer.pg_name.as_ref()?);
    Some(format!("DROP FUNCTION IF EXISTS {name}({})", reducer.arguments))
}

fn create_type(ty: &StoredType, schema: &str) -> String {
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

fn create_sequence(sequence: &StoredSequence, schema: &str) -> String {
    format!(
        "CREATE SEQUENCE {} AS bigint INCREMENT {} MINVALUE {} MAXVALUE {} START {} CYCLE",
        quote_qualified(schema, &sequence.pg_name),
        sequence.increment,
        sequence.min_value,
        sequence.max_value,
        sequence.start,
    )
}

fn own_sequence(table: &StoredTable, sequence: &StoredSequence, schema: &str) -> String {
    format!(
        "ALTER SEQUENCE {} OWNED BY {}.{}",
        quote_qualified(schema, &sequence.pg_name),
        quote_qualified(schema, &table.pg_name),
        quote(&table.columns[sequence.column].pg_name),
    )
}

fn create_table(table: &StoredTable, schema: &str) -> String {
    let mut parts = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        let mut part = format!("{} {}", quote(&column.pg_name), column.sql_type);
        if matches!(column.sql_type.as_str(), "text" | "text[]") {
            part.push_str(" COLLATE \"C\"");
        }
        if !column.nullable {
            part.push_str(" NOT NULL");
        }
        if let Some(sequence) = table.sequences.iter().find(|sequence| sequence.column == at) {
            let name = quote_qualified(schema, &sequence.pg_name);
            part.push_str(&format!(" DEFAULT nextval({}::regclass)", literal(&name)));
        }
        parts.push(part);
    }
    for (at, column) in table.columns.iter().enumerate() {
        if let Some(check) = &column.check {
            parts.push(format!("CONSTRAINT {OWN_CHECK_PREFIX}{} CHECK ({check})", at + 1));
        }
    }
    let has_key = table.indexes.iter().any(|index| index.is_unique);
    let options = if has_key { format!(" WITH (fillfactor = {FILLFACTOR})") } else { String::new() };
    format!("CREATE TABLE {} ({}){options}", quote_qualified(schema, &table.pg_name), parts.join(", "))
}

fn create_index(table: &StoredTable, index: &StoredIndex, schema: &str) -> String {
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
fn create_row_hash_index(table: &StoredTable, name: &str, schema: &str) -> String {
    let row = table.columns.iter().map(|column| quote(&column.pg_name)).collect::<Vec<_>>().join(", ");
    format!(
        "CREATE UNIQUE INDEX {} ON {} (hash_record_extended(ROW({row}), 0), hash_record_extended(ROW({row}), 1))",
        quote(name),
        quote_qualified(schema, &table.pg_name),
    )
}

/// Statements that free a module's tables from its lock.
pub(super) fn drop_lock_triggers(plan: &StoragePlan, schema: &str) -> impl Iterator<Item = String> {
    plan.relations().map(move |table| {
        format!("DROP TRIGGER IF EXISTS spacetime_lock ON {}", quote_qualified(schema, &table.pg_name))
    })
}

/// Statements that give the functions of a new version the rights those of the old one had.
pub(super) fn restore_grants(
    reducers: &[StoredReducer],
    schema: &str,
    grants: &[(String, Vec<Grant>)],
) -> Vec<String> {
    let mut statements = Vec::new();
    for (name, grants) in grants {
        let Some(reducer) = reducers.iter().find(|reducer| reducer.name == *name) else { continue };
        let Some(function) = &reducer.pg_name else { continue };
        let function = format!("{}({})", quote_qualified(schema, function), reducer.arguments);
        statements.push(format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC"));
        statements.extend(grants.iter().map(|grant| {
            let option = if grant.with_grant_option { " WITH GRANT OPTION" } else { "" };
            let grantee = grant.grantee.as_deref().map_or_else(|| "PUBLIC".into(), quote);
            format!("GRANT EXECUTE ON FUNCTION {function} TO {grantee}{option}")
        }));
    }
    statements
}
