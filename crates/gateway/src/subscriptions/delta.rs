//! Changes of rows, in the forms that evaluation takes and gives.

use bytes::Bytes;
use indexmap::IndexMap;
use spacetime_query::{Delta as QueryDelta, RelationId, TableDelta};

use super::planning::Source;
use crate::changes::Table;

/// Rows by how many of them come and go, in the order in which they were written where that is known.
pub(super) type Delta = IndexMap<Bytes, i64>;

/// Rows that were there and are not, and the other way round.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) deletes: Vec<Bytes>,
    pub(super) inserts: Vec<Bytes>,
}

/// What happened to a relation.
pub(super) fn table_delta<'a>(
    relation: RelationId,
    deletes: &'a [Bytes],
    inserts: &'a [Bytes],
) -> TableDelta<'a> {
    TableDelta {
        relation,
        deletes: deletes.iter().map(AsRef::as_ref).collect(),
        inserts: inserts.iter().map(AsRef::as_ref).collect(),
    }
}

/// What commits did to a table, one after the other.
pub(super) fn later_rows(source: &Source, later: &[&[Table]]) -> Delta {
    let mut delta = Delta::new();
    let Source::Table(name) = source else { return delta };
    for table in later.iter().flat_map(|tables| tables.iter()).filter(|table| table.name == *name) {
        for (rows, by) in [(&table.deletes, -1), (&table.inserts, 1)] {
            for row in rows {
                *delta.entry(row.clone()).or_default() += by;
            }
        }
    }
    delta
}

/// Rows of their own: those of a commit would keep all of its page in memory.
pub(super) fn counted(delta: QueryDelta<'_>) -> Delta {
    let mut counts = Delta::with_capacity(delta.deletes.len() + delta.inserts.len());
    for (rows, by) in [(delta.deletes, -1), (delta.inserts, 1)] {
        for row in rows {
            match counts.get_mut(row.as_ref()) {
                Some(count) => *count += by,
                None => drop(counts.insert(Bytes::copy_from_slice(&row), by)),
            }
        }
    }
    counts
}
