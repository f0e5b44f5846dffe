//! Tables: from the raw structures to validated, named ones (module-abi.md §3.7 to §3.9).

use std::collections::HashSet;

use crate::bsatn;
use crate::definition::{Abi, Column, Index, IndexAlgorithm, Sequence, Table, UniqueConstraint};
use crate::error::Error;
use crate::names::{self, Namespace, Naming, check_identifier};
use crate::raw::{RawIndex, RawModule, RawSequence, RawTable};
use crate::resolve::Resolver;
use crate::types::Type;

pub(crate) fn tables(
    raw: &RawModule,
    naming: &Naming,
    resolver: &mut Resolver<'_>,
    relations: &mut Namespace,
) -> Result<Vec<Table>, Error> {
    raw.tables.iter().map(|table| build(raw.abi, table, naming, resolver, relations)).collect()
}

fn build(
    abi: Abi,
    raw: &RawTable,
    naming: &Naming,
    resolver: &mut Resolver<'_>,
    relations: &mut Namespace,
) -> Result<Table, Error> {
    let name = naming.table(&raw.name);
    let subject = format!("table `{name}`");
    check_identifier(&subject, &name)?;
    if name.starts_with("st_") {
        return Err(Error::invalid(subject, "names beginning with `st_` are reserved for system tables"));
    }
    relations.claim(&name, &subject)?;
    let mut table = Table {
        columns: columns(raw, &subject, naming, resolver)?,
        source_name: raw.name.clone(),
        row_type_name: resolver.type_name(raw.product),
        primary_key: None,
        indexes: Vec::new(),
        unique_constraints: Vec::new(),
        sequences: Vec::new(),
        schedule: None,
        is_public: raw.is_public,
        is_event: raw.is_event,
        name,
    };
    add_defaults(raw, &subject, &mut table.columns)?;
    add_constraints(raw, &subject, &mut table)?;
    add_primary_key(raw, &subject, &mut table)?;
    let unique = table.unique_constraints.iter().map(|constraint| column_set(&constraint.columns)).collect();
    for index in &raw.indexes {
        let index = build_index(abi, index, &subject, &table, &unique, naming)?;
        table.indexes.push(index);
    }
    check_constraints_indexed(&subject, &table)?;
    for sequence in &raw.sequences {
        let sequence = build_sequence(sequence, &subject, &table)?;
        table.sequences.push(sequence);
    }
    claim_names(&subject, &table, relations)?;
    Ok(table)
}

fn columns(
    raw: &RawTable,
    subject: &str,
    naming: &Naming,
    resolver: &mut Resolver<'_>,
) -> Result<Vec<Column>, Error> {
    let mut taken = HashSet::new();
    let mut columns = Vec::new();
    for (position, element) in resolver.product(raw.product, subject)?.iter().enumerate() {
        let Some(source_name) = element.name.clone() else {
            return Err(Error::invalid(subject, format!("column {position} has no name")));
        };
        let name = naming.field(&source_name);
        let column_subject = format!("{subject}, column `{name}`");
        check_identifier(&column_subject, &name)?;
        if !taken.insert(name.clone()) {
            return Err(Error::invalid(column_subject, "two columns have this canonical name"));
        }
        let ty = resolver.resolve(&element.ty, &column_subject)?;
        columns.push(Column { name, source_name, ty, default: None });
    }
    Ok(columns)
}

fn add_defaults(raw: &RawTable, subject: &str, columns: &mut [Column]) -> Result<(), Error> {
    for (position, value) in &raw.defaults {
        let Some(column) = columns.get_mut(usize::from(*position)) else {
            return Err(Error::invalid(
                subject,
                format!("default value for column {position}, which does not exist"),
            ));
        };
        let subject = format!("{subject}, column `{}`", column.name);
        if column.default.is_some() {
            return Err(Error::invalid(subject, "has two default values"));
        }
        bsatn::validate(&column.ty, value).map_err(|error| {
            Error::invalid(subject, format!("the default value is not a {}: {error}", column.ty.describe()))
        })?;
        column.default = Some(value.clone());
    }
    Ok(())
}

