//! The C side of `LANGUAGE spacetime`: handler and validator, and what they can ask about the function being called.

pub(crate) mod entry;
pub(crate) mod procedure;
pub(crate) mod result;

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, Oid};

use self::result::RowSet;
use crate::error::{Error, Result};
use crate::pg::datum;
use crate::pg::report::raise;

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

    /// Where the rows of a set-returning function go.
    pub(crate) fn row_set(self) -> Result<RowSet> {
        // SAFETY: the call is running.
        unsafe { RowSet::of_call(self.info) }
    }

    /// Whether this is a procedure that must leave the transaction alone: called within a transaction block, a function,
    /// or a block that catches exceptions.
    pub(crate) fn is_atomic(self) -> bool {
        // SAFETY: as CALLED_AS_TRIGGER; CALL passes a CallContext.
        unsafe {
            let context = (*self.info).context.cast::<pg_sys::CallContext>();
            context.is_null()
                || (*context).type_ != pg_sys::NodeTag::T_CallContext
                || (*context).atomic
                || procedure::is_in_savepoint()
        }
    }

    /// The outcome of a procedure whose one output parameter gets this value, which is of the parameter's type.
    pub(crate) fn output(self, value: Datum) -> Result<Datum> {
        // SAFETY: the call is running; its procedure is declared with the type the caller gives.
        unsafe { result::output_record(self.info, value) }
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

/// Whether a function is (still) there.
pub(crate) fn exists(function: Oid) -> bool {
    let zero = Datum::from(0usize);
    // SAFETY: looks a key up in the cache; it holds nothing afterwards.
    unsafe {
        pg_sys::SearchSysCacheExists(
            pg_sys::SysCacheIdentifier::PROCOID as i32,
            Datum::from(function),
            zero,
            zero,
            zero,
        )
    }
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
        let body = String::from_utf8_lossy(datum::bytes_of(source)).into_owned();
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
            what: "functions of modules are no trigger functions".into(),
            hint: "Call a reducer from one: PERFORM call_reducer(…).".into(),
        })
    } else {
        crate::reducer::call_wrapper(call)
    };
    match result {
        Ok(result) => result,
        Err(error) => raise(error),
    }
}

/// Body of `call_procedure(module, procedure, args, INOUT result)`.
///
/// # Safety
/// Called by Postgres' function manager only.
#[unsafe(no_mangle)]
#[pg_guard]
pub(crate) unsafe extern "C-unwind" fn spacetime_call_procedure(info: pg_sys::FunctionCallInfo) -> Datum {
    let call = FunctionCall { info };
    // SAFETY: CREATE EXTENSION declares two texts and a jsonb.
    let outcome = unsafe { named_call(call) }.and_then(|(module, procedure, arguments)| {
        crate::reducer::call_procedure_with_json(call, &module, &procedure, &arguments)
    });
    outcome.unwrap_or_else(|error| raise(error))
}

/// # Safety
/// The first arguments are two texts and a jsonb.
unsafe fn named_call(call: FunctionCall) -> Result<(String, String, serde_json::Value)> {
    let mut arguments = call.arguments();
    let mut next = || {
        arguments.next().flatten().ok_or_else(|| Error::InvalidParameter {
            what: "arguments of call_procedure must not be NULL".into(),
            hint: "CALL call_procedure('module', 'procedure', '[]')".into(),
        })
    };
    let (module, procedure, json) = (next()?, next()?, next()?);
    // SAFETY: upheld by the caller.
    unsafe {
        let text = |datum| String::from_utf8_lossy(datum::bytes_of(datum)).into_owned();
        let json = serde_json::from_str(&datum::jsonb_to_text(json));
        Ok((text(module), text(procedure), json.map_err(|error| Error::Internal(error.to_string()))?))
    }
}

/// Version record that Postgres asks every C function for.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn pg_finfo_spacetime_call_procedure() -> &'static pg_sys::Pg_finfo_record {
    &V1
}

/// Body of `spacetime._call_procedure(call, INOUT result)`.
///
/// # Safety
/// Called by Postgres' function manager only.
#[unsafe(no_mangle)]
#[pg_guard]
pub(crate) unsafe extern "C-unwind" fn spacetime_call_procedure_for_client(
    info: pg_sys::FunctionCallInfo,
) -> Datum {
    let call = FunctionCall { info };
    let outcome = match call.arguments().next().flatten() {
        Some(bytes) => {
            // SAFETY: CREATE EXTENSION declares a bytea. Copied, because the procedure ends the transaction it lives in.
            let bytes = unsafe { datum::bytes_of(bytes) }.to_vec();
            crate::reducer::call_procedure_for_client(call, &bytes)
        }
        None => Err(Error::InvalidParameter { what: "the call is NULL".into(), hint: String::new() }),
    };
    outcome.unwrap_or_else(|error| raise(error))
}

/// Version record that Postgres asks every C function for.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn pg_finfo_spacetime_call_procedure_for_client() -> &'static pg_sys::Pg_finfo_record {
    &V1
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
        let function = call.arguments().next().flatten().map_or(Oid::INVALID, datum::to_oid);
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
