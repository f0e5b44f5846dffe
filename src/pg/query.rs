//! Queries of guests, read by the active snapshot.

use std::ffi::CString;

use pgrx::pg_sys::{self, Datum, Oid};

use crate::error::{Error, Result};

/// A parameter, not NULL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Argument {
    pub(crate) ty: Oid,
    pub(crate) value: Datum,
}

/// Runs a statement that writes; gives the number of rows.
pub(crate) fn write(statement: &str, arguments: &[Argument]) -> Result<u64> {
    let failed = |code: i32| Error::Internal(format!("a statement failed with SPI code {code}"));
    let text = CString::new(statement).map_err(|error| Error::Internal(error.to_string()))?;
    let mut types: Vec<_> = arguments.iter().map(|argument| argument.ty).collect();
    let mut values: Vec<_> = arguments.iter().map(|argument| argument.value).collect();
    // SAFETY: text and arguments outlive the statement, and nothing that SPI has made is used after SPI_finish.
    unsafe {
        let code = pg_sys::SPI_connect();
        if code != pg_sys::SPI_OK_CONNECT as i32 {
            return Err(failed(code));
        }
        let code = pg_sys::SPI_execute_with_args(
            text.as_ptr(),
            types.len() as i32,
            types.as_mut_ptr(),
            values.as_mut_ptr(),
            std::ptr::null(),
            false,
            0,
        );
        if code < 0 {
            return Err(failed(code));
        }
        let rows = pg_sys::SPI_processed;
        pg_sys::SPI_finish();
        Ok(rows)
    }
}

/// How many rows the planner expects of a query, which is planned for these arguments and not run.
pub(crate) fn estimate(query: &str, arguments: &[Argument]) -> Result<f64> {
    with_portal(query, arguments, |portal| {
        // SAFETY: the portal holds the plan; a SELECT has one.
        unsafe {
            let planned = pg_sys::list_nth((*portal).stmts, 0).cast::<pg_sys::PlannedStmt>();
            Ok((*(*planned).planTree).plan_rows)
        }
    })
}

/// Plans a query and shows its portal to `look`. Read-only: the portal reads by the snapshot that is active, and refuses to write.
fn with_portal<T>(
    query: &str,
    arguments: &[Argument],
    look: impl FnOnce(pg_sys::Portal) -> Result<T>,
) -> Result<T> {
    let text = CString::new(query).map_err(|error| Error::Internal(error.to_string()))?;
    let mut types: Vec<_> = arguments.iter().map(|argument| argument.ty).collect();
    let mut values: Vec<_> = arguments.iter().map(|argument| argument.value).collect();
    // SAFETY: text and arguments outlive the portal, which is closed before SPI_finish.
    unsafe {
        let code = pg_sys::SPI_connect();
        if code != pg_sys::SPI_OK_CONNECT as i32 {
            return Err(Error::Internal(format!("a query failed with SPI code {code}")));
        }
        let portal = pg_sys::SPI_cursor_open_with_args(
            std::ptr::null(),
            text.as_ptr(),
            types.len() as i32,
            types.as_mut_ptr(),
            values.as_mut_ptr(),
            std::ptr::null(),
            true,
            0,
        );
        let seen = look(portal)?;
        pg_sys::SPI_cursor_close(portal);
        pg_sys::SPI_finish();
        Ok(seen)
    }
}

/// Looks at a row: types of the columns, values, and which are NULL.
pub(crate) type RowVisitor<'a> = dyn FnMut(&[Oid], &[Datum], &[bool]) -> Result<()> + 'a;

/// Rows fetched by [`select`] at a time.
const ROWS_AT_A_TIME: std::ffi::c_long = 1000;

/// Shows each row of a query to `visit`.
pub(crate) fn select(query: &str, arguments: &[Argument], visit: &mut RowVisitor<'_>) -> Result<()> {
    with_portal(query, arguments, |portal| {
        loop {
            // In portions, not all rows at once in memory: visitors have limits.
            // SAFETY: rows are looked at before they are freed, which is before the portal is closed.
            unsafe {
                pg_sys::SPI_cursor_fetch(portal, true, ROWS_AT_A_TIME);
                if pg_sys::SPI_processed == 0 {
                    return Ok(());
                }
                visit_rows(&*pg_sys::SPI_tuptable, pg_sys::SPI_processed as usize, visit)?;
                pg_sys::SPI_freetuptable(pg_sys::SPI_tuptable);
            }
        }
    })
}

/// # Safety
///
/// `count` is the number of rows in `table`.
unsafe fn visit_rows(table: &pg_sys::SPITupleTable, count: usize, visit: &mut RowVisitor<'_>) -> Result<()> {
    // SAFETY: the table has a descriptor, by which its rows are read.
    unsafe {
        let columns: Vec<_> = (0..(*table.tupdesc).natts as usize)
            .map(|at| (*super::relation::attribute(table.tupdesc, at)).atttypid)
            .collect();
        let mut row = vec![Datum::from(0usize); columns.len()];
        let mut nulls = vec![false; columns.len()];
        for at in 0..count {
            super::interrupt::process();
            let tuple = *table.vals.add(at);
            pg_sys::heap_deform_tuple(tuple, table.tupdesc, row.as_mut_ptr(), nulls.as_mut_ptr());
            visit(&columns, &row, &nulls)?;
        }
    }
    Ok(())
}
