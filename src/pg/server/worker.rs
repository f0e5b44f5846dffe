//! Background workers: how they are registered and started, how they sleep, and transactions whose errors end nothing
//! but themselves.
//!
//! Signals are Postgres' own: SIGTERM is `die`, so a worker ends at its next look for interrupts, within a guest too;
//! SIGHUP reloads the configuration; SIGINT cancels the running transaction.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::panic::{CaughtError, ErrorReportWithLevel};
use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{PgTryBuilder, pg_guard};

use super::shmem;
use crate::error::{Error, Result};
use crate::pg::{external, interrupt, report};
use crate::worker::Kind;

const LIBRARY: &str = "spacetime";
/// The launcher comes back this long after an error of its own.
const LAUNCHER_RESTART_S: i32 = 5;

/// Whether this is the postmaster loading its libraries.
pub(crate) fn is_preloading() -> bool {
    // SAFETY: reads a C global.
    unsafe { pg_sys::process_shared_preload_libraries_in_progress }
}

/// Registers the launcher, if this is the postmaster loading its libraries.
pub(crate) fn register() {
    if !is_preloading() {
        return;
    }
    // SAFETY: calls what may be called at that moment only.
    unsafe {
        shmem::register();
        super::statement_hook::register();
        // pg_upgrade runs the servers: nothing is to be run or written meanwhile.
        if pg_sys::IsBinaryUpgrade {
            return;
        }
        let mut worker = describe("spacetime launcher", "spacetime launcher", "spacetime_launcher_main");
        worker.bgw_restart_time = LAUNCHER_RESTART_S;
        pg_sys::RegisterBackgroundWorker(&mut worker);
    }
}

fn describe(name: &str, kind: &str, function: &str) -> pg_sys::BackgroundWorker {
    let mut worker = pg_sys::BackgroundWorker {
        bgw_flags: (pg_sys::BGWORKER_SHMEM_ACCESS | pg_sys::BGWORKER_BACKEND_DATABASE_CONNECTION) as i32,
        // Not on a standby; at once after its promotion.
        bgw_start_time: pg_sys::BgWorkerStartTime::BgWorkerStart_RecoveryFinished,
        bgw_restart_time: pg_sys::BGW_NEVER_RESTART,
        ..Default::default()
    };
    copy(name, &mut worker.bgw_name);
    copy(kind, &mut worker.bgw_type);
    copy(LIBRARY, &mut worker.bgw_library_name);
    copy(function, &mut worker.bgw_function_name);
    worker
}

/// Copies text into a C array, cut to fit, with a NUL behind it.
fn copy(text: &str, to: &mut [std::ffi::c_char]) {
    let room = to.len().saturating_sub(1);
    for (to, from) in to.iter_mut().zip(text.bytes().take(room).chain(std::iter::once(0))) {
        *to = from.cast_signed();
    }
}

/// A worker that the launcher has started.
#[derive(Debug)]
pub(crate) struct Handle(*mut pg_sys::BackgroundWorkerHandle);

impl Handle {
    /// Whether the process has ended, or will never start.
    pub(crate) fn has_ended(&self) -> bool {
        let mut pid = 0;
        // SAFETY: made by RegisterDynamicBackgroundWorker in memory that lives as long as the process.
        let status = unsafe { pg_sys::GetBackgroundWorkerPid(self.0, &mut pid) };
        matches!(
            status,
            pg_sys::BgwHandleStatus::BGWH_STOPPED | pg_sys::BgwHandleStatus::BGWH_POSTMASTER_DIED
        )
    }
}

/// Starts a worker for the database of a prepared slot; `None` when the server has no process to spare.
pub(crate) fn start(kind: Kind, database: Oid, slot: usize) -> Option<Handle> {
    let name = format!("{} of database {}", kind.label(), database.to_u32());
    let mut worker = describe(&name, kind.label(), "spacetime_worker_main");
    worker.bgw_main_arg = Datum::from(slot);
    // SAFETY: the handle is allocated in memory that is never freed, a few bytes for each start.
    unsafe {
        worker.bgw_notify_pid = pg_sys::MyProcPid;
        let outer = pg_sys::MemoryContextSwitchTo(pg_sys::TopMemoryContext);
        let mut handle = std::ptr::null_mut();
        let is_started = pg_sys::RegisterDynamicBackgroundWorker(&mut worker, &mut handle);
        pg_sys::MemoryContextSwitchTo(outer);
        is_started.then_some(Handle(handle))
    }
}

