//! The change log in shared memory: a ring of bytes that commits append to and readers copy from.
//!
//! **Order.** Commits arrive a little out of order: a backend appends after its commit record is written. So an entry
//! gets its number only when nobody can still append an earlier one. Every committing backend publishes a lower bound of
//! its commit LSN before it writes the record and withdraws it after it has appended; entries up to the least bound are
//! *released*, in LSN order, by whichever reader looks first.
//!
//! **Writers never wait for readers.** What does not fit any more is overwritten, oldest first; a reader whose place was
//! overwritten is told to resync. Overwriting an entry that was not released yet begins a new epoch.
//!
//! Hazard: everything under the lock runs with interrupts held and must not raise.

mod record;

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};

use pgrx::pg_sys;
use spacetime_change_log::header_len;

use self::record::{RECORD_LEN, Record};
use super::readers::Readers;
use crate::pg::unguarded;

/// Entries that may wait for their number at the same time.
const ARRIVED_MAX: usize = 8192;
/// The index of released entries has one place per this many bytes of ring.
const BYTES_PER_PLACE: usize = 128;

/// Everything the extension shares. Followed in memory by the bounds, the index and the ring's bytes.
#[repr(C)]
pub(super) struct Ring {
    lock: *mut pg_sys::LWLock,
    bounds_count: usize,
    places_count: usize,
    bytes_count: u64,
    pub(super) readers: Readers,
    state: UnsafeCell<State>,
}

/// Guarded by the lock.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct State {
    epoch: u64,
    /// Number of the next entry to be released; the first is 1.
    next_seq: u64,
    /// Oldest entry whose bytes are all there.
    first_seq: u64,
    /// Positions count bytes ever written; modulo the size they are places in the ring.
    head: u64,
    tail: u64,
    arrived_count: usize,
    arrived: [Arrived; ARRIVED_MAX],
}

/// An entry that has no number yet.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Arrived {
    lsn: u64,
    position: u64,
}

/// State of the log for operators.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingState {
    pub(crate) epoch: u64,
    pub(crate) first_seq: u64,
    pub(crate) next_seq: u64,
    pub(crate) waiting_for_order: usize,
    pub(crate) used_bytes: u64,
    pub(crate) size_bytes: u64,
}

/// An entry copied out of the ring.
#[derive(Debug)]
pub(crate) struct Copied {
    pub(crate) seq: u64,
    pub(crate) lsn: u64,
    pub(crate) is_file: bool,
    pub(crate) bytes: Vec<u8>,
}

fn ring_bytes() -> u64 {
    crate::guc::change_log_bytes()
}

fn places(bytes: u64) -> usize {
    (bytes as usize / BYTES_PER_PLACE).max(1024)
}

fn bounds() -> usize {
    // SAFETY: set before libraries may ask for shared memory.
    unsafe { pg_sys::MaxBackends as usize }
}

/// Memory to ask for.
pub(super) fn size_bytes() -> usize {
    let bytes = ring_bytes();
    size_of::<Ring>() + 8 * bounds() + 8 * places(bytes) + bytes as usize
}

/// Makes the ring in fresh memory.
///
/// # Safety
/// `ring` points to [`size_bytes`] bytes that nobody else uses yet; `lock` is initialised.
pub(super) unsafe fn initialize(ring: *mut Ring, lock: *mut pg_sys::LWLock) {
    let bytes = ring_bytes();
    // SAFETY: upheld by the caller; all-zero bytes are a valid State, Readers and bounds.
    unsafe {
        std::ptr::write_bytes(ring.cast::<u8>(), 0, size_bytes() - bytes as usize);
        (*ring).lock = lock;
        (*ring).bounds_count = bounds();
        (*ring).places_count = places(bytes);
        (*ring).bytes_count = bytes;
        let state = &mut *(*ring).state.get();
        // Differs from that of any earlier run of this server.
        state.epoch = crate::pg::random_u64();
        state.next_seq = 1;
        state.first_seq = 1;
    }
}

/// The ring while its lock is held.
pub(super) struct Locked<'a> {
    ring: &'a Ring,
}

