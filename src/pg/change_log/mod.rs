//! Appending to the change log at the end of a transaction, and reading it.

mod file;
pub(in crate::pg) mod memory;
mod readers;
mod ring;
pub(crate) mod trigger;

use std::path::PathBuf;

use pgrx::pg_sys;
use spacetime_change_log::{EntryHeader, encode_header, header_len};

use self::file::ChangeFile;
use self::readers::ReaderState;
use self::ring::{Copied, Ring, RingState};
use crate::error::{Error, Result};
use crate::pg::{access, interrupt, unguarded, wal, worker, xact};

/// Longest sleep while a commit is under way whose end nobody announces.
const ORDER_WAIT_MS: i64 = 10;
/// Pause between looks whether the commits under way are through.
const SETTLE_WAIT_MS: i64 = 1;
/// Copied under the lock at a time, so that commits do not wait long.
const COPY_BYTES_MAX: usize = 256 * 1024;
/// Microseconds from the Unix epoch to Postgres'.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

/// What a transaction is about to commit: module and body of each entry.
#[derive(Debug)]
pub(crate) struct Batch {
    ring: &'static Ring,
    entries: Vec<BatchEntry>,
    xid: u64,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct BatchEntry {
    module: [u8; 32],
    body: Vec<u8>,
    file: Option<ChangeFile>,
}

/// Whether there is a change log and somebody reads this database's changes. Cheap: asked at every write.
pub(crate) fn is_watched() -> bool {
    memory::ring().is_some_and(|ring| ring.is_watched(access::database().to_u32()))
}

/// Whether there is a change log.
pub(crate) fn exists() -> bool {
    memory::ring().is_some()
}

impl Batch {
    /// Makes ready to commit: whatever can fail fails here. Entries too large for shared memory become files in
    /// `directory`. `None` without a change log.
    pub(crate) fn prepare(
        entries: Vec<([u8; 32], Vec<u8>)>,
        directory: fn() -> PathBuf,
    ) -> Result<Option<Self>> {
        let Some(ring) = memory::ring() else { return Ok(None) };
        let mut batch = Self { ring, entries: Vec::with_capacity(entries.len()), xid: xact::top_xid() };
        for (module, body) in entries {
            let is_large = body.len() + header_len() > ring.append_bytes_max();
            // The header is not known yet; the reader fills it in.
            let spill = || ChangeFile::write(directory(), &[&[0; header_len()], &body]);
            let file = match is_large.then(spill).transpose() {
                Ok(file) => file,
                Err(error) => {
                    batch.remove_files();
                    return Err(error);
                }
            };
            let body = if is_large { Vec::new() } else { body };
            batch.entries.push(BatchEntry { module, body, file });
        }
        ring.publish_bound();
        Ok(Some(batch))
    }

    /// Appends after the commit. Must not fail.
    pub(crate) fn commit(self) {
        let database = access::database().to_u32();
        // SAFETY: set by the commit that has just been made; the transaction has an id, so there is one.
        let lsn = unsafe { pg_sys::XactLastCommitEnd };
        let committed_at = unguarded::transaction_stop_timestamp_us();
        let ring = self.ring;
        if ring.is_watched(database) {
            let mut locked = ring.lock(true);
            for entry in self.entries {
                let header = encode_header(&EntryHeader {
                    seq: 0,
                    lsn,
                    xid: self.xid,
                    committed_at_us: committed_at.saturating_add(POSTGRES_EPOCH_US),
                    module: entry.module,
                });
                match &entry.file {
                    None => locked.append(database, lsn, false, &header, &entry.body),
                    Some(file) => locked.append(database, lsn, true, &header, file.name()),
                }
            }
            locked.unlock();
        } else {
            self.remove_files();
        }
        ring.withdraw_bound();
        ring.wake_readers(database);
    }

    /// Undoes [`Batch::prepare`] after a rollback.
    pub(crate) fn roll_back(self) {
        let ring = self.ring;
        self.remove_files();
        ring.withdraw_bound();
        ring.wake_readers(access::database().to_u32());
    }

