//! The triggers that tell the change log of rows plain SQL writes. In C's interface, because the rows are wanted as they
//! lie in their slots.

use std::ffi::CStr;

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, Oid};

use crate::changes;
use crate::error::{Error, Result};
use crate::pg::relation::{RowDatums, slot_row};
use crate::pg::report::raise;

/// A change of one row, or of a whole table that is truncated.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    /// Identity of the module in hex, the trigger's argument.
    pub(crate) module: &'a str,
    pub(crate) schema: Oid,
    /// Name of the table in Postgres.
    pub(crate) table: &'a CStr,
    pub(crate) old: Option<RowDatums<'a>>,
    pub(crate) new: Option<RowDatums<'a>>,
}

/// AFTER ROW trigger on every module table, and BEFORE TRUNCATE. Argument: the module's identity.
///
/// # Safety
/// Called by Postgres' function manager only.
#[unsafe(no_mangle)]
#[pg_guard]
pub(crate) unsafe extern "C-unwind" fn spacetime_capture_change(info: pg_sys::FunctionCallInfo) -> Datum {
    // SAFETY: a trigger's context is its TriggerData, whose parts live as long as the call.
    let captured = unsafe {
        let context = (*info).context;
        if context.is_null() || (*context).type_ != pg_sys::NodeTag::T_TriggerData {
            Err(not_a_trigger())
        } else {
            capture(&*context.cast::<pg_sys::TriggerData>())
        }
    };
    captured.unwrap_or_else(|error| raise(error));
    // AFTER triggers and statement triggers return nothing.
    Datum::from(0usize)
}

unsafe fn capture(data: &pg_sys::TriggerData) -> Result<()> {
    // SAFETY: upheld by the caller; slots are set for row events.
    unsafe {
        let trigger = &*data.tg_trigger;
        if trigger.tgnargs != 1 {
            return Err(not_a_trigger());
        }
        let relation = &*data.tg_relation;
        let module = CStr::from_ptr(*trigger.tgargs).to_string_lossy();
        let table = CStr::from_ptr((*relation.rd_rel).relname.data.as_ptr());
        let schema = (*relation.rd_rel).relnamespace;
        let change = |old, new| Change { module: &module, schema, table, old, new };
        let event = data.tg_event;
        let is_row = event & pg_sys::TRIGGER_EVENT_ROW != 0;
        let is_after = event & pg_sys::TRIGGER_EVENT_TIMINGMASK == pg_sys::TRIGGER_EVENT_AFTER;
        match event & pg_sys::TRIGGER_EVENT_OPMASK {
            pg_sys::TRIGGER_EVENT_TRUNCATE if !is_after => changes::capture_truncate(&change(None, None)),
            pg_sys::TRIGGER_EVENT_INSERT if is_row && is_after => {
                changes::capture_statement(&change(None, Some(row(data.tg_trigslot))))
            }
            pg_sys::TRIGGER_EVENT_DELETE if is_row && is_after => {
                changes::capture_statement(&change(Some(row(data.tg_trigslot)), None))
            }
            pg_sys::TRIGGER_EVENT_UPDATE if is_row && is_after => {
                changes::capture_statement(&change(Some(row(data.tg_trigslot)), Some(row(data.tg_newslot))))
            }
            _ => Err(not_a_trigger()),
        }
    }
}

/// Tells the change log that the rows of a table were rewritten where no trigger sees it.
///
/// # Safety
/// The transaction has a lock on the table.
pub(in crate::pg) unsafe fn capture_rewrite(table: Oid) {
    // SAFETY: upheld by the caller; the trigger's arguments live as long as the relation is open.
    unsafe {
        let relation = pg_sys::table_open(table, pg_sys::NoLock as i32);
        if let Some(module) = captured_for(relation) {
            changes::capture_rewrite(&module, (*(*relation).rd_rel).relnamespace);
        }
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
    }
}

/// The module for which a table has the trigger, by its identity in hex.
unsafe fn captured_for(relation: pg_sys::Relation) -> Option<String> {
    // SAFETY: upheld by the caller: the relation is open, its descriptors are whole.
    unsafe {
        let triggers = (*relation).trigdesc.as_ref()?;
        let triggers = std::slice::from_raw_parts(triggers.triggers, triggers.numtriggers as usize);
        let ours = |trigger: &&pg_sys::Trigger| {
            trigger.tgnargs == 1 && CStr::from_ptr(trigger.tgname) == c"spacetime_capture"
        };
        let argument = *triggers.iter().find(ours)?.tgargs;
        Some(CStr::from_ptr(argument).to_string_lossy().into_owned())
    }
}

unsafe fn row<'a>(slot: *mut pg_sys::TupleTableSlot) -> RowDatums<'a> {
    // SAFETY: the slot holds a row until the trigger returns.
    unsafe { slot_row(slot) }
}

fn not_a_trigger() -> Error {
    Error::Unsupported {
        what: "spacetime._capture_change is for the triggers that publishing a module makes".into(),
        hint: "Drop the trigger, or publish the module again.".into(),
    }
}

/// Version record that Postgres asks every C function for.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn pg_finfo_spacetime_capture_change() -> &'static pg_sys::Pg_finfo_record {
    &V1
}

static V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
