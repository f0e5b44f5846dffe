//! Rows of event tables (module-abi.md §4.9): they live for one reducer call, in memory, and never reach a heap.
//!
//! Within the call an event table behaves as any other: it is a set of rows, unique columns are unique, auto-increment
//! columns count. Rows and index entries are found by their sort keys, whose order is the order of the values.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Index, IndexAlgorithm, Table, sort_key};

use crate::error::{Error, Result};
use crate::pg::{Oid, access, interrupt};
use crate::row;
use crate::wasm::host::{Errno, HostResult, RangeBytes, RowBatch};

/// What a row costs besides its bytes and keys, roughly.
const ROW_OVERHEAD_BYTES: usize = 128;

/// The event rows of one call. Dropped with the call, however it ends; those of a call that ended well are what its
/// other effects are to be published with, so [`super::tables::CallTables::close`] is where a publisher takes them.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// By position in the definition.
    tables: HashMap<usize, EventTable>,
    bytes: usize,
}

/// Number of a row within its table and call, ascending as they are inserted.
pub(super) type RowNumber = u64;

/// The rows of one event table.
#[derive(Debug)]
pub(super) struct EventTable {
    /// Column and sequence.
    sequences: Vec<(usize, Oid)>,
    rows: BTreeMap<RowNumber, EventRow>,
    next_number: RowNumber,
    by_row: HashMap<Vec<u8>, RowNumber>,
    /// In the order of the definition.
    indexes: Vec<BTreeMap<Vec<u8>, BTreeSet<RowNumber>>>,
}

#[derive(Debug)]
struct EventRow {
    bytes: Vec<u8>,
    keys: Keys,
}

/// Sort keys of a row: of the whole, and in each index.
#[derive(Debug, Clone)]
struct Keys {
    row: Vec<u8>,
    indexes: Vec<Vec<u8>>,
}

impl EventRow {
    fn cost(&self) -> usize {
        let keys = self.keys.row.len() + self.keys.indexes.iter().map(Vec::len).sum::<usize>();
        self.bytes.len() + 2 * keys + ROW_OVERHEAD_BYTES
    }
}

impl Events {
    /// The table at `at`, empty if nothing has been inserted yet.
    pub(super) fn table(
        &mut self,
        at: usize,
        definition: &Table,
        sequences: impl FnOnce() -> Result<Vec<(usize, Oid)>>,
    ) -> Result<&mut EventTable> {
        Ok(match self.tables.entry(at) {
            std::collections::hash_map::Entry::Occupied(table) => table.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(EventTable {
                sequences: sequences()?,
                rows: BTreeMap::new(),
                next_number: 0,
                by_row: HashMap::new(),
                indexes: definition.indexes.iter().map(|_| BTreeMap::new()).collect(),
            }),
        })
    }

    /// The rows of each table by its position, in the order in which they were inserted.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut tables: Vec<_> = self.tables.iter().collect();
        tables.sort_unstable_by_key(|(at, _)| **at);
        tables.into_iter().flat_map(|(at, table)| table.rows.values().map(|row| (*at, &*row.bytes)))
    }

    /// Accounts for what the last write did to memory; an error if the call holds more than it may.
    pub(super) fn charge(&mut self, grown: isize, module: &str, limit: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add_signed(grown);
        if self.bytes <= limit {
            return Ok(());
        }
        Err(Error::Limit {
            module: module.to_owned(),
            function: "a call".into(),
            what: format!("{} MB of rows in event tables", limit >> 20),
            setting: "spacetime.max_memory_mb",
        })
    }
}

impl EventTable {
    pub(super) fn count(&self) -> u64 {
        self.rows.len() as u64
    }

    pub(super) fn all(&self) -> Vec<RowNumber> {
        self.rows.keys().copied().collect()
    }

    pub(super) fn batch(&self, rows: &[RowNumber]) -> RowBatch {
        let mut batch = RowBatch::default();
        for row in rows.iter().filter_map(|row| self.rows.get(row)) {
            interrupt::process();
            batch.bytes.extend_from_slice(&row.bytes);
            batch.ends.push(batch.bytes.len());
        }
        batch
    }

