//! Transactions of a procedure: what `CALL` lets it commit and roll back, by the means of SPI, as PL languages do.
//!
//! Invariant: when one of these ends a transaction, nothing of ours is open in it: no snapshot, no table, no level of
//! settings, no memory below the transaction's. Hazard: each begins the next transaction at once; there always is one.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys;
use pgrx::{PgSqlErrorCode, PgTryBuilder};

use super::worker::Failure;
use crate::error::{Error, Result};

/// The right to end transactions within one `CALL`.
#[derive(Debug)]
pub(crate) struct TransactionControl(());

impl TransactionControl {
    /// Takes it, and ends the transaction that `CALL` itself has begun: a procedure begins without one.
    pub(crate) fn take() -> Result<Self> {
        // SAFETY: only called for a CALL that is not atomic. SPI leaves its own memory context current; results must not
        // be allocated there.
        unsafe {
            let memory = pg_sys::CurrentMemoryContext;
            let code = pg_sys::SPI_connect_ext(pg_sys::SPI_OPT_NONATOMIC as i32);
            pg_sys::CurrentMemoryContext = memory;
            if code != pg_sys::SPI_OK_CONNECT as i32 {
                return Err(Error::Internal(format!("SPI_connect failed with code {code}")));
            }
            pg_sys::SPI_commit();
        }
        Ok(Self(()))
    }

    /// Commits. An error that running the transaction again may not meet is given back, the transaction rolled back; any
    /// other ends the `CALL`.
    pub(crate) fn commit(&self) -> std::result::Result<(), Failure> {
        let commit = AssertUnwindSafe(|| {
            // SAFETY: connected by `take`. If it fails, SPI has rolled back and begun the next transaction.
            unsafe { pg_sys::SPI_commit() };
            Ok(())
        });
        PgTryBuilder::new(commit)
            .catch_when(PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE, |error| {
                Err(Failure::caught(error))
            })
            .catch_when(PgSqlErrorCode::ERRCODE_T_R_DEADLOCK_DETECTED, |error| Err(Failure::caught(error)))
            .execute()
    }

    /// Rolls back.
    pub(crate) fn roll_back(&self) {
        // SAFETY: connected by `take`.
        unsafe { pg_sys::SPI_rollback() };
    }

    /// Gives it back after a call that ended well; when one fails, the abort does.
    pub(crate) fn give_back(self) {
        // SAFETY: connected by `take`, and what was connected since is finished.
        unsafe { pg_sys::SPI_finish() };
    }
}

/// Makes sure that there is a snapshot to run SQL by.
pub(crate) fn ensure_snapshot() {
    // SAFETY: within a CALL there is an active portal, whose snapshot it is.
    unsafe { pg_sys::EnsurePortalSnapshotExists() };
}

/// Whether a savepoint, or a block that catches exceptions, is open around the call.
pub(super) fn is_in_savepoint() -> bool {
    // SAFETY: reads the state of this transaction.
    unsafe { pg_sys::IsSubTransaction() }
}
