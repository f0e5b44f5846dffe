//! Functions of the server that only look at or set the backend's own state, called without pgrx's guard.
//!
//! The guard turns a Postgres ERROR into a panic, which costs about 35 ns a call: more than these do, and every call of a
//! reducer, row and commit needs several. Hazard: an ERROR in one of them would jump over Rust frames. So nothing is here
//! that can raise in a server that is not broken; those that check something get it right before they are called.
//! Signatures copied from the headers named beside them.

use pgrx::pg_sys;

mod raw {
    use pgrx::pg_sys;

    unsafe extern "C-unwind" {
        // access/xact.h
        pub(super) fn GetCurrentTransactionNestLevel() -> i32;
        pub(super) fn GetTopFullTransactionIdIfAny() -> pg_sys::FullTransactionId;
        pub(super) fn GetCurrentTransactionStopTimestamp() -> pg_sys::TimestampTz;
        pub(super) fn GetCurrentCommandId(used: bool) -> pg_sys::CommandId;
        // access/xlog.h
        pub(super) fn GetXLogInsertRecPtr() -> pg_sys::XLogRecPtr;
        // executor/tuptable.h
        pub(super) fn ExecStoreVirtualTuple(slot: *mut pg_sys::TupleTableSlot)
        -> *mut pg_sys::TupleTableSlot;
        // miscadmin.h
        pub(super) fn GetUserId() -> pg_sys::Oid;
        pub(super) fn GetOuterUserId() -> pg_sys::Oid;
        pub(super) fn GetUserIdAndSecContext(user: *mut pg_sys::Oid, context: *mut i32);
        pub(super) fn SetUserIdAndSecContext(user: pg_sys::Oid, context: i32);
        pub(super) fn InSecurityRestrictedOperation() -> bool;
        // utils/guc.h
        pub(super) fn NewGUCNestLevel() -> i32;
        // utils/memutils.h
        pub(super) fn MemoryContextReset(context: pg_sys::MemoryContext);
        // utils/snapmgr.h
        pub(super) fn GetActiveSnapshot() -> pg_sys::Snapshot;
        // utils/timestamp.h
        pub(super) fn GetCurrentTimestamp() -> pg_sys::TimestampTz;
    }
}

/// Nesting of savepoints; 1 outside of any.
pub(super) fn transaction_nest_level() -> i32 {
    // SAFETY: reads the state of this transaction.
    unsafe { raw::GetCurrentTransactionNestLevel() }
}

/// Top-level transaction id, 0 while none is assigned.
pub(super) fn top_xid_if_any() -> u64 {
    // SAFETY: reads the state of this transaction.
    unsafe { raw::GetTopFullTransactionIdIfAny().value }
}

/// When the transaction ended, in microseconds of Postgres' epoch.
pub(super) fn transaction_stop_timestamp_us() -> i64 {
    // SAFETY: reads a variable, and the clock the first time.
    unsafe { raw::GetCurrentTransactionStopTimestamp() }
}

/// Now, in microseconds of Postgres' epoch.
pub(super) fn timestamp_us() -> i64 {
    // SAFETY: reads the clock.
    unsafe { raw::GetCurrentTimestamp() }
}

/// The number of the current command, which is going to write.
///
/// # Safety
/// Not in parallel mode, where it raises: [`crate::pg::function::entry`] has seen to that for calls.
pub(super) unsafe fn command_id_for_write() -> pg_sys::CommandId {
    // SAFETY: upheld by the caller.
    unsafe { raw::GetCurrentCommandId(true) }
}

/// The number of the current command.
pub(super) fn command_id() -> pg_sys::CommandId {
    // SAFETY: reads a variable.
    unsafe { raw::GetCurrentCommandId(false) }
}

/// The place in the WAL behind everything that was inserted.
///
/// # Safety
/// Not during recovery.
pub(super) unsafe fn wal_insert_place() -> u64 {
    // SAFETY: upheld by the caller; reads shared memory under a spinlock.
    unsafe { raw::GetXLogInsertRecPtr() }
}

/// The role whose rights count.
pub(super) fn user() -> pg_sys::Oid {
    // SAFETY: reads a variable.
    unsafe { raw::GetUserId() }
}

/// The role that SET ROLE chose, or the session's, whatever function runs.
pub(super) fn outer_user() -> pg_sys::Oid {
    // SAFETY: reads a variable.
    unsafe { raw::GetOuterUserId() }
}

/// The role whose rights count, and what is forbidden to it now (`SECURITY_…` of miscadmin.h).
pub(super) fn user_and_security() -> (pg_sys::Oid, i32) {
    let (mut user, mut context) = (pg_sys::InvalidOid, 0);
    // SAFETY: writes both.
    unsafe { raw::GetUserIdAndSecContext(&raw mut user, &raw mut context) }
    (user, context)
}

/// Sets what [`user_and_security`] reads.
///
/// # Safety
/// Set back before control returns to who does not expect it; the end of a transaction does it, too.
pub(super) unsafe fn set_user_and_security(user: pg_sys::Oid, context: i32) {
    // SAFETY: upheld by the caller.
    unsafe { raw::SetUserIdAndSecContext(user, context) }
}

/// Whether the session is confined to what cannot outlive the operation.
pub(super) fn is_security_restricted() -> bool {
    // SAFETY: reads a variable.
    unsafe { raw::InSecurityRestrictedOperation() }
}

/// Begins a level of settings, which `AtEOXact_GUC` ends.
pub(super) fn begin_settings_level() -> i32 {
    // SAFETY: counts a variable up; the end of a transaction ends all levels.
    unsafe { raw::NewGUCNestLevel() }
}

/// The snapshot that is used now, null if none.
pub(super) fn active_snapshot() -> pg_sys::Snapshot {
    // SAFETY: reads a variable.
    unsafe { raw::GetActiveSnapshot() }
}

/// Frees what is in a memory context.
///
/// # Safety
/// Nobody uses anything in it any more; no reset callbacks that raise.
pub(super) unsafe fn reset_memory(context: pg_sys::MemoryContext) {
    // SAFETY: upheld by the caller.
    unsafe { raw::MemoryContextReset(context) }
}

/// Empties a slot, giving back what it pins.
///
/// # Safety
/// A slot nobody reads from any more.
pub(super) unsafe fn clear_slot(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: upheld by the caller. What ExecClearTuple, an inline function of executor/tuptable.h, does.
    unsafe {
        if let Some(clear) = (*(*slot).tts_ops).clear {
            clear(slot);
        }
    }
}

/// Marks an empty slot as holding the values that were put into it.
///
/// # Safety
/// An empty slot whose values and nulls are set for every column.
pub(super) unsafe fn store_virtual(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: upheld by the caller.
    unsafe { raw::ExecStoreVirtualTuple(slot) };
}