impl Ring {
    /// Takes the lock, exclusively or to read only. Given back by [`Locked::unlock`]; an error gives it back, too.
    pub(super) fn lock(&self, exclusively: bool) -> Locked<'_> {
        let mode = if exclusively { pg_sys::LWLockMode::LW_EXCLUSIVE } else { pg_sys::LWLockMode::LW_SHARED };
        // SAFETY: initialised by `initialize`; this backend does not hold it.
        unsafe { pg_sys::LWLockAcquire(self.lock, mode) };
        Locked { ring: self }
    }

    fn base(&self) -> *mut u8 {
        std::ptr::from_ref(self).cast_mut().cast::<u8>()
    }

    fn bounds(&self) -> &[AtomicU64] {
        // SAFETY: the bounds follow the struct, zeroed by `initialize`.
        unsafe {
            std::slice::from_raw_parts(
                self.base().add(size_of::<Self>()).cast::<AtomicU64>(),
                self.bounds_count,
            )
        }
    }

    fn place(&self, seq: u64) -> *mut u64 {
        // SAFETY: the index follows the bounds and has `places_count` places.
        unsafe {
            let first = self.base().add(size_of::<Self>() + 8 * self.bounds_count).cast::<u64>();
            first.add((seq % self.places_count as u64) as usize)
        }
    }

    fn byte(&self, position: u64) -> *mut u8 {
        let before = size_of::<Self>() + 8 * (self.bounds_count + self.places_count);
        // SAFETY: the bytes follow the index; the position is taken modulo their number.
        unsafe { self.base().add(before + (position % self.bytes_count) as usize) }
    }

    /// Most bytes a commit may append; more goes to a file.
    pub(super) fn append_bytes_max(&self) -> usize {
        (self.bytes_count / 8) as usize
    }

    /// Publishes that this backend is about to commit, at a place in the WAL not before now.
    pub(super) fn publish_bound(&self) {
        // SAFETY: the WAL is open for writing at pre-commit.
        let bound = unsafe { unguarded::wal_insert_place() };
        self.own_bound(bound);
    }

    /// Withdraws the bound, after the commit was appended or the transaction rolled back.
    pub(super) fn withdraw_bound(&self) {
        self.own_bound(0);
    }

    fn own_bound(&self, bound: u64) {
        // SAFETY: this backend's entry in the array of processes; regular backends come first in it.
        let at = unsafe { pg_sys::MyProc.offset_from((*pg_sys::ProcGlobal).allProcs) };
        if let Some(slot) = usize::try_from(at).ok().and_then(|at| self.bounds().get(at)) {
            slot.store(bound, Ordering::SeqCst);
        }
    }

    /// The place in the WAL that everything committed until now is before.
    pub(super) fn place_in_wal(&self) -> u64 {
        // SAFETY: readers are refused during recovery.
        unsafe { unguarded::wal_insert_place() }
    }

    /// Everything committed up to here has been appended.
    pub(super) fn least_bound(&self) -> u64 {
        // First the place in the WAL, then the bounds: who publishes a bound after we looked commits after that place.
        // SAFETY: readers are refused during recovery.
        let now = unsafe { unguarded::wal_insert_place() };
        std::sync::atomic::fence(Ordering::SeqCst);
        let least =
            self.bounds().iter().map(|bound| bound.load(Ordering::SeqCst)).filter(|bound| *bound != 0).min();
        least.map_or(now, |least| least.min(now))
    }

    /// Numbers what can be numbered. Returns whether entries remain that wait for somebody's commit.
    pub(super) fn release(&self) -> bool {
        self.release_and_bound().0
    }

    /// As [`Ring::release`]; also gives the place in the WAL up to which everything has been numbered.
    pub(super) fn release_and_bound(&self) -> (bool, u64) {
        let bound = self.least_bound();
        let mut locked = self.lock(true);
        let waiting = locked.release_up_to(bound);
        locked.unlock();
        (waiting, bound)
    }
}

