//! Where the change log lies in shared memory. Only there when the library is preloaded; asked for and set up together with
//! the memory of the workers ([`crate::pg::shmem`]).
//!
//! Addresses are the same in all processes: they are forks of the one that maps the memory. A crash of one backend makes
//! the postmaster map everything anew and run the start-up hook again.

use std::ffi::CStr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pgrx::pg_sys;

use super::ring::{self, Ring};

/// Name of the memory, and of the lock in it.
const NAME: &CStr = c"spacetime change log";

static RING: AtomicPtr<Ring> = AtomicPtr::new(std::ptr::null_mut());

/// Asks for the memory.
///
/// # Safety
/// Called from shmem_request_hook.
pub(in crate::pg) unsafe fn request() {
    // SAFETY: upheld by the caller.
    unsafe {
        pg_sys::RequestAddinShmemSpace(ring::size_bytes());
        pg_sys::RequestNamedLWLockTranche(NAME.as_ptr(), 1);
    }
}

/// Sets the memory up.
///
/// # Safety
/// Called from shmem_startup_hook, before any process that could look.
pub(in crate::pg) unsafe fn start_up() {
    // SAFETY: upheld by the caller; the memory and the lock were asked for.
    unsafe {
        let mut is_known = false;
        let ring = pg_sys::ShmemInitStruct(NAME.as_ptr(), ring::size_bytes(), &mut is_known).cast::<Ring>();
        if !is_known {
            let lock = &raw mut (*pg_sys::GetNamedLWLockTranche(NAME.as_ptr())).lock;
            ring::initialize(ring, lock);
            super::remove_left_files();
        }
        RING.store(ring, Ordering::Release);
    }
}

/// The change log's memory; `None` without preload.
pub(super) fn ring() -> Option<&'static Ring> {
    // SAFETY: set once at start-up to memory that outlives every backend.
    unsafe { RING.load(Ordering::Acquire).as_ref() }
}
