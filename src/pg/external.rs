//! Functions of the server that pgrx has no bindings for, or only one by one. Signatures copied from the headers named
//! beside them.
//!
//! Each is called behind pgrx's guard, which turns a Postgres ERROR into a panic.

use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;

mod raw {
    use std::ffi::c_char;

    use pgrx::pg_sys;

    unsafe extern "C-unwind" {
        pub(super) fn die(signal: i32);
        pub(super) fn SignalHandlerForConfigReload(signal: i32);
        pub(super) fn Async_Notify(channel: *const c_char, payload: *const c_char);
        pub(super) fn Async_Listen(channel: *const c_char);
        pub(super) fn Async_Unlisten(channel: *const c_char);
        pub(super) fn nextval_internal(sequence: pg_sys::Oid, check_permissions: bool) -> i64;
        pub(super) fn ExecComputeStoredGenerated(
            result_rel_info: *mut pg_sys::ResultRelInfo,
            estate: *mut pg_sys::EState,
            slot: *mut pg_sys::TupleTableSlot,
            command: pg_sys::CmdType::Type,
        );
        pub(super) fn datumIsEqual(
            one: pg_sys::Datum,
            other: pg_sys::Datum,
            is_by_value: bool,
            length: i32,
        ) -> bool;
        pub(super) fn PredicateLockRelation(relation: pg_sys::Relation, snapshot: pg_sys::Snapshot);
        pub(super) fn CommandCounterIncrement();
        pub(super) fn UpdateActiveSnapshotCommandId();
        pub(super) fn ExecResetTupleTable(table: *mut pg_sys::List, frees: bool);
        pub(super) fn ExecCloseResultRelations(estate: *mut pg_sys::EState);
        pub(super) fn ExecDropSingleTupleTableSlot(slot: *mut pg_sys::TupleTableSlot);
        pub(super) fn FreeExecutorState(estate: *mut pg_sys::EState);
        pub(super) fn PreventCommandIfReadOnly(command: *const c_char);
        pub(super) fn PreventCommandDuringRecovery(command: *const c_char);
        pub(super) fn PreventCommandIfParallelMode(command: *const c_char);
        pub(super) fn check_stack_depth();
        pub(super) fn RegisterTimeout(id: i32, handler: Option<unsafe extern "C" fn()>) -> i32;
        pub(super) fn enable_timeout_every(id: i32, first: pg_sys::TimestampTz, delay_ms: i32);
        pub(super) fn enable_timeout_after(id: i32, delay_ms: i32);
        pub(super) fn disable_timeout(id: i32, keep_indicator: bool);
    }
}

/// tcop/tcopprot.h: the handler of SIGTERM. As it is: the guard that pgrx puts around functions is nothing for a handler.
pub(super) const DIE: unsafe extern "C-unwind" fn(i32) = raw::die;
/// postmaster/interrupt.h: the handler of SIGHUP.
pub(super) const CONFIG_RELOAD: unsafe extern "C-unwind" fn(i32) = raw::SignalHandlerForConfigReload;

/// commands/async.h; sends at commit.
///
/// # Safety
/// In a transaction.
pub(super) unsafe fn async_notify(channel: &CStr, payload: &CStr) {
    // SAFETY: upheld by the caller; both strings are copied.
    unsafe { pg_guard_ffi_boundary(|| raw::Async_Notify(channel.as_ptr(), payload.as_ptr())) }
}

/// commands/async.h; takes effect at commit.
///
/// # Safety
/// In a transaction of a session that has a client.
pub(super) unsafe fn async_listen(channel: &CStr) {
    // SAFETY: upheld by the caller; the string is copied.
    unsafe { pg_guard_ffi_boundary(|| raw::Async_Listen(channel.as_ptr())) }
}

/// commands/async.h; takes effect at commit.
///
/// # Safety
/// In a transaction.
pub(super) unsafe fn async_unlisten(channel: &CStr) {
    // SAFETY: upheld by the caller; the string is copied.
    unsafe { pg_guard_ffi_boundary(|| raw::Async_Unlisten(channel.as_ptr())) }
}

/// commands/sequence.h
///
/// # Safety
/// In a transaction that may write.
pub(super) unsafe fn nextval_internal(sequence: pg_sys::Oid, check_permissions: bool) -> i64 {
    // SAFETY: upheld by the caller; no value with a destructor lives in the closure.
    unsafe { pg_guard_ffi_boundary(|| raw::nextval_internal(sequence, check_permissions)) }
}

/// executor/nodeModifyTable.h
///
/// # Safety
/// All pointers are of one open result relation.
pub(super) unsafe fn compute_stored_generated(
    target: *mut pg_sys::ResultRelInfo,
    estate: *mut pg_sys::EState,
    slot: *mut pg_sys::TupleTableSlot,
    command: pg_sys::CmdType::Type,
) {
    // SAFETY: upheld by the caller; no value with a destructor lives in the closure.
    unsafe { pg_guard_ffi_boundary(|| raw::ExecComputeStoredGenerated(target, estate, slot, command)) }
}

