//! Transactions of a procedure: what `CALL` lets it commit and roll back, by the means of SPI, as PL languages do; in a
//! background worker, which nobody called, by those of the main loop.
//!
//! Invariant: when one of these ends a transaction, nothing of ours is open in it: no snapshot, no table, no level of
//! settings, no memory below the transaction's. Hazard: each begins the next transaction at once; there always is one.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys;
use pgrx::{PgSqlErrorCode, PgTryBuilder};

use crate::error::{Error, Result};
use crate::pg::worker::Failure;

/// The right to end transactions, taken for one run of a procedure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TransactionControl {
    /// Within a `CALL`.
    Call,
    /// Within [`crate::pg::worker::transaction`].
    Worker,
}

impl TransactionControl {
    /// Takes it in a background worker, and ends the transaction that was open.
    pub(crate) fn take_in_worker() -> Self {
        // SAFETY: only called directly within `worker::transaction`, which has nothing but its snapshot open.
        unsafe { commit_worker() };
        Self::Worker
    }

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
        Ok(Self::Call)
    }

    /// Commits. An error that running the transaction again may not meet is given back, the transaction rolled back; any
    /// other ends the `CALL`.
    pub(crate) fn commit(&self) -> std::result::Result<(), Failure> {
        let control = *self;
        let commit = AssertUnwindSafe(|| {
            // SAFETY: as taken. If it fails, SPI has rolled back and begun the next transaction.
            unsafe {
                match control {
                    Self::Call => pg_sys::SPI_commit(),
                    Self::Worker => commit_worker(),
                }
            }
            Ok(())
        });
        let failed = move |error| {
            let failure = Failure::caught(error);
            if let Self::Worker = control {
                control.roll_back();
            }
            Err(failure)
        };
        PgTryBuilder::new(commit)
            .catch_when(PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE, failed)
            .catch_when(PgSqlErrorCode::ERRCODE_T_R_DEADLOCK_DETECTED, failed)
            .execute()
    }

    /// Rolls back.
    pub(crate) fn roll_back(&self) {
        // SAFETY: as taken.
        unsafe {
            match self {
                Self::Call => pg_sys::SPI_rollback(),
                Self::Worker => {
                    pg_sys::AbortCurrentTransaction();
                    begin_worker();
                }
            }
        }
    }

    /// Makes sure that there is a snapshot to run SQL by.
    pub(crate) fn ensure_snapshot(&self) {
        // SAFETY: within a CALL there is an active portal, whose snapshot it is; a worker's own ends with the transaction.
        unsafe {
            match self {
                Self::Call => pg_sys::EnsurePortalSnapshotExists(),
                Self::Worker if pg_sys::ActiveSnapshotSet() => {}
                Self::Worker => pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot()),
            }
        }
    }

    /// Gives it back after a call that ended well; when one fails, the abort does.
    pub(crate) fn give_back(self) {
        match self {
            // SAFETY: connected by `take`, and what was connected since is finished.
            Self::Call => unsafe {
                pg_sys::SPI_finish();
            },
            // What `worker::transaction` pops in the end.
            Self::Worker => self.ensure_snapshot(),
        }
    }
}

/// Commits the transaction of a worker and begins the next.
unsafe fn commit_worker() {
    // SAFETY: nothing of ours is open but snapshots that `ensure_snapshot` and `worker::transaction` have pushed.
    unsafe {
        while pg_sys::ActiveSnapshotSet() {
            pg_sys::PopActiveSnapshot();
        }
        pg_sys::CommitTransactionCommand();
        begin_worker();
    }
}

unsafe fn begin_worker() {
    // SAFETY: no transaction is open.
    unsafe {
        pg_sys::SetCurrentStatementStartTimestamp();
        pg_sys::StartTransactionCommand();
        // As `worker::transaction`.
        pg_sys::XactIsoLevel = pg_sys::XACT_READ_COMMITTED as i32;
    }
}

/// Whether a savepoint, or a block that catches exceptions, is open around the call.
pub(super) fn is_in_savepoint() -> bool {
    // SAFETY: reads the state of this transaction.
    unsafe { pg_sys::IsSubTransaction() }
}
