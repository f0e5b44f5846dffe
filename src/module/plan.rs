//! From a module definition to its storage plan: which tables, types, indexes and functions it gets in Postgres.

use std::collections::HashMap;

use spacetime_definition::{
    Definition, Field, Index, IndexAlgorithm, Lifecycle, Reducer, Sequence, Sum, Table, Type, Visibility,
};

use super::names::Names;
use crate::catalog::{
    StoragePlan, StoredColumn, StoredIndex, StoredReducer, StoredSequence, StoredTable, StoredType,
};
use crate::error::{Error, Result};
use crate::pg::name::{quote, quote_qualified};
use crate::row::{self, StoredValue, U64As};

/// Parameters a Postgres function can have (`FUNC_MAX_ARGS`).
const WRAPPER_PARAMETERS_MAX: usize = 100;
/// Columns a Postgres table and an index can have.
const TABLE_COLUMNS_MAX: usize = 1600;
const INDEX_COLUMNS_MAX: usize = 32;
const LOCK_TABLE: &str = "spacetime_lock";

/// Makes the storage plan of a new module.
pub(super) fn plan(definition: &Definition, schema: &str, u64_as: U64As) -> Result<StoragePlan> {
    let mut names = Names::default();
    let lock_table = names.choose(LOCK_TABLE);
    let table_names: Vec<String> = definition.tables.iter().map(|table| names.choose(&table.name)).collect();
    let mut types =
        TypePlan { schema, u64_as, names: &mut names, types: Vec::new(), by_name: HashMap::new() };
    types.collect(definition);
    let columns = definition.tables.iter().map(|table| types.columns(table)).collect::<Result<Vec<_>>>()?;
    let mut functions = Names::default();
    let reducers = definition.reducers.iter().map(|reducer| types.reducer(reducer, &mut functions)).collect();
    let types = types.types;
    let tables = definition
        .tables
        .iter()
        .zip(table_names)
        .zip(columns)
        .map(|((table, pg_name), columns)| stored_table(table, pg_name, columns, &mut names))
        .collect::<Result<Vec<_>>>()?;
    Ok(StoragePlan { lock_table, types, tables, reducers })
}

/// Types of the module's schema, and SQL type names that use them.
struct TypePlan<'a> {
    schema: &'a str,
    u64_as: U64As,
    names: &'a mut Names,
    types: Vec<StoredType>,
    by_name: HashMap<String, String>,
}

impl TypePlan<'_> {
    fn collect(&mut self, definition: &Definition) {
        for domain in ["identity", "connection_id"] {
            self.add(domain.to_owned(), None);
        }
        let columns =
            definition.tables.iter().flat_map(|table| table.columns.iter().map(|column| &column.ty));
        let params =
            definition.reducers.iter().flat_map(|reducer| reducer.params.iter().map(|param| &param.ty));
        for ty in columns.chain(params) {
            if let Some(sum) = enum_within(ty) {
                let name = enum_key(sum);
                if !self.by_name.contains_key(&name) {
                    let mut labels = Names::default();
                    let variants = sum.variants.iter().enumerate();
                    let chosen = variants
                        .map(|(tag, variant)| {
                            labels.choose(variant.name.as_deref().unwrap_or(&tag.to_string()))
                        })
                        .collect();
                    self.add(name, Some(chosen));
                }
            }
        }
    }

    fn add(&mut self, name: String, labels: Option<Vec<String>>) {
        let pg_name = self.names.choose(&name.replace('.', "_"));
        self.by_name.insert(name.clone(), pg_name.clone());
        self.types.push(StoredType { name, pg_name, labels });
    }

    fn own(&self, name: &str) -> String {
        quote_qualified(self.schema, self.by_name.get(name).map_or(name, String::as_str))
    }

    fn sql_type(&self, ty: &Type, value: &StoredValue) -> String {
        match value {
            StoredValue::Bool => "boolean".into(),
            StoredValue::Int2 => "smallint".into(),
            StoredValue::Int4 => "integer".into(),
            StoredValue::Int8 | StoredValue::Duration => "bigint".into(),
            StoredValue::Checked { sql, .. } => (*sql).into(),
            StoredValue::Numeric { precision, .. } => format!("numeric({precision},0)"),
            StoredValue::Float4 => "real".into(),
            StoredValue::Float8 => "double precision".into(),
            StoredValue::Text => "text".into(),
            StoredValue::Bytea => "bytea".into(),
            StoredValue::Identity => self.own("identity"),
            StoredValue::ConnectionId => self.own("connection_id"),
            StoredValue::Timestamptz => "timestamp with time zone".into(),
            StoredValue::Uuid => "uuid".into(),
            StoredValue::Enum => {
                enum_within(ty).map_or_else(|| "text".into(), |sum| self.own(&enum_key(sum)))
            }
            StoredValue::Array(element) => format!("{}[]", self.sql_type(ty, element)),
            StoredValue::Jsonb => "jsonb".into(),
        }
    }

    fn columns(&self, table: &Table) -> Result<Vec<StoredColumn>> {
        if table.columns.len() > TABLE_COLUMNS_MAX {
            return Err(unsupported(format!(
                "table {:?} has {} columns, Postgres takes {TABLE_COLUMNS_MAX}",
                table.name,
                table.columns.len()
            )));
        }
        let mut names = Names::of_columns();
        let columns = table.columns.iter().map(|column| {
            let stored = row::stored(&column.ty, self.u64_as);
            let pg_name = names.choose(&column.name);
            StoredColumn {
                check: stored.value.check(&quote(&pg_name)),
                name: column.name.clone(),
                pg_name,
                sats_type: column.ty.describe(),
                sql_type: self.sql_type(&column.ty, &stored.value),
                nullable: stored.nullable,
            }
        });
        Ok(columns.collect())
    }

    fn reducer(&self, reducer: &Reducer, functions: &mut Names) -> StoredReducer {
        let kind = match (reducer.lifecycle, reducer.visibility) {
            (Some(Lifecycle::Init), _) => "init",
            (Some(Lifecycle::ClientConnected), _) => "client_connected",
            (Some(Lifecycle::ClientDisconnected), _) => "client_disconnected",
            (None, Visibility::Private) => "private",
            (None, Visibility::ClientCallable) => "callable",
        };
        let has_wrapper = kind == "callable" && reducer.params.len() <= WRAPPER_PARAMETERS_MAX;
        StoredReducer {
            name: reducer.name.clone(),
            pg_name: has_wrapper.then(|| functions.choose(&reducer.name)),
            arguments: self.arguments(&reducer.params),
            kind: kind.to_owned(),
        }
    }

    fn arguments(&self, params: &[Field]) -> String {
        let mut names = Names::default();
        let arguments = params.iter().enumerate().map(|(at, param)| {
            let name = names.choose(param.name.as_deref().unwrap_or(&format!("arg{}", at + 1)));
            let stored = row::stored(&param.ty, self.u64_as);
            format!("{} {}", quote(&name), self.sql_type(&param.ty, &stored.value))
        });
        arguments.collect::<Vec<_>>().join(", ")
    }
}

