//! Who reads the change log: which databases are captured for, and whom a commit wakes.
//!
//! Changes are captured only for databases somebody reads. Turning that on never waits: a transaction that wrote before
//! publishes a resync when it commits (see [`crate::changes`]), and a reader takes its snapshot after it registered.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use pgrx::pg_guard;
use pgrx::pg_sys;

use super::memory;
use super::ring::Ring;
use crate::pg::worker;

/// Readers at the same time, in the whole cluster.
const READERS_MAX: usize = 64;
/// Databases that are read at the same time.
const DATABASES_MAX: usize = 64;

/// All zero when nobody reads.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Readers {
    /// One bit per class of databases: a quick no for those nobody reads.
    watched: AtomicU64,
    slots: [Slot; READERS_MAX],
    databases: [Database; DATABASES_MAX],
}

#[repr(C)]
#[derive(Debug)]
struct Slot {
    /// 0 when the slot is free.
    pid: AtomicI32,
    database: AtomicU32,
    latch: AtomicPtr<pg_sys::Latch>,
    is_waiting: AtomicBool,
    /// First entry the reader has not been given.
    next: AtomicU64,
}

#[repr(C)]
#[derive(Debug)]
struct Database {
    oid: AtomicU32,
    /// Entries before this number may lack some: nobody was reading.
    complete_from: AtomicU64,
    /// Captured until then although nobody reads yet: a reader is being started.
    held_until_us: AtomicI64,
}

/// How long a database is captured for a reader that is being started.
const HOLD_US: i64 = 30_000_000;

impl Database {
    fn is_held(&self) -> bool {
        self.held_until_us.load(Ordering::Relaxed) > worker::now_us()
    }
}

/// A registered reader, for operators.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReaderState {
    pub(crate) pid: i32,
    pub(crate) next: u64,
}

fn class(database: u32) -> u64 {
    1 << (database % 64)
}

impl Ring {
    /// Whether changes of this database must be captured. May say yes for another database's sake.
    pub(super) fn is_watched(&self, database: u32) -> bool {
        self.readers.watched.load(Ordering::SeqCst) & class(database) != 0
    }

    /// Makes this backend a reader of `database`, once. Returns its slot, or `None` when there are too many.
    pub(super) fn register(&self, database: u32) -> Option<usize> {
        // SAFETY: reads backend state.
        let (pid, latch) = unsafe { (pg_sys::MyProcPid, pg_sys::MyLatch) };
        let known = self.readers.slots.iter().position(|slot| slot.pid.load(Ordering::Relaxed) == pid);
        if known.is_some() {
            return known;
        }
        let mut locked = self.lock(true);
        let is_read = |slot: &Slot| {
            slot.pid.load(Ordering::Relaxed) != 0 && slot.database.load(Ordering::Relaxed) == database
        };
        let was_read = self.readers.slots.iter().any(is_read) || self.is_held(database);
        let free = self.readers.slots.iter().position(|slot| slot.pid.load(Ordering::Relaxed) == 0);
        if !was_read {
            // What is committed until now may be missing: a cursor from before must not pass for one from now.
            locked.skip_number();
        }
        let next = locked.describe().next_seq;
        let place = free.filter(|_| was_read || self.begin_database(database, next));
        if let Some(at) = place {
            let slot = &self.readers.slots[at];
            slot.database.store(database, Ordering::Relaxed);
            slot.latch.store(latch, Ordering::Relaxed);
            slot.next.store(next, Ordering::Relaxed);
            slot.is_waiting.store(false, Ordering::Relaxed);
            slot.pid.store(pid, Ordering::SeqCst);
            self.recount();
        }
        locked.unlock();
        if place.is_some() {
            // SAFETY: a function of this library; run at the backend's end, shared memory still mapped.
            unsafe { pg_sys::before_shmem_exit(Some(on_exit), pg_sys::Datum::from(0usize)) }
        }
        place
    }

    /// Notes from where on a database is captured completely. Under the lock.
    fn begin_database(&self, oid: u32, next: u64) -> bool {
        let is_idle = |database: &Database| {
            if database.is_held() {
                return false;
            }
            let oid = database.oid.load(Ordering::Relaxed);
            !self.readers.slots.iter().any(|slot| {
                slot.pid.load(Ordering::Relaxed) != 0 && slot.database.load(Ordering::Relaxed) == oid
            })
        };
        let databases = &self.readers.databases;
        let same = databases.iter().find(|database| database.oid.load(Ordering::Relaxed) == oid);
        let Some(place) = same.or_else(|| databases.iter().find(|database| is_idle(database))) else {
            return false;
        };
        place.oid.store(oid, Ordering::Relaxed);
        place.complete_from.store(next, Ordering::SeqCst);
        true
    }

