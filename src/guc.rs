//! Every setting of the extension. Limits are for superusers to set: a caller must not lift its own. Only how long it waits
//! for rows is its own affair: who wants to hold a module's lock for long need only keep a transaction open.

use std::ffi::CString;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

/// Ordinary calls; `init` has none. 0 means no limit.
static CALL_TIMEOUT_MS: GucSetting<i32> = GucSetting::<i32>::new(60_000);
/// Linear memory of one instance. Official C# modules start with 50 MB.
static MAX_MEMORY_MB: GucSetting<i32> = GucSetting::<i32>::new(256);
/// Reducers that call reducers through triggers: deeper is a loop more often than a design.
static MAX_CALL_DEPTH: GucSetting<i32> = GucSetting::<i32>::new(16);
/// Off by default: counting costs every instruction, and the timeout already bounds a call.
static FUEL_PER_CALL: GucSetting<i32> = GucSetting::<i32>::new(0);
/// An idle psql with an open UPDATE must not stop a module.
static ROW_WAIT_MS: GucSetting<i32> = GucSetting::<i32>::new(200);
/// Shared memory for changes on their way to subscribers. At 200 bytes a change: 160,000 changes of slack for a reader.
static CHANGE_LOG_MB: GucSetting<i32> = GucSetting::<i32>::new(32);
/// A transaction that changes more than this publishes a resync instead of its rows.
static CHANGE_LOG_TRANSACTION_MB: GucSetting<i32> = GucSetting::<i32>::new(256);
/// Messages kept for sessions that lost their connection, for each subscription.
static RESUME_WINDOW_KB: GucSetting<i32> = GucSetting::<i32>::new(1024);
/// How long a subscription waits for its session to come back, and rows too large for a message to be fetched.
static RESUME_WINDOW_S: GucSetting<i32> = GucSetting::<i32>::new(60);
/// A policy that takes longer would hold up everybody else's messages.
static SUBSCRIPTION_TIMEOUT_MS: GucSetting<i32> = GucSetting::<i32>::new(5_000);
/// The notifier holds the rows of every distinct query; one that is killed for want of memory takes the server with it.
static SUBSCRIPTION_MEMORY_MB: GucSetting<i32> = GucSetting::<i32>::new(256);
/// Postgres' queue of notifications has 8 GB for the whole server, and a session in a transaction holds all of it.
static NOTIFY_QUEUE_PERCENT: GucSetting<f64> = GucSetting::<f64>::new(25.0);
/// Least important level that is kept in a module's log.
static LOG_LEVEL: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"info"));
/// Written by logins only, see src/auth/session.rs.
static SESSION: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

/// Fuel is counted in units of this many instructions, so that the setting fits an int.
const FUEL_UNIT: u64 = 1_000_000;

