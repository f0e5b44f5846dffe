//! The C side of `LANGUAGE spacetime`: handler and validator, and what they can ask about the function being called.

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, Oid};

use super::report::raise;
use crate::error::Error;

/// A call of a wrapper function: which one, and its arguments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FunctionCall {
    info: pg_sys::FunctionCallInfo,
}

impl FunctionCall {
    /// Oid of the function in pg_proc.
    pub(crate) fn function(self) -> Oid {
        // SAFETY: Postgres fills flinfo for every call through fmgr.
        unsafe { (*(*self.info).flinfo).fn_oid }
    }

    /// The arguments; `None` is NULL.
    pub(crate) fn arguments(self) -> impl Iterator<Item = Option<Datum>> {
        // SAFETY: `args` holds `nargs` entries for the length of the call.
        let arguments = unsafe { (*self.info).args.as_slice((*self.info).nargs as usize) };
        arguments.iter().map(|argument| (!argument.isnull).then_some(argument.value))
    }

    fn is_trigger(self) -> bool {
        // SAFETY: as CALLED_AS_TRIGGER.
        unsafe {
            let context = (*self.info).context;
            !context.is_null() && (*context).type_ == pg_sys::NodeTag::T_TriggerData
        }
    }
}

/// What pg_proc says about a function.
#[derive(Debug)]
pub(crate) struct FunctionFacts {
    pub(crate) body: String,
    pub(crate) argument_types: Vec<Oid>,
}

/// Reads a function's body and argument types.
pub(crate) fn facts(function: Oid) -> Option<FunctionFacts> {
    // SAFETY: the tuple is released after everything was copied out of it.
    unsafe {
        let cache = pg_sys::SysCacheIdentifier::PROCOID as i32;
        let tuple = pg_sys::SearchSysCache1(cache, Datum::from(function));
        if tuple.is_null() {
            return None;
        }
        let mut is_null = false;
        let column = pg_sys::Anum_pg_proc_prosrc as i16;
        let source = pg_sys::SysCacheGetAttr(cache, tuple, column, &mut is_null);
        let body = String::from_utf8_lossy(super::datum::bytes_of(source)).into_owned();
        let form = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_proc>();
        let count = (*form).pronargs as usize;
        let argument_types = (*form).proargtypes.values.as_slice(count).to_vec();
        pg_sys::ReleaseSysCache(tuple);
        Some(FunctionFacts { body, argument_types })
    }
}

/// Entry of every wrapper call.
///
/// # Safety
/// Called by Postgres' function manager only.
#[unsafe(no_mangle)]
#[pg_guard]
pub(crate) unsafe extern "C-unwind" fn spacetime_call_handler(info: pg_sys::FunctionCallInfo) -> Datum {
    let call = FunctionCall { info };
    let result = if call.is_trigger() {
        Err(Error::Unsupported {
            what: "a reducer is no trigger function".into(),
            hint: "Call it from one: PERFORM call_reducer(…).".into(),
        })
    } else {
        crate::reducer::call_wrapper(call)
    };
    match result {
        Ok(()) => Datum::from(0usize),
        Err(error) => raise(error),
    }
}

/// Checks a wrapper when it is created, unless `check_function_bodies` is off (as in a restore).
///
/// # Safety
/// Called by Postgres' function manager only.
#[unsafe(no_mangle)]
#[pg_guard]
pub(crate) unsafe extern "C-unwind" fn spacetime_call_validator(info: pg_sys::FunctionCallInfo) -> Datum {
    let call = FunctionCall { info };
    // SAFETY: reads a C global.
    if unsafe { pg_sys::check_function_bodies } {
        let function = call.arguments().next().flatten().map_or(Oid::INVALID, super::datum::to_oid);
        // SAFETY: raises unless the caller may see and define the function.
        let allowed = unsafe { pg_sys::CheckFunctionValidatorAccess(call.function(), function) };
        if allowed && let Err(error) = crate::reducer::validate_wrapper(function) {
            raise(error);
        }
    }
    Datum::from(0usize)
}

/// Version record that Postgres asks every C function for.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn pg_finfo_spacetime_call_handler() -> &'static pg_sys::Pg_finfo_record {
    &V1
}

/// Version record that Postgres asks every C function for.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn pg_finfo_spacetime_call_validator() -> &'static pg_sys::Pg_finfo_record {
    &V1
}

static V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
