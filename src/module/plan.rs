//! From a module definition to its storage plan: which tables, types, indexes and functions it gets in Postgres.

use std::collections::{HashMap, HashSet};

use spacetime_definition::migration::{Migration, TableMatch};
use spacetime_definition::{Definition, Index, IndexAlgorithm, Sequence, Sum, Table, Type};

use super::filters;
use super::names::Names;
use super::plan_functions;
use super::wrappers::Wrapper;
use crate::catalog::{StoragePlan, StoredColumn, StoredIndex, StoredSequence, StoredTable, StoredType};
use crate::error::{Error, Result};
use crate::pg::name::{quote, quote_qualified};
use crate::pg::target::OWN_CHECK_PREFIX;
use crate::row::{self, StoredValue, U64As};

/// Columns a Postgres table and an index can have.
pub(super) const TABLE_COLUMNS_MAX: usize = 1600;
const INDEX_COLUMNS_MAX: usize = 32;
const LOCK_TABLE: &str = "spacetime_lock";

/// The version before: what it has keeps its names in Postgres.
#[derive(Clone, Copy)]
pub(super) struct Previous<'a> {
    pub(super) storage: &'a StoragePlan,
    pub(super) migration: &'a Migration,
}

/// A table of the version before, and which of its parts are which.
type PreviousTable<'a> = Option<(&'a StoredTable, &'a TableMatch)>;

/// Makes the storage plan of a module.
pub(super) fn plan(
    definition: &Definition,
    schema: &str,
    u64_as: U64As,
    previous: Option<Previous<'_>>,
) -> Result<StoragePlan> {
    let mut names = previous.map_or_else(Names::default, Previous::names);
    let lock_table = match previous {
        Some(previous) => previous.storage.lock_table.clone(),
        None => names.choose(LOCK_TABLE),
    };
    let before: Vec<_> =
        (0..definition.tables.len()).map(|at| previous.and_then(|previous| previous.table(at))).collect();
    let table_names: Vec<String> = definition
        .tables
        .iter()
        .zip(&before)
        .map(|(table, before)| match before {
            Some((stored, _)) => stored.pg_name.clone(),
            None => names.choose(&table.name),
        })
        .collect();
    let mut types =
        TypePlan { schema, u64_as, names: &mut names, types: Vec::new(), by_name: HashMap::new(), previous };
    types.collect(definition);
    let columns = definition
        .tables
        .iter()
        .zip(&before)
        .map(|(table, before)| types.columns(table, *before))
        .collect::<Result<Vec<_>>>()?;
    let mut functions = previous.map_or_else(Names::default, Previous::function_names);
    let reducers = definition.reducers.iter().map(|reducer| types.reducer(reducer, &mut functions)).collect();
    let procedures =
        definition.procedures.iter().map(|procedure| types.procedure(procedure, &mut functions)).collect();
    let mut views: Vec<_> = definition.views.iter().map(|view| types.view(view, &mut functions)).collect();
    let types = types.types;
    let mut tables = definition
        .tables
        .iter()
        .zip(table_names)
        .zip(columns)
        .zip(before)
        .map(|(((table, pg_name), columns), before)| {
            stored_table(table, pg_name, columns, &mut names, before)
        })
        .collect::<Result<Vec<_>>>()?;
    // Tables and what is on them come first: their names matter more.
    for view in &mut views {
        plan_functions::name_relation(view, &mut names, previous);
    }
    let rules = filters::compile(definition, &tables, schema, &mut functions)?;
    for (table, rules) in tables.iter_mut().zip(rules) {
        table.rules = rules;
    }
    Ok(StoragePlan { lock_table, types, tables, reducers, procedures, views })
}

impl<'a> Previous<'a> {
    /// The relations and types that stay, and the types that go: those make room only when nothing has them any more.
    fn names(self) -> Names {
        let mut names = Names::default();
        names.keep(&self.storage.lock_table);
        self.storage.types.iter().for_each(|ty| names.keep(&ty.pg_name));
        for parts in self.migration.tables.iter().flatten() {
            let table = &self.storage.tables[parts.old];
            // Nothing is stored of an event table, whatever its definition says of indexes.
            if table.is_event {
                continue;
            }
            names.keep(&table.pg_name);
            table.row_hash_index.iter().for_each(|name| names.keep(name));
            parts.indexes.iter().flatten().for_each(|at| names.keep(&table.indexes[*at].pg_name));
            parts.sequences.iter().flatten().for_each(|at| names.keep(&table.sequences[*at].pg_name));
        }
        self.storage.views.iter().filter_map(|view| view.pg_view.as_ref()).for_each(|name| names.keep(name));
        names
    }

    fn function_names(self) -> Names {
        let mut names = Names::default();
        Wrapper::all(self.storage).filter_map(Wrapper::function).for_each(|name| names.keep(name));
        names
    }

    fn table(self, at: usize) -> PreviousTable<'a> {
        let parts = self.migration.tables[at].as_ref()?;
        let table = &self.storage.tables[parts.old];
        (!table.is_event).then_some((table, parts))
    }

    fn type_name(self, name: &str) -> Option<String> {
        self.storage.types.iter().find(|ty| ty.name == name).map(|ty| ty.pg_name.clone())
    }

    /// Name in Postgres of the function of that name, whatever its kind.
    pub(super) fn function_name(self, function: &str) -> Option<String> {
        let found = Wrapper::all(self.storage).find(|wrapper| wrapper.name() == function)?;
        found.function().map(str::to_owned)
    }

    /// Name in Postgres of the SQL view of a view.
    pub(super) fn relation_name(self, view: &str) -> Option<String> {
        self.storage.views.iter().find(|stored| stored.name == view)?.pg_view.clone()
    }
}

