//! What a guest reads during one call. A scan's first batch is read when it is opened, so most scans, points above all,
//! are over before the guest asks for rows; the others go on from a snapshot of their own.

use std::rc::Rc;

use super::keys::{self, KeyRange};
use super::tables::{CallTables, IndexAccess};
use crate::error::Error;
use crate::pg::memory::KeyMemory;
use crate::pg::scan::{Scan, Visit};
use crate::row::TableCodec;
use crate::wasm::host::{Errno, HostResult, RangeBytes, RowBatch, ScanId};

/// Bytes of rows read when a scan is opened.
const FIRST_BATCH_BYTES: usize = 64 << 10;

/// A scan the guest has not read to its end.
pub(super) struct OpenScan {
    /// Rows read and not yet handed on.
    batch: RowBatch,
    /// Where the others come from; `None` when there are none.
    rest: Option<TableScan>,
}

/// A scan of a table in Postgres.
pub(super) struct TableScan {
    scan: Scan,
    table: usize,
    codec: Rc<TableCodec>,
}

impl OpenScan {
    pub(super) fn close(self) {
        if let Some(mut rest) = self.rest {
            rest.scan.close();
        }
    }
}

impl CallTables {
    pub(super) fn count(&mut self, table: u32) -> HostResult<u64> {
        let at = self.table(table)?;
        if self.is_event(at) {
            return self.count_events(at);
        }
        let mut count = 0;
        let opened = self.opened(at)?;
        Scan::of_table().run(&opened.table, &mut |_| {
            count += 1;
            Visit::More
        });
        Ok(count)
    }

    pub(super) fn scan_table(&mut self, table: u32) -> HostResult<ScanId> {
        let at = self.table(table)?;
        if self.is_event(at) {
            return self.scan_events(at, |table, _| Ok(table.all()));
        }
        let codec = Rc::clone(&self.opened(at)?.codec);
        self.begin(Scan::of_table(), at, codec)
    }

    pub(super) fn scan_point(&mut self, index: u32, point: &[u8]) -> HostResult<ScanId> {
        if let Some((at, index)) = self.event_index(index) {
            return self.scan_events(at, |table, definition| table.point(definition, index, point));
        }
        let (scan, at) = self.point(index, point)?;
        let codec = Rc::clone(&self.opened(at)?.codec);
        self.begin(scan, at, codec)
    }

    pub(super) fn scan_range(&mut self, index: u32, range: RangeBytes<'_>) -> HostResult<ScanId> {
        if let Some((at, index)) = self.event_index(index) {
            return self.scan_events(at, |table, definition| table.range(definition, index, range));
        }
        let (scan, at) = self.range(index, range)?;
        let codec = Rc::clone(&self.opened(at)?.codec);
        self.begin(scan, at, codec)
    }

    /// A scan of one key of an index, and the table it is on.
    pub(super) fn point(&mut self, index: u32, point: &[u8]) -> HostResult<(Scan, usize)> {
        let access = self.index(index)?;
        let (memory, is_alone) = (self.memory, self.has_no_open_scan());
        let (keys, own) = memory.with_keys(is_alone, || keys::point(&access.codec, access.index(), point));
        self.index_scan(&access, keys?.map(KeyRange::from), own)
    }

    /// A scan of a range of an index, and the table it is on.
    pub(super) fn range(&mut self, index: u32, range: RangeBytes<'_>) -> HostResult<(Scan, usize)> {
        let access = self.index(index)?;
        let (memory, is_alone) = (self.memory, self.has_no_open_scan());
        let (keys, own) = memory.with_keys(is_alone, || keys::range(&access.codec, access.index(), range));
        self.index_scan(&access, keys?, own)
    }

    fn index_scan(
        &mut self,
        access: &IndexAccess,
        range: Option<KeyRange>,
        memory: KeyMemory,
    ) -> HostResult<(Scan, usize)> {
        let facts = access.index().facts.as_ref().ok_or(Errno::NoSuchIndex)?;
        let scan = match range {
            Some(range) => {
                let table = &self.opened(access.table)?.table;
                Scan::of_index(table, facts, &range.keys, range.then.as_deref()).with_keys_in(memory)
            }
            None => {
                memory.free();
                Scan::of_nothing()
            }
        };
        Ok((scan, access.table))
    }