/// Entry of the launcher.
///
/// # Safety
/// Called by Postgres as a background worker only.
#[unsafe(no_mangle)]
#[pg_guard]
pub(crate) unsafe extern "C-unwind" fn spacetime_launcher_main(_argument: Datum) {
    // SAFETY: first thing of a background worker. Without a database it sees the shared catalogs only.
    unsafe {
        take_signals();
        pg_sys::BackgroundWorkerInitializeConnection(std::ptr::null(), std::ptr::null(), 0);
    }
    shmem::announce_launcher();
    crate::worker::launch();
}

/// Entry of the workers of a database.
///
/// # Safety
/// Called by Postgres as a background worker only, with the number of a slot.
#[unsafe(no_mangle)]
#[pg_guard]
pub(crate) unsafe extern "C-unwind" fn spacetime_worker_main(argument: Datum) {
    let number = argument.value();
    let Some(slot) = shmem::slot(number) else { return };
    // Read before the slot is ours: if the launcher has given it up, the next lines end the worker.
    let database = slot.database();
    let Some(kind) = Kind::from_number(slot.kind.load(std::sync::atomic::Ordering::SeqCst)) else { return };
    // SAFETY: first thing of a background worker. No user name: the rights of the bootstrap superuser, from which calls
    // step down to those of each module's owner.
    unsafe {
        take_signals();
        if !slot.occupy() {
            return;
        }
        pg_sys::on_shmem_exit(Some(on_exit), argument);
        pg_sys::BackgroundWorkerInitializeConnectionByOid(database, Oid::INVALID, 0);
    }
    crate::worker::work(kind, slot);
}

unsafe fn take_signals() {
    // SAFETY: handlers of Postgres itself, which are async-signal-safe.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16", feature = "pg17"))]
        use pg_sys::pqsignal;
        #[cfg(feature = "pg18")]
        use pg_sys::pqsignal_be as pqsignal;
        pqsignal(pg_sys::SIGHUP as i32, Some(external::CONFIG_RELOAD));
        pqsignal(pg_sys::SIGTERM as i32, Some(external::DIE));
        pg_sys::BackgroundWorkerUnblockSignals();
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_exit(code: i32, slot: Datum) {
    if let Some(slot) = shmem::slot(slot.value()) {
        slot.vacate(code == 0);
    }
}

/// Sleeps until something wakes the process, at most `limit_us`; ends it when the server wants that.
pub(crate) fn sleep(limit_us: i64) {
    let limit_ms = limit_us.clamp(0, 3_600_000_000).div_euclid(1000) + 1;
    // SAFETY: waits for this process' own latch. Interrupts are processed outside of any transaction.
    unsafe {
        let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
        pg_sys::WaitLatch(pg_sys::MyLatch, events as i32, limit_ms, pg_sys::PG_WAIT_EXTENSION);
        pg_sys::ResetLatch(pg_sys::MyLatch);
    }
    look_around();
}

/// Ends the process if the server wants that, answers barriers, reads a changed configuration.
pub(crate) fn look_around() {
    // SAFETY: a flag that a signal handler sets. A cancel that comes between two transactions has nothing to cancel.
    unsafe { pg_sys::QueryCancelPending = 0 };
    interrupt::process();
    // SAFETY: the flag is set by a signal handler; outside of any transaction.
    unsafe {
        if std::ptr::read_volatile(&raw const pg_sys::ConfigReloadPending) != 0 {
            pg_sys::ConfigReloadPending = 0;
            pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP);
        }
    }
}

/// The value of shared_preload_libraries that has this library in it.
pub(crate) fn preload_libraries_with_ours() -> String {
    // SAFETY: the setting exists and anybody may see it; its value is a C string or null.
    let now = unsafe {
        let value = pg_sys::GetConfigOption(c"shared_preload_libraries".as_ptr(), true, false);
        if value.is_null() {
            String::new()
        } else {
            std::ffi::CStr::from_ptr(value).to_string_lossy().into_owned()
        }
    };
    if now.is_empty() { LIBRARY.to_owned() } else { format!("{now}, {LIBRARY}") }
}

/// Microseconds since the Unix epoch.
pub(crate) fn now_us() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// SQLSTATEs that say nothing against what was tried: others were in the way, or the server was short of something.
pub(crate) const TRANSIENT: [&str; 5] = ["40001", "40P01", "55P03", "53200", "53300"];

