//! Starting instances: no transaction is open to them then, so tables answer errno 2 and only the log works
//! (module-abi.md §2.2).

use std::rc::Rc;

use crate::error::Result;
use crate::module::LogFile;
use crate::wasm::host::{Errno, Host, HostResult, LogRecord, RangeBytes, RowBatch, ScanId};
use crate::wasm::{Code, Instance};

/// Boots an instance; returns what it says of itself besides.
pub(crate) fn boot(code: &Code, module: &str, log: Rc<LogFile>) -> Result<(Instance, Vec<u8>)> {
    // Under the timer, so that a guest that spins while booting can be cancelled too.
    let tick = crate::pg::timeout::Tick::enter();
    let booted = Instance::boot(code, module, super::call::limits(true), Box::new(BootHost { log }));
    drop(tick);
    booted.inspect_err(super::call::raise_pending_interrupt)
}

/// The definition a module describes itself by.
pub(crate) fn describe(code: &Code, module: &str, log: Rc<LogFile>) -> Result<Vec<u8>> {
    boot(code, module, log).map(|(_, description)| description)
}

struct BootHost {
    log: Rc<LogFile>,
}

const OUTSIDE: Errno = Errno::NotInTransaction;

impl Host for BootHost {
    fn table_id(&mut self, _name: &str) -> HostResult<u32> {
        Err(OUTSIDE.into())
    }

    fn index_id(&mut self, _name: &str) -> HostResult<u32> {
        Err(OUTSIDE.into())
    }

    fn row_count(&mut self, _table: u32) -> HostResult<u64> {
        Err(OUTSIDE.into())
    }

    fn scan_table(&mut self, _table: u32) -> HostResult<ScanId> {
        Err(OUTSIDE.into())
    }

    fn scan_index_point(&mut self, _index: u32, _point: &[u8]) -> HostResult<ScanId> {
        Err(OUTSIDE.into())
    }

    fn scan_index_range(&mut self, _index: u32, _range: RangeBytes<'_>) -> HostResult<ScanId> {
        Err(OUTSIDE.into())
    }

    fn fetch(&mut self, _scan: ScanId, _bytes_wanted: usize, _batch: &mut RowBatch) -> HostResult<bool> {
        Err(OUTSIDE.into())
    }

    fn close_scan(&mut self, _scan: ScanId) {}

    fn insert(&mut self, _table: u32, _row: &[u8], _generated: &mut Vec<u8>) -> HostResult<()> {
        Err(OUTSIDE.into())
    }

    fn update(&mut self, _table: u32, _index: u32, _row: &[u8], _generated: &mut Vec<u8>) -> HostResult<()> {
        Err(OUTSIDE.into())
    }

    fn delete_index_point(&mut self, _index: u32, _point: &[u8]) -> HostResult<u32> {
        Err(OUTSIDE.into())
    }

    fn delete_index_range(&mut self, _index: u32, _range: RangeBytes<'_>) -> HostResult<u32> {
        Err(OUTSIDE.into())
    }

    fn delete_equal(&mut self, _table: u32, _rows: &[u8]) -> HostResult<u32> {
        Err(OUTSIDE.into())
    }

    fn clear(&mut self, _table: u32) -> HostResult<u64> {
        Err(OUTSIDE.into())
    }

    fn module_identity(&self) -> [u8; 32] {
        [0; 32]
    }

    fn claims(&mut self, _connection_id: [u8; 16]) -> HostResult<Option<String>> {
        Err(OUTSIDE.into())
    }

    fn env(&mut self, _name: &str) -> HostResult<Option<String>> {
        Err(OUTSIDE.into())
    }

    fn schedule_immediate(&mut self, _reducer: &str, _args: &[u8]) -> HostResult<()> {
        Err(OUTSIDE.into())
    }

    fn log(&mut self, record: LogRecord<'_>) {
        self.log.append(record);
    }
}
