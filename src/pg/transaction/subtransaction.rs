//! Work that may fail without failing what it is part of.

use std::panic::AssertUnwindSafe;

use pgrx::PgTryBuilder;
use pgrx::pg_sys;

use crate::error::Result;
use crate::pg::worker::Failure;

/// Runs `body` in a savepoint: an error, of Postgres or ours, undoes what it did and is returned. Cancels go
/// on up: who asks for one means the whole.
pub(crate) fn attempt<R>(body: impl FnOnce() -> Result<R>) -> std::result::Result<R, Failure> {
    // SAFETY: each savepoint is released or rolled back here; memory context and resource owner are put back as PL
    // languages do after either.
    unsafe {
        let (memory, owner) = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::CurrentMemoryContext = memory;
        let result = PgTryBuilder::new(AssertUnwindSafe(|| body().map_err(Failure::from)))
            .catch_when(pgrx::PgSqlErrorCode::ERRCODE_QUERY_CANCELED, |error| error.rethrow())
            .catch_others(|error| Err(Failure::caught(error)))
            .catch_rust_panic(|error| Err(Failure::caught(error)))
            .execute();
        match &result {
            Ok(_) => pg_sys::ReleaseCurrentSubTransaction(),
            Err(_) => pg_sys::RollbackAndReleaseCurrentSubTransaction(),
        }
        pg_sys::CurrentMemoryContext = memory;
        pg_sys::CurrentResourceOwner = owner;
        result
    }
}
