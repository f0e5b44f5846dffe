//! The transaction around a call: its ids, and callbacks for its end.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use pgrx::pg_guard;
use pgrx::pg_sys;

use crate::error::{Error, Result};
use crate::pg::unguarded;
use crate::worker::Kind;

thread_local! {
    static REGISTERED: Cell<bool> = const { Cell::new(false) };
    /// Set when a transaction first locks a module, cleared at its end.
    static LOCKED_MODULE: Cell<bool> = const { Cell::new(false) };
    /// This transaction has work for these workers of its database, once it is committed: a bit for each kind.
    static WAKES_WORKERS: Cell<u32> = const { Cell::new(0) };
    /// Workers to wake as soon as the commit is over.
    static WAKES_NOW: Cell<u32> = const { Cell::new(0) };
    /// Files to remove at commit, each with the subtransaction that asked for it.
    static DOOMED_FILES: RefCell<Vec<(pg_sys::SubTransactionId, PathBuf)>> = const { RefCell::new(Vec::new()) };
    /// Files to remove if this transaction, or the subtransaction that named them, is rolled back.
    static NEW_FILES: RefCell<Vec<(pg_sys::SubTransactionId, PathBuf)>> = const { RefCell::new(Vec::new()) };
    /// What every rollback of a transaction or savepoint that called a reducer runs.
    static ON_ABORT: Cell<Option<fn()>> = const { Cell::new(None) };
    static HOOKS: Cell<Option<Hooks>> = const { Cell::new(None) };
}

/// What wants to know how transactions end. All but `before_commit` must neither raise nor touch the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hooks {
    /// Runs after deferred triggers; an error rolls the transaction back.
    pub(crate) before_commit: fn() -> Result<()>,
    pub(crate) committed: fn(),
    pub(crate) rolled_back: fn(),
    /// Gets the nesting level of the savepoint, and whether it is undone.
    pub(crate) savepoint_ended: fn(i32, bool),
}

/// Calls `hooks` at the end of every transaction and savepoint from now on.
pub(crate) fn follow(hooks: Hooks) {
    HOOKS.set(Some(hooks));
    watch();
}

/// Nesting of savepoints; 1 outside of any.
pub(crate) fn nest_level() -> i32 {
    unguarded::transaction_nest_level()
}

/// Top-level transaction id, assigned now if need be.
pub(crate) fn top_xid() -> u64 {
    match top_xid_if_any() {
        // SAFETY: in a transaction that is not read-only.
        0 => unsafe { pg_sys::GetTopFullTransactionId().value },
        xid => xid,
    }
}

/// Top-level transaction id, 0 while none is assigned.
pub(crate) fn top_xid_if_any() -> u64 {
    unguarded::top_xid_if_any()
}

/// Notes that this transaction called a reducer, wrote a module's table or published a module, which rules out PREPARE TRANSACTION.
pub(crate) fn note_module_lock() {
    LOCKED_MODULE.set(true);
    watch();
}

/// Runs `action` at every rollback of a transaction that called a reducer, from now on. It must neither raise nor touch the database.
pub(crate) fn set_on_abort(action: fn()) {
    ON_ABORT.set(Some(action));
    watch();
}

/// Wakes a worker of this database when the transaction commits; has it started if there is none.
pub(crate) fn wake_worker_at_commit(kind: Kind) {
    WAKES_WORKERS.set(WAKES_WORKERS.get() | 1 << kind.number());
    watch();
}

/// Removes files when the transaction commits, and leaves them if it or this savepoint is rolled back. Files that are not
/// there or cannot be removed are left: a commit cannot fail any more.
pub(crate) fn remove_files_at_commit(paths: impl IntoIterator<Item = PathBuf>) {
    // SAFETY: in a transaction.
    let current = unsafe { pg_sys::GetCurrentSubTransactionId() };
    DOOMED_FILES.with_borrow_mut(|doomed| doomed.extend(paths.into_iter().map(|path| (current, path))));
    watch();
}

/// Removes files, which this transaction may make, if it or this savepoint is rolled back.
pub(crate) fn remove_files_at_abort(paths: impl IntoIterator<Item = PathBuf>) {
    // SAFETY: in a transaction.
    let current = unsafe { pg_sys::GetCurrentSubTransactionId() };
    NEW_FILES.with_borrow_mut(|new| new.extend(paths.into_iter().map(|path| (current, path))));
    watch();
}

/// Begins to watch the ends of transactions.
pub(super) fn watch() {
    if !REGISTERED.replace(true) {
        // SAFETY: functions of this library, which is never unloaded.
        unsafe {
            pg_sys::RegisterXactCallback(Some(on_xact_event), std::ptr::null_mut());
            pg_sys::RegisterSubXactCallback(Some(on_subxact_event), std::ptr::null_mut());
            pg_sys::RegisterResourceReleaseCallback(Some(on_resource_release), std::ptr::null_mut());
        }
    }
}