/// access/xact.h and utils/snapmgr.h: ends the command, and has the active snapshot see it. Behind one guard: every row does.
///
/// # Safety
/// The active snapshot is a private copy, neither shared nor registered.
pub(super) unsafe fn see_own_command() {
    // SAFETY: upheld by the caller; no value with a destructor lives in the closure.
    unsafe {
        pg_guard_ffi_boundary(|| {
            raw::CommandCounterIncrement();
            raw::UpdateActiveSnapshotCommandId();
        });
    }
}

/// executor/executor.h: frees slots and state of an execution, and closes the tables it opened. Behind one guard.
///
/// # Safety
/// Nobody uses the state, or one of the slots, afterwards.
pub(super) unsafe fn end_execution(estate: *mut pg_sys::EState, slots: [*mut pg_sys::TupleTableSlot; 2]) {
    // SAFETY: upheld by the caller; no value with a destructor lives in the closure.
    unsafe {
        pg_guard_ffi_boundary(|| {
            // Slots that triggers made; they hold references that freeing the state would not give back.
            raw::ExecResetTupleTable((*estate).es_tupleTable, false);
            // Indexes of the table, and tables that cascades of foreign keys opened.
            raw::ExecCloseResultRelations(estate);
            for slot in slots {
                raw::ExecDropSingleTupleTableSlot(slot);
            }
            raw::FreeExecutorState(estate);
        });
    }
}

/// utils/datum.h; whether the bytes are the same, for types that are passed by reference. Values stored out of line are not
/// fetched: where they lie is compared.
///
/// # Safety
/// Two values of a type of this length.
pub(super) unsafe fn same_bytes(one: pg_sys::Datum, other: pg_sys::Datum, length: i16) -> bool {
    // SAFETY: upheld by the caller.
    unsafe { pg_guard_ffi_boundary(|| raw::datumIsEqual(one, other, false, i32::from(length))) }
}

/// storage/predicate.h; does nothing unless the transaction is SERIALIZABLE.
///
/// # Safety
/// An open relation and the snapshot it is read by.
pub(super) unsafe fn predicate_lock_relation(relation: pg_sys::Relation, snapshot: pg_sys::Snapshot) {
    // SAFETY: upheld by the caller.
    unsafe { pg_guard_ffi_boundary(|| raw::PredicateLockRelation(relation, snapshot)) }
}

/// miscadmin.h; raises where a command must not write, and when the stack is used up. Behind one guard: every call asks.
///
/// # Safety
/// In a backend.
pub(super) unsafe fn prevent_write(command: &CStr) {
    let command = command.as_ptr();
    // SAFETY: upheld by the caller; no value with a destructor lives in the closure.
    unsafe {
        pg_guard_ffi_boundary(|| {
            raw::PreventCommandIfReadOnly(command);
            raw::PreventCommandDuringRecovery(command);
            raw::PreventCommandIfParallelMode(command);
            raw::check_stack_depth();
        });
    }
}

/// utils/timeout.h; raises FATAL when all slots are taken.
///
/// # Safety
/// The handler is async-signal-safe.
pub(super) unsafe fn register_timeout(handler: unsafe extern "C" fn()) -> i32 {
    // SAFETY: upheld by the caller; an id of USER_TIMEOUT asks for a free slot.
    unsafe { pg_guard_ffi_boundary(|| raw::RegisterTimeout(USER_TIMEOUT, Some(handler))) }
}

/// utils/timeout.h; `first` is an absolute time, `delay_ms` the period.
///
/// # Safety
/// `id` is registered.
pub(super) unsafe fn enable_timeout_every(id: i32, first: pg_sys::TimestampTz, delay_ms: i32) {
    // SAFETY: upheld by the caller.
    unsafe { pg_guard_ffi_boundary(|| raw::enable_timeout_every(id, first, delay_ms)) }
}

/// utils/timeout.h; the statement's timer, which cancels it.
///
/// # Safety
/// In a process that is connected to a database.
pub(super) unsafe fn begin_statement_timeout(delay_ms: i32) {
    // SAFETY: upheld by the caller; such processes have the timer.
    unsafe { pg_guard_ffi_boundary(|| raw::enable_timeout_after(STATEMENT_TIMEOUT, delay_ms)) }
}

/// Ends what [`begin_statement_timeout`] began.
///
/// # Safety
/// In a process that is connected to a database.
pub(super) unsafe fn end_statement_timeout() {
    // SAFETY: upheld by the caller; raises nothing.
    unsafe { raw::disable_timeout(STATEMENT_TIMEOUT, false) }
}

/// utils/timeout.h; allowed on timers that are not active. Raises nothing.
///
/// # Safety
/// `id` is registered.
pub(super) unsafe fn disable_timeout(id: i32) {
    // SAFETY: upheld by the caller; not guarded because it cannot raise and runs in abort callbacks.
    unsafe { raw::disable_timeout(id, false) }
}

/// `STATEMENT_TIMEOUT` of utils/timeout.h.
const STATEMENT_TIMEOUT: i32 = 3;
/// `USER_TIMEOUT` of utils/timeout.h: the first id open to extensions.
#[cfg(any(feature = "pg15", feature = "pg16"))]
const USER_TIMEOUT: i32 = 12;
#[cfg(any(feature = "pg17", feature = "pg18"))]
const USER_TIMEOUT: i32 = 13;
