//! Reads of our own catalog by what is committed right now, whatever the transaction's isolation: rows must be as new as
//! the invalidation messages already received, or a backend would keep a module that is no more.
//!
//! pgrx's SPI cannot do this: in a transaction that has written it reads by the transaction's snapshot.

use std::ffi::CString;

use pgrx::pg_sys::{self, Datum, Oid};

use super::datum;
use crate::error::{Error, Result};
use crate::pg::unguarded;

/// A parameter of a query.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Parameter<'a> {
    Text(&'a str),
    Bytea(&'a [u8]),
    Oid(Oid),
}

/// One row: columns of type text or bytea; `None` is NULL.
pub(crate) type Row = Vec<Option<Vec<u8>>>;

/// Runs a query whose columns are all text or bytea.
pub(crate) fn select(query: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>> {
    let failed = |code: i32| Error::Internal(format!("reading the catalog failed with SPI code {code}"));
    let text = CString::new(query).map_err(|error| Error::Internal(error.to_string()))?;
    // SAFETY: SPI copies what it keeps; results are copied before SPI_finish frees them.
    unsafe {
        pg_sys::CommandCounterIncrement();
        let code = pg_sys::SPI_connect();
        if code != pg_sys::SPI_OK_CONNECT as i32 {
            return Err(failed(code));
        }
        let (mut types, mut values) = (Vec::new(), Vec::new());
        for parameter in parameters {
            let (oid, value) = match parameter {
                Parameter::Text(text) => (pg_sys::TEXTOID, datum::from_bytes(text.as_bytes())),
                Parameter::Bytea(bytes) => (pg_sys::BYTEAOID, datum::from_bytes(bytes)),
                Parameter::Oid(oid) => (pg_sys::OIDOID, datum::from_oid(*oid)),
            };
            types.push(oid);
            values.push(value);
        }
        let plan = pg_sys::SPI_prepare(text.as_ptr(), types.len() as i32, types.as_mut_ptr());
        if plan.is_null() {
            return Err(failed(pg_sys::SPI_result));
        }
        let code = pg_sys::SPI_execute_snapshot(
            plan,
            values.as_mut_ptr(),
            std::ptr::null(),
            latest_snapshot(),
            std::ptr::null_mut(),
            true,
            false,
            0,
        );
        if code != pg_sys::SPI_OK_SELECT as i32 {
            return Err(failed(code));
        }
        let rows = copy_rows();
        pg_sys::SPI_finish();
        Ok(rows)
    }
}

/// The newest snapshot there may be: a parallel operation must do with the one its leader began with.
unsafe fn latest_snapshot() -> pg_sys::Snapshot {
    // SAFETY: in a transaction; an operation is parallel only while a query with an active snapshot runs.
    unsafe {
        if pg_sys::IsInParallelMode() { unguarded::active_snapshot() } else { pg_sys::GetLatestSnapshot() }
    }
}

/// Copies the rows of the last query out of SPI's memory.
unsafe fn copy_rows() -> Vec<Row> {
    // SAFETY: after a successful SELECT the table holds SPI_processed rows of its descriptor.
    unsafe {
        let table = &*pg_sys::SPI_tuptable;
        let width = (*table.tupdesc).natts;
        (0..pg_sys::SPI_processed as usize)
            .map(|row| {
                let tuple = *table.vals.add(row);
                (1..=width)
                    .map(|column| {
                        let mut is_null = false;
                        let value: Datum = pg_sys::SPI_getbinval(tuple, table.tupdesc, column, &mut is_null);
                        (!is_null).then(|| datum::bytes_of(value).to_vec())
                    })
                    .collect()
            })
            .collect()
    }
}

/// The first column of the first row of a table whose first column is a uuid.
pub(crate) fn first_uuid(relation: Oid) -> Option<[u8; 16]> {
    // SAFETY: what is opened is closed below, or by the abort; the value is copied before its buffer is let go. A null
    // snapshot stands for a fresh one of the catalog's kind, which sees what is committed and what this transaction did.
    unsafe {
        let table = pg_sys::table_open(relation, pg_sys::AccessShareLock as i32);
        let scan = pg_sys::systable_beginscan(
            table,
            Oid::INVALID,
            false,
            std::ptr::null_mut(),
            0,
            std::ptr::null_mut(),
        );
        let tuple = pg_sys::systable_getnext(scan);
        let mut found = None;
        if !tuple.is_null() {
            let width = (*(*table).rd_att).natts as usize;
            let (mut values, mut nulls) = (vec![Datum::from(0usize); width], vec![true; width]);
            pg_sys::heap_deform_tuple(tuple, (*table).rd_att, values.as_mut_ptr(), nulls.as_mut_ptr());
            if !nulls[0] {
                found = Some(*values[0].cast_mut_ptr::<[u8; 16]>());
            }
        }
        pg_sys::systable_endscan(scan);
        pg_sys::table_close(table, pg_sys::AccessShareLock as i32);
        found
    }
}