fn add_constraints(raw: &RawTable, subject: &str, table: &mut Table) -> Result<(), Error> {
    for constraint in &raw.constraints {
        let columns =
            positions(&constraint.columns, &table.columns, &format!("{subject}, unique constraint"))?;
        let generated = names::constraint_name(&table.name, &column_names(table, &columns));
        table
            .unique_constraints
            .push(UniqueConstraint { name: constraint.name.clone().unwrap_or(generated), columns });
    }
    Ok(())
}

fn add_primary_key(raw: &RawTable, subject: &str, table: &mut Table) -> Result<(), Error> {
    let position = match raw.primary_key.as_slice() {
        [] => return Ok(()),
        [position] => usize::from(*position),
        _ => return Err(Error::invalid(subject, "the primary key has more than one column")),
    };
    let Some(column) = table.columns.get(position) else {
        return Err(Error::invalid(
            subject,
            format!("the primary key is column {position}, which does not exist"),
        ));
    };
    if !table.unique_constraints.iter().any(|constraint| constraint.columns == [position]) {
        return Err(Error::invalid(
            format!("{subject}, column `{}`", column.name),
            "is the primary key but has no unique constraint",
        ));
    }
    table.primary_key = Some(position);
    Ok(())
}

fn build_index(
    abi: Abi,
    raw: &RawIndex,
    subject: &str,
    table: &Table,
    unique: &HashSet<Vec<usize>>,
    naming: &Naming,
) -> Result<Index, Error> {
    let columns = positions(&raw.columns, &table.columns, &format!("{subject}, index"))?;
    if raw.algorithm == IndexAlgorithm::Direct {
        check_direct(subject, table, &columns)?;
    }
    let generated = names::index_name(&table.name, &column_names(table, &columns), raw.algorithm);
    let source_columns: Vec<_> = columns
        .iter()
        .filter_map(|position| table.columns.get(*position))
        .map(|column| column.source_name.as_str())
        .collect();
    let generated_source = names::index_name(&table.source_name, &source_columns, raw.algorithm);
    let (name, mut aliases) = match abi {
        Abi::V9 => (raw.name.clone().unwrap_or(generated), Vec::new()),
        // The name in the definition is made of source names and only an alias (module-abi.md §3.9, 4).
        Abi::V10 => {
            let source = raw.name.clone().unwrap_or_else(|| generated_source.clone());
            (naming.index(&source).unwrap_or(generated), vec![source, generated_source])
        }
    };
    aliases.dedup();
    aliases.retain(|alias| *alias != name);
    let is_unique = unique.contains(&column_set(&columns));
    Ok(Index { name, aliases, accessor: raw.accessor.clone(), algorithm: raw.algorithm, columns, is_unique })
}

fn check_direct(subject: &str, table: &Table, columns: &[usize]) -> Result<(), Error> {
    for column in columns.iter().filter_map(|position| table.columns.get(*position)) {
        let is_small = matches!(column.ty, Type::U8 | Type::U16 | Type::U32 | Type::U64);
        if !is_small && !column.ty.is_plain_enum() {
            return Err(Error::invalid(
                format!("{subject}, column `{}`", column.name),
                format!(
                    "a direct index needs u8, u16, u32, u64 or an enum without payloads, not {}",
                    column.ty.describe()
                ),
            ));
        }
    }
    Ok(())
}

fn check_constraints_indexed(subject: &str, table: &Table) -> Result<(), Error> {
    let indexed: HashSet<_> = table.indexes.iter().map(|index| column_set(&index.columns)).collect();
    for constraint in &table.unique_constraints {
        if !indexed.contains(&column_set(&constraint.columns)) {
            return Err(Error::invalid(
                format!("{subject}, unique constraint `{}`", constraint.name),
                format!("needs an index on ({})", column_names(table, &constraint.columns).join(", ")),
            ));
        }
    }
    Ok(())
}