impl Locked<'_> {
    /// Gives the lock back.
    pub(super) fn unlock(self) {
        // SAFETY: taken by `Ring::lock`.
        unsafe { pg_sys::LWLockRelease(self.ring.lock) }
    }

    fn state(&mut self) -> &mut State {
        // SAFETY: the lock is held, and this handle is the only way to the state.
        unsafe { &mut *self.ring.state.get() }
    }

    /// A look at the state.
    pub(super) fn describe(&mut self) -> RingState {
        let size_bytes = self.ring.bytes_count;
        let state = self.state();
        RingState {
            epoch: state.epoch,
            first_seq: state.first_seq,
            next_seq: state.next_seq,
            waiting_for_order: state.arrived_count,
            used_bytes: state.head - state.tail,
            size_bytes,
        }
    }

    /// Appends an entry that is complete but for its number, which stands at its first eight bytes.
    pub(super) fn append(&mut self, database: u32, lsn: u64, is_file: bool, header: &[u8], body: &[u8]) {
        let length = RECORD_LEN + (header.len() + body.len()) as u64;
        self.make_room(length);
        if self.state().arrived_count == ARRIVED_MAX {
            // No reader has looked for long.
            self.release_up_to(self.ring.least_bound());
            if self.state().arrived_count == ARRIVED_MAX {
                self.begin_epoch();
            }
        }
        let position = self.state().head;
        self.write_record(position, Record { length: length as u32, database, seq: 0, lsn, is_file });
        self.write(position + RECORD_LEN, header);
        self.write(position + RECORD_LEN + header.len() as u64, body);
        let state = self.state();
        state.head = position + length;
        state.arrived[state.arrived_count] = Arrived { lsn, position };
        state.arrived_count += 1;
    }

    /// Takes up one number with a record that is nobody's entry: cursors before it can be told from those after it.
    pub(super) fn skip_number(&mut self) {
        self.make_room(RECORD_LEN);
        let State { head: position, next_seq: seq, .. } = *self.state();
        self.write_record(
            position,
            Record { length: RECORD_LEN as u32, database: 0, seq, lsn: 0, is_file: false },
        );
        // SAFETY: a place of the index; the lock is held.
        unsafe { *self.ring.place(seq) = position };
        let state = self.state();
        state.head = position + RECORD_LEN;
        state.next_seq = seq + 1;
    }

    fn make_room(&mut self, length: u64) {
        while self.state().head + length - self.state().tail > self.ring.bytes_count {
            let tail = self.state().tail;
            if self.read_record(tail).seq == 0 {
                self.release_up_to(self.ring.least_bound());
            }
            let oldest = self.read_record(tail);
            if oldest.seq == 0 {
                self.begin_epoch();
                return;
            }
            self.remove_file(tail, oldest);
            let state = self.state();
            state.first_seq = state.first_seq.max(oldest.seq + 1);
            state.tail += u64::from(oldest.length);
        }
    }

    /// Removes the file that an entry is in, if it is.
    fn remove_file(&self, position: u64, record: Record) {
        if record.is_file {
            // The name stands behind the entry's header.
            let before = RECORD_LEN + header_len() as u64;
            let name = self.read(position + before, (u64::from(record.length) - before) as usize);
            super::file::remove(&name);
        }
    }

    /// Forgets everything. What was not released is lost, and readers must be told.
    fn begin_epoch(&mut self) {
        let State { mut tail, head, .. } = *self.state();
        while tail < head {
            let record = self.read_record(tail);
            self.remove_file(tail, record);
            tail += u64::from(record.length);
        }
        let state = self.state();
        state.epoch = state.epoch.wrapping_add(1);
        state.first_seq = state.next_seq;
        state.tail = state.head;
        state.arrived_count = 0;
    }

    fn release_up_to(&mut self, bound: u64) -> bool {
        let places = self.ring.places_count as u64;
        let state = self.state();
        let arrived = &mut state.arrived[..state.arrived_count];
        arrived.sort_unstable_by_key(|entry| (entry.lsn, entry.position));
        let count = arrived.partition_point(|entry| entry.lsn <= bound);
        for at in 0..count {
            let Arrived { position, .. } = self.state().arrived[at];
            let seq = self.state().next_seq;
            let record = self.read_record(position);
            self.write_record(position, Record { seq, ..record });
            self.write(position + RECORD_LEN, &seq.to_le_bytes());
            // SAFETY: a place of the index; the lock is held.
            unsafe { *self.ring.place(seq) = position };
            let state = self.state();
            state.next_seq = seq + 1;
            // The index forgets earlier than the ring when entries are small.
            state.first_seq = state.first_seq.max((seq + 1).saturating_sub(places));
        }
        let state = self.state();
        state.arrived.copy_within(count..state.arrived_count, 0);
        state.arrived_count -= count;
        state.arrived_count > 0
    }

    /// Copies entries of `database` from `next` on, until `bytes_max` is reached. Returns the first number not looked at.
    pub(super) fn copy(&mut self, database: u32, next: u64, bytes_max: usize, out: &mut Vec<Copied>) -> u64 {
        let mut copied = 0;
        let end = self.state().next_seq;
        let mut seq = next.max(self.state().first_seq);
        while seq < end && copied < bytes_max {
            // SAFETY: released entries from first_seq on have a place in the index; the lock is held.
            let position = unsafe { *self.ring.place(seq) };
            let record = self.read_record(position);
            if record.database == database {
                let bytes =
                    self.read(position + RECORD_LEN, (u64::from(record.length) - RECORD_LEN) as usize);
                copied += bytes.len();
                out.push(Copied { seq, lsn: record.lsn, is_file: record.is_file, bytes });
            }
            seq += 1;
        }
        seq
    }
}
