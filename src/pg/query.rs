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
    let failed = |code: i32| Error::Internal(format!("a query could not be planned: SPI code {code}"));
    let text = CString::new(query).map_err(|error| Error::Internal(error.to_string()))?;
    let mut types: Vec<_> = arguments.iter().map(|argument| argument.ty).collect();
    let mut values: Vec<_> = arguments.iter().map(|argument| argument.value).collect();
    // SAFETY: arguments outlive the portal, which holds the plan until it is closed and gives no row; a SELECT has one plan.
    unsafe {
        let code = pg_sys::SPI_connect();
        if code != pg_sys::SPI_OK_CONNECT as i32 {
            return Err(failed(code));
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
        let planned = pg_sys::list_nth((*portal).stmts, 0).cast::<pg_sys::PlannedStmt>();
        let rows = (*(*planned).planTree).plan_rows;
        pg_sys::SPI_cursor_close(portal);
        pg_sys::SPI_finish();
        Ok(rows)
    }
}

/// Looks at a row: types of the columns, values, and which are NULL.
pub(crate) type RowVisitor<'a> = dyn FnMut(&[Oid], &[Datum], &[bool]) -> Result<()> + 'a;

/// Rows fetched by [`select`] at a time.
const ROWS_AT_A_TIME: std::ffi::c_long = 1000;

/// Shows each row of a query to `visit`.
pub(crate) fn select(query: &str, arguments: &[Argument], visit: &mut RowVisitor<'_>) -> Result<()> {
    let failed = |code: i32| Error::Internal(format!("a query of a view failed with SPI code {code}"));
    let text = CString::new(query).map_err(|error| Error::Internal(error.to_string()))?;
    let mut types: Vec<_> = arguments.iter().map(|argument| argument.ty).collect();
    let mut values: Vec<_> = arguments.iter().map(|argument| argument.value).collect();
    // SAFETY: arguments outlive the query; rows are looked at before SPI_finish frees them. Read-only: SPI then reads by
    // the snapshot that is active, and refuses to write.
    unsafe {
        let code = pg_sys::SPI_connect();
        if code != pg_sys::SPI_OK_CONNECT as i32 {
            return Err(failed(code));
        }
        // In portions, not all rows at once in memory: visitors have limits.
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
        loop {
            pg_sys::SPI_cursor_fetch(portal, true, ROWS_AT_A_TIME);
            let count = pg_sys::SPI_processed as usize;
            if count == 0 {
                break;
            }
            let table = &*pg_sys::SPI_tuptable;
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
            pg_sys::SPI_freetuptable(pg_sys::SPI_tuptable);
        }
        pg_sys::SPI_cursor_close(portal);
        pg_sys::SPI_finish();
    }
    Ok(())
}
