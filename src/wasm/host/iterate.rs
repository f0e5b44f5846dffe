//! Scans and the row iterators guests read them with (module-abi.md §1.7).
//!
//! Invariant: a row is never split over two reads; the end of a scan is told together with its last rows, never by an empty
//! read after them; a read that gives nothing and is not the end is errno 11 with the size that would do. Hazard: guests
//! spin or panic on any other behaviour.

use wasmtime::{Caller, Linker};

use super::entry::{answer, answer_code};
use super::table::GuestRange;
use super::{Errno, Host, HostResult, RowBatch, ScanId};
use crate::wasm::abi::namespace;
use crate::wasm::limits::{Budget, BudgetExceeded};
use crate::wasm::memory::{read, read_u32, store, write};
use crate::wasm::state::State;
use crate::wasm::trap::Refusal;

/// Bytes fetched at a time: what Rust guests bring as buffer, and what C# guests grow theirs to when told.
const BATCH_BYTES: usize = 64 * 1024;

/// What an open iterator is charged for; it bounds how many a guest can have open.
const ITERATOR_BYTES: usize = BATCH_BYTES;

/// Buffers grown beyond this by single large rows are not kept.
const KEPT_BYTES: usize = 4 * BATCH_BYTES;

/// Iterators whose buffers are kept for the next entry: few reducers nest scans deeper.
const KEPT_ITERATORS: usize = 4;

/// "No more rows", as the guests' 16-bit result type reads it.
const EXHAUSTED: u32 = u32::MAX;

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let v0 = namespace(0);
    linker.func_wrap(v0, "datastore_table_scan_bsatn", datastore_table_scan_bsatn)?;
    linker.func_wrap(v0, "datastore_index_scan_range_bsatn", datastore_index_scan_range_bsatn)?;
    // The name of the first release.
    linker.func_wrap(v0, "datastore_btree_scan_bsatn", datastore_index_scan_range_bsatn)?;
    linker.func_wrap(namespace(4), "datastore_index_scan_point_bsatn", datastore_index_scan_point_bsatn)?;
    linker.func_wrap(v0, "row_iter_bsatn_advance", row_iter_bsatn_advance)?;
    linker.func_wrap(v0, "row_iter_bsatn_close", row_iter_bsatn_close)?;
    Ok(())
}

fn datastore_table_scan_bsatn(mut caller: Caller<'_, State>, table: u32, out: u32) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, handles| {
        let scan = host.scan_table(table)?;
        let id = handles.iterators.open(scan, &mut handles.budget)?;
        Ok(store(memory, out, &id.to_le_bytes())?)
    })
}

#[expect(clippy::too_many_arguments, reason = "the ABI's")]
fn datastore_index_scan_range_bsatn(
    mut caller: Caller<'_, State>,
    index: u32,
    prefix: u32,
    prefix_len: u32,
    prefix_elems: u32,
    start: u32,
    start_len: u32,
    end: u32,
    end_len: u32,
    out: u32,
) -> wasmtime::Result<u32> {
    let range = GuestRange { prefix, prefix_len, prefix_elems, start, start_len, end, end_len };
    answer(&mut caller, |memory, host, handles| {
        let scan = host.scan_index_range(index, range.read(memory)?)?;
        let id = handles.iterators.open(scan, &mut handles.budget)?;
        Ok(store(memory, out, &id.to_le_bytes())?)
    })
}

fn datastore_index_scan_point_bsatn(
    mut caller: Caller<'_, State>,
    index: u32,
    point: u32,
    point_len: u32,
    out: u32,
) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, handles| {
        let scan = host.scan_index_point(index, read(memory, point, point_len)?)?;
        let id = handles.iterators.open(scan, &mut handles.budget)?;
        Ok(store(memory, out, &id.to_le_bytes())?)
    })
}

fn row_iter_bsatn_advance(
    mut caller: Caller<'_, State>,
    iterator: u32,
    buffer: u32,
    buffer_len: u32,
) -> wasmtime::Result<u32> {
    answer_code(&mut caller, |memory, host, handles| {
        let len = read_u32(memory, buffer_len)?;
        let space = write(memory, buffer, len)?;
        let advance = handles.iterators.advance(iterator, space, host)?;
        let (len, code) = match advance {
            Advance::More(written) => (written, 0),
            Advance::End(written) => {
                handles.iterators.forget(iterator, &mut handles.budget);
                (written, EXHAUSTED)
            }
            Advance::TooSmall(needed) => (needed, Errno::BufferTooSmall as u32),
        };
        store(memory, buffer_len, &(len as u32).to_le_bytes())?;
        Ok(code)
    })
}

fn row_iter_bsatn_close(mut caller: Caller<'_, State>, iterator: u32) -> wasmtime::Result<u32> {
    answer(&mut caller, |_, host, handles| {
        let scan = handles.iterators.forget(iterator, &mut handles.budget).ok_or(Errno::NoSuchIter)?;
        if let Some(scan) = scan {
            host.close_scan(scan);
        }
        Ok(())
    })
}