    fn remove_files(self) {
        self.entries.into_iter().filter_map(|entry| entry.file).for_each(ChangeFile::remove);
    }
}

/// Why the log cannot be used here, if so.
fn required_ring() -> Result<&'static Ring> {
    // SAFETY: reads the server's state.
    if unsafe { pg_sys::RecoveryInProgress() } {
        return Err(Error::NotInState {
            what: "a standby has no change log".into(),
            hint: "Ask the primary.".into(),
        });
    }
    memory::ring().ok_or_else(|| Error::NotInState {
        what: "the change log needs the extension to be loaded when the server starts".into(),
        hint: format!(
            "Set shared_preload_libraries = '{}' in postgresql.conf and restart the server.",
            worker::preload_libraries_with_ours()
        ),
    })
}

/// 55000 where there is no change log.
pub(crate) fn require() -> Result<()> {
    required_ring().map(drop)
}

/// Has this database's changes captured from now on, for a reader that is being started, and gives the place from where
/// on it may read: epoch and number.
pub(crate) fn begin_here() -> Result<(u64, u64)> {
    let ring = required_ring()?;
    if !ring.hold(access::database().to_u32()) {
        return Err(Error::TooMany {
            what: "too many databases are read at the same time".into(),
            hint: "The change log serves 64 databases of one server.".into(),
        });
    }
    let mut locked = ring.lock(false);
    let state = locked.describe();
    locked.unlock();
    Ok((state.epoch, state.next_seq))
}

/// This backend as a reader of its database's changes.
#[derive(Debug)]
pub(crate) struct Reader {
    ring: &'static Ring,
    slot: usize,
    database: u32,
}

/// What a reader got.
#[derive(Debug)]
pub(crate) struct Batchful {
    pub(crate) epoch: u64,
    /// First number not looked at.
    pub(crate) next: u64,
    /// The cursor's place is gone, or was never captured.
    pub(crate) is_gap: bool,
    /// Whole entries, in order.
    pub(crate) entries: Vec<Vec<u8>>,
    /// Where the WAL must be flushed to for the last of them to be durable.
    pub(crate) lsn: u64,
}

impl Reader {
    /// Registers this backend as a reader until it ends.
    pub(crate) fn register() -> Result<Self> {
        let ring = required_ring()?;
        let database = access::database().to_u32();
        let slot = ring.register(database).ok_or_else(|| Error::TooMany {
            what: "too many sessions read the change log".into(),
            hint: "Let one gateway serve more clients; 64 readers can be connected to one server.".into(),
        })?;
        Ok(Self { ring, slot, database })
    }

    /// The cursor of a reader that begins now.
    pub(crate) fn now(&self) -> (u64, u64) {
        now(self.ring)
    }

    /// Reads on from `next` in `epoch`, without waiting.
    pub(crate) fn read(&self, epoch: u64, next: u64, bytes_max: usize) -> (Batchful, bool) {
        let blocked = self.ring.release();
        let mut read = self.read_released(epoch, next, bytes_max);
        if read.is_gap {
            read.entries.clear();
        }
        self.ring.note_reader(self.slot, read.next, false);
        (read, blocked)
    }

    fn read_released(&self, epoch: u64, next: u64, bytes_max: usize) -> Batchful {
        let mut batch = Batchful { epoch, next, is_gap: false, entries: Vec::new(), lsn: 0 };
        let mut bytes = 0;
        loop {
            let mut copied = Vec::new();
            let mut locked = self.ring.lock(false);
            let state = locked.describe();
            let oldest = state.first_seq.max(self.ring.complete_from(self.database));
            if state.epoch != epoch || batch.next < oldest || batch.next > state.next_seq {
                locked.unlock();
                return Batchful { epoch: state.epoch, next: state.next_seq, is_gap: true, ..batch };
            }
            let wanted = COPY_BYTES_MAX.min(bytes_max.saturating_sub(bytes).max(1));
            batch.next = locked.copy(self.database, batch.next, wanted, &mut copied);
            locked.unlock();
            for entry in copied {
                let (seq, lsn, is_file) = (entry.seq, entry.lsn, entry.is_file);
                let Some(entry) = whole(entry) else {
                    return Batchful { epoch: state.epoch, next: seq + 1, is_gap: true, ..batch };
                };
                // A large entry alone may be more than was asked for, but not come on top of others.
                if is_file && !batch.entries.is_empty() {
                    batch.next = seq;
                    return batch;
                }
                bytes += entry.len();
                batch.lsn = batch.lsn.max(lsn);
                batch.entries.push(entry);
            }
            if batch.next == state.next_seq || bytes >= bytes_max {
                return batch;
            }
        }
    }

