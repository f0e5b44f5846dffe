//! Which part of the new version is which part of the old one.

use crate::definition::{Definition, Index, Table};
use crate::types::Type;

/// A table that both versions have, and its parts. Each list has one entry per part of the new version: the position of
/// the part in the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMatch {
    pub old: usize,
    pub columns: Vec<Option<usize>>,
    pub indexes: Vec<Option<usize>>,
    pub sequences: Vec<Option<usize>>,
}

pub(super) fn tables(old: &Definition, new: &Definition) -> Vec<Option<TableMatch>> {
    let name = |table: &'_ Table| (table.name.clone(), table.source_name.clone());
    let found = by_name(&old.tables, &new.tables, name);
    found
        .into_iter()
        .zip(&new.tables)
        .map(|(at, table)| at.map(|at| parts(at, &old.tables[at], table)))
        .collect()
}

fn parts(at: usize, old: &Table, new: &Table) -> TableMatch {
    let columns =
        by_name(&old.columns, &new.columns, |column| (column.name.clone(), column.source_name.clone()));
    let sequence = |column: usize| {
        let before = columns[column]?;
        old.sequences.iter().position(|sequence| sequence.column == before)
    };
    TableMatch {
        old: at,
        indexes: indexes(old, new, &columns),
        sequences: new.sequences.iter().map(|now| sequence(now.column)).collect(),
        columns,
    }
}

/// Canonical names decide; those left over are matched by their names in the source.
fn by_name<T>(old: &[T], new: &[T], names: impl Fn(&T) -> (String, String)) -> Vec<Option<usize>> {
    let old: Vec<_> = old.iter().map(&names).collect();
    let new: Vec<_> = new.iter().map(&names).collect();
    let mut found: Vec<Option<usize>> =
        new.iter().map(|(name, _)| old.iter().position(|(before, _)| before == name)).collect();
    for (at, (_, source)) in new.iter().enumerate() {
        if found[at].is_none() {
            found[at] = old.iter().enumerate().position(|(at, names)| {
                (names.0 == *source || names.1 == *source) && !found.contains(&Some(at))
            });
        }
    }
    found
}

/// An index is the same one if Postgres' index for it is: key columns, uniqueness and primary key. Among several such
/// the name decides.
fn indexes(old: &Table, new: &Table, columns: &[Option<usize>]) -> Vec<Option<usize>> {
    let is_same = |before: &Index, now: &Index| {
        let keys: Option<Vec<_>> = now.columns.iter().map(|column| columns[*column]).collect();
        keys.is_some_and(|keys| keys == before.columns)
            && before.is_unique == now.is_unique
            && is_primary_key(old, before) == is_primary_key(new, now)
    };
    let mut found: Vec<Option<usize>> = new
        .indexes
        .iter()
        .map(|now| old.indexes.iter().position(|before| before.name == now.name && is_same(before, now)))
        .collect();
    for (at, now) in new.indexes.iter().enumerate() {
        if found[at].is_none() {
            found[at] = old
                .indexes
                .iter()
                .enumerate()
                .position(|(at, before)| is_same(before, now) && !found.contains(&Some(at)));
        }
    }
    found
}

/// Whether the index can be the primary key of a table in Postgres, which takes no NULL.
fn is_primary_key(table: &Table, index: &Index) -> bool {
    let [column] = index.columns[..] else { return false };
    index.is_unique
        && table.primary_key == Some(column)
        && !matches!(table.columns[column].ty, Type::Option(_))
}