/// Nothing can fail any more: files that are not there, or cannot be removed, are left.
fn remove(files: impl Iterator<Item = (pg_sys::SubTransactionId, PathBuf)>) {
    for (_, path) in files {
        let _ = std::fs::remove_file(path);
    }
}

fn aborted() {
    super::timeout::after_abort();
    super::invalidation::after_abort();
    if !LOCKED_MODULE.get() {
        return;
    }
    if let Some(action) = ON_ABORT.get() {
        action();
    }
}

fn ended() {
    LOCKED_MODULE.set(false);
    WAKES_WORKERS.set(0);
    DOOMED_FILES.take();
    NEW_FILES.take();
    super::invalidation::after_end();
}

#[pg_guard]
unsafe extern "C-unwind" fn on_xact_event(event: pg_sys::XactEvent::Type, _argument: *mut std::ffi::c_void) {
    match event {
        pg_sys::XactEvent::XACT_EVENT_ABORT | pg_sys::XactEvent::XACT_EVENT_PARALLEL_ABORT => {
            remove(NEW_FILES.take().into_iter());
            aborted();
            ended();
            if let Some(hooks) = HOOKS.get() {
                (hooks.rolled_back)();
            }
        }
        pg_sys::XactEvent::XACT_EVENT_PRE_COMMIT => {
            if let Some(hooks) = HOOKS.get() {
                (hooks.before_commit)().unwrap_or_else(|error| crate::pg::report::raise(error));
            }
        }
        pg_sys::XactEvent::XACT_EVENT_PREPARE => ended(),
        pg_sys::XactEvent::XACT_EVENT_COMMIT => {
            remove(DOOMED_FILES.take().into_iter());
            WAKES_NOW.set(WAKES_WORKERS.get());
            ended();
            if let Some(hooks) = HOOKS.get() {
                (hooks.committed)();
            }
        }
        // The module's lock and its last-writer mark would outlive the session, across restarts.
        pg_sys::XactEvent::XACT_EVENT_PRE_PREPARE if LOCKED_MODULE.get() => {
            crate::pg::report::raise(Error::Unsupported {
                what: "cannot PREPARE a transaction that has called a reducer, written a module's table or published a module"
                    .into(),
                hint: "Use COMMIT.".into(),
            });
        }
        _ => {}
    }
}

/// Wakes workers when the commit is over. Hazard: in `XACT_EVENT_COMMIT` the transaction is visible already, and its cache
/// invalidations are not sent yet: a worker that is quick would look with caches of before, and go to sleep again.
#[pg_guard]
unsafe extern "C-unwind" fn on_resource_release(
    phase: pg_sys::ResourceReleasePhase::Type,
    is_commit: bool,
    is_top_level: bool,
    _argument: *mut std::ffi::c_void,
) {
    let is_over = phase == pg_sys::ResourceReleasePhase::RESOURCE_RELEASE_AFTER_LOCKS;
    if !(is_over && is_commit && is_top_level) || WAKES_NOW.get() == 0 {
        return;
    }
    let wanted = WAKES_NOW.replace(0);
    for kind in Kind::ALL.iter().map(|kind| kind.number()).filter(|kind| wanted & 1 << kind != 0) {
        crate::pg::shmem::wake(crate::pg::access::database(), kind);
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_subxact_event(
    event: pg_sys::SubXactEvent::Type,
    id: pg_sys::SubTransactionId,
    parent: pg_sys::SubTransactionId,
    _argument: *mut std::ffi::c_void,
) {
    let is_undone = event == pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB;
    if is_undone {
        DOOMED_FILES.with_borrow_mut(|doomed| doomed.retain(|(of, _)| *of != id));
        NEW_FILES.with_borrow_mut(|new| remove(new.extract_if(.., |(of, _)| *of == id)));
        aborted();
    } else if event == pg_sys::SubXactEvent::SUBXACT_EVENT_COMMIT_SUB {
        for files in [&DOOMED_FILES, &NEW_FILES] {
            files.with_borrow_mut(|files| {
                files.iter_mut().filter(|(of, _)| *of == id).for_each(|(of, _)| *of = parent);
            });
        }
    }
    if let Some(hooks) = HOOKS.get()
        && (is_undone || event == pg_sys::SubXactEvent::SUBXACT_EVENT_COMMIT_SUB)
    {
        (hooks.savepoint_ended)(nest_level(), is_undone);
    }
}
