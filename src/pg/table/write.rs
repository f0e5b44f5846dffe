//! Writes to a module table: straight to heap and indexes, with every result of the table access method handled.
//!
//! What the executor would do for an SQL statement is done here step by step, because its ready-made path
//! (`ExecSimpleRelationInsert`) turns a duplicate key into an error that aborts the transaction.

use pgrx::pg_sys::{self, Oid};

use super::attempt::{Attempt, attempt, changed_by_another};
use super::delete::Deletion;
use super::probe::Probe;
use super::relation::RowDatums;
use super::target;
use super::trigger::{Bracket, Event};
use super::writer::Writer;
use crate::error::Result;
use crate::pg::report::raise;
use crate::pg::{external, snapshot, unguarded};

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// A BEFORE trigger returned NULL: nothing was written, as SQL would have it.
    Skipped,
    /// Another row has one of the new row's unique keys; see [`Writer::conflicting_row`].
    Conflict,
}

impl Writer {
    /// Inserts the row that was filled.
    pub(crate) fn insert(&mut self) -> Result<Written> {
        // SAFETY: the new row is filled; slots and estate live as long as the call.
        unsafe {
            self.fill_defaults();
            unguarded::store_virtual(self.row);
            (*self.row).tts_tableOid = (*self.relation).rd_id;
            let bracket = self.begin(Event::Insert, None);
            let written = self.insert_row(bracket.as_ref())?;
            self.end(bracket);
            Ok(written)
        }
    }

    unsafe fn insert_row(&mut self, bracket: Option<&Bracket>) -> Result<Written> {
        // SAFETY: as `insert`.
        unsafe {
            if let Some(bracket) = bracket
                && !bracket.before_row(self.row, std::ptr::null_mut())
            {
                return Ok(Written::Skipped);
            }
            self.own_row(bracket);
            self.complete(pg_sys::CmdType::CMD_INSERT);
            if self.probes_first && self.conflict(None, None) {
                self.require_visible_conflict()?;
                return Ok(Written::Conflict);
            }
            let command = (*self.estate).es_output_cid;
            pg_sys::table_tuple_insert(self.relation, self.row, command, 0, std::ptr::null_mut());
            let recheck = self.insert_into_indexes(IndexInsert::NewRow);
            if !self.probes_first && !recheck.is_null() {
                // Others like it may follow, and each would leave a dead row.
                self.probes_first = true;
                let own = (*self.row).tts_tid;
                if self.conflict(Some(&own), None) {
                    self.require_visible_conflict()?;
                    self.take_back(own)?;
                    return Ok(Written::Conflict);
                }
            }
            if let Some(bracket) = bracket {
                bracket.after_row(self.row, std::ptr::null_mut(), recheck);
            }
            Ok(Written::Done)
        }
    }

    /// Replaces the row at `old`, whose values are `old_row`, by the row that was filled. `same_key`: an index whose key is
    /// known to be unchanged.
    pub(crate) fn update(
        &mut self,
        old: pg_sys::ItemPointerData,
        old_row: RowDatums<'_>,
        same_key: Option<Oid>,
    ) -> Result<Written> {
        // SAFETY: as `insert`.
        unsafe {
            unguarded::store_virtual(self.row);
            (*self.row).tts_tableOid = (*self.relation).rd_id;
            self.require_replica_identity(pg_sys::CmdType::CMD_UPDATE);
            let bracket = self.begin(Event::Update, Some(old_row));
            let written = self.update_row(old, same_key, bracket.as_ref())?;
            self.end(bracket);
            Ok(written)
        }
    }

    unsafe fn update_row(
        &mut self,
        mut old: pg_sys::ItemPointerData,
        same_key: Option<Oid>,
        bracket: Option<&Bracket>,
    ) -> Result<Written> {
        // SAFETY: as `insert`.
        unsafe {
            let mut same_key = same_key;
            if let Some(bracket) = bracket {
                // As SQL does: who only refers to the row by a foreign key need not wait for an update of other columns.
                let mode = pg_sys::ExecUpdateLockMode(self.estate, self.target);
                self.lock_row(&mut old, mode)?.or_changed()?;
                if !bracket.before_row(self.row, &mut old) {
                    return Ok(Written::Skipped);
                }
                // A trigger may have changed the very row, which then is not the one to replace any more.
                self.lock_row(&mut old, mode)?.or_changed()?;
                // Or any column of the new one.
                same_key = None;
            }
            self.own_row(bracket);
            self.complete(pg_sys::CmdType::CMD_UPDATE);
            if self.conflict(Some(&old), same_key) {
                self.require_visible_conflict()?;
                return Ok(Written::Conflict);
            }
            let recheck = match self.replace(&mut old)? {
                IndexEntries::None => std::ptr::null_mut(),
                IndexEntries::All => self.insert_into_indexes(IndexInsert::NewVersion),
                IndexEntries::Summaries => self.insert_into_indexes(IndexInsert::Summaries),
            };
            if let Some(bracket) = bracket {
                bracket.after_row(self.row, &mut old, recheck);
            }
            Ok(Written::Done)
        }
    }

