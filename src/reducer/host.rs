//! What a guest asks of its host during a call: [`CallTables`] behind the interface of [`crate::wasm::host`].

use std::cell::{RefCell, RefMut};
use std::rc::Rc;

use super::tables::{CallTables, FIRST_INDEX_ID, FIRST_TABLE_ID};
use crate::catalog;
use crate::module::read_variable;
use crate::pg::scan::Scan;
use crate::pg::{snapshot, xact};
use crate::wasm::host::{Errno, Host, HostResult, LogRecord, RangeBytes, RowBatch, ScanId};
use crate::worker::Kind;

/// The guest's view of a call.
pub(super) struct CallHost(Rc<RefCell<CallTables>>);

impl CallHost {
    pub(super) fn new(tables: Rc<RefCell<CallTables>>) -> Self {
        Self(tables)
    }

    fn writable(&self) -> HostResult<RefMut<'_, CallTables>> {
        let tables = self.0.borrow_mut();
        if tables.is_read_only { Err(Errno::TransactionIsReadOnly.into()) } else { Ok(tables) }
    }
}

impl Host for CallHost {
    fn table_id(&mut self, name: &str) -> HostResult<u32> {
        let position = self.0.borrow().module.definition.table_by_name(name).ok_or(Errno::NoSuchTable)?;
        Ok(FIRST_TABLE_ID + position as u32)
    }

    fn index_id(&mut self, name: &str) -> HostResult<u32> {
        let position = self.0.borrow().module.index_id(name).ok_or(Errno::NoSuchIndex)?;
        Ok(FIRST_INDEX_ID + position as u32)
    }

    fn row_count(&mut self, table: u32) -> HostResult<u64> {
        self.0.borrow_mut().count(table)
    }

    fn scan_table(&mut self, table: u32) -> HostResult<ScanId> {
        self.0.borrow_mut().scan_table(table)
    }

    fn scan_index_point(&mut self, index: u32, point: &[u8]) -> HostResult<ScanId> {
        self.0.borrow_mut().scan_point(index, point)
    }

    fn scan_index_range(&mut self, index: u32, range: RangeBytes<'_>) -> HostResult<ScanId> {
        self.0.borrow_mut().scan_range(index, range)
    }

    fn fetch(&mut self, scan: ScanId, bytes_wanted: usize, batch: &mut RowBatch) -> HostResult<bool> {
        self.0.borrow_mut().fetch(scan, bytes_wanted, batch)
    }

    fn close_scan(&mut self, scan: ScanId) {
        self.0.borrow_mut().close_scan(scan);
    }

    fn insert(&mut self, table: u32, row: &[u8], generated: &mut Vec<u8>) -> HostResult<()> {
        self.writable()?.insert(table, row, generated)
    }

    fn update(&mut self, table: u32, index: u32, row: &[u8], generated: &mut Vec<u8>) -> HostResult<()> {
        self.writable()?.update(table, index, row, generated)
    }

    fn delete_index_point(&mut self, index: u32, point: &[u8]) -> HostResult<u32> {
        let mut tables = self.writable()?;
        if let Some((at, index)) = tables.event_index(index) {
            return tables.delete_events(at, |table, definition| table.point(definition, index, point));
        }
        let (scan, at) = tables.point(index, point)?;
        tables.delete_matching(scan, at)
    }

    fn delete_index_range(&mut self, index: u32, range: RangeBytes<'_>) -> HostResult<u32> {
        let mut tables = self.writable()?;
        if let Some((at, index)) = tables.event_index(index) {
            return tables.delete_events(at, |table, definition| table.range(definition, index, range));
        }
        let (scan, at) = tables.range(index, range)?;
        tables.delete_matching(scan, at)
    }

    fn delete_equal(&mut self, table: u32, rows: &[u8]) -> HostResult<u32> {
        self.writable()?.delete_equal(table, rows)
    }

    fn clear(&mut self, table: u32) -> HostResult<u64> {
        let mut tables = self.writable()?;
        let at = tables.table(table)?;
        if tables.is_event(at) {
            return tables.delete_events(at, |table, _| Ok(table.all())).map(u64::from);
        }
        tables.delete_matching(Scan::of_table(), at).map(u64::from)
    }

    fn module_identity(&self) -> [u8; 32] {
        self.0.borrow().module.row.identity.to_le_bytes()
    }

    fn claims(&mut self, connection_id: [u8; 16]) -> HostResult<Option<String>> {
        let tables = self.0.borrow();
        let known = tables.caller.connection_id == connection_id;
        Ok(tables.caller.claims.as_deref().filter(|_| known).map(str::to_owned))
    }

    fn env(&mut self, name: &str) -> HostResult<Option<String>> {
        let module = Rc::clone(&self.0.borrow().module);
        let declared = module.definition.environment.iter().find(|variable| variable.name == name);
        Ok(read_variable(&module, declared.ok_or(Errno::HostCallFailure)?)?)
    }

    fn schedule_immediate(&mut self, reducer: &str, args: &[u8]) -> HostResult<()> {
        let tables = self.writable()?;
        let module = &tables.module;
        if crate::worker::is_available() {
            let now = crate::pg::worker::now_us();
            tables
                .memory
                .with_row(|| catalog::schedule_immediate(module.row.identity, reducer, args, now))?;
            xact::wake_worker_at_commit(Kind::Scheduler);
            snapshot::see_own_writes();
        } else {
            // Whether the reducer runs is never the caller's business (module-abi.md §1.9).
            let message =
                format!("reducer {reducer:?} is not run: the library is not in shared_preload_libraries");
            super::connection::log_error(module, &message);
        }
        Ok(())
    }

    fn log(&mut self, record: LogRecord<'_>) {
        self.0.borrow().module.log.append(record);
    }
}
