//! Errors of ours as Postgres reports them.

use pgrx::PgSqlErrorCode;
pub(crate) use pgrx::pg_sys::panic::ErrorReport;

use crate::error::Error;

impl From<Error> for ErrorReport {
    fn from(error: Error) -> Self {
        let code = PgSqlErrorCode::from(packed(error.sqlstate()));
        let mut report = ErrorReport::new(code, error.to_string(), "spacetime");
        if let Some(detail) = error.detail() {
            report = report.set_detail(detail);
        }
        if let Some(hint) = error.hint() {
            report = report.set_hint(hint);
        }
        report
    }
}

/// Raises `error` as an ERROR of Postgres: it leaves as a panic that the entry point's `#[pg_guard]` reports.
pub(crate) fn raise(error: Error) -> ! {
    ErrorReport::from(error).report(pgrx::PgLogLevel::ERROR);
    unreachable!("an ERROR does not return")
}

/// A WARNING with its remedy.
pub(crate) fn warn(message: &str, hint: &str) {
    let code = PgSqlErrorCode::ERRCODE_WARNING;
    let report = ErrorReport::new(code, message.to_owned(), "spacetime").set_hint(hint.to_owned());
    report.report(pgrx::PgLogLevel::WARNING);
}

/// `MAKE_SQLSTATE`: five characters of six bits each.
fn packed(sqlstate: &str) -> i32 {
    sqlstate.bytes().rev().fold(0, |packed, byte| packed << 6 | i32::from(byte.wrapping_sub(b'0') & 0x3F))
}

/// `unpack_sql_state`: the five characters of a code.
pub(super) fn unpacked(code: PgSqlErrorCode) -> String {
    let packed = code as i32;
    (0..5).map(|at| char::from(b'0' + ((packed >> (6 * at)) & 0x3F).to_le_bytes()[0])).collect()
}

/// Keeps Rust backtraces out of errors: a `RUST_BACKTRACE` in the environment of the postmaster would put kilobytes of
/// host paths into the DETAIL of every error of Postgres that crosses our frames, and tens of milliseconds before it.
///
/// Runs while the library is loaded, before anything else of it: this is the moment without other threads.
pub(crate) fn without_backtraces() {
    const SWITCH: &str = "RUST_LIB_BACKTRACE";
    let before = std::env::var_os(SWITCH);
    // SAFETY: a backend has one thread. The standard library remembers its first look at the switch, so the environment
    // can be left as it was.
    unsafe {
        std::env::set_var(SWITCH, "0");
        let _ = std::backtrace::Backtrace::capture();
        match before {
            Some(before) => std::env::set_var(SWITCH, before),
            None => std::env::remove_var(SWITCH),
        }
    }
}