    /// Begins to delete rows.
    pub(crate) fn begin_delete(&mut self) -> Deletion<'_> {
        // SAFETY: the slots and the estate live as long as the call.
        unsafe {
            self.require_replica_identity(pg_sys::CmdType::CMD_DELETE);
            let bracket = self.begin(Event::Delete, None);
            Deletion { writer: self, bracket }
        }
    }

    /// Generated columns, then constraints, in the executor's order.
    unsafe fn complete(&mut self, command: pg_sys::CmdType::Type) {
        // SAFETY: estate, target and row belong together.
        unsafe {
            if self.generated {
                external::compute_stored_generated(self.target, self.estate, self.row, command);
            }
            if self.constrained {
                pg_sys::ExecConstraints(self.target, self.row, self.estate);
            }
        }
    }

    /// Moves a row that triggers may have replaced out of their memory, which ends with the bracket.
    unsafe fn own_row(&mut self, bracket: Option<&Bracket>) {
        if bracket.is_some() {
            // SAFETY: the slot holds a row.
            unsafe { pg_sys::ExecMaterializeSlot(self.row) }
        }
    }

    unsafe fn conflict(&self, own: Option<&pg_sys::ItemPointerData>, same_key: Option<Oid>) -> bool {
        let probe = Probe { table: self.relation, estate: self.estate, row: self.row, hit: self.hit };
        self.unique
            .iter()
            .filter(|index| Some(index.oid()) != same_key)
            // SAFETY: estate, slots and indexes are of this table.
            .any(|index| unsafe { probe.hits(index, own) })
    }

    /// A conflict with a row the call cannot see is another transaction's: telling the guest of it, or worse, taking its
    /// row for the same, would act on what its snapshot does not hold.
    unsafe fn require_visible_conflict(&mut self) -> Result<()> {
        // SAFETY: the hit slot holds a heap row of this table.
        unsafe {
            if pg_sys::table_tuple_satisfies_snapshot(self.relation, self.hit, snapshot::active()) {
                return Ok(());
            }
            let mut is_null = false;
            let column = pg_sys::MinTransactionIdAttributeNumber;
            let xmin = pg_sys::slot_getsysattr(self.hit, column, &mut is_null);
            if pg_sys::TransactionIdIsCurrentTransactionId(pg_sys::TransactionId::from(xmin.value() as u32)) {
                return Ok(());
            }
            unguarded::clear_slot(self.hit);
        }
        Err(changed_by_another())
    }

    /// Makes the index entries of the row that was stored. Returns the indexes whose uniqueness is still to be checked:
    /// for a new row that was not probed for, the ones that may hold its key already.
    unsafe fn insert_into_indexes(&mut self, kind: IndexInsert) -> *mut pg_sys::List {
        // SAFETY: the row was stored, its tts_tid is set.
        unsafe {
            if (*self.target).ri_NumIndices == 0 {
                return std::ptr::null_mut();
            }
            let (target, row, estate, arbiters) = (self.target, self.row, self.estate, self.arbiters);
            let unprobed = kind == IndexInsert::NewRow && !self.probes_first && !self.unique.is_empty();
            let insert = move || {
                pg_sys::ExecInsertIndexTuples(
                    target,
                    row,
                    estate,
                    kind != IndexInsert::NewRow,
                    unprobed,
                    std::ptr::null_mut(),
                    if unprobed { arbiters } else { std::ptr::null_mut() },
                    #[cfg(not(feature = "pg15"))]
                    (kind == IndexInsert::Summaries),
                )
            };
            if self.has_rivals { or_serialization_failure(insert) } else { insert() }
        }
    }

    /// Removes the row this very write has stored, since its key was taken.
    unsafe fn take_back(&mut self, mut own: pg_sys::ItemPointerData) -> Result<()> {
        // SAFETY: `own` is the row just stored; the next command sees it.
        unsafe {
            pg_sys::CommandCounterIncrement();
            let command = unguarded::command_id_for_write();
            self.delete_version(&mut own, command)?.or_changed()
        }
    }

    /// Marks one version of a row as deleted.
    pub(super) unsafe fn delete_version(
        &self,
        place: &mut pg_sys::ItemPointerData,
        command: pg_sys::CommandId,
    ) -> Result<Attempt> {
        // SAFETY: `place` is a row of the table that this command sees.
        unsafe {
            attempt(|wait, failure| {
                pg_sys::table_tuple_delete(
                    self.relation,
                    &mut *place,
                    command,
                    snapshot::active(),
                    std::ptr::null_mut(),
                    wait,
                    failure,
                    false,
                )
            })
        }
    }

    /// Puts the new version of a row on the heap; returns which indexes need entries for it.
    unsafe fn replace(&mut self, old: &mut pg_sys::ItemPointerData) -> Result<IndexEntries> {
        // SAFETY: `old` is a row this call read.
        unsafe {
            let command = (*self.estate).es_output_cid;
            let mut lock_mode = pg_sys::LockTupleMode::LockTupleExclusive;
            #[cfg(feature = "pg15")]
            let mut touches = false;
            #[cfg(not(feature = "pg15"))]
            let mut touches = pg_sys::TU_UpdateIndexes::TU_None;
            attempt(|wait, failure| {
                pg_sys::table_tuple_update(
                    self.relation,
                    &mut *old,
                    self.row,
                    command,
                    snapshot::active(),
                    std::ptr::null_mut(),
                    wait,
                    failure,
                    &mut lock_mode,
                    &mut touches,
                )
            })?
            .or_changed()?;
            #[cfg(feature = "pg15")]
            return Ok(if touches { IndexEntries::All } else { IndexEntries::None });
            #[cfg(not(feature = "pg15"))]
            return Ok(match touches {
                pg_sys::TU_UpdateIndexes::TU_None => IndexEntries::None,
                pg_sys::TU_UpdateIndexes::TU_Summarizing => IndexEntries::Summaries,
                _ => IndexEntries::All,
            });
        }
    }

    /// Locks a row before its triggers run, so that they never meet a version that is not the one read.
    pub(super) unsafe fn lock_row(
        &mut self,
        old: &mut pg_sys::ItemPointerData,
        mode: pg_sys::LockTupleMode::Type,
    ) -> Result<Attempt> {
        // SAFETY: the hit slot is free at this point; `old` is a row this call read.
        unsafe {
            let command = (*self.estate).es_output_cid;
            let locked = attempt(|wait, failure| {
                let policy = if wait {
                    pg_sys::LockWaitPolicy::LockWaitBlock
                } else {
                    pg_sys::LockWaitPolicy::LockWaitSkip
                };
                pg_sys::table_tuple_lock(
                    self.relation,
                    &mut *old,
                    snapshot::active(),
                    self.hit,
                    command,
                    mode,
                    policy,
                    0,
                    failure,
                )
            });
            unguarded::clear_slot(self.hit);
            locked
        }
    }

    /// Begins a statement. `old_row` is what an update replaces.
    unsafe fn begin(&mut self, event: Event, old_row: Option<RowDatums<'_>>) -> Option<Bracket> {
        // SAFETY: estate and target belong together.
        unsafe {
            if self.updated_columns.is_null()
                && (old_row.is_some() || self.bracketed || self.constrained || self.generated)
            {
                self.updated_columns = target::init_range_table(self.estate, self.relation);
            }
            if let Some(old_row) = old_row {
                let outer = pg_sys::MemoryContextSwitchTo((*self.estate).es_query_cxt);
                pg_sys::bms_free(*self.updated_columns);
                *self.updated_columns =
                    target::differing_columns((*self.relation).rd_att, old_row, self.row());
                pg_sys::MemoryContextSwitchTo(outer);
            }
            (*self.estate).es_snapshot = snapshot::active();
            (*self.estate).es_output_cid = unguarded::command_id_for_write();
            self.bracketed.then(|| Bracket::begin(event, self.estate, self.target))
        }
    }

    pub(super) unsafe fn end(&mut self, bracket: Option<Bracket>) {
        // SAFETY: as `begin`.
        unsafe {
            if let Some(bracket) = bracket {
                bracket.end();
            }
            self.forget_computed();
        }
    }
}

/// What index entries are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IndexInsert {
    NewRow,
    NewVersion,
    /// A new version of which only indexes that summarise blocks need to know.
    Summaries,
}

/// Which indexes need entries for a new version of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IndexEntries {
    None,
    All,
    /// Only indexes that summarise blocks (BRIN): entries elsewhere would point into the middle of a HOT chain.
    #[cfg_attr(feature = "pg15", expect(dead_code, reason = "PostgreSQL 16 made the difference"))]
    Summaries,
}

/// Runs an insertion into indexes that were probed and found free. A duplicate key is then a rival's, committed since:
/// a conflict to be tried again, not an error of the guest. It stays an error, so nothing is left half done.
fn or_serialization_failure<R>(insert: impl FnOnce() -> R) -> R {
    let insert = std::panic::AssertUnwindSafe(insert);
    pgrx::PgTryBuilder::new(insert)
        .catch_when(pgrx::PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION, |_| raise(changed_by_another()))
        .execute()
}
