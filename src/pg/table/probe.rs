//! Looks for rows that a write would collide with, before it is made: a unique violation is an errno for the guest,
//! not an error that aborts the transaction.

use std::cell::OnceCell;

use pgrx::pg_sys::{self, Datum, Oid};

use super::index::{IndexFacts, Key, Strategy};
use super::scan::{FORWARD, begin_index_scan};

use crate::pg::unguarded;

/// Key columns an index can have (`INDEX_MAX_KEYS`).
const KEYS_MAX: usize = pg_sys::INDEX_MAX_KEYS as usize;

/// A unique index of a table that is being written.
#[derive(Debug)]
pub(super) struct UniqueIndex {
    pub(super) relation: pg_sys::Relation,
    pub(super) info: *mut pg_sys::IndexInfo,
    /// Read at the first probe: most calls make none.
    facts: OnceCell<IndexFacts>,
}

impl UniqueIndex {
    pub(super) fn new(relation: pg_sys::Relation, info: *mut pg_sys::IndexInfo) -> Self {
        Self { relation, info, facts: OnceCell::new() }
    }

    pub(super) fn oid(&self) -> Oid {
        // SAFETY: the index is open as long as the writer is.
        unsafe { (*self.relation).rd_id }
    }

    fn facts(&self) -> &IndexFacts {
        // SAFETY: as `oid`; only btrees are probed.
        self.facts.get_or_init(|| unsafe { IndexFacts::of(self.relation) })
    }
}

/// The row a probe is made for and the slot a hit is returned in.
pub(super) struct Probe {
    pub(super) table: pg_sys::Relation,
    pub(super) estate: *mut pg_sys::EState,
    pub(super) row: *mut pg_sys::TupleTableSlot,
    pub(super) hit: *mut pg_sys::TupleTableSlot,
}

impl Probe {
    /// Whether `index` holds the key of the row, in a row other than `own`. The other row is then in the hit slot.
    ///
    /// Waits for transactions that are inserting or deleting that key: bounded by `spacetime.row_wait_ms`.
    ///
    /// # Safety
    /// All pointers are of the same open table; the row slot holds a row.
    pub(super) unsafe fn hits(&self, index: &UniqueIndex, own: Option<&pg_sys::ItemPointerData>) -> bool {
        // SAFETY: upheld by the caller; every scan opened here is ended before the next turn.
        unsafe {
            let Some(keys) = self.keys(index) else { return false };
            let mut scan_keys = index.facts().scan_keys(&keys);
            loop {
                let mut dirty = pg_sys::SnapshotData {
                    snapshot_type: pg_sys::SnapshotType::SNAPSHOT_DIRTY,
                    ..Default::default()
                };
                let scan = begin_index_scan(self.table, index.relation, &mut dirty, &mut scan_keys);
                let (mut found, mut other, mut token) = (false, pg_sys::InvalidTransactionId, 0);
                while pg_sys::index_getnext_slot(scan, FORWARD, self.hit) {
                    if own.is_some_and(|own| same_row(own, &(*self.hit).tts_tid)) {
                        continue;
                    }
                    found = true;
                    other = if dirty.xmin != pg_sys::InvalidTransactionId { dirty.xmin } else { dirty.xmax };
                    token = dirty.speculativeToken;
                    break;
                }
                pg_sys::index_endscan(scan);
                if other == pg_sys::InvalidTransactionId {
                    return found;
                }
                let mut place = (*self.hit).tts_tid;
                unguarded::clear_slot(self.hit);
                super::attempt::with_row_wait(|| {
                    if token != 0 {
                        // An upsert that may yet take its row back: its transaction may be waiting for ours.
                        return pg_sys::SpeculativeInsertionWait(other, token);
                    }
                    pg_sys::XactLockTableWait(
                        other,
                        self.table,
                        &mut place,
                        pg_sys::XLTW_Oper::XLTW_InsertIndex,
                    );
                });
            }
        }
    }

    /// The row that has the key of the row in `index`, by `reader`'s sight; `None` when the index cannot hold that key.
    ///
    /// # Safety
    /// As [`Probe::hits`].
    pub(super) unsafe fn find(
        &self,
        index: &UniqueIndex,
        reader: pg_sys::Snapshot,
    ) -> Option<Option<pg_sys::ItemPointerData>> {
        // SAFETY: upheld by the caller; the scan is ended here.
        unsafe {
            let keys = self.keys(index)?;
            let mut scan_keys = index.facts().scan_keys(&keys);
            let scan = begin_index_scan(self.table, index.relation, reader, &mut scan_keys);
            let found = pg_sys::index_getnext_slot(scan, FORWARD, self.hit);
            pg_sys::index_endscan(scan);
            Some(found.then(|| (*self.hit).tts_tid))
        }
    }

    /// The row's key in `index`; `None` when the index cannot hold a conflict (NULL in the key, partial index).
    unsafe fn keys(&self, index: &UniqueIndex) -> Option<Vec<Key>> {
        // SAFETY: the expression context belongs to the estate; FormIndexDatum fills one value per index column.
        unsafe {
            let context = per_tuple_context(self.estate);
            (*context).ecxt_scantuple = self.row;
            let info = index.info;
            if !(*info).ii_Predicate.is_null() {
                if (*info).ii_PredicateState.is_null() {
                    (*info).ii_PredicateState = pg_sys::ExecPrepareQual((*info).ii_Predicate, self.estate);
                }
                if !pg_sys::ExecQual((*info).ii_PredicateState, context) {
                    return None;
                }
            }
            let mut values = [Datum::from(0usize); KEYS_MAX];
            let mut nulls = [false; KEYS_MAX];
            pg_sys::FormIndexDatum(info, self.row, self.estate, values.as_mut_ptr(), nulls.as_mut_ptr());
            let width = index.facts().width();
            if nulls[..width].contains(&true) && !(*info).ii_NullsNotDistinct {
                return None;
            }
            Some(
                (0..width)
                    .map(|column| Key {
                        column,
                        strategy: Strategy::Equal,
                        value: (!nulls[column]).then_some(values[column]),
                    })
                    .collect(),
            )
        }
    }
}

/// `GetPerTupleExprContext`.
///
/// # Safety
/// A live executor state.
pub(super) unsafe fn per_tuple_context(estate: *mut pg_sys::EState) -> *mut pg_sys::ExprContext {
    // SAFETY: upheld by the caller.
    unsafe {
        if (*estate).es_per_tuple_exprcontext.is_null() {
            pg_sys::MakePerTupleExprContext(estate)
        } else {
            (*estate).es_per_tuple_exprcontext
        }
    }
}

fn same_row(a: &pg_sys::ItemPointerData, b: &pg_sys::ItemPointerData) -> bool {
    (a.ip_blkid.bi_hi, a.ip_blkid.bi_lo, a.ip_posid) == (b.ip_blkid.bi_hi, b.ip_blkid.bi_lo, b.ip_posid)
}
