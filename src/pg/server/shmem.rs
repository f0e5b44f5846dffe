//! Shared memory of the background workers: which database has which worker, and how to wake it. Only there when the
//! library is preloaded.
//!
//! Everything is atomic and nothing is locked: backends look here while they commit, where nothing may wait or raise.
//! Latches of ended processes stay mapped and belong to whoever got the slot next: waking one too many is harmless.

use std::sync::atomic::{AtomicI32, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, Ordering::SeqCst};

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Oid};

/// Databases with a worker at one time.
pub(crate) const SLOTS: usize = 64;
/// Databases that may be asked for between two looks of the launcher.
const REQUESTS: usize = 64;
/// Databases that may be kept free of workers at one time.
const HOLDS: usize = 16;

/// What a slot is used for.
pub(crate) mod state {
    pub(crate) const FREE: u32 = 0;
    /// Given to a worker that is being started.
    pub(crate) const STARTING: u32 = 1;
    pub(crate) const RUNNING: u32 = 2;
    /// The worker has ended; the launcher has not seen it yet.
    pub(crate) const ENDED: u32 = 3;
}

/// One worker. The launcher alone gives slots away and takes them back.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) state: AtomicU32,
    database: AtomicU32,
    /// Which kind of worker it is; see `crate::worker::Kind`.
    pub(crate) kind: AtomicU32,
    pid: AtomicI32,
    latch: AtomicPtr<pg_sys::Latch>,
    /// Counts wake-ups, so that one that comes while a worker ends is not lost.
    wakes: AtomicU32,
    /// Wake-ups the worker had seen when it last looked for work.
    seen: AtomicU32,
    /// When an ended worker wants to run again, in microseconds since the Unix epoch.
    pub(crate) next_start_us: AtomicI64,
    /// Whether it ended by itself, not by an error or a signal.
    pub(crate) is_clean: AtomicU32,
}

#[repr(C)]
struct Hold {
    database: AtomicU32,
    until_us: AtomicI64,
}

#[repr(C)]
struct Shared {
    launcher: AtomicPtr<pg_sys::Latch>,
    /// Database, and kind above it.
    requests: [AtomicU64; REQUESTS],
    overflow: AtomicU32,
    holds: [Hold; HOLDS],
    slots: [Slot; SLOTS],
}

static SHARED: AtomicPtr<Shared> = AtomicPtr::new(std::ptr::null_mut());

static mut PREVIOUS_REQUEST: pg_sys::shmem_request_hook_type = None;
static mut PREVIOUS_STARTUP: pg_sys::shmem_startup_hook_type = None;