    /// Whether every scan of the call has read its last row from the table.
    fn has_no_open_scan(&self) -> bool {
        self.scans.iter().flatten().all(|open| open.rest.is_none())
    }

    fn begin(&mut self, scan: Scan, table: usize, codec: Rc<TableCodec>) -> HostResult<ScanId> {
        let mut rest = TableScan { scan, table, codec };
        let mut batch = RowBatch::default();
        let has_more = self.read(&mut rest, FIRST_BATCH_BYTES, &mut batch)?;
        self.keep_open(has_more.then_some(rest), batch)
    }

    /// Keeps a scan, and the rows already read, until the guest asks for them.
    pub(super) fn keep_open(&mut self, rest: Option<TableScan>, batch: RowBatch) -> HostResult<ScanId> {
        let open = OpenScan { batch, rest };
        let waiting = self.scans.iter().flatten().map(|open| open.batch.bytes.capacity()).sum::<usize>();
        let limit = crate::guc::max_memory_bytes();
        if waiting + open.batch.bytes.capacity() > limit {
            return Err(Error::Limit {
                module: self.module.row.name.clone(),
                function: "a call".into(),
                what: format!("{} MB of rows in scans it does not read", limit >> 20),
                setting: "spacetime.max_memory_mb",
            }
            .into());
        }
        let free = self.scans.iter().position(Option::is_none).unwrap_or(self.scans.len());
        if free == self.scans.len() {
            self.scans.push(None);
        }
        self.scans[free] = Some(open);
        Ok(ScanId(free as u32))
    }

    /// Appends rows to `batch`; returns whether there may be more.
    fn read(&mut self, open: &mut TableScan, bytes_wanted: usize, batch: &mut RowBatch) -> HostResult<bool> {
        let memory = self.memory;
        let opened = self.opened(open.table)?;
        let codec = &open.codec;
        let mut failure: Option<Error> = None;
        let has_more = open.scan.run(&opened.table, &mut |table| {
            // SAFETY: the codec was made for the open table.
            let encoded = memory.with_row(|| unsafe { codec.encode_row(table.row(), &mut batch.bytes) });
            if let Err(error) = encoded {
                failure = Some(error);
                return Visit::Pause;
            }
            batch.ends.push(batch.bytes.len());
            if batch.bytes.len() >= bytes_wanted { Visit::Pause } else { Visit::More }
        });
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(has_more),
        }
    }

    pub(super) fn fetch(
        &mut self,
        scan: ScanId,
        bytes_wanted: usize,
        batch: &mut RowBatch,
    ) -> HostResult<bool> {
        let slot = scan.0 as usize;
        let taken = self.scans.get_mut(slot).and_then(Option::take);
        let mut open = taken.ok_or_else(|| Error::Internal("scan is not open".into()))?;
        append(batch, std::mem::take(&mut open.batch));
        if batch.bytes.len() < bytes_wanted
            && let Some(rest) = &mut open.rest
            && !self.read(rest, bytes_wanted, batch)?
        {
            open.rest = None;
        }
        let has_more = open.rest.is_some();
        if has_more {
            self.scans[slot] = Some(open);
        }
        Ok(has_more)
    }

    pub(super) fn close_scan(&mut self, scan: ScanId) {
        if let Some(open) = self.scans.get_mut(scan.0 as usize).and_then(Option::take) {
            open.close();
        }
    }
}

fn append(batch: &mut RowBatch, more: RowBatch) {
    if batch.ends.is_empty() && batch.bytes.is_empty() {
        *batch = more;
        return;
    }
    let offset = batch.bytes.len();
    batch.bytes.extend_from_slice(&more.bytes);
    batch.ends.extend(more.ends.iter().map(|end| end + offset));
}
