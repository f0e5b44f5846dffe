//! Snapshots of a call: what it reads, moved forward after each of its own writes.

use pgrx::pg_sys;

use crate::pg::{external, unguarded};

/// Handle to a snapshot that outlives the active one: what an unfinished scan reads by.
pub(crate) type Registered = pg_sys::Snapshot;

/// Pushes the snapshot of a call: fresh under READ COMMITTED, the transaction's otherwise.
pub(crate) fn push() {
    // SAFETY: in a transaction. The copy is private to the call, so that `see_own_writes` may move it.
    unsafe {
        pg_sys::CommandCounterIncrement();
        pg_sys::PushCopiedSnapshot(pg_sys::GetTransactionSnapshot());
        pg_sys::UpdateActiveSnapshotCommandId();
    }
}

/// Pushes a snapshot that sees all that is committed, whatever the isolation level.
pub(crate) fn push_latest() {
    // SAFETY: in a transaction.
    unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot()) }
}

/// Pushes a snapshot that sees all that is committed and nothing of what this transaction has written.
pub(crate) fn push_committed() {
    // SAFETY: in a transaction. The copy is private; before its first command nothing of this transaction is there yet.
    unsafe {
        pg_sys::PushCopiedSnapshot(pg_sys::GetLatestSnapshot());
        (*unguarded::active_snapshot()).curcid = 0;
    }
}

/// Pops what [`push`] pushed.
pub(crate) fn pop() {
    // SAFETY: the call's own snapshot is on top: nested calls pop theirs.
    unsafe { pg_sys::PopActiveSnapshot() }
}

/// The call's current snapshot.
pub(crate) fn active() -> pg_sys::Snapshot {
    // One is pushed for the length of a call.
    unguarded::active_snapshot()
}

/// Ends a command: what was written becomes visible to what follows.
pub(crate) fn see_own_writes() {
    // SAFETY: the active snapshot is the call's private copy, neither shared nor registered.
    unsafe { external::see_own_command() }
}

/// Number of the command that comes next: the same twice when nothing was written in between.
pub(crate) fn command() -> u32 {
    // SAFETY: in a transaction; the counter moves only if the present command has written.
    unsafe {
        pg_sys::CommandCounterIncrement();
    }
    unguarded::command_id()
}

/// A copy of the call's snapshot as it is now, kept until [`release`] or the end of the transaction.
pub(crate) fn keep() -> Registered {
    // SAFETY: PushCopiedSnapshot always copies, so later moves of the call's snapshot do not reach the registered one.
    unsafe {
        pg_sys::PushCopiedSnapshot(unguarded::active_snapshot());
        let kept = pg_sys::RegisterSnapshot(unguarded::active_snapshot());
        pg_sys::PopActiveSnapshot();
        kept
    }
}

/// Ends what [`keep`] began.
pub(crate) fn release(snapshot: Registered) {
    // SAFETY: `snapshot` came from `keep` in the same transaction and is released once.
    unsafe { pg_sys::UnregisterSnapshot(snapshot) }
}

/// Whether this transaction reads by one snapshot from its beginning (REPEATABLE READ, SERIALIZABLE).
pub(crate) fn is_fixed() -> bool {
    // SAFETY: reads a C global of this backend.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}

/// The transaction id that will be given out next.
pub(crate) fn next_xid() -> u64 {
    // SAFETY: plain C call.
    unsafe { pg_sys::ReadNextFullTransactionId().value }
}

/// Whether the transaction `xid` is over for the reader: ended before its snapshot was taken, or the reader's own.
pub(crate) fn sees(xid: u64) -> bool {
    // SAFETY: called with a snapshot active; the 32-bit form is only looked at where it is unambiguous.
    unsafe {
        let next = pg_sys::ReadNextFullTransactionId().value;
        // Not given out yet: what is left of a transaction that a crash of the server has undone.
        if xid >= next || next - xid > u64::from(u32::MAX / 4) {
            return true;
        }
        let low = pg_sys::TransactionId::from(xid as u32);
        pg_sys::TransactionIdIsCurrentTransactionId(low)
            || !pg_sys::XidInMVCCSnapshot(low, unguarded::active_snapshot())
    }
}