/// Types of the module's schema, and SQL type names that use them.
pub(super) struct TypePlan<'a> {
    schema: &'a str,
    pub(super) u64_as: U64As,
    names: &'a mut Names,
    types: Vec<StoredType>,
    by_name: HashMap<String, String>,
    pub(super) previous: Option<Previous<'a>>,
}

impl TypePlan<'_> {
    fn collect(&mut self, definition: &Definition) {
        for domain in ["identity", "connection_id"] {
            self.add(domain.to_owned(), None);
        }
        let columns =
            definition.tables.iter().flat_map(|table| table.columns.iter().map(|column| &column.ty));
        for ty in columns.chain(plan_functions::types(definition)) {
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
        let kept = self.previous.and_then(|previous| previous.type_name(&name));
        let pg_name = kept.unwrap_or_else(|| self.names.choose(&name.replace('.', "_")));
        self.by_name.insert(name.clone(), pg_name.clone());
        self.types.push(StoredType { name, pg_name, labels });
    }

    fn own(&self, name: &str) -> String {
        quote_qualified(self.schema, self.by_name.get(name).map_or(name, String::as_str))
    }

    pub(super) fn sql_type(&self, ty: &Type, value: &StoredValue) -> String {
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

    fn columns(&self, table: &Table, before: PreviousTable<'_>) -> Result<Vec<StoredColumn>> {
        if table.columns.len() > TABLE_COLUMNS_MAX {
            return Err(unsupported(format!(
                "table {:?} has {} columns, Postgres takes {TABLE_COLUMNS_MAX}",
                table.name,
                table.columns.len()
            )));
        }
        let mut names = Names::of_columns();
        let mut checks = HashSet::new();
        let kept = |at: usize| before.and_then(|(stored, parts)| Some(&stored.columns[parts.columns[at]?]));
        if let Some((stored, parts)) = before {
            parts.columns.iter().flatten().for_each(|at| names.keep(&stored.columns[*at].pg_name));
            checks.extend(stored.columns.iter().filter_map(|column| column.check_name.clone()));
        }
        let columns = table.columns.iter().enumerate().map(|(at, column)| {
            let stored = row::stored(&column.ty, self.u64_as);
            let pg_name = kept(at).map_or_else(|| names.choose(&column.name), |kept| kept.pg_name.clone());
            let check = stored.value.check(&quote(&pg_name));
            let check_name = check.as_ref().and_then(|check| {
                let kept = kept(at).filter(|kept| kept.check.as_ref() == Some(check));
                let fresh = || {
                    (at + 1..).map(|n| format!("{OWN_CHECK_PREFIX}{n}")).find(|n| checks.insert(n.clone()))
                };
                kept.and_then(|kept| kept.check_name.clone()).or_else(fresh)
            });
            StoredColumn {
                check,
                check_name,
                name: column.name.clone(),
                pg_name,
                sats_type: column.ty.describe(),
                sql_type: self.sql_type(&column.ty, &stored.value),
                nullable: stored.nullable,
            }
        });
        Ok(columns.collect())
    }
}

/// The payload-free enum that a column of this type holds, by itself, in an Option or in an array.
pub(super) fn enum_within(ty: &Type) -> Option<&Sum> {
    match ty {
        Type::Sum(sum) if sum.is_plain_enum() => Some(sum),
        Type::Option(inner) | Type::Array(inner) => enum_within(inner),
        _ => None,
    }
}

/// The name of an enum's [`StoredType`].
pub(super) fn enum_key(sum: &Sum) -> String {
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
    before: PreviousTable<'_>,
) -> Result<StoredTable> {
    let mut has_primary_key = false;
    let indexes = table
        .indexes
        .iter()
        .enumerate()
        .filter(|_| !table.is_event)
        .map(|(at, index)| {
            let is_primary_key = !has_primary_key
                && index.columns.len() == 1
                && table.primary_key == Some(index.columns[0])
                && !columns[index.columns[0]].nullable;
            has_primary_key |= is_primary_key;
            let kept =
                before.and_then(|(stored, parts)| Some(stored.indexes[parts.indexes[at]?].pg_name.clone()));
            let pg_name = kept.unwrap_or_else(|| names.choose(&index.name));
            stored_index(table, index, is_primary_key, &columns, pg_name)
        })
        .collect::<Result<Vec<_>>>()?;
    let sequences = table
        .sequences
        .iter()
        .enumerate()
        .map(|(at, sequence)| {
            let kept = before
                .and_then(|(stored, parts)| Some(stored.sequences[parts.sequences[at]?].pg_name.clone()));
            let pg_name = kept.unwrap_or_else(|| names.choose(&sequence.name));
            stored_sequence(table, sequence, pg_name)
        })
        .collect::<Result<Vec<_>>>()?;
    let has_unique = indexes.iter().any(|index| index.is_unique);
    Ok(StoredTable {
        name: table.name.clone(),
        row_hash_index: (!has_unique && !table.is_event).then(|| {
            let kept = before.and_then(|(stored, _)| stored.row_hash_index.clone());
            kept.unwrap_or_else(|| names.choose(&format!("{}_row_hash", table.name)))
        }),
        pg_name,
        is_public: table.is_public,
        is_event: table.is_event,
        rules: Vec::new(),
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
    pg_name: String,
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
        pg_name,
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

fn stored_sequence(table: &Table, sequence: &Sequence, pg_name: String) -> Result<StoredSequence> {
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
        pg_name,
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