/// The payload-free enum that a column of this type holds, by itself, in an Option or in an array.
fn enum_within(ty: &Type) -> Option<&Sum> {
    match ty {
        Type::Sum(sum) if sum.is_plain_enum() => Some(sum),
        Type::Option(inner) | Type::Array(inner) => enum_within(inner),
        _ => None,
    }
}

fn enum_key(sum: &Sum) -> String {
    sum.name.clone().unwrap_or_else(|| {
        let variants =
            sum.variants.iter().map(|variant| variant.name.as_deref().unwrap_or("")).collect::<Vec<_>>();
        format!("enum_{}", &blake3::hash(variants.join("|").as_bytes()).to_hex()[..8])
    })
}

fn stored_table(
    table: &Table,
    pg_name: String,
    columns: Vec<StoredColumn>,
    names: &mut Names,
) -> Result<StoredTable> {
    let mut has_primary_key = false;
    let indexes = table
        .indexes
        .iter()
        .filter(|_| !table.is_event)
        .map(|index| {
            let is_primary_key = !has_primary_key
                && index.columns.len() == 1
                && table.primary_key == Some(index.columns[0])
                && !columns[index.columns[0]].nullable;
            has_primary_key |= is_primary_key;
            stored_index(table, index, is_primary_key, &columns, names)
        })
        .collect::<Result<Vec<_>>>()?;
    let sequences = table
        .sequences
        .iter()
        .map(|sequence| stored_sequence(table, sequence, names))
        .collect::<Result<Vec<_>>>()?;
    let has_unique = indexes.iter().any(|index| index.is_unique);
    Ok(StoredTable {
        name: table.name.clone(),
        row_hash_index: (!has_unique && !table.is_event)
            .then(|| names.choose(&format!("{}_row_hash", table.name))),
        pg_name,
        is_public: table.is_public,
        is_event: table.is_event,
        columns,
        indexes,
        sequences,
    })
}

fn stored_index(
    table: &Table,
    index: &Index,
    is_primary_key: bool,
    columns: &[StoredColumn],
    names: &mut Names,
) -> Result<StoredIndex> {
    if index.columns.len() > INDEX_COLUMNS_MAX {
        return Err(unsupported(format!("index {:?} has more than {INDEX_COLUMNS_MAX} columns", index.name)));
    }
    let of_jsonb = index.columns.iter().find(|column| columns[**column].sql_type == "jsonb");
    if let Some(column) = of_jsonb {
        return Err(Error::Unsupported {
            what: format!(
                "index {:?} of table {:?} is on column {:?} of type {}, which has no order in Postgres",
                index.name, table.name, columns[*column].name, columns[*column].sats_type
            ),
            hint: "Index columns of simple types: numbers, strings, identities, timestamps, enums without payload."
                .into(),
        });
    }
    Ok(StoredIndex {
        name: index.name.clone(),
        pg_name: names.choose(&index.name),
        columns: index.columns.iter().map(|column| columns[*column].pg_name.clone()).collect(),
        is_unique: index.is_unique,
        is_primary_key,
        algorithm: match index.algorithm {
            IndexAlgorithm::BTree => "btree",
            IndexAlgorithm::Hash => "hash",
            IndexAlgorithm::Direct => "direct",
        }
        .to_owned(),
    })
}

fn stored_sequence(table: &Table, sequence: &Sequence, names: &mut Names) -> Result<StoredSequence> {
    let max = sequence.max_value.unwrap_or(i128::from(i64::MAX)).min(i128::from(i64::MAX));
    let min = sequence.min_value.unwrap_or(1).max(i128::from(i64::MIN));
    let start = sequence.start.unwrap_or(if sequence.increment > 0 { min.max(1) } else { max });
    let fit = |value: i128| {
        i64::try_from(value).map_err(|_| {
            unsupported(format!(
                "auto-increment column {:?} of table {:?} counts beyond 64 bits",
                table.columns[sequence.column].name, table.name
            ))
        })
    };
    Ok(StoredSequence {
        name: sequence.name.clone(),
        pg_name: names.choose(&sequence.name),
        column: sequence.column,
        start: fit(start)?,
        min_value: fit(min)?,
        max_value: fit(max)?,
        increment: fit(sequence.increment)?,
    })
}

fn unsupported(what: String) -> Error {
    Error::Unsupported { what, hint: "See docs/limits.md.".into() }
}
