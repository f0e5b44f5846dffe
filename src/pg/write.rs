//! Writes to a module table: straight to heap and indexes, with every result of the table access method handled.
//!
//! What the executor would do for an SQL statement is done here step by step, because its ready-made path
//! (`ExecSimpleRelationInsert`) turns a duplicate key into an error that aborts the transaction.

use pgrx::pg_sys::{self, Datum, Oid};

use super::attempt::{Attempt, attempt, changed_by_another};
use super::external;
use super::probe::{Probe, UniqueIndex, per_tuple_context};
use super::relation::{RowDatums, attribute, slot_row};
use super::snapshot;
use super::target;
use super::trigger::{Bracket, Event};
use crate::error::Result;

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// A BEFORE trigger returned NULL: nothing was written, as SQL would have it.
    Skipped,
    /// Another row has one of the new row's unique keys; see [`Writer::conflicting_row`].
    Conflict,
}

/// No unique index holds the row's key: NULL in it, or a partial index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoKey;

/// A table opened for writing within a call.
#[derive(Debug)]
pub(crate) struct Writer {
    relation: pg_sys::Relation,
    estate: *mut pg_sys::EState,
    target: *mut pg_sys::ResultRelInfo,
    /// The row being written.
    row: *mut pg_sys::TupleTableSlot,
    /// A row that a probe hit.
    hit: *mut pg_sys::TupleTableSlot,
    unique: Vec<UniqueIndex>,
    defaults: Vec<(usize, *mut pg_sys::ExprState)>,
    /// Operators' triggers are on the table.
    bracketed: bool,
    /// Operators' CHECK or NOT NULL constraints are on the table.
    constrained: bool,
    generated: bool,
    /// Replica identity was checked for updates, for deletes.
    is_checked: (bool, bool),
    /// The executor state knows which columns a write changes: triggers, constraints and updates ask it.
    has_range_table: bool,
    /// For each attribute, whether the module knows it.
    is_mapped: Vec<bool>,
}

/// What a writer needs to know of the module whose table it writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteContext<'a> {
    /// The function of the module's lock trigger, which host writes need not fire.
    pub(crate) own_trigger: Oid,
    /// Search path for triggers, defaults and constraints of operators.
    pub(crate) search_path: &'a str,
    /// For each attribute of the table, whether the module knows it.
    pub(crate) is_mapped: &'a [bool],
    /// For each attribute, whether the module's values for it are never NULL.
    pub(crate) is_never_null: &'a [bool],
}

impl Writer {
    /// Prepares writes to `relation`.
    pub(super) fn open(relation: pg_sys::Relation, context: WriteContext<'_>) -> Result<Self> {
        // SAFETY: the relation stays open for the length of the call, as does the memory context all this lives in.
        unsafe {
            pg_sys::LockRelationOid((*relation).rd_id, pg_sys::RowExclusiveLock as i32);
            let estate = pg_sys::CreateExecutorState();
            let bracketed = target::has_foreign_triggers((*relation).trigdesc, context.own_trigger);
            let target =
                if bracketed { target::full_target(relation) } else { target::plain_target(relation) };
            (*estate).es_opened_result_relations =
                pg_sys::lappend((*estate).es_opened_result_relations, target.cast());
            if bracketed {
                super::trigger::prepare_functions(target, estate);
            }
            pg_sys::ExecOpenIndices(target, false);
            let unique = target::unique_indexes(target)?;
            let constraints = (*(*relation).rd_att).constr;
            let mut writer = Self {
                relation,
                estate,
                target,
                row: pg_sys::MakeSingleTupleTableSlot((*relation).rd_att, &pg_sys::TTSOpsVirtual),
                hit: pg_sys::table_slot_create(relation, std::ptr::null_mut()),
                unique,
                defaults: Vec::new(),
                bracketed,
                // A BEFORE trigger can store what the codec never would.
                constrained: bracketed
                    || target::has_foreign_checks(constraints)
                    || target::has_foreign_not_null((*relation).rd_att, context.is_never_null),
                generated: !constraints.is_null() && (*constraints).has_generated_stored,
                is_checked: (false, false),
                has_range_table: false,
                is_mapped: context.is_mapped.to_vec(),
            };
            writer.prepare_defaults();
            let evaluates = writer.constrained || writer.generated || !writer.defaults.is_empty();
            if evaluates || target::has_index_expressions(target) {
                super::user::pin_settings(context.search_path);
            }
            Ok(writer)
        }
    }

