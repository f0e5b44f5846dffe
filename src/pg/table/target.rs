//! What the executor's functions want to know of a table that is written: result relation, range table, and which of its
//! triggers, constraints and indexes are not the publisher's.

use std::ffi::CStr;

use pgrx::pg_sys::{self, Oid};

use super::probe::UniqueIndex;
use super::relation::{RowDatums, attribute};
use crate::error::{Error, Result};
use crate::pg::external;

/// Names of the CHECK constraints that publishing makes. The codec guarantees them, so host writes skip them.
pub(crate) const OWN_CHECK_PREFIX: &str = "spacetime_value_";

/// A result relation with everything triggers need.
pub(super) unsafe fn full_target(relation: pg_sys::Relation) -> *mut pg_sys::ResultRelInfo {
    // SAFETY: InitResultRelInfo fills a zeroed node.
    unsafe {
        let target = plain_target(relation);
        pg_sys::InitResultRelInfo(target, relation, 1, std::ptr::null_mut(), 0);
        target
    }
}

/// A result relation for a table without triggers to fire: not even the relation's own trigger descriptor is copied,
/// which host writes need not obey, since they hold the module's lock already.
pub(super) unsafe fn plain_target(relation: pg_sys::Relation) -> *mut pg_sys::ResultRelInfo {
    // SAFETY: a zeroed node with its tag, table and range table index is valid, as InitResultRelInfo makes it.
    unsafe {
        let target = pg_sys::palloc0(size_of::<pg_sys::ResultRelInfo>()).cast::<pg_sys::ResultRelInfo>();
        (*target).type_ = pg_sys::NodeTag::T_ResultRelInfo;
        (*target).ri_RangeTableIndex = 1;
        (*target).ri_RelationDesc = relation;
        target
    }
}

/// Gives the executor state a range table of one entry, with all columns as inserted. Returns where the columns are named
/// that an update changes: none so far.
pub(super) unsafe fn init_range_table(
    estate: *mut pg_sys::EState,
    relation: pg_sys::Relation,
) -> *mut *mut pg_sys::Bitmapset {
    // SAFETY: nodes are palloc'd zeroed in the estate's memory and tagged, as makeNode does.
    unsafe {
        let outer = pg_sys::MemoryContextSwitchTo((*estate).es_query_cxt);
        let entry = pg_sys::palloc0(size_of::<pg_sys::RangeTblEntry>()).cast::<pg_sys::RangeTblEntry>();
        (*entry).type_ = pg_sys::NodeTag::T_RangeTblEntry;
        (*entry).rtekind = pg_sys::RTEKind::RTE_RELATION;
        (*entry).relid = (*relation).rd_id;
        (*entry).relkind = (*(*relation).rd_rel).relkind;
        (*entry).rellockmode = pg_sys::RowExclusiveLock as i32;
        let lowest = pg_sys::FirstLowInvalidHeapAttributeNumber;
        let last = (*(*relation).rd_att).natts - lowest;
        let written = pg_sys::bms_add_range(std::ptr::null_mut(), 1 - lowest, last);
        let entries = pg_sys::lappend(std::ptr::null_mut(), entry.cast());
        #[cfg(feature = "pg15")]
        let columns = {
            (*entry).insertedCols = written;
            pg_sys::ExecInitRangeTable(estate, entries);
            entry
        };
        #[cfg(not(feature = "pg15"))]
        let columns = {
            let mut permissions = std::ptr::null_mut();
            let permission = pg_sys::addRTEPermissionInfo(&mut permissions, entry);
            (*permission).insertedCols = written;
            pg_sys::ExecInitRangeTable(
                estate,
                entries,
                permissions,
                #[cfg(feature = "pg18")]
                pg_sys::bms_make_singleton(1),
            );
            permission
        };
        pg_sys::MemoryContextSwitchTo(outer);
        &raw mut (*columns).updatedCols
    }
}

pub(super) unsafe fn unique_indexes(target: *mut pg_sys::ResultRelInfo) -> Result<Vec<UniqueIndex>> {
    let mut unique = Vec::new();
    // SAFETY: ExecOpenIndices filled both arrays with `ri_NumIndices` entries.
    unsafe {
        for at in 0..(*target).ri_NumIndices as usize {
            let relation = *(*target).ri_IndexRelationDescs.add(at);
            let info = *(*target).ri_IndexRelationInfo.add(at);
            let form = &*(*relation).rd_index;
            if form.indisunique && !form.indimmediate {
                let name = CStr::from_ptr((*(*relation).rd_rel).relname.data.as_ptr()).to_string_lossy();
                return Err(Error::Unsupported {
                    what: format!("unique constraint {name:?} on a module table is deferrable"),
                    hint: "Make it NOT DEFERRABLE.".into(),
                });
            }
            if form.indisunique && (*info).ii_ReadyForInserts && (*info).ii_Am == pg_sys::BTREE_AM_OID {
                unique.push(UniqueIndex::new(relation, info));
            }
        }
    }
    Ok(unique)
}

