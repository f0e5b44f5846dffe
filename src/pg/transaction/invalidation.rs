//! Notices of change: which relation of ours was altered by a commit, in this backend or another.
//!
//! Postgres delivers these when locks are taken and between commands. The callback must not touch the catalogs, so it
//! only bumps counters; whoever holds something derived from a relation compares counters before use.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use pgrx::pg_guard;
use pgrx::pg_sys;

thread_local! {
    static REGISTERED: Cell<bool> = const { Cell::new(false) };
    /// Relation whose changes mean "some module was published or dropped".
    static MODULE_CATALOG: Cell<pg_sys::Oid> = const { Cell::new(pg_sys::InvalidOid) };
    static MODULES: Cell<u64> = const { Cell::new(1) };
    /// This transaction has announced a change that it may still take back.
    static ANNOUNCED: Cell<bool> = const { Cell::new(false) };
    /// Changes of all relations at once (cache overflow).
    static ALL: Cell<u64> = const { Cell::new(1) };
    /// Changes of each relation someone watches.
    static WATCHED: RefCell<HashMap<pg_sys::Oid, u64>> = RefCell::new(HashMap::new());
}

/// Counts publishes, drops and everything else that makes cached modules doubtful.
pub(crate) fn modules_generation() -> u64 {
    MODULES.get()
}

/// A number that is another one after any change of `relation`'s definition; the first question starts the watch.
pub(crate) fn relation_generation(relation: pg_sys::Oid) -> u64 {
    ALL.get() + WATCHED.with_borrow_mut(|watched| *watched.entry(relation).or_insert(0))
}

/// Begins to watch; `module_catalog` is the table whose invalidation announces a new module version.
pub(crate) fn watch(module_catalog: pg_sys::Oid) {
    MODULE_CATALOG.set(module_catalog);
    if !REGISTERED.replace(true) {
        // SAFETY: the callbacks are functions of this library, which is never unloaded.
        unsafe {
            pg_sys::CacheRegisterRelcacheCallback(Some(on_relation_changed), pg_sys::Datum::from(0usize));
            let namespace = pg_sys::SysCacheIdentifier::NAMESPACEOID as i32;
            pg_sys::CacheRegisterSyscacheCallback(
                namespace,
                Some(on_namespace_changed),
                pg_sys::Datum::from(0usize),
            );
        }
    }
}

/// Tells every backend, at commit, that modules changed.
pub(crate) fn announce_module_change(module_catalog: pg_sys::Oid) {
    // SAFETY: a valid relation oid; the message is queued for commit and dropped on abort.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(module_catalog) }
    ANNOUNCED.set(true);
    MODULES.set(MODULES.get() + 1);
    super::xact::watch();
}

/// What was announced and cached since may have been taken back: run at every rollback. Postgres' own messages do not
/// cover the command that failed.
pub(super) fn after_abort() {
    if ANNOUNCED.get() {
        MODULES.set(MODULES.get() + 1);
    }
}

/// Nothing can be taken back any more: run when a transaction has ended.
pub(super) fn after_end() {
    ANNOUNCED.set(false);
}

/// Receives what other backends committed since the last look. Locks do this too; this is for the paths without.
pub(crate) fn accept() {
    // SAFETY: allowed wherever a lock could be taken.
    unsafe { pg_sys::AcceptInvalidationMessages() }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_relation_changed(_argument: pg_sys::Datum, relation: pg_sys::Oid) {
    if relation == pg_sys::InvalidOid {
        ALL.set(ALL.get() + 1);
    } else {
        WATCHED.with_borrow_mut(|watched| {
            if let Some(count) = watched.get_mut(&relation) {
                *count += 1;
            }
        });
    }
    if relation == pg_sys::InvalidOid || relation == MODULE_CATALOG.get() {
        MODULES.set(MODULES.get() + 1);
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_namespace_changed(_argument: pg_sys::Datum, _cache: i32, _hash: u32) {
    MODULES.set(MODULES.get() + 1);
}
