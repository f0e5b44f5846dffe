//! What a guest does to event tables during one call: the requests of [`super::tables`] and [`super::scans`], answered
//! from [`super::events`].

use spacetime_definition::Table;

use super::events::{EventTable, RowNumber};
use super::tables::{CallTables, FIRST_INDEX_ID};
use crate::wasm::host::{Errno, HostResult, ScanId};

impl CallTables {
    pub(super) fn is_event(&self, at: usize) -> bool {
        self.module.definition.tables[at].is_event
    }

    /// Table and position of an index, if it is one of an event table.
    pub(super) fn event_index(&self, id: u32) -> Option<(usize, usize)> {
        let place = self.module.index_place(id.checked_sub(FIRST_INDEX_ID)? as usize);
        place.filter(|(table, _)| self.is_event(*table))
    }

    fn with_events<R>(
        &mut self,
        at: usize,
        body: impl FnOnce(&mut EventTable, &Table) -> HostResult<R>,
    ) -> HostResult<R> {
        let definition = &self.module.definition.tables[at];
        body(self.events.table(at, definition, || self.module.sequences(at))?, definition)
    }

    /// A write that may make the call's events take more memory.
    fn write_events(
        &mut self,
        at: usize,
        body: impl FnOnce(&mut EventTable, &Table) -> HostResult<isize>,
    ) -> HostResult<()> {
        let grown = self.with_events(at, body)?;
        Ok(self.events.charge(grown, &self.module.row.name, crate::guc::max_memory_bytes())?)
    }

    pub(super) fn insert_event(&mut self, at: usize, row: &[u8], generated: &mut Vec<u8>) -> HostResult<()> {
        self.write_events(at, |table, definition| table.insert(definition, row, generated))
    }

    pub(super) fn update_event(
        &mut self,
        at: usize,
        index: u32,
        row: &[u8],
        generated: &mut Vec<u8>,
    ) -> HostResult<()> {
        let place = self.event_index(index).filter(|(table, _)| *table == at);
        let (_, index) = place.ok_or(Errno::NoSuchIndex)?;
        self.write_events(at, |table, definition| table.update(definition, index, row, generated))
    }

    pub(super) fn count_events(&mut self, at: usize) -> HostResult<u64> {
        self.with_events(at, |table, _| Ok(table.count()))
    }

    /// A scan of the rows that `find` names.
    pub(super) fn scan_events(
        &mut self,
        at: usize,
        find: impl FnOnce(&EventTable, &Table) -> HostResult<Vec<RowNumber>>,
    ) -> HostResult<ScanId> {
        let batch = self.with_events(at, |table, definition| Ok(table.batch(&find(table, definition)?)))?;
        self.keep_open(None, batch)
    }

    /// Deletes the rows that `find` names.
    pub(super) fn delete_events(
        &mut self,
        at: usize,
        find: impl FnOnce(&EventTable, &Table) -> HostResult<Vec<RowNumber>>,
    ) -> HostResult<u32> {
        let mut deleted = 0;
        self.write_events(at, |table, definition| {
            let found = find(table, definition)?;
            let (count, grown) = table.remove(&found);
            deleted = count;
            Ok(grown)
        })?;
        Ok(deleted)
    }
}