/// Asks for the memory. To be called while the postmaster loads the library.
pub(super) fn register() {
    // SAFETY: the postmaster has one thread, and loads the library once.
    unsafe {
        PREVIOUS_REQUEST = pg_sys::shmem_request_hook;
        pg_sys::shmem_request_hook = Some(on_request);
        PREVIOUS_STARTUP = pg_sys::shmem_startup_hook;
        pg_sys::shmem_startup_hook = Some(on_startup);
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_request() {
    // SAFETY: a hook of the postmaster; the previous one was set by another library.
    unsafe {
        if let Some(previous) = PREVIOUS_REQUEST {
            previous();
        }
        pg_sys::RequestAddinShmemSpace(size_of::<Shared>());
        crate::pg::change_log::memory::request();
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_startup() {
    // SAFETY: runs in the postmaster, also after a crash, before any process that could look. Zeroes are valid for every
    // field. No AddinShmemInitLock: backends are forked and inherit the pointer.
    unsafe {
        if let Some(previous) = PREVIOUS_STARTUP {
            previous();
        }
        let mut found = false;
        let name = c"spacetime workers".as_ptr();
        let shared = pg_sys::ShmemInitStruct(name, size_of::<Shared>(), &mut found).cast::<Shared>();
        if !found {
            shared.write_bytes(0, 1);
        }
        SHARED.store(shared, SeqCst);
        crate::pg::change_log::memory::start_up();
    }
}

fn shared() -> Option<&'static Shared> {
    // SAFETY: null, or shared memory that stays mapped as long as the process lives.
    unsafe { SHARED.load(SeqCst).as_ref() }
}

/// Whether the library was preloaded, so that there are workers.
pub(crate) fn is_available() -> bool {
    shared().is_some()
}

/// The slot with this number.
pub(crate) fn slot(at: usize) -> Option<&'static Slot> {
    shared()?.slots.get(at)
}

/// All slots.
pub(crate) fn slots() -> &'static [Slot] {
    shared().map_or(&[], |shared| &shared.slots)
}

fn set_latch(latch: &AtomicPtr<pg_sys::Latch>) {
    let latch = latch.load(SeqCst);
    if !latch.is_null() {
        // SAFETY: latches of processes are in shared memory and never unmapped. Raises nothing.
        unsafe { pg_sys::SetLatch(latch) }
    }
}

/// Tells the worker of one kind of a database that there is something to do, and has it started if there is none. Raises
/// nothing: it runs after commits.
pub(crate) fn wake(database: Oid, kind: u32) {
    let Some(shared) = shared() else { return };
    let database = database.to_u32();
    let mut is_served = false;
    let is_own = |slot: &&Slot| slot.database.load(SeqCst) == database && slot.kind.load(SeqCst) == kind;
    for slot in shared.slots.iter().filter(is_own) {
        slot.wakes.fetch_add(1, SeqCst);
        set_latch(&slot.latch);
        // Given up meanwhile: then the launcher may not have counted this one.
        is_served |= slot.database.load(SeqCst) == database;
    }
    if is_served {
        return;
    }
    let wanted = u64::from(kind) << 32 | u64::from(database);
    let is_noted = shared.requests.iter().any(|request| request.load(SeqCst) == wanted)
        || shared.requests.iter().any(|r| r.compare_exchange(0, wanted, SeqCst, SeqCst).is_ok());
    if !is_noted {
        shared.overflow.store(1, SeqCst);
    }
    set_latch(&shared.launcher);
}

/// For the launcher: databases and kinds that were asked for since the last look; `None` when all must be looked into.
pub(crate) fn take_requests() -> Option<Vec<(Oid, u32)>> {
    let Some(shared) = shared() else { return Some(Vec::new()) };
    let taken = shared.requests.iter().map(|request| request.swap(0, SeqCst));
    let wanted = taken.filter(|wanted| *wanted != 0);
    let wanted = wanted.map(|wanted| (Oid::from(wanted as u32), (wanted >> 32) as u32)).collect();
    (shared.overflow.swap(0, SeqCst) == 0).then_some(wanted)
}

/// Makes this process the one that is woken when workers are missing.
pub(super) fn announce_launcher() {
    if let Some(shared) = shared() {
        // SAFETY: MyLatch is this process' latch in shared memory.
        shared.launcher.store(unsafe { pg_sys::MyLatch }, SeqCst);
    }
}

/// Wakes the launcher.
pub(super) fn wake_launcher() {
    if let Some(shared) = shared() {
        set_latch(&shared.launcher);
    }
}

/// Keeps workers away from a database until `until_us`, and ends those it has.
pub(super) fn hold(database: Oid, now_us: i64, until_us: i64) {
    let Some(shared) = shared() else { return };
    let id = database.to_u32();
    let is_own = |hold: &&Hold| hold.database.load(SeqCst) == id;
    let is_over = |hold: &&Hold| hold.until_us.load(SeqCst) <= now_us;
    if let Some(hold) = shared.holds.iter().find(is_own).or_else(|| shared.holds.iter().find(is_over)) {
        hold.database.store(id, SeqCst);
        hold.until_us.store(until_us, SeqCst);
    }
    for slot in shared.slots.iter().filter(|slot| slot.database.load(SeqCst) == id) {
        let pid = slot.pid.load(SeqCst);
        if pid > 0 && slot.state.load(SeqCst) == state::RUNNING {
            // SAFETY: plain signal; the worker forgets its pid before it ends.
            unsafe { libc::kill(pid, libc::SIGTERM) };
        }
    }
}

/// Whether a database has workers, or gets one.
pub(super) fn is_occupied(database: Oid) -> bool {
    let is_there = |slot: &Slot| [state::STARTING, state::RUNNING].contains(&slot.state.load(SeqCst));
    let slots = shared().into_iter().flat_map(|shared| &shared.slots);
    slots.filter(|slot| slot.database() == database).any(is_there)
}

/// Ends what [`hold`] began.
pub(super) fn release(database: Oid) {
    let Some(shared) = shared() else { return };
    for hold in shared.holds.iter().filter(|hold| hold.database.load(SeqCst) == database.to_u32()) {
        hold.until_us.store(0, SeqCst);
    }
    wake_launcher();
}

/// Whether workers must keep away from a database; until when.
pub(crate) fn held_until(database: Oid) -> Option<i64> {
    let id = database.to_u32();
    let holds = shared()?.holds.iter().filter(|hold| hold.database.load(SeqCst) == id);
    holds.map(|hold| hold.until_us.load(SeqCst)).max()
}

impl Slot {
    pub(crate) fn database(&self) -> Oid {
        Oid::from(self.database.load(SeqCst))
    }

    /// For the launcher: takes a free slot for a worker that is about to be started.
    pub(crate) fn prepare(&self, database: Oid, kind: u32) {
        self.kind.store(kind, SeqCst);
        self.pid.store(0, SeqCst);
        self.latch.store(std::ptr::null_mut(), SeqCst);
        self.wakes.store(0, SeqCst);
        self.seen.store(0, SeqCst);
        self.is_clean.store(0, SeqCst);
        self.next_start_us.store(i64::MAX, SeqCst);
        self.state.store(state::STARTING, SeqCst);
        self.database.store(database.to_u32(), SeqCst);
    }

    /// For the launcher: frees the slot. Whether the worker was woken after it last looked for work.
    pub(crate) fn free(&self) -> bool {
        // In this order: see `wake`.
        self.database.store(0, SeqCst);
        let was_woken = self.wakes.load(SeqCst) != self.seen.load(SeqCst);
        self.state.store(state::FREE, SeqCst);
        was_woken
    }

    /// For the worker: takes the slot it was started for; `false` if that was given up.
    pub(super) fn occupy(&self) -> bool {
        if self.state.compare_exchange(state::STARTING, state::RUNNING, SeqCst, SeqCst).is_err() {
            return false;
        }
        // SAFETY: MyLatch is this process' latch in shared memory.
        self.latch.store(unsafe { pg_sys::MyLatch }, SeqCst);
        self.pid.store(std::process::id().cast_signed(), SeqCst);
        true
    }

    /// For the worker: it is ending.
    pub(super) fn vacate(&self, is_clean: bool) {
        self.pid.store(0, SeqCst);
        self.latch.store(std::ptr::null_mut(), SeqCst);
        self.is_clean.store(u32::from(is_clean), SeqCst);
        self.state.store(state::ENDED, SeqCst);
        wake_launcher();
    }

    /// For the worker: wake-ups up to now are answered by the look for work that follows. Whether there were any.
    pub(crate) fn note_wakes(&self) -> bool {
        let wakes = self.wakes.load(SeqCst);
        self.seen.swap(wakes, SeqCst) != wakes
    }
}
