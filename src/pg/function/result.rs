//! What functions of ours give to Postgres: sets of rows, and the record with the output of a procedure.

use pgrx::pg_sys::{self, Datum, Oid};

use crate::error::{Error, Result};
use crate::pg::unguarded;

/// Takes the rows of a set-returning function, all of them before the function returns.
#[derive(Debug)]
pub(crate) struct RowSet {
    info: *mut pg_sys::ReturnSetInfo,
    store: *mut pg_sys::Tuplestorestate,
    descriptor: pg_sys::TupleDesc,
    /// Emptied after each row.
    row_memory: pg_sys::MemoryContext,
}

impl RowSet {
    /// # Safety
    /// `info` is that of a running call.
    pub(super) unsafe fn of_call(info: pg_sys::FunctionCallInfo) -> Result<Self> {
        // SAFETY: a ReturnSetInfo says itself whether it is one; rows and their type must live as long as the query.
        unsafe {
            let result = (*info).resultinfo.cast::<pg_sys::ReturnSetInfo>();
            let takes_sets = !result.is_null() && (*result).type_ == pg_sys::NodeTag::T_ReturnSetInfo;
            let modes = if takes_sets { (*result).allowedModes } else { 0 };
            let materialize = pg_sys::SetFunctionReturnMode::SFRM_Materialize as i32;
            if modes & materialize == 0 || (*result).expectedDesc.is_null() {
                return Err(Error::Unsupported {
                    what: "a view is called where no set of rows is accepted".into(),
                    hint: "SELECT * FROM schema.view()".into(),
                });
            }
            let outer = pg_sys::MemoryContextSwitchTo((*(*result).econtext).ecxt_per_query_memory);
            let descriptor = pg_sys::CreateTupleDescCopy((*result).expectedDesc);
            let random = modes & pg_sys::SetFunctionReturnMode::SFRM_Materialize_Random as i32 != 0;
            let store = pg_sys::tuplestore_begin_heap(random, false, pg_sys::work_mem);
            pg_sys::MemoryContextSwitchTo(outer);
            let row_memory = pg_sys::AllocSetContextCreateInternal(
                outer,
                c"spacetime row".as_ptr(),
                pg_sys::ALLOCSET_DEFAULT_MINSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            );
            (*result).returnMode = pg_sys::SetFunctionReturnMode::SFRM_Materialize;
            Ok(Self { info: result, store, descriptor, row_memory })
        }
    }

    /// Types of the columns.
    pub(crate) fn types(&self) -> Vec<Oid> {
        // SAFETY: the descriptor lives as long as the query.
        unsafe {
            (0..(*self.descriptor).natts as usize)
                .map(|at| (*crate::pg::relation::attribute(self.descriptor, at)).atttypid)
                .collect()
        }
    }

    /// Adds one row, whose values `fill` makes.
    pub(crate) fn push(
        &mut self,
        values: &mut [Datum],
        nulls: &mut [bool],
        fill: impl FnOnce(&mut [Datum], &mut [bool]) -> Result<()>,
    ) -> Result<()> {
        // SAFETY: the slices have one entry per column, as `types` says; the store copies the row.
        unsafe {
            let outer = pg_sys::MemoryContextSwitchTo(self.row_memory);
            fill(values, nulls)?;
            pg_sys::tuplestore_putvalues(
                self.store,
                self.descriptor,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            pg_sys::MemoryContextSwitchTo(outer);
            unguarded::reset_memory(self.row_memory);
        }
        Ok(())
    }

    /// Hands the rows over.
    pub(crate) fn finish(self) {
        // SAFETY: store and descriptor live as long as the query, which they belong to from now on.
        unsafe {
            pg_sys::MemoryContextDelete(self.row_memory);
            (*self.info).setResult = self.store;
            (*self.info).setDesc = self.descriptor;
        }
    }
}

/// The record that a procedure with one output parameter returns.
///
/// # Safety
/// `info` is that of a running call, `value` of the parameter's type.
pub(super) unsafe fn output_record(info: pg_sys::FunctionCallInfo, value: Datum) -> Result<Datum> {
    let mut descriptor: pg_sys::TupleDesc = std::ptr::null_mut();
    // SAFETY: the descriptor is written on success only; the tuple copies the value.
    unsafe {
        let class = pg_sys::get_call_result_type(info, std::ptr::null_mut(), &mut descriptor);
        if class != pg_sys::TypeFuncClass::TYPEFUNC_COMPOSITE || (*descriptor).natts != 1 {
            return Err(Error::Internal("a procedure with other outputs than its result".into()));
        }
        let descriptor = pg_sys::BlessTupleDesc(descriptor);
        let (mut values, mut nulls) = ([value], [false]);
        let tuple = pg_sys::heap_form_tuple(descriptor, values.as_mut_ptr(), nulls.as_mut_ptr());
        Ok(pg_sys::HeapTupleHeaderGetDatum((*tuple).t_data))
    }
}