    fn is_held(&self, oid: u32) -> bool {
        let databases = &self.readers.databases;
        databases.iter().any(|database| database.oid.load(Ordering::Relaxed) == oid && database.is_held())
    }

    /// Has changes of a database captured from now on, for a reader that is being started. `false` if there is no room.
    pub(super) fn hold(&self, oid: u32) -> bool {
        let mut locked = self.lock(true);
        let is_read = |slot: &Slot| {
            slot.pid.load(Ordering::Relaxed) != 0 && slot.database.load(Ordering::Relaxed) == oid
        };
        let mut is_captured = self.readers.slots.iter().any(is_read) || self.is_held(oid);
        if !is_captured {
            locked.skip_number();
            is_captured = self.begin_database(oid, locked.describe().next_seq);
        }
        let place =
            self.readers.databases.iter().find(|database| database.oid.load(Ordering::Relaxed) == oid);
        if let Some(place) = place {
            place.held_until_us.store(worker::now_us() + HOLD_US, Ordering::Relaxed);
        }
        self.recount();
        locked.unlock();
        is_captured
    }

    /// First number from which on `database` has been captured completely.
    pub(super) fn complete_from(&self, database: u32) -> u64 {
        let databases = &self.readers.databases;
        let known = databases.iter().find(|known| known.oid.load(Ordering::Relaxed) == database);
        known.map_or(u64::MAX, |known| known.complete_from.load(Ordering::SeqCst))
    }

    fn recount(&self) {
        let read = self.readers.slots.iter().filter(|slot| slot.pid.load(Ordering::Relaxed) != 0);
        let held = self.readers.databases.iter().filter(|database| database.is_held());
        let bits = read.fold(0, |bits, slot| bits | class(slot.database.load(Ordering::Relaxed)));
        let bits = held.fold(bits, |bits, database| bits | class(database.oid.load(Ordering::Relaxed)));
        self.readers.watched.store(bits, Ordering::SeqCst);
    }

    /// Notes how far the reader in `slot` is, and whether it sleeps until something is appended.
    pub(super) fn note_reader(&self, slot: usize, next: u64, is_waiting: bool) {
        let slot = &self.readers.slots[slot];
        slot.next.store(next, Ordering::Relaxed);
        slot.is_waiting.store(is_waiting, Ordering::SeqCst);
    }

    /// Wakes the readers that wait for changes of `database`.
    pub(super) fn wake_readers(&self, database: u32) {
        if !self.is_watched(database) {
            return;
        }
        for slot in &self.readers.slots {
            let is_waiting = slot.is_waiting.load(Ordering::SeqCst)
                && slot.database.load(Ordering::Relaxed) == database
                && slot.pid.load(Ordering::Relaxed) != 0;
            if is_waiting {
                let latch = slot.latch.load(Ordering::Relaxed);
                // SAFETY: the latch of a process entry, which is never unmapped; waking its next user does no harm.
                unsafe { pg_sys::SetLatch(latch) }
            }
        }
    }

    /// The readers of `database`.
    pub(super) fn describe_readers(&self, database: u32) -> Vec<ReaderState> {
        let slots = self.readers.slots.iter();
        slots
            .filter(|slot| slot.database.load(Ordering::Relaxed) == database)
            .map(|slot| ReaderState {
                pid: slot.pid.load(Ordering::Relaxed),
                next: slot.next.load(Ordering::Relaxed),
            })
            .filter(|reader| reader.pid != 0)
            .collect()
    }

    fn unregister(&self) {
        // SAFETY: reads backend state.
        let pid = unsafe { pg_sys::MyProcPid };
        let locked = self.lock(true);
        for slot in &self.readers.slots {
            if slot.pid.load(Ordering::Relaxed) == pid {
                slot.is_waiting.store(false, Ordering::Relaxed);
                slot.pid.store(0, Ordering::SeqCst);
            }
        }
        self.recount();
        locked.unlock();
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_exit(_code: std::ffi::c_int, _argument: pg_sys::Datum) {
    if let Some(ring) = memory::ring() {
        ring.unregister();
    }
}