    /// Computes defaults of columns the module does not know; they are evaluated at every insert.
    unsafe fn prepare_defaults(&mut self) {
        // SAFETY: the estate owns the compiled expressions.
        unsafe {
            let descriptor = (*self.relation).rd_att;
            for at in 0..(*descriptor).natts as usize {
                let attribute = &*attribute(descriptor, at);
                if self.is_mapped[at] || attribute.attisdropped || attribute.attgenerated != 0 {
                    continue;
                }
                let default = pg_sys::build_column_default(self.relation, at as i32 + 1);
                if !default.is_null() {
                    self.defaults.push((at, pg_sys::ExecPrepareExpr(default.cast(), self.estate)));
                }
            }
        }
    }

    /// Values and null flags to fill for the row to write: all NULL at first, one per attribute.
    pub(crate) fn new_row(&mut self) -> (&mut [Datum], &mut [bool]) {
        // SAFETY: a virtual slot owns arrays of the descriptor's width.
        unsafe {
            pg_sys::ExecClearTuple(self.row);
            let width = (*(*self.row).tts_tupleDescriptor).natts as usize;
            let values = std::slice::from_raw_parts_mut((*self.row).tts_values, width);
            let nulls = std::slice::from_raw_parts_mut((*self.row).tts_isnull, width);
            nulls.fill(true);
            values.fill(Datum::from(0usize));
            (values, nulls)
        }
    }