/// Registers the settings.
pub(crate) fn init() {
    define_limits_of_calls();
    define_change_log();
    define_subscriptions();
    GucRegistry::define_string_guc(
        c"spacetime.log_level",
        c"Least important level kept in the logs of modules: error, warn, info, debug or trace.",
        c"Panics are always kept.",
        &LOG_LEVEL,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_string_guc(
        c"spacetime.session",
        c"The login of this session; written by spacetime.login and nothing else.",
        c"Values from any other source prove nothing: everything that asks for an identity then fails with 28000.",
        &SESSION,
        GucContext::Suset,
        GucFlags::NO_SHOW_ALL | GucFlags::SUPERUSER_ONLY | GucFlags::DISALLOW_IN_FILE,
    );
}

fn define_limits_of_calls() {
    let flags = GucFlags::default();
    GucRegistry::define_int_guc(
        c"spacetime.call_timeout_ms",
        c"Longest time one reducer call may take, in milliseconds; 0 means no limit.",
        c"The call fails with 53400. init is not limited; statement_timeout applies besides.",
        &CALL_TIMEOUT_MS,
        0,
        i32::MAX,
        GucContext::Suset,
        flags,
    );
    GucRegistry::define_int_guc(
        c"spacetime.max_memory_mb",
        c"Most memory one instance of a module may have, in megabytes.",
        c"Growing beyond it fails in the guest; a call that dies of it fails with 53400.",
        &MAX_MEMORY_MB,
        1,
        4096,
        GucContext::Suset,
        flags,
    );
    GucRegistry::define_int_guc(
        c"spacetime.max_call_depth",
        c"Deepest nesting of reducers that are called by triggers or functions of other reducers.",
        c"Deeper calls fail with 54001.",
        &MAX_CALL_DEPTH,
        1,
        100,
        GucContext::Suset,
        flags,
    );
    GucRegistry::define_int_guc(
        c"spacetime.fuel_per_call",
        c"Instructions one reducer call may execute, in millions; 0 means no limit.",
        c"Deterministic, unlike the timeout, but counting makes guests slower. The call fails with 53400.",
        &FUEL_PER_CALL,
        0,
        i32::MAX,
        GucContext::Suset,
        flags,
    );
    GucRegistry::define_int_guc(
        c"spacetime.row_wait_ms",
        c"Longest time a reducer waits for a row another transaction has locked, in milliseconds; 0 means no limit.",
        c"The call fails with 55P03.",
        &ROW_WAIT_MS,
        0,
        i32::MAX,
        GucContext::Userset,
        flags,
    );
}

fn define_change_log() {
    let flags = GucFlags::default();
    GucRegistry::define_int_guc(
        c"spacetime.change_log_transaction_mb",
        c"Most changes of one transaction that are kept for subscribers, in megabytes.",
        c"Beyond it subscribers read their tables anew. The memory is the writing backend's.",
        &CHANGE_LOG_TRANSACTION_MB,
        1,
        1000,
        GucContext::Suset,
        flags,
    );
    // Postgres refuses settings of this kind from a library that is loaded later.
    if crate::pg::worker::is_preloading() {
        GucRegistry::define_int_guc(
            c"spacetime.change_log_mb",
            c"Shared memory for changes on their way to subscribers, in megabytes.",
            c"A subscriber that lags behind further reads its tables anew.",
            &CHANGE_LOG_MB,
            1,
            16_384,
            GucContext::Postmaster,
            flags,
        );
    }
}

fn define_subscriptions() {
    let flags = GucFlags::default();
    GucRegistry::define_int_guc(
        c"spacetime.resume_window_kb",
        c"Messages that a subscription keeps for a session that resumes it, in kilobytes.",
        c"Subscriptions to the same rows share the memory, which is the notifier's.",
        &RESUME_WINDOW_KB,
        0,
        1_000_000,
        GucContext::Sighup,
        flags,
    );
    GucRegistry::define_int_guc(
        c"spacetime.resume_window_s",
        c"How long a subscription outlives its session, and messages and large rows are kept, in seconds.",
        c"After that a client subscribes anew.",
        &RESUME_WINDOW_S,
        1,
        86_400,
        GucContext::Sighup,
        flags,
    );
    GucRegistry::define_int_guc(
        c"spacetime.subscription_timeout_ms",
        c"Longest time in which the query of a subscription may be run again under row policies, in milliseconds; 0: no limit.",
        c"Subscriptions whose query takes longer end with 57014.",
        &SUBSCRIPTION_TIMEOUT_MS,
        0,
        i32::MAX,
        GucContext::Sighup,
        flags,
    );
    GucRegistry::define_int_guc(
        c"spacetime.subscription_memory_mb",
        c"Most memory for the rows of the subscriptions of a database, in megabytes.",
        c"Queries with more rows are refused with 53400; when rows become too many, the largest query's subscriptions end.",
        &SUBSCRIPTION_MEMORY_MB,
        1,
        1_000_000,
        GucContext::Sighup,
        flags,
    );
    GucRegistry::define_float_guc(
        c"spacetime.notify_queue_percent",
        c"How full the queue of notifications may be before subscriptions of sessions that do not read it end.",
        c"Sessions do not read while they are in a transaction.",
        &NOTIFY_QUEUE_PERCENT,
        0.0,
        100.0,
        GucContext::Sighup,
        flags,
    );
}

/// The login of this session, as it was stored.
pub(crate) fn session() -> Option<CString> {
    SESSION.get()
}

pub(crate) fn call_timeout() -> Option<std::time::Duration> {
    let milliseconds = u64::try_from(CALL_TIMEOUT_MS.get()).unwrap_or(0);
    (milliseconds > 0).then(|| std::time::Duration::from_millis(milliseconds))
}

pub(crate) fn max_memory_bytes() -> usize {
    usize::try_from(MAX_MEMORY_MB.get()).unwrap_or(1) << 20
}

pub(crate) fn max_call_depth() -> i32 {
    MAX_CALL_DEPTH.get()
}

pub(crate) fn fuel_per_call() -> Option<u64> {
    let units = u64::try_from(FUEL_PER_CALL.get()).unwrap_or(0);
    (units > 0).then_some(units * FUEL_UNIT)
}

pub(crate) fn row_wait_ms() -> i32 {
    ROW_WAIT_MS.get()
}

pub(crate) fn change_log_bytes() -> u64 {
    u64::try_from(CHANGE_LOG_MB.get()).unwrap_or(1) << 20
}

pub(crate) fn change_log_transaction_bytes() -> usize {
    usize::try_from(CHANGE_LOG_TRANSACTION_MB.get()).unwrap_or(1) << 20
}

pub(crate) fn resume_window_bytes() -> usize {
    usize::try_from(RESUME_WINDOW_KB.get()).unwrap_or(0) << 10
}

pub(crate) fn resume_window_us() -> i64 {
    i64::from(RESUME_WINDOW_S.get()) * 1_000_000
}

pub(crate) fn subscription_timeout_ms() -> i32 {
    SUBSCRIPTION_TIMEOUT_MS.get()
}

pub(crate) fn subscription_memory_bytes() -> usize {
    usize::try_from(SUBSCRIPTION_MEMORY_MB.get()).unwrap_or(1) << 20
}

/// From 0 to 1.
pub(crate) fn notify_queue_limit() -> f64 {
    NOTIFY_QUEUE_PERCENT.get() / 100.0
}

/// Lowest importance that is logged, as a wire level (0 error … 4 trace).
pub(crate) fn log_level() -> u8 {
    let level = LOG_LEVEL.get();
    match level.as_deref().map(std::ffi::CStr::to_bytes) {
        Some(b"error") => 0,
        Some(b"warn") => 1,
        Some(b"debug") => 3,
        Some(b"trace") => 4,
        _ => 2,
    }
}
