//! The host of guests outside of any transaction: start-up, description.

use super::{Errno, Host, HostError, HostResult, LogRecord, RangeBytes, RowBatch, ScanId};

/// Answers every question about data with errno 2 and passes log records on.
pub(crate) struct OutsideTransaction<L> {
    identity: [u8; 32],
    log: L,
}

impl<L: FnMut(LogRecord<'_>)> OutsideTransaction<L> {
    /// `identity`: the module's, little-endian; zeros while it has none.
    pub(crate) fn new(identity: [u8; 32], log: L) -> Self {
        OutsideTransaction { identity, log }
    }
}

fn outside<T>() -> HostResult<T> {
    Err(HostError::Errno(Errno::NotInTransaction))
}

impl<L: FnMut(LogRecord<'_>)> Host for OutsideTransaction<L> {
    fn table_id(&mut self, _name: &str) -> HostResult<u32> {
        outside()
    }

    fn index_id(&mut self, _name: &str) -> HostResult<u32> {
        outside()
    }

    fn row_count(&mut self, _table: u32) -> HostResult<u64> {
        outside()
    }

    fn scan_table(&mut self, _table: u32) -> HostResult<ScanId> {
        outside()
    }

    fn scan_index_point(&mut self, _index: u32, _point: &[u8]) -> HostResult<ScanId> {
        outside()
    }

    fn scan_index_range(&mut self, _index: u32, _range: RangeBytes<'_>) -> HostResult<ScanId> {
        outside()
    }

    fn fetch(&mut self, _scan: ScanId, _bytes_wanted: usize, _batch: &mut RowBatch) -> HostResult<bool> {
        outside()
    }

    fn close_scan(&mut self, _scan: ScanId) {}

    fn insert(&mut self, _table: u32, _row: &[u8], _generated: &mut Vec<u8>) -> HostResult<()> {
        outside()
    }

    fn update(&mut self, _table: u32, _index: u32, _row: &[u8], _generated: &mut Vec<u8>) -> HostResult<()> {
        outside()
    }

    fn delete_index_point(&mut self, _index: u32, _point: &[u8]) -> HostResult<u32> {
        outside()
    }

    fn delete_index_range(&mut self, _index: u32, _range: RangeBytes<'_>) -> HostResult<u32> {
        outside()
    }

    fn delete_equal(&mut self, _table: u32, _rows: &[u8]) -> HostResult<u32> {
        outside()
    }

    fn clear(&mut self, _table: u32) -> HostResult<u64> {
        outside()
    }

    fn module_identity(&self) -> [u8; 32] {
        self.identity
    }

    fn claims(&mut self, _connection_id: [u8; 16]) -> HostResult<Option<String>> {
        outside()
    }

    fn env(&mut self, _name: &str) -> HostResult<Option<String>> {
        outside()
    }

    fn schedule_immediate(&mut self, _reducer: &str, _args: &[u8]) -> HostResult<()> {
        outside()
    }

    fn commit(&mut self) -> HostResult<()> {
        outside()
    }

    fn abort(&mut self) -> HostResult<()> {
        outside()
    }

    fn log(&mut self, record: LogRecord<'_>) {
        (self.log)(record);
    }
}
