//! Scans of module tables: whole tables in physical order, and ranges of an index.
//!
//! A scan that is not done when its first batch is full keeps a copy of the snapshot it began with, so later writes of
//! the call do not show; and between batches it holds no buffer pin: a table scan remembers the row it stopped behind,
//! an index scan drops its heap page.

use pgrx::pg_sys;

use super::index::{IndexFacts, Key};
use super::relation::OpenTable;
use crate::pg::memory::KeyMemory;
use crate::pg::{snapshot, unguarded};

const FIRST_ROW: pg_sys::ItemPointerData = row_id(0, 0);
const LAST_ROW: pg_sys::ItemPointerData = row_id(u32::MAX, u16::MAX);

const fn row_id(block: u32, offset: u16) -> pg_sys::ItemPointerData {
    pg_sys::ItemPointerData {
        ip_blkid: pg_sys::BlockIdData { bi_hi: (block >> 16) as u16, bi_lo: block as u16 },
        ip_posid: offset,
    }
}

/// What a visitor of rows wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    More,
    /// Enough for now; the scan can go on behind this row.
    Pause,
}

/// A scan between two batches.
#[derive(Debug)]
pub(crate) struct Scan {
    position: Position,
    /// The snapshot of the scan's beginning, once the scan has outlived its first batch.
    kept: Option<snapshot::Registered>,
    keys: Option<KeyMemory>,
}

#[derive(Debug)]
enum Position {
    Table {
        next: pg_sys::ItemPointerData,
    },
    Index {
        scan: pg_sys::IndexScanDesc,
        index: pg_sys::Relation,
        /// Keys of a second part, which in the index lies behind the one that `scan` reads.
        then: Option<Vec<pg_sys::ScanKeyData>>,
    },
    Done,
}

impl Scan {
    /// A scan of the whole table in physical order.
    pub(crate) fn of_table() -> Self {
        Self { position: Position::Table { next: FIRST_ROW }, kept: None, keys: None }
    }

    /// A scan without rows.
    pub(crate) fn of_nothing() -> Self {
        Self { position: Position::Done, kept: None, keys: None }
    }

    /// A scan of the rows in `index` that satisfy `keys`, in index order, and then of those that satisfy `then`.
    pub(crate) fn of_index(
        table: &OpenTable,
        facts: &IndexFacts,
        keys: &[Key],
        then: Option<&[Key]>,
    ) -> Self {
        let then = then.map(|keys| facts.scan_keys(keys));
        // SAFETY: the table is open with a lock for the length of the call.
        unsafe {
            let index = pg_sys::index_open(facts.oid, pg_sys::AccessShareLock as i32);
            let scan =
                begin_index_scan(table.relation(), index, snapshot::active(), &mut facts.scan_keys(keys));
            Self { position: Position::Index { scan, index, then }, kept: None, keys: None }
        }
    }

    /// Frees the memory of the scan's keys with the scan.
    pub(crate) fn with_keys_in(self, memory: KeyMemory) -> Self {
        Self { keys: Some(memory), ..self }
    }

    /// Shows rows to `visit`, in `table`'s read slot, until it pauses or the scan is done.
    /// Returns whether there may be more rows.
    pub(crate) fn run(&mut self, table: &OpenTable, visit: &mut dyn FnMut(&OpenTable) -> Visit) -> bool {
        match self.position {
            Position::Table { next } => self.run_table(table, next, visit),
            Position::Index { .. } => {
                while let Position::Index { scan, .. } = self.position {
                    if self.run_index(table, scan, visit) {
                        return true;
                    }
                    if !self.begin_second_part(table) {
                        self.close();
                    }
                }
                false
            }
            Position::Done => false,
        }
    }

    fn run_table(
        &mut self,
        table: &OpenTable,
        mut next: pg_sys::ItemPointerData,
        visit: &mut dyn FnMut(&OpenTable) -> Visit,
    ) -> bool {
        let mut last = LAST_ROW;
        let mut paused = false;
        // SAFETY: relation and slot belong to the open table; the scan is ended before this returns.
        unsafe {
            let reader = self.kept.unwrap_or_else(snapshot::active);
            // Range scans over row ids take no predicate lock themselves, and this one reads the whole table.
            crate::pg::external::predicate_lock_relation(table.relation(), reader);
            let scan = pg_sys::table_beginscan_tidrange(table.relation(), reader, &mut next, &mut last);
            let slot = table.read_slot();
            while pg_sys::table_scan_getnextslot_tidrange(scan, FORWARD, slot) {
                crate::pg::interrupt::process();
                if visit(table) == Visit::Pause {
                    next = (*slot).tts_tid;
                    next.ip_posid += 1;
                    paused = true;
                    break;
                }
            }
            unguarded::clear_slot(slot);
            pg_sys::table_endscan(scan);
        }
        if paused {
            self.position = Position::Table { next };
            self.kept.get_or_insert_with(snapshot::keep);
        } else {
            self.close();
        }
        paused
    }

