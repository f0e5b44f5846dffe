//! A table opened for writing within a call: the row being filled, what the executor's functions need beside it, and
//! what is worked out once per call. The writes themselves are in [`super::write`].

use pgrx::pg_sys::{self, Datum, Oid};

use super::probe::{Probe, UniqueIndex, per_tuple_context};
use super::relation::{RowDatums, attribute, slot_row};
use super::target;
use crate::error::Result;
use crate::pg::{external, snapshot, unguarded};

/// No unique index holds the row's key: NULL in it, or a partial index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoKey;

/// A table opened for writing within a call.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(super) relation: pg_sys::Relation,
    pub(super) estate: *mut pg_sys::EState,
    pub(super) target: *mut pg_sys::ResultRelInfo,
    /// The row being written.
    pub(super) row: *mut pg_sys::TupleTableSlot,
    /// A row that a probe hit.
    pub(super) hit: *mut pg_sys::TupleTableSlot,
    pub(super) unique: Vec<UniqueIndex>,
    /// The unique indexes as a list of oids, NIL for all indexes: those that report a taken key instead of raising.
    pub(super) arbiters: *mut pg_sys::List,
    /// An insert looks for its keys before it stores the row. Otherwise it stores the row first, which saves a descent
    /// of each unique index, and takes it back when a key turns out to be taken.
    pub(super) probes_first: bool,
    pub(super) defaults: Vec<(usize, *mut pg_sys::ExprState)>,
    /// Operators' triggers are on the table.
    pub(super) bracketed: bool,
    /// Operators' CHECK or NOT NULL constraints are on the table.
    pub(super) constrained: bool,
    pub(super) generated: bool,
    /// Replica identity was checked for updates, for deletes.
    pub(super) is_checked: (bool, bool),
    /// Where the executor state names the columns that an update changes: triggers, constraints and updates ask it. Null
    /// until one of them does.
    pub(super) updated_columns: *mut *mut pg_sys::Bitmapset,
    pub(super) has_rivals: bool,
    /// For each attribute, whether the module knows it.
    pub(super) is_mapped: Vec<bool>,
}

/// What a writer needs to know of the module whose table it writes.
#[derive(Clone, Copy)]
pub(crate) struct WriteContext<'a> {
    /// The functions of the triggers publishing makes, which host writes need not fire.
    pub(crate) own_triggers: [Oid; 2],
    /// Others may write the table at the same time: no lock keeps them out.
    pub(crate) has_rivals: bool,
    /// Operators have put columns or index expressions on the table.
    pub(crate) evaluates: bool,
    /// Readies the session for SQL of operators: triggers, defaults and constraints.
    pub(crate) before_sql: &'a dyn Fn() -> Result<()>,
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
            let constraints = (*(*relation).rd_att).constr;
            let has_checks = target::has_foreign_checks(constraints);
            let bracketed = target::has_foreign_triggers((*relation).trigdesc, context.own_triggers);
            if bracketed || has_checks || context.evaluates {
                // Before anything is opened: planning an expression may already call its functions.
                (context.before_sql)()?;
            }
            let estate = pg_sys::CreateExecutorState();
            let target =
                if bracketed { target::full_target(relation) } else { target::plain_target(relation) };
            (*estate).es_opened_result_relations =
                pg_sys::lappend((*estate).es_opened_result_relations, target.cast());
            if bracketed {
                super::trigger::prepare_functions(target, estate);
            }
            pg_sys::ExecOpenIndices(target, false);
            let unique = target::unique_indexes(target).inspect_err(|_| {
                // Not every caller ends in an error of Postgres that would close them.
                pg_sys::ExecCloseIndices(target);
                (*estate).es_opened_result_relations = std::ptr::null_mut();
                pg_sys::FreeExecutorState(estate);
            })?;
            let arbiters = target::arbiters(target, &unique);
            let mut writer = Self {
                relation,
                estate,
                target,
                arbiters,
                // A subscriber of logical replication would be sent the row before it is taken back, and stop at its
                // duplicate key.
                probes_first: target::is_logically_logged(relation),
                row: pg_sys::MakeSingleTupleTableSlot((*relation).rd_att, &pg_sys::TTSOpsVirtual),
                hit: pg_sys::table_slot_create(relation, std::ptr::null_mut()),
                unique,
                defaults: Vec::new(),
                bracketed,
                // A BEFORE trigger can store what the codec never would.
                constrained: bracketed
                    || has_checks
                    || target::has_foreign_not_null((*relation).rd_att, context.is_never_null),
                generated: !constraints.is_null() && (*constraints).has_generated_stored,
                is_checked: (false, false),
                updated_columns: std::ptr::null_mut(),
                has_rivals: context.has_rivals,
                is_mapped: context.is_mapped.to_vec(),
            };
            writer.prepare_defaults();
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

    /// Whether writes fire triggers, the one that captures changes among them.
    pub(crate) fn fires_triggers(&self) -> bool {
        self.bracketed
    }

    /// Values and null flags to fill for the row to write: all NULL at first, one per attribute.
    pub(crate) fn new_row(&mut self) -> (&mut [Datum], &mut [bool]) {
        // SAFETY: a virtual slot owns arrays of the descriptor's width.
        unsafe {
            unguarded::clear_slot(self.row);
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
            unguarded::store_virtual(self.row);
            let probe = Probe { table: self.relation, estate: self.estate, row: self.row, hit: self.hit };
            let find = |index| probe.find(index, snapshot::active());
            let found = self.unique.iter().find_map(find);
            self.forget_computed();
            found.ok_or(NoKey)
        }
    }

    /// Frees what expressions have computed for the row.
    pub(super) unsafe fn forget_computed(&mut self) {
        // SAFETY: nothing computed is used any more; the estate is live.
        unsafe {
            let context = (*self.estate).es_per_tuple_exprcontext;
            if !context.is_null() {
                unguarded::reset_memory((*context).ecxt_per_tuple_memory);
            }
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

    /// Values of the row that [`Written::Conflict`] spoke of, until [`Writer::forget_conflict`].
    pub(crate) fn conflicting_row(&self) -> RowDatums<'_> {
        // SAFETY: the hit slot holds the row until the next probe.
        unsafe { slot_row(self.hit) }
    }

    /// Lets go of the row that a probe hit, and of the pin on its page.
    pub(crate) fn forget_conflict(&mut self) {
        // SAFETY: the slot is live.
        unsafe { unguarded::clear_slot(self.hit) };
    }

    /// Frees what the writer holds after a call that ended well.
    pub(super) fn close(self) {
        // SAFETY: made by `open`, freed once.
        unsafe { external::end_execution(self.estate, [self.row, self.hit]) }
    }

    pub(super) unsafe fn fill_defaults(&mut self) {
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

    /// Raises, as SQL would, when the table is published for replication without a way to name old rows.
    pub(super) unsafe fn require_replica_identity(&mut self, command: pg_sys::CmdType::Type) {
        let is_checked = match command {
            pg_sys::CmdType::CMD_UPDATE => &mut self.is_checked.0,
            _ => &mut self.is_checked.1,
        };
        if !std::mem::replace(is_checked, true) {
            // SAFETY: the relation is open.
            unsafe { pg_sys::CheckCmdReplicaIdentity(self.relation, command) }
        }
    }
}