/// Why a transaction of a worker was rolled back.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) sqlstate: String,
    pub(crate) message: String,
    pub(crate) detail: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { sqlstate: error.sqlstate().into(), message: error.to_string(), detail: error.detail() }
    }
}

impl From<&ErrorReportWithLevel> for Failure {
    fn from(report: &ErrorReportWithLevel) -> Self {
        Self {
            sqlstate: report::unpacked(report.sql_error_code()),
            message: report.message().to_owned(),
            detail: report.detail().map(str::to_owned),
        }
    }
}

impl Failure {
    pub(in crate::pg) fn caught(error: CaughtError) -> Self {
        match error {
            CaughtError::PostgresError(report)
            | CaughtError::ErrorReport(report)
            | CaughtError::RustPanic { ereport: report, .. } => Self::from(&report),
        }
    }
}

/// Runs `body` in a transaction of its own. An error, of Postgres or ours, rolls it back and is returned: as Postgres'
/// own main loop does for statements. The body must not leave anything open that the abort does not close.
pub(crate) fn transaction<R>(
    activity: &str,
    body: impl FnOnce() -> Result<R>,
) -> std::result::Result<R, Failure> {
    let activity = std::ffi::CString::new(activity.replace('\0', "")).unwrap_or_default();
    let attempt = AssertUnwindSafe(|| -> std::result::Result<R, Failure> {
        // SAFETY: no transaction is open; each is committed here or aborted below.
        unsafe {
            pg_sys::SetCurrentStatementStartTimestamp();
            pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_RUNNING, activity.as_ptr());
            pg_sys::StartTransactionCommand();
            // Whatever default_transaction_isolation says: each run must see what was committed before it.
            pg_sys::XactIsoLevel = pg_sys::XACT_READ_COMMITTED as i32;
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
            let result = body()?;
            pg_sys::PopActiveSnapshot();
            pg_sys::CommitTransactionCommand();
            Ok(result)
        }
    });
    let result = PgTryBuilder::new(attempt)
        .catch_others(|error| Err(Failure::caught(error)))
        .catch_rust_panic(|error| Err(Failure::caught(error)))
        .execute();
    // SAFETY: as PostgresMain after an error; pgrx has already copied and flushed the error itself. If the abort fails,
    // the process ends and the launcher starts another.
    unsafe {
        if result.is_err() {
            pg_sys::InterruptHoldoffCount += 1;
            external::end_statement_timeout();
            pg_sys::QueryCancelPending = 0;
            // Out of savepoints, too: a cancel passes through them.
            pg_sys::AbortOutOfAnyTransaction();
            pg_sys::CurrentMemoryContext = pg_sys::TopMemoryContext;
            pg_sys::InterruptHoldoffCount -= 1;
        }
        pg_sys::pgstat_report_stat(false);
        pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_IDLE, std::ptr::null());
    }
    result
}

/// Runs `body`, for at most so many milliseconds (57014 after that); 0 for no limit. Within [`transaction`].
pub(crate) fn with_statement_timeout<R>(limit_ms: i32, body: impl FnOnce() -> Result<R>) -> Result<R> {
    if limit_ms == 0 {
        return body();
    }
    // SAFETY: workers are connected to a database. After an error of Postgres `transaction` ends it.
    unsafe {
        external::begin_statement_timeout(limit_ms);
        let result = body();
        external::end_statement_timeout();
        result
    }
}

/// Databases that can be connected to. Within a transaction; works without a database.
pub(crate) fn databases() -> Vec<Oid> {
    let mut databases = Vec::new();
    // SAFETY: a scan of a shared catalog under a snapshot of its own; the tuple is read before the next one is.
    unsafe {
        let relation = pg_sys::table_open(pg_sys::DatabaseRelationId, pg_sys::AccessShareLock as i32);
        let scan = pg_sys::table_beginscan_catalog(relation, 0, std::ptr::null_mut());
        loop {
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            let row = &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_database>();
            // -2: what an interrupted DROP DATABASE has left.
            if row.datallowconn && row.datconnlimit != -2 {
                databases.push(row.oid);
            }
        }
        pg_sys::table_endscan(scan);
        pg_sys::table_close(relation, pg_sys::AccessShareLock as i32);
    }
    databases
}
