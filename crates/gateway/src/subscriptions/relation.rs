//! One source of rows, as far as its rows are held.

use bytes::Bytes;
use indexmap::IndexMap;
use spacetime_query::{Error, RowStore};

use super::delta::{Delta, Difference};
use super::planning::{Origin, Source};
use crate::postgres::{Read, Rows};

/// A source that some query is about.
pub(super) struct Relation {
    pub(super) origin: Origin,
    /// Which of all relations there have been it is.
    pub(super) birth: u64,
    /// Distinct queries about it.
    pub(super) uses: usize,
    /// Those of them that need all its rows here.
    pub(super) store_uses: usize,
    pub(super) store: Option<RowStore<Bytes>>,
    /// The store is that of the module's position.
    pub(super) is_ready: bool,
    /// Tables that the rows depend on; `None` for all there are.
    reads: Option<Vec<String>>,
}

impl Relation {
    pub(super) fn new(origin: Origin, birth: u64) -> Self {
        let reads = origin.reads.clone();
        Self { origin, birth, uses: 0, store_uses: 0, store: None, is_ready: false, reads }
    }

    pub(super) fn is_event(&self) -> bool {
        self.origin.relation.is_event
    }

    pub(super) fn is_derived(&self) -> bool {
        self.origin.source.is_derived()
    }

    pub(super) fn read(&self) -> Read {
        self.origin.source.read(&self.origin.relation, &self.origin.row)
    }

    /// Whether a change of a table can change the rows.
    pub(super) fn depends_on(&self, table: &str) -> bool {
        self.is_derived()
            && self.reads.as_ref().is_none_or(|tables| tables.iter().any(|known| known == table))
    }

    /// Makes the rows those that were read and what came after. Gives what that changed.
    pub(super) fn replace(&mut self, read: &Rows, later: &Delta) -> Result<Difference, Error> {
        let is_view = matches!(self.origin.source, Source::View { .. });
        if is_view {
            self.reads = Some(read.tables_read.clone());
        }
        let mut target: IndexMap<&[u8], i64> = IndexMap::with_capacity(read.rows.len());
        for row in &read.rows {
            let count = target.entry(row).or_default();
            // Rows of a view are a set.
            *count = if is_view { 1 } else { *count + 1 };
        }
        for (row, by) in later {
            *target.entry(row).or_default() += by;
        }
        let store = self.store.get_or_insert_with(|| RowStore::new(&self.origin.relation));
        let mut difference = Difference::default();
        let mut changes: Vec<(Bytes, i64)> = Vec::new();
        for (row, count) in store.rows() {
            let by = target.swap_remove(row.as_ref()).unwrap_or_default() - count;
            if by != 0 {
                changes.push((row.clone(), by));
            }
        }
        let new = target.into_iter().filter(|(_, count)| *count != 0);
        changes.extend(new.map(|(row, count)| (Bytes::copy_from_slice(row), count)));
        for (row, by) in changes {
            store.change(&row, by)?;
            let list = if by < 0 { &mut difference.deletes } else { &mut difference.inserts };
            list.extend(std::iter::repeat_n(row, usize::try_from(by.unsigned_abs()).unwrap_or_default()));
        }
        self.is_ready = true;
        Ok(difference)
    }

    /// Takes in what a commit did to the table.
    pub(super) fn change(&mut self, deletes: &[Bytes], inserts: &[Bytes]) -> Result<(), Error> {
        let Some(store) = self.store.as_mut().filter(|_| self.is_ready) else { return Ok(()) };
        for (rows, by) in [(deletes, -1), (inserts, 1)] {
            rows.iter().try_for_each(|row| store.change(row, by))?;
        }
        Ok(())
    }

    /// Every row, as often as it is there.
    pub(super) fn rows(&self) -> Vec<Bytes> {
        let often = |(row, count): (&Bytes, i64)| {
            std::iter::repeat_n(row.clone(), usize::try_from(count).unwrap_or_default())
        };
        self.store.iter().flat_map(|store| store.rows().flat_map(often)).collect()
    }
}