    /// Whether everything that committed before `lsn` can be read.
    pub(crate) fn is_complete_to(&self, lsn: u64) -> bool {
        self.ring.release_and_bound().1 >= lsn
    }

    /// Sleeps until a commit, a signal or the deadline. `blocked`: entries are there that wait for somebody's commit.
    pub(crate) fn wait(&self, next: u64, blocked: bool, milliseconds: i64) {
        self.ring.note_reader(self.slot, next, true);
        // What was appended before the reader was seen to wait woke nobody.
        let mut locked = self.ring.lock(false);
        let state = locked.describe();
        locked.unlock();
        let has_more = state.next_seq > next || (state.waiting_for_order > 0 && !blocked);
        if !has_more {
            let timeout_ms = if blocked { milliseconds.min(ORDER_WAIT_MS) } else { milliseconds };
            // SAFETY: waits on this backend's own latch.
            unsafe {
                pg_sys::WaitLatch(
                    pg_sys::MyLatch,
                    (pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH) as i32,
                    timeout_ms,
                    pg_sys::PG_WAIT_EXTENSION,
                );
                pg_sys::ResetLatch(pg_sys::MyLatch);
            }
        }
        self.ring.note_reader(self.slot, next, false);
        interrupt::process();
    }
}

/// The cursor behind all commits until now, those included that are about to append.
pub(crate) fn settled() -> Result<(u64, u64)> {
    let ring = required_ring()?;
    let until = ring.place_in_wal();
    while ring.least_bound() < until {
        // SAFETY: waits on this backend's own latch; commits that nobody reads wake nobody.
        unsafe {
            pg_sys::WaitLatch(
                pg_sys::MyLatch,
                (pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH) as i32,
                SETTLE_WAIT_MS,
                pg_sys::PG_WAIT_EXTENSION,
            );
            pg_sys::ResetLatch(pg_sys::MyLatch);
        }
        interrupt::process();
    }
    Ok(now(ring))
}

/// Epoch and number of the next entry.
fn now(ring: &Ring) -> (u64, u64) {
    ring.release();
    let mut locked = ring.lock(false);
    let state = locked.describe();
    locked.unlock();
    (state.epoch, state.next_seq)
}

/// Waits until the WAL is on disk up to `lsn`, and on the synchronous standby where there is one.
pub(crate) fn flush(lsn: u64) {
    if lsn != 0 {
        wal::wait_durable(lsn);
    }
}

/// The whole entry, with its header; `None` when its file is gone.
fn whole(copied: Copied) -> Option<Vec<u8>> {
    if !copied.is_file {
        return Some(copied.bytes);
    }
    let (header, name) = copied.bytes.split_at_checked(header_len())?;
    let mut bytes = file::read(name)?;
    let place = bytes.get_mut(..header_len())?;
    place.copy_from_slice(header);
    Some(bytes)
}

/// State of the log and the readers of this database.
pub(crate) fn describe() -> Result<(RingState, Vec<ReaderState>)> {
    let ring = required_ring()?;
    let mut locked = ring.lock(false);
    let state = locked.describe();
    locked.unlock();
    Ok((state, ring.describe_readers(access::database().to_u32())))
}

/// Removes what an earlier run of the server left. Called by the postmaster.
pub(super) fn remove_left_files() {
    let root = access::data_directory().join("spacetime");
    let Ok(databases) = std::fs::read_dir(root) else { return };
    for database in databases.flatten() {
        let _ = std::fs::remove_dir_all(database.path().join("changes"));
    }
}