/// The unique indexes as ExecInsertIndexTuples wants them: NIL, which means all, unless there are indexes with a claim
/// that no probe looks after, as an operator's exclusion constraint: they must go on raising.
pub(super) unsafe fn arbiters(
    target: *mut pg_sys::ResultRelInfo,
    unique: &[UniqueIndex],
) -> *mut pg_sys::List {
    // SAFETY: as `unique_indexes`; the list lives in the call's memory.
    unsafe {
        let raises = |at: usize| {
            let relation = *(*target).ri_IndexRelationDescs.add(at);
            let info = *(*target).ri_IndexRelationInfo.add(at);
            let is_probed = unique.iter().any(|index| index.relation == relation);
            !(*info).ii_ExclusionOps.is_null() || ((*(*relation).rd_index).indisunique && !is_probed)
        };
        if !(0..(*target).ri_NumIndices as usize).any(raises) {
            return std::ptr::null_mut();
        }
        unique.iter().fold(std::ptr::null_mut(), |list, index| pg_sys::lappend_oid(list, index.oid()))
    }
}

/// RelationIsLogicallyLogged, for tables of users.
pub(super) unsafe fn is_logically_logged(relation: pg_sys::Relation) -> bool {
    // SAFETY: an open relation; the setting is a C global.
    unsafe {
        pg_sys::wal_level >= pg_sys::WalLevel::WAL_LEVEL_LOGICAL as i32
            && (*(*relation).rd_rel).relpersistence == pg_sys::RELPERSISTENCE_PERMANENT as std::ffi::c_char
    }
}

pub(super) unsafe fn has_foreign_triggers(triggers: *mut pg_sys::TriggerDesc, own: [Oid; 2]) -> bool {
    if triggers.is_null() {
        return false;
    }
    // SAFETY: the descriptor holds `numtriggers` triggers.
    unsafe {
        std::slice::from_raw_parts((*triggers).triggers, (*triggers).numtriggers as usize).iter().any(
            |trigger| {
                !own.contains(&trigger.tgfoid)
                    && trigger.tgenabled != pg_sys::TRIGGER_DISABLED as std::ffi::c_char
            },
        )
    }
}

/// Whether someone else than the publisher put CHECKs or NOT NULLs on columns.
pub(super) unsafe fn has_foreign_checks(constraints: *mut pg_sys::TupleConstr) -> bool {
    if constraints.is_null() {
        return false;
    }
    // SAFETY: the descriptor's constraint arrays have the lengths beside them.
    unsafe {
        (0..(*constraints).num_check as usize).any(|at| {
            let check = &*(*constraints).check.add(at);
            !CStr::from_ptr(check.ccname).to_bytes().starts_with(OWN_CHECK_PREFIX.as_bytes())
        })
    }
}

/// Whether a column refuses NULL that a host write may leave or make NULL.
pub(super) unsafe fn has_foreign_not_null(descriptor: pg_sys::TupleDesc, is_never_null: &[bool]) -> bool {
    // SAFETY: `is_never_null` has one entry per attribute.
    let refuses_null = |at: usize| unsafe { (*attribute(descriptor, at)).attnotnull };
    is_never_null.iter().enumerate().any(|(at, never_null)| !never_null && refuses_null(at))
}

/// The columns in which two rows of a table differ, as a range table names them. Columns that Postgres computes are left out.
pub(super) unsafe fn differing_columns(
    descriptor: pg_sys::TupleDesc,
    old: RowDatums<'_>,
    new: RowDatums<'_>,
) -> *mut pg_sys::Bitmapset {
    // SAFETY: both rows have the descriptor's attributes, and values where they are not null.
    unsafe {
        (0..old.0.len()).fold(std::ptr::null_mut(), |columns, at| {
            let attribute = attribute(descriptor, at);
            let is_same = match (old.1[at], new.1[at]) {
                (false, false) if (*attribute).attbyval => old.0[at] == new.0[at],
                (false, false) => external::same_bytes(old.0[at], new.0[at], (*attribute).attlen),
                (old, new) => old == new,
            };
            if is_same || (*attribute).attgenerated != 0 {
                return columns;
            }
            pg_sys::bms_add_member(columns, at as i32 + 1 - pg_sys::FirstLowInvalidHeapAttributeNumber)
        })
    }
}