    /// Inserts a row; returns by how much the table grew. Inserting a row that is there changes nothing.
    pub(super) fn insert(
        &mut self,
        definition: &Table,
        bytes: &[u8],
        generated: &mut Vec<u8>,
    ) -> HostResult<isize> {
        let row = self.complete(definition, bytes, generated)?;
        if self.by_row.contains_key(&row.keys.row) {
            return Ok(0);
        }
        self.require_free(definition, &row.keys, None)?;
        Ok(self.add(row))
    }

    /// Replaces the row that has the key of `bytes` in a unique index; returns by how much the table grew.
    pub(super) fn update(
        &mut self,
        definition: &Table,
        index: usize,
        bytes: &[u8],
        generated: &mut Vec<u8>,
    ) -> HostResult<isize> {
        if !definition.indexes[index].is_unique {
            return Err(Errno::IndexNotUnique.into());
        }
        let row = self.complete(definition, bytes, generated)?;
        let found = self.indexes[index].get(&row.keys.indexes[index]).and_then(BTreeSet::first);
        let old = *found.ok_or(Errno::NoSuchRow)?;
        self.require_free(definition, &row.keys, Some(old))?;
        let removed = self.remove(&[old]).1;
        Ok(removed + self.add(row))
    }

    /// Removes rows; returns how many and by how much the table grew (that is, shrank).
    pub(super) fn remove(&mut self, rows: &[RowNumber]) -> (u32, isize) {
        let (mut count, mut grown) = (0, 0);
        for number in rows {
            interrupt::process();
            let Some(row) = self.rows.remove(number) else { continue };
            count += 1;
            grown -= row.cost() as isize;
            self.by_row.remove(&row.keys.row);
            for (index, key) in self.indexes.iter_mut().zip(&row.keys.indexes) {
                if let Some(rows) = index.get_mut(key) {
                    rows.remove(number);
                    if rows.is_empty() {
                        index.remove(key);
                    }
                }
            }
        }
        (count, grown)
    }

    /// The rows among `rows` (BSATN array) that the table has.
    pub(super) fn equal_to(&self, definition: &Table, rows: &[u8]) -> HostResult<Vec<RowNumber>> {
        let mut reader = Reader::new(rows);
        let mut found = Vec::new();
        for _ in 0..reader.length().map_err(|_| Errno::BsatnDecodeError)? {
            interrupt::process();
            let mut key = Vec::new();
            for column in &definition.columns {
                sort_key::append(&column.ty, &mut reader, &mut key).map_err(|_| Errno::BsatnDecodeError)?;
            }
            found.extend(self.by_row.get(&key));
        }
        reader.finish().map_err(|_| Errno::BsatnDecodeError)?;
        Ok(found)
    }

    /// Rows with one key of an index.
    pub(super) fn point(&self, definition: &Table, index: usize, point: &[u8]) -> HostResult<Vec<RowNumber>> {
        let columns = &definition.indexes[index].columns;
        let key = key_of_values(definition, columns, point, Vec::new())?;
        Ok(self.indexes[index].get(&key).into_iter().flatten().copied().collect())
    }

    /// Rows in a range of an index (module-abi.md §4.3), in its order.
    pub(super) fn range(
        &self,
        definition: &Table,
        index: usize,
        range: RangeBytes<'_>,
    ) -> HostResult<Vec<RowNumber>> {
        let Index { columns, algorithm, .. } = &definition.indexes[index];
        let length = usize::from(range.prefix_elems);
        let Some(column) = columns.get(length) else { return Err(Errno::BsatnDecodeError.into()) };
        let prefix = key_of_values(definition, &columns[..length], range.prefix, Vec::new())?;
        let bound = |bytes: &[u8]| -> HostResult<(u8, Vec<u8>)> {
            match bytes.split_first() {
                Some((2, [])) => Ok((2, prefix.clone())),
                Some((tag @ 0..=1, value)) => {
                    Ok((*tag, key_of_values(definition, &[*column], value, prefix.clone())?))
                }
                _ => Err(Errno::BsatnDecodeError.into()),
            }
        };
        let (start, end) = (bound(range.start)?, bound(range.end)?);
        let is_point = length + 1 == columns.len() && start == end && start.0 == 0;
        if *algorithm == IndexAlgorithm::Hash && !is_point {
            return Err(Errno::WrongIndexAlgo.into());
        }
        // No key begins another, so what shares a beginning lies together: from it to its successor.
        let low = match start {
            (1, key) => sort_key::successor(key),
            (_, key) => Some(key),
        };
        let Some(low) = low else { return Ok(Vec::new()) };
        let high = match end {
            (1, key) => Some(key),
            (_, key) => sort_key::successor(key),
        };
        let below = |key: &Vec<u8>| high.as_ref().is_none_or(|high| key < high);
        let rows = self.indexes[index].range(low..).take_while(|(key, _)| below(key));
        Ok(rows.flat_map(|(_, rows)| rows).copied().collect())
    }

