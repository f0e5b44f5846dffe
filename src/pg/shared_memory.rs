//! Shared memory of the extension, asked for when the server preloads the library.
//!
//! Addresses are the same in all processes: they are forks of the one that maps the memory. A crash of one backend makes
//! the postmaster map everything anew and run the start-up hook again.

use std::ffi::CStr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pgrx::pg_guard;
use pgrx::pg_sys;

use super::change_ring::{self, Ring};

/// Name of the memory, and of the lock in it.
const NAME: &CStr = c"spacetime";

static RING: AtomicPtr<Ring> = AtomicPtr::new(std::ptr::null_mut());
static NEXT_REQUEST: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static NEXT_STARTUP: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// Whether the server is reading shared_preload_libraries right now.
pub(crate) fn is_preloading() -> bool {
    // SAFETY: reads a C global.
    unsafe { pg_sys::process_shared_preload_libraries_in_progress }
}

/// Asks for the memory. Does nothing unless the library is being preloaded.
pub(crate) fn init() {
    if !is_preloading() {
        return;
    }
    // SAFETY: the postmaster is single-threaded; earlier hooks are kept and called first.
    unsafe {
        keep(&NEXT_REQUEST, pg_sys::shmem_request_hook);
        pg_sys::shmem_request_hook = Some(on_request);
        keep(&NEXT_STARTUP, pg_sys::shmem_startup_hook);
        pg_sys::shmem_startup_hook = Some(on_startup);
    }
}

/// The change log's memory; `None` without preload.
pub(super) fn ring() -> Option<&'static Ring> {
    // SAFETY: set once at start-up to memory that outlives every backend.
    unsafe { RING.load(Ordering::Acquire).as_ref() }
}

type Hook = Option<unsafe extern "C-unwind" fn()>;

fn keep(place: &AtomicPtr<()>, hook: Hook) {
    place.store(hook.map_or(std::ptr::null_mut(), |hook| hook as *mut ()), Ordering::Release);
}

unsafe fn call_next(place: &AtomicPtr<()>) {
    let hook = place.load(Ordering::Acquire);
    if !hook.is_null() {
        // SAFETY: stored by `keep`, from a function of this type.
        unsafe { std::mem::transmute::<*mut (), unsafe extern "C-unwind" fn()>(hook)() }
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_request() {
    // SAFETY: the one place where shared memory may be asked for.
    unsafe {
        call_next(&NEXT_REQUEST);
        pg_sys::RequestAddinShmemSpace(change_ring::size_bytes());
        pg_sys::RequestNamedLWLockTranche(NAME.as_ptr(), 1);
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_startup() {
    // SAFETY: runs in the postmaster, before any backend, with the memory that was asked for.
    unsafe {
        call_next(&NEXT_STARTUP);
        let mut is_known = false;
        let memory = pg_sys::ShmemInitStruct(NAME.as_ptr(), change_ring::size_bytes(), &mut is_known);
        let lock = &raw mut (*pg_sys::GetNamedLWLockTranche(NAME.as_ptr())).lock;
        let ring = memory.cast::<Ring>();
        if !is_known {
            change_ring::initialize(ring, lock);
            super::change_log::remove_left_files();
        }
        RING.store(ring, Ordering::Release);
    }
}
