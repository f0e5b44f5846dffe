//! Memory contexts of a call: one that lives as long as the call, one that is emptied after each row, one for keys.

use pgrx::pg_sys;

use crate::pg::unguarded;

/// Child of the context current when the call began; everything a call allocates in Postgres hangs below it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallMemory {
    call: pg_sys::MemoryContext,
    row: pg_sys::MemoryContext,
    keys: pg_sys::MemoryContext,
    outer: pg_sys::MemoryContext,
}

impl CallMemory {
    /// Creates the contexts and makes the call's the current one.
    pub(crate) fn enter() -> Self {
        // SAFETY: plain creation of child contexts; freed by `leave`, or with their parent when the call fails.
        unsafe {
            let outer = pg_sys::CurrentMemoryContext;
            let call = new_context(outer, c"spacetime call");
            let row = new_context(call, c"spacetime row");
            let keys = new_context(call, c"spacetime keys");
            pg_sys::CurrentMemoryContext = call;
            Self { call, row, keys, outer }
        }
    }

    /// Runs `body` with the row's context current and empties it afterwards. Not entered twice.
    pub(crate) fn with_row<R>(self, body: impl FnOnce() -> R) -> R {
        // SAFETY: both contexts live as long as the call. On a panic the abort resets CurrentMemoryContext.
        unsafe {
            pg_sys::CurrentMemoryContext = self.row;
            let result = body();
            pg_sys::CurrentMemoryContext = self.call;
            unguarded::reset_memory(self.row);
            result
        }
    }

    /// Runs `body`, which makes the keys of a scan, in memory for them. Most scans are alone and over at once: they share
    /// the call's memory for keys, which is emptied when a scan begins and no other is open (`is_alone`). Those that begin
    /// while another is open get memory of their own.
    pub(crate) fn with_keys<R>(self, is_alone: bool, body: impl FnOnce() -> R) -> (R, KeyMemory) {
        // SAFETY: as `with_row`; nothing reads keys of scans that are closed.
        unsafe {
            let own = if is_alone {
                unguarded::reset_memory(self.keys);
                None
            } else {
                Some(new_context(self.keys, c"spacetime scan keys"))
            };
            pg_sys::CurrentMemoryContext = own.unwrap_or(self.keys);
            let result = body();
            pg_sys::CurrentMemoryContext = self.call;
            (result, KeyMemory(own))
        }
    }

    /// Frees everything and makes the outer context current again.
    pub(crate) fn leave(self) {
        // SAFETY: nothing allocated below `call` is used after the call ended.
        unsafe {
            pg_sys::CurrentMemoryContext = self.outer;
            pg_sys::MemoryContextDelete(self.call);
        }
    }
}

/// Memory of a scan's keys, unless it is the call's. Freed by [`KeyMemory::free`], else with the call.
#[derive(Debug)]
pub(crate) struct KeyMemory(Option<pg_sys::MemoryContext>);

impl KeyMemory {
    /// Frees the keys of a scan that is closed.
    pub(crate) fn free(self) {
        if let Some(context) = self.0 {
            // SAFETY: made by `with_keys`, freed once; nothing reads keys of scans that are closed.
            unsafe { pg_sys::MemoryContextDelete(context) };
        }
    }
}

unsafe fn new_context(parent: pg_sys::MemoryContext, name: &'static std::ffi::CStr) -> pg_sys::MemoryContext {
    // SAFETY: the name is static, as AllocSetContextCreateInternal requires.
    unsafe {
        pg_sys::AllocSetContextCreateInternal(
            parent,
            name.as_ptr(),
            pg_sys::ALLOCSET_DEFAULT_MINSIZE as usize,
            pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
            pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
        )
    }
}
