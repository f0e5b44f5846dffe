//! State of a module that all backends share: its clock and who wrote it last.
//!
//! It lives in a mapped file under the data directory, so that it needs no preloaded library. A crash of the server
//! may leave it old, which does no harm: the clock is bounded by the wall clock, and no snapshot taken after a restart
//! can predate what was committed before it. Or ahead of what was recovered: readers take a transaction that was never
//! given out for one that is over.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::error::{Error, Result};

/// One page: the smallest thing that can be mapped.
const FILE_BYTES: usize = 4096;

#[repr(C)]
struct Shared {
    last_timestamp_us: AtomicI64,
    last_writer_xid: AtomicU64,
}

thread_local! {
    /// Mapped files with their inodes, by path. Lifetime: the backend's; a file that was made anew is mapped anew.
    static MAPPED: RefCell<HashMap<PathBuf, (u64, ModuleState)>> = RefCell::default();
}

/// A mapped state file. Mapped once per backend and file and never unmapped: backends end soon enough.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModuleState {
    shared: &'static Shared,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl ModuleState {
    /// Maps the file, creating it first if need be.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed = |action| move |source| Error::File { action, path: path.to_path_buf(), source };
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(failed("create the directory of"))?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC)
            .open(path)
            .map_err(failed("open"))?;
        let inode = file.metadata().map_err(failed("inspect"))?.ino();
        let mapped = MAPPED.with_borrow(|mapped| mapped.get(path).copied());
        if let Some((_, state)) = mapped.filter(|(of, _)| *of == inode) {
            return Ok(state);
        }
        let state = Self::map(&file).map_err(failed("map"))?;
        MAPPED.with_borrow_mut(|mapped| mapped.insert(path.to_path_buf(), (inode, state)));
        Ok(state)
    }

    fn map(file: &File) -> std::io::Result<Self> {
        // SAFETY: a shared mapping of a file that is at least one page long and is never truncated by us; the struct is
        // two naturally aligned atomics, for which any bytes are valid. The page has its place on the disk: a write to a
        // hole would be a SIGBUS, and so a crash of the server, once the disk is full.
        unsafe {
            let error = libc::posix_fallocate(file.as_raw_fd(), 0, FILE_BYTES as i64);
            if error != 0 {
                return Err(std::io::Error::from_raw_os_error(error));
            }
            let page = libc::mmap(
                std::ptr::null_mut(),
                FILE_BYTES,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            );
            if page == libc::MAP_FAILED {
                return Err(std::io::Error::last_os_error());
            }
            Ok(Self { shared: &*page.cast::<Shared>() })
        }
    }

    /// Timestamp of the next call, in microseconds since the Unix epoch: the wall clock, but always later than the
    /// last one. Guests seed their random numbers and UUIDs from it, so two calls must never get the same.
    pub(crate) fn next_timestamp_us(self) -> i64 {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
        let next = |last: i64| Some(now.max(last.saturating_add(1)));
        let clock = &self.shared.last_timestamp_us;
        match clock.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) {
            Ok(last) | Err(last) => now.max(last.saturating_add(1)),
        }
    }

    /// Top-level transaction that wrote the module last; 0 when none is known.
    pub(crate) fn last_writer_xid(self) -> u64 {
        self.shared.last_writer_xid.load(Ordering::Acquire)
    }

    /// Notes the running transaction as the last writer. Called under the module's lock.
    pub(crate) fn note_writer(self, xid: u64) {
        self.shared.last_writer_xid.store(xid, Ordering::Release);
    }
}