    /// The row as it is stored, with numbers for auto-increment columns that are 0, and its keys.
    fn complete(&self, definition: &Table, bytes: &[u8], generated: &mut Vec<u8>) -> HostResult<EventRow> {
        let mut reader = Reader::new(bytes);
        let mut row = Vec::with_capacity(bytes.len());
        let mut columns = Vec::with_capacity(definition.columns.len());
        for (at, column) in definition.columns.iter().enumerate() {
            let start = reader.position();
            let mut key = Vec::new();
            sort_key::append(&column.ty, &mut reader, &mut key).map_err(|_| Errno::BsatnDecodeError)?;
            let value = reader.since(start);
            let sequence = self.sequences.iter().find(|(position, _)| *position == at);
            match sequence {
                Some((_, sequence)) if value.iter().all(|byte| *byte == 0) => {
                    let drawn = generated.len();
                    row::append_drawn(access::next_value(*sequence), value.len(), generated);
                    row.extend_from_slice(&generated[drawn..]);
                    key.clear();
                    let value = &mut Reader::new(&generated[drawn..]);
                    sort_key::append(&column.ty, value, &mut key).map_err(|_| Errno::BsatnDecodeError)?;
                }
                _ => row.extend_from_slice(value),
            }
            columns.push(key);
        }
        reader.finish().map_err(|_| Errno::BsatnDecodeError)?;
        let of_index = |index: &Index| index.columns.iter().flat_map(|at| columns[*at].clone()).collect();
        let indexes = definition.indexes.iter().map(of_index).collect();
        Ok(EventRow { bytes: row, keys: Keys { row: columns.concat(), indexes } })
    }

    /// Errno 12 if another row than `except` has one of the unique keys.
    fn require_free(&self, definition: &Table, keys: &Keys, except: Option<RowNumber>) -> HostResult<()> {
        for (at, _) in definition.indexes.iter().enumerate().filter(|(_, index)| index.is_unique) {
            let holder = self.indexes[at].get(&keys.indexes[at]).and_then(BTreeSet::first).copied();
            if holder.is_some() && holder != except {
                return Err(Errno::UniqueAlreadyExists.into());
            }
        }
        Ok(())
    }

    fn add(&mut self, row: EventRow) -> isize {
        let number = self.next_number;
        self.next_number += 1;
        for (index, key) in self.indexes.iter_mut().zip(&row.keys.indexes) {
            index.entry(key.clone()).or_default().insert(number);
        }
        self.by_row.insert(row.keys.row.clone(), number);
        let cost = row.cost() as isize;
        self.rows.insert(number, row);
        cost
    }
}

/// Appends the sort keys of the values of `columns`, which are all of `bytes`.
fn key_of_values(
    definition: &Table,
    columns: &[usize],
    bytes: &[u8],
    mut key: Vec<u8>,
) -> HostResult<Vec<u8>> {
    let mut reader = Reader::new(bytes);
    for column in columns {
        let ty = &definition.columns[*column].ty;
        sort_key::append(ty, &mut reader, &mut key).map_err(|_| Errno::BsatnDecodeError)?;
    }
    reader.finish().map_err(|_| Errno::BsatnDecodeError)?;
    Ok(key)
}
