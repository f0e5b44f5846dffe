//! Row operations that may meet another transaction: what each result of the table access method means.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::{PgSqlErrorCode, PgTryBuilder};

use crate::error::{Error, Result};
use crate::pg::unguarded;

/// How a row operation ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attempt {
    Done,
    /// This transaction itself has changed the row since it was read; the newer version, unless it was deleted.
    Moved(Option<pg_sys::ItemPointerData>),
}

impl Attempt {
    /// For operations that make no sense on another version than the one read.
    pub(super) fn or_changed(self) -> Result<()> {
        match self {
            Attempt::Done => Ok(()),
            Attempt::Moved(_) => Err(Error::NotInState {
                what: "the row was already changed by a trigger of this very write".into(),
                hint: "Let the BEFORE trigger return the changed row instead of updating it.".into(),
            }),
        }
    }
}

/// Runs a row operation, first without waiting; waits for another transaction's row at most `spacetime.row_wait_ms`.
pub(super) fn attempt(
    mut operation: impl FnMut(bool, &mut pg_sys::TM_FailureData) -> pg_sys::TM_Result::Type,
) -> Result<Attempt> {
    let mut failure = pg_sys::TM_FailureData::default();
    let mut result = operation(false, &mut failure);
    if matches!(result, pg_sys::TM_Result::TM_BeingModified | pg_sys::TM_Result::TM_WouldBlock) {
        result = with_row_wait(|| operation(true, &mut failure));
    }
    // SAFETY: reads the state of this transaction.
    let is_own = unsafe { pg_sys::TransactionIdIsCurrentTransactionId(failure.xmax) };
    match result {
        pg_sys::TM_Result::TM_Ok => Ok(Attempt::Done),
        pg_sys::TM_Result::TM_SelfModified => {
            Attempt::Moved(None).or_changed()?;
            Ok(Attempt::Done)
        }
        pg_sys::TM_Result::TM_Deleted if is_own => Ok(Attempt::Moved(None)),
        pg_sys::TM_Result::TM_Updated if is_own => Ok(Attempt::Moved(Some(failure.ctid))),
        _ => Err(changed_by_another()),
    }
}

/// The error for rows that are not, or no longer, as the call's snapshot shows them.
pub(super) fn changed_by_another() -> Error {
    Error::Serialization {
        what: "could not write a row: another transaction changed it first".into(),
        hint: "Run the transaction again.".into(),
    }
}

/// Runs `wait`, which may wait for another transaction, under `spacetime.row_wait_ms` (55P03 after that).
pub(super) fn with_row_wait<R>(wait: impl FnOnce() -> R) -> R {
    let level = limit_row_wait();
    let result = wait();
    unlimit_row_wait(level);
    result
}

/// Makes `spacetime.row_wait_ms` the limit of waits for locks, unless there is a shorter one. Undone by
/// [`unlimit_row_wait`], to which the result goes, or by the abort.
pub(super) fn limit_row_wait() -> Option<i32> {
    let limit_ms = crate::guc::row_wait_ms();
    // SAFETY: a setting changed at a new nesting level is restored with it.
    unsafe {
        let own_ms = pg_sys::LockTimeout;
        if limit_ms == 0 || (own_ms != 0 && own_ms <= limit_ms) {
            return None;
        }
        let level = unguarded::begin_settings_level();
        crate::pg::user::set_local(c"lock_timeout", &limit_ms.to_string());
        Some(level)
    }
}

/// Ends what [`limit_row_wait`] began.
pub(super) fn unlimit_row_wait(level: Option<i32>) {
    if let Some(level) = level {
        // SAFETY: the level is the innermost of ours.
        unsafe { pg_sys::AtEOXact_GUC(true, level) };
    }
}

/// Runs `body` with a limit on each wait for a lock, 0 for none. A wait that reaches it ends in our own error, which says
/// what to do; it is an error like any other, that nothing but a rollback gets past.
pub(crate) fn with_lock_timeout<R>(limit_ms: u32, body: impl FnOnce() -> Result<R>) -> Result<R> {
    // A setting changed at a new nesting level is restored below, or by the abort.
    let level = unguarded::begin_settings_level();
    crate::pg::user::set_local(c"lock_timeout", &limit_ms.to_string());
    let done = PgTryBuilder::new(AssertUnwindSafe(body))
        .catch_when(PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE, |caught| {
            let message = match &caught {
                CaughtError::PostgresError(report) | CaughtError::ErrorReport(report) => report.message(),
                CaughtError::RustPanic { ereport, .. } => ereport.message(),
            };
            Err(Error::LockTimeout(message.to_owned()))
        })
        .execute()?;
    // SAFETY: the level opened above is the innermost of ours.
    unsafe { pg_sys::AtEOXact_GUC(true, level) };
    Ok(done)
}

/// The session's own limit on waits for locks, in milliseconds; `None` where it has none.
pub(crate) fn lock_timeout_ms() -> Option<u32> {
    // SAFETY: reads a setting.
    u32::try_from(unsafe { pg_sys::LockTimeout }).ok().filter(|limit| *limit > 0)
}
