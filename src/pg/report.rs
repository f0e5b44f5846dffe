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

/// `MAKE_SQLSTATE`: five characters of six bits each.
fn packed(sqlstate: &str) -> i32 {
    sqlstate.bytes().rev().fold(0, |packed, byte| packed << 6 | i32::from(byte.wrapping_sub(b'0') & 0x3F))
}
