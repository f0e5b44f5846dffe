//! Rows of tables in the state right after one commit, although later ones are already there.

use std::rc::Rc;

use spacetime_change_log::{Changes, TableChanges};
use spacetime_definition::bsatn::Reader;
use spacetime_query::{Error as QueryError, Lookup, RelationId, TableDelta};

use crate::error::Result;
use crate::module::ReadyModule;
use crate::pg::index::{Key, Strategy};
use crate::pg::interrupt;
use crate::pg::relation::OpenTable;
use crate::pg::scan::{Scan, Visit};
use crate::row::TableCodec;

/// Reads by the active snapshot and undoes what commits after the one in question have done.
#[derive(Debug)]
pub(super) struct StateAfter<'a> {
    pub(super) module: Rc<ReadyModule>,
    /// What the snapshot sees of commits after it.
    pub(super) later: &'a [Vec<TableDelta<'a>>],
}

/// The rows of an entry, by the relations of a module.
pub(super) fn deltas<'a>(module: &ReadyModule, changes: &Changes<'a>) -> Vec<TableDelta<'a>> {
    let of_table = |table: &TableChanges<'a>| {
        let relation = module.definition.tables.iter().position(|known| known.name == table.name)?;
        Some(TableDelta {
            relation,
            deletes: table.deletes.iter().collect(),
            inserts: table.inserts.iter().collect(),
        })
    };
    changes.tables.iter().filter_map(of_table).collect()
}

impl Lookup for StateAfter<'_> {
    fn rows(
        &mut self,
        relation: RelationId,
        column: usize,
        value: &[u8],
    ) -> std::result::Result<Vec<Vec<u8>>, QueryError> {
        let mut rows =
            self.read(relation, column, value).map_err(|error| QueryError::Lookup(error.to_string()))?;
        // Rows that are not equal in the column do no harm: the evaluation looks again.
        let later = || self.later.iter().flatten().filter(|delta| delta.relation == relation);
        rows.extend(later().flat_map(|delta| &delta.deletes).map(|row| row.to_vec()));
        for row in later().flat_map(|delta| &delta.inserts) {
            if let Some(at) = rows.iter().position(|known| known == row) {
                rows.swap_remove(at);
            }
        }
        Ok(rows)
    }
}

impl StateAfter<'_> {
    fn read(&self, relation: RelationId, column: usize, value: &[u8]) -> Result<Vec<Vec<u8>>> {
        let (table, codec) = self.module.open_table(relation)?;
        let mut rows = Vec::new();
        let mut failed = None;
        let mut scan = scan_of(&table, &codec, column, value);
        scan.run(&table, &mut |table| {
            interrupt::process();
            let mut row = Vec::new();
            // SAFETY: the codec is current: the table was opened with it, and the row is of that table.
            match unsafe { codec.encode_row(table.row(), &mut row) } {
                Ok(()) => rows.push(row),
                Err(error) => failed = Some(error),
            }
            if failed.is_some() { Visit::Pause } else { Visit::More }
        });
        scan.close();
        table.close();
        failed.map_or(Ok(rows), Err)
    }
}

/// By an index that begins with the column; without one, as when an operator has dropped it, all rows.
fn scan_of(table: &OpenTable, codec: &TableCodec, column: usize, value: &[u8]) -> Scan {
    let index = codec.indexes.iter().find(|index| index.columns.first() == Some(&column));
    let facts = index.and_then(|index| index.facts.as_ref());
    match (facts, codec.decode_key(column, &mut Reader::new(value))) {
        (Some(facts), Ok(value)) => {
            Scan::of_index(table, facts, &[Key { column: 0, strategy: Strategy::Equal, value }], None)
        }
        _ => Scan::of_table(),
    }
}