fn build_sequence(raw: &RawSequence, subject: &str, table: &Table) -> Result<Sequence, Error> {
    let position = usize::from(raw.column);
    let Some(column) = table.columns.get(position) else {
        return Err(Error::invalid(subject, format!("sequence on column {position}, which does not exist")));
    };
    let subject = format!("{subject}, column `{}`", column.name);
    if !column.ty.is_integer() {
        return Err(Error::invalid(
            subject,
            format!("a sequence needs an integer, not {}", column.ty.describe()),
        ));
    }
    if table.sequences.iter().any(|sequence| sequence.column == position) {
        return Err(Error::invalid(subject, "has two sequences"));
    }
    if raw.increment == 0 {
        return Err(Error::invalid(subject, "the sequence has increment 0"));
    }
    let ordered = |low: Option<i128>, high: Option<i128>| !matches!((low, high), (Some(l), Some(h)) if l > h);
    if !(ordered(raw.min_value, raw.start)
        && ordered(raw.start, raw.max_value)
        && ordered(raw.min_value, raw.max_value))
    {
        return Err(Error::invalid(subject, "the sequence does not have minimum ≤ start ≤ maximum"));
    }
    Ok(Sequence {
        name: raw.name.clone().unwrap_or_else(|| names::sequence_name(&table.name, &column.name)),
        column: position,
        start: raw.start,
        min_value: raw.min_value,
        max_value: raw.max_value,
        increment: raw.increment,
    })
}

fn claim_names(subject: &str, table: &Table, relations: &mut Namespace) -> Result<(), Error> {
    let indexes = table.indexes.iter().map(|index| ("index", &index.name));
    let constraints =
        table.unique_constraints.iter().map(|constraint| ("unique constraint", &constraint.name));
    let sequences = table.sequences.iter().map(|sequence| ("sequence", &sequence.name));
    for (what, name) in indexes.chain(constraints).chain(sequences) {
        let subject = format!("{subject}, {what} `{name}`");
        if name.is_empty() {
            return Err(Error::invalid(subject, "the name is empty"));
        }
        // Unlike other names these need not be identifiers, but they end up in C strings.
        if name.contains('\0') {
            return Err(Error::invalid(subject, "the name contains U+0000"));
        }
        relations.claim(name, &subject)?;
    }
    Ok(())
}

/// Column positions, checked to exist and to differ.
fn positions(raw: &[u16], columns: &[Column], subject: &str) -> Result<Vec<usize>, Error> {
    if raw.is_empty() {
        return Err(Error::invalid(subject, "has no columns"));
    }
    let mut taken = HashSet::new();
    raw.iter()
        .map(|position| {
            let position = usize::from(*position);
            if position >= columns.len() {
                Err(Error::invalid(subject, format!("names column {position}, which does not exist")))
            } else if !taken.insert(position) {
                Err(Error::invalid(subject, format!("names column {position} twice")))
            } else {
                Ok(position)
            }
        })
        .collect()
}

fn column_names<'t>(table: &'t Table, positions: &[usize]) -> Vec<&'t str> {
    positions
        .iter()
        .filter_map(|position| table.columns.get(*position))
        .map(|column| column.name.as_str())
        .collect()
}

fn column_set(columns: &[usize]) -> Vec<usize> {
    let mut set = columns.to_vec();
    set.sort_unstable();
    set
}

/// True if `ty` is the row type of `table`; the type's name does not matter.
pub(crate) fn is_row(ty: &Type, table: &Table) -> bool {
    let Type::Product(product) = ty else { return false };
    let columns = table.columns.iter().map(|column| (Some(&column.name), &column.ty));
    product.fields.iter().map(|field| (field.name.as_ref(), &field.ty)).eq(columns)
}