/// What one read of an iterator gave: bytes written, or needed.
enum Advance {
    More(usize),
    End(usize),
    TooSmall(usize),
}

/// One iterator: an open scan and the rows fetched from it that the guest has not read.
#[derive(Default)]
struct Iter {
    in_use: bool,
    /// `None` once the scan is at its end; then `batch` has all that is left.
    scan: Option<ScanId>,
    batch: RowBatch,
    /// Rows of `batch` the guest has, and the bytes they take.
    rows_read: usize,
    bytes_read: usize,
}

/// The iterators of one entry: id is the place in the slab plus one. Places keep their buffers.
#[derive(Default)]
pub(in crate::wasm) struct Iterators {
    slots: Vec<Iter>,
    free: Vec<usize>,
}

impl Iterators {
    fn open(&mut self, scan: ScanId, budget: &mut Budget) -> Result<u32, BudgetExceeded> {
        budget.charge(ITERATOR_BYTES)?;
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.slots.push(Iter::default());
                self.slots.len() - 1
            }
        };
        let slot = &mut self.slots[place];
        slot.in_use = true;
        slot.scan = Some(scan);
        Ok(place as u32 + 1)
    }

    fn place(&self, id: u32) -> Option<usize> {
        let place = (id as usize).checked_sub(1)?;
        self.slots.get(place).is_some_and(|slot| slot.in_use).then_some(place)
    }

    fn advance(&mut self, id: u32, space: &mut [u8], host: &mut dyn Host) -> Result<Advance, Refusal> {
        let place = self.place(id).ok_or(Errno::NoSuchIter)?;
        Ok(self.slots[place].advance(space, host)?)
    }

    /// Frees an iterator; gives its scan if that is still open. `None` for an unknown id.
    fn forget(&mut self, id: u32, budget: &mut Budget) -> Option<Option<ScanId>> {
        let place = self.place(id)?;
        let scan = self.slots[place].reset();
        self.free.push(place);
        budget.release(ITERATOR_BYTES);
        Some(scan)
    }

    /// Closes what the guest left open.
    pub(in crate::wasm) fn close_all(&mut self, host: &mut dyn Host) {
        if self.free.len() < self.slots.len() {
            for slot in self.slots.iter_mut().filter(|slot| slot.in_use) {
                if let Some(scan) = slot.reset() {
                    host.close_scan(scan);
                }
            }
            self.free = (0..self.slots.len()).collect();
        }
        if self.slots.len() > KEPT_ITERATORS {
            self.slots.truncate(KEPT_ITERATORS);
            self.slots.shrink_to_fit();
            self.free = (0..KEPT_ITERATORS).collect();
        }
    }
}

impl Iter {
    fn reset(&mut self) -> Option<ScanId> {
        self.in_use = false;
        self.empty_batch();
        if self.batch.bytes.capacity() + self.batch.ends.capacity() * size_of::<usize>() > KEPT_BYTES {
            self.batch = RowBatch::default();
        }
        self.scan.take()
    }

    fn empty_batch(&mut self) {
        self.batch.bytes.clear();
        self.batch.ends.clear();
        (self.rows_read, self.bytes_read) = (0, 0);
    }

    fn advance(&mut self, space: &mut [u8], host: &mut dyn Host) -> HostResult<Advance> {
        let mut written = 0;
        loop {
            // Looking one batch ahead even when the buffer is full: the end must be told with the last rows.
            self.refill(host)?;
            let unread = &self.batch.ends[self.rows_read..];
            if unread.is_empty() {
                return Ok(Advance::End(written));
            }
            let room = self.bytes_read + (space.len() - written);
            let fitting = unread.partition_point(|end| *end <= room);
            if fitting == 0 {
                // The whole rest of the batch, not just one row: guests grow once and then read at full speed.
                return Ok(match written {
                    0 => Advance::TooSmall(self.batch.bytes.len() - self.bytes_read),
                    _ => Advance::More(written),
                });
            }
            let end = unread[fitting - 1];
            let rows = &self.batch.bytes[self.bytes_read..end];
            space[written..written + rows.len()].copy_from_slice(rows);
            written += rows.len();
            self.rows_read += fitting;
            self.bytes_read = end;
        }
    }

    /// Makes sure that there is an unread row, unless the scan is at its end.
    fn refill(&mut self, host: &mut dyn Host) -> HostResult<()> {
        while self.rows_read == self.batch.ends.len() {
            let Some(scan) = self.scan else { return Ok(()) };
            self.empty_batch();
            if !host.fetch(scan, BATCH_BYTES, &mut self.batch)? {
                self.scan = None;
            }
        }
        Ok(())
    }
}