    /// The row that was filled.
    pub(crate) fn row(&self) -> RowDatums<'_> {
        // SAFETY: the virtual slot's arrays are always filled to the descriptor's width.
        unsafe {
            let width = (*(*self.row).tts_tupleDescriptor).natts as usize;
            (
                std::slice::from_raw_parts((*self.row).tts_values, width),
                std::slice::from_raw_parts((*self.row).tts_isnull, width),
            )
        }
    }

    /// Finds a row the call sees that has a unique key of the row that was filled; its values are then
    /// [`Writer::conflicting_row`]. `Err` when no unique index can tell.
    pub(crate) fn find_same_key(&mut self) -> std::result::Result<Option<pg_sys::ItemPointerData>, NoKey> {
        // SAFETY: the new row is filled; estate, slots and indexes are of this table.
        unsafe {
            pg_sys::ExecStoreVirtualTuple(self.row);
            let probe = Probe { table: self.relation, estate: self.estate, row: self.row, hit: self.hit };
            for index in &self.unique {
                if let Some(found) = probe.find(index, snapshot::active()) {
                    return Ok(found);
                }
            }
        }
        Err(NoKey)
    }

    /// Inserts the row that was filled.
    pub(crate) fn insert(&mut self) -> Result<Written> {
        // SAFETY: the new row is filled; slots and estate live as long as the call.
        unsafe {
            self.fill_defaults();
            pg_sys::ExecStoreVirtualTuple(self.row);
            (*self.row).tts_tableOid = (*self.relation).rd_id;
            let bracket = self.begin(Event::Insert);
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
            if self.conflict(None, None) {
                self.require_visible_conflict()?;
                return Ok(Written::Conflict);
            }
            let command = (*self.estate).es_output_cid;
            pg_sys::table_tuple_insert(self.relation, self.row, command, 0, std::ptr::null_mut());
            let recheck = self.insert_into_indexes(false, false);
            if let Some(bracket) = bracket {
                bracket.after_row(self.row, std::ptr::null_mut(), recheck);
            }
            Ok(Written::Done)
        }
    }

    /// Copies attributes the module does not know from the row read into `old`: they keep their values in an update.
    pub(crate) fn keep_unmapped(&mut self, old: RowDatums<'_>) {
        // SAFETY: the slot's arrays have the descriptor's width.
        unsafe {
            for (at, _) in self.is_mapped.iter().enumerate().filter(|(_, mapped)| !**mapped) {
                *(*self.row).tts_values.add(at) = old.0[at];
                *(*self.row).tts_isnull.add(at) = old.1[at];
            }
        }
    }

    /// Replaces the row at `old` by the row that was filled. `same_key`: an index whose key is known to be unchanged.
    pub(crate) fn update(&mut self, old: pg_sys::ItemPointerData, same_key: Option<Oid>) -> Result<Written> {
        // SAFETY: as `insert`.
        unsafe {
            pg_sys::ExecStoreVirtualTuple(self.row);
            (*self.row).tts_tableOid = (*self.relation).rd_id;
            self.require_replica_identity(pg_sys::CmdType::CMD_UPDATE);
            let bracket = self.begin(Event::Update);
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
                self.lock_row(&mut old)?.or_changed()?;
                if !bracket.before_row(self.row, &mut old) {
                    return Ok(Written::Skipped);
                }
                // A trigger may have changed any column.
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
                IndexEntries::All => self.insert_into_indexes(true, false),
                IndexEntries::Summaries => self.insert_into_indexes(true, true),
            };
            if let Some(bracket) = bracket {
                bracket.after_row(self.row, &mut old, recheck);
            }
            Ok(Written::Done)
        }
    }

    /// Deletes the row at `old`. A row that this transaction has deleted since it was read, say by the cascade of a
    /// foreign key, counts as skipped; one it has updated is deleted in its newest version.
    pub(crate) fn delete(&mut self, old: pg_sys::ItemPointerData) -> Result<Written> {
        // SAFETY: as `insert`; a delete needs no row in the slot.
        unsafe {
            self.require_replica_identity(pg_sys::CmdType::CMD_DELETE);
            let bracket = self.begin(Event::Delete);
            let mut place = Some(old);
            let mut written = Written::Skipped;
            while let Some(mut old) = place {
                match self.delete_version(&mut old, bracket.as_ref())? {
                    Deleted::Done(done) => {
                        written = done;
                        place = None;
                    }
                    Deleted::Moved(newer) => place = newer,
                }
            }
            self.end(bracket);
            Ok(written)
        }
    }

    unsafe fn delete_version(
        &mut self,
        old: &mut pg_sys::ItemPointerData,
        bracket: Option<&Bracket>,
    ) -> Result<Deleted> {
        // SAFETY: as `delete`.
        unsafe {
            if let Some(bracket) = bracket {
                if let Attempt::Moved(newer) = self.lock_row(old)? {
                    return Ok(Deleted::Moved(newer));
                }
                if !bracket.before_row(std::ptr::null_mut(), old) {
                    return Ok(Deleted::Done(Written::Skipped));
                }
            }
            let command = (*self.estate).es_output_cid;
            let attempt = attempt(|wait, failure| {
                pg_sys::table_tuple_delete(
                    self.relation,
                    &mut *old,
                    command,
                    snapshot::active(),
                    std::ptr::null_mut(),
                    wait,
                    failure,
                    false,
                )
            })?;
            if let Attempt::Moved(newer) = attempt {
                return Ok(Deleted::Moved(newer));
            }
            if let Some(bracket) = bracket {
                bracket.after_row(std::ptr::null_mut(), old, std::ptr::null_mut());
            }
            Ok(Deleted::Done(Written::Done))
        }
    }

    /// Values of the row that [`Written::Conflict`] spoke of, until [`Writer::forget_conflict`].
    pub(crate) fn conflicting_row(&self) -> RowDatums<'_> {
        // SAFETY: the hit slot holds the row until the next probe.
        unsafe { slot_row(self.hit) }
    }

    /// Lets go of the row that a probe hit, and of the pin on its page.
    pub(crate) fn forget_conflict(&mut self) {
        // SAFETY: the slot is live.
        unsafe { pg_sys::ExecClearTuple(self.hit) };
    }

    /// Frees what the writer holds after a call that ended well.
    pub(super) fn close(self) {
        // SAFETY: made by `open`, freed once.
        unsafe {
            // Slots that triggers made; they hold references that freeing the estate would not give back.
            pg_sys::ExecResetTupleTable((*self.estate).es_tupleTable, false);
            pg_sys::ExecCloseIndices(self.target);
            pg_sys::ExecDropSingleTupleTableSlot(self.row);
            pg_sys::ExecDropSingleTupleTableSlot(self.hit);
            (*self.estate).es_opened_result_relations = std::ptr::null_mut();
            pg_sys::FreeExecutorState(self.estate);
        }
    }

    unsafe fn fill_defaults(&mut self) {
        // SAFETY: expressions were compiled for this estate; results live in its per-tuple memory, reset by `end`.
        unsafe {
            for (at, expression) in &self.defaults {
                let context = per_tuple_context(self.estate);
                let mut is_null = false;
                let value = pg_sys::ExecEvalExprSwitchContext(*expression, context, &mut is_null);
                *(*self.row).tts_values.add(*at) = value;
                *(*self.row).tts_isnull.add(*at) = is_null;
            }
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
            .filter(|index| Some(index.facts.oid) != same_key)
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
            pg_sys::ExecClearTuple(self.hit);
        }
        Err(changed_by_another())
    }

    unsafe fn insert_into_indexes(&mut self, update: bool, only_summaries: bool) -> *mut pg_sys::List {
        // SAFETY: the row was stored, its tts_tid is set.
        unsafe {
            #[cfg(feature = "pg15")]
            let _ = only_summaries;
            if (*self.target).ri_NumIndices == 0 {
                return std::ptr::null_mut();
            }
            pg_sys::ExecInsertIndexTuples(
                self.target,
                self.row,
                self.estate,
                update,
                false,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                #[cfg(not(feature = "pg15"))]
                only_summaries,
            )
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
    unsafe fn lock_row(&mut self, old: &mut pg_sys::ItemPointerData) -> Result<Attempt> {
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
                    pg_sys::LockTupleMode::LockTupleExclusive,
                    policy,
                    0,
                    failure,
                )
            });
            pg_sys::ExecClearTuple(self.hit);
            locked
        }
    }

    /// Raises, as SQL would, when the table is published for replication without a way to name old rows.
    unsafe fn require_replica_identity(&mut self, command: pg_sys::CmdType::Type) {
        let is_checked = match command {
            pg_sys::CmdType::CMD_UPDATE => &mut self.is_checked.0,
            _ => &mut self.is_checked.1,
        };
        if !std::mem::replace(is_checked, true) {
            // SAFETY: the relation is open.
            unsafe { pg_sys::CheckCmdReplicaIdentity(self.relation, command) }
        }
    }

    unsafe fn begin(&mut self, event: Event) -> Option<Bracket> {
        // SAFETY: estate and target belong together.
        unsafe {
            if !self.has_range_table
                && (event == Event::Update || self.bracketed || self.constrained || self.generated)
            {
                self.has_range_table = true;
                target::init_range_table(self.estate, self.relation);
            }
            (*self.estate).es_snapshot = snapshot::active();
            (*self.estate).es_output_cid = pg_sys::GetCurrentCommandId(true);
            self.bracketed.then(|| Bracket::begin(event, self.estate, self.target))
        }
    }

    unsafe fn end(&mut self, bracket: Option<Bracket>) {
        // SAFETY: as `begin`.
        unsafe {
            if let Some(bracket) = bracket {
                bracket.end();
            }
            let context = (*self.estate).es_per_tuple_exprcontext;
            if !context.is_null() {
                pg_sys::MemoryContextReset((*context).ecxt_per_tuple_memory);
            }
        }
    }
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

/// How the deletion of one version of a row ended.
#[derive(Debug, Clone, Copy)]
enum Deleted {
    Done(Written),
    Moved(Option<pg_sys::ItemPointerData>),
}