    fn run_index(
        &mut self,
        table: &OpenTable,
        scan: pg_sys::IndexScanDesc,
        visit: &mut dyn FnMut(&OpenTable) -> Visit,
    ) -> bool {
        let mut paused = false;
        // SAFETY: as in run_table; the kept snapshot replaces the call's before any write can move the latter.
        unsafe {
            let slot = table.read_slot();
            while pg_sys::index_getnext_slot(scan, FORWARD, slot) {
                crate::pg::interrupt::process();
                if visit(table) == Visit::Pause {
                    paused = true;
                    break;
                }
            }
            unguarded::clear_slot(slot);
            if paused {
                pg_sys::table_index_fetch_reset((*scan).xs_heapfetch);
                if self.kept.is_none() {
                    let kept = snapshot::keep();
                    (*scan).xs_snapshot = kept;
                    self.kept = Some(kept);
                }
            }
        }
        paused
    }

    /// Goes on with the second part of an index scan; false if there is none (left).
    fn begin_second_part(&mut self, table: &OpenTable) -> bool {
        let Position::Index { scan, index, then } = &mut self.position else { return false };
        let Some(mut keys) = then.take() else { return false };
        // SAFETY: the first scan is read to its end and not used again; index and snapshot outlive both.
        unsafe {
            let reader = (**scan).xs_snapshot;
            pg_sys::index_endscan(*scan);
            *scan = begin_index_scan(table.relation(), *index, reader, &mut keys);
        }
        true
    }

    /// Frees what the scan holds. Does nothing the second time.
    pub(crate) fn close(&mut self) {
        if let Position::Index { scan, index, .. } = std::mem::replace(&mut self.position, Position::Done) {
            // SAFETY: opened by `of_index`, closed once.
            unsafe {
                pg_sys::index_endscan(scan);
                pg_sys::index_close(index, pg_sys::NoLock as i32);
            }
        }
        if let Some(kept) = self.kept.take() {
            snapshot::release(kept);
        }
        if let Some(keys) = self.keys.take() {
            keys.free();
        }
    }
}

/// Finds one row by its key and leaves it in the read slot; [`OpenTable::forget_row`] lets go of it.
pub(crate) fn find_one(
    table: &OpenTable,
    facts: &IndexFacts,
    keys: &[Key],
) -> Option<pg_sys::ItemPointerData> {
    // SAFETY: scan and index are closed here; the slot holds a pin of its own on the row.
    unsafe {
        let index = pg_sys::index_open(facts.oid, pg_sys::AccessShareLock as i32);
        let scan = begin_index_scan(table.relation(), index, snapshot::active(), &mut facts.scan_keys(keys));
        let found = pg_sys::index_getnext_slot(scan, FORWARD, table.read_slot());
        pg_sys::index_endscan(scan);
        pg_sys::index_close(index, pg_sys::NoLock as i32);
        found.then(|| table.row_id())
    }
}

pub(super) const FORWARD: pg_sys::ScanDirection::Type = pg_sys::ScanDirection::ForwardScanDirection;

/// An index scan without order-by keys, whatever the server's version.
///
/// # Safety
/// Open relations and a live snapshot.
pub(super) unsafe fn begin_index_scan(
    table: pg_sys::Relation,
    index: pg_sys::Relation,
    reader: pg_sys::Snapshot,
    keys: &mut [pg_sys::ScanKeyData],
) -> pg_sys::IndexScanDesc {
    let count = keys.len() as i32;
    // SAFETY: upheld by the caller; the scan copies the keys.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        let scan = pg_sys::index_beginscan(table, index, reader, count, 0);
        #[cfg(feature = "pg18")]
        let scan = pg_sys::index_beginscan(table, index, reader, std::ptr::null_mut(), count, 0);
        pg_sys::index_rescan(scan, keys.as_mut_ptr(), count, std::ptr::null_mut(), 0);
        scan
    }
}
