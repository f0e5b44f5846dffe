//! Typed SQL functions of reducers: `SELECT chat.send_message('…', 'hello')`.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::arguments;
use super::call::{Target, call};
use super::caller::Caller;
use crate::error::{Error, Result};
use crate::module::ReadyModule;
use crate::pg::function::{self, FunctionCall};
use crate::pg::{Oid, entry, invalidation};
use crate::row::{self, ValueCodec};

/// Body of a wrapper in pg_proc. By identity, so that it survives renames; by reducer name, so that it survives updates.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WrapperBody {
    pub(crate) module: String,
    pub(crate) reducer: String,
}

/// What a call through a wrapper needs, worked out once.
struct Prepared {
    module: Rc<ReadyModule>,
    reducer: usize,
    parameters: Vec<Parameter>,
}

struct Parameter {
    name: String,
    codec: ValueCodec,
    nullable: bool,
}

thread_local! {
    /// Key: the function. Lifetime: the backend's. Invalidation: any publish (modules_generation) drops all. Searched
    /// from the front: sessions call few reducers.
    static PREPARED: ManuallyDrop<RefCell<PreparedWrappers>> = ManuallyDrop::default();
}

#[derive(Default)]
struct PreparedWrappers {
    generation: u64,
    wrappers: Vec<(Oid, Rc<Prepared>)>,
}

/// Runs the reducer a wrapper stands for. Postgres has checked EXECUTE.
pub(crate) fn call_wrapper(invocation: FunctionCall) -> Result<()> {
    entry::check(c"a reducer call")?;
    invalidation::accept();
    let generation = invalidation::modules_generation();
    let prepared = prepared(invocation.function())?;
    let target =
        Target { module: Rc::clone(&prepared.module), reducer: prepared.reducer, generation }.lock()?;
    // While we waited for the lock another version may have been published, with other parameters.
    let params = &prepared.module.definition.reducers[prepared.reducer].params;
    if target.reducer().params != *params {
        return Err(outdated(&target));
    }
    let mut bytes = Vec::with_capacity(64);
    for (parameter, value) in prepared.parameters.iter().zip(invocation.arguments()) {
        encode(parameter, value, &mut bytes)
            .map_err(|problem| arguments::refused(&target, format!("{} {problem}", parameter.name)))?;
    }
    let caller = Caller::of_session(&target.module.installation)?;
    call(&target, &bytes, caller, false).map(drop)
}

fn encode(
    parameter: &Parameter,
    value: Option<crate::pg::Datum>,
    out: &mut Vec<u8>,
) -> std::result::Result<(), String> {
    match value {
        None if parameter.nullable => out.push(1),
        None => return Err("must not be NULL".into()),
        Some(value) => {
            if parameter.nullable {
                out.push(0);
            }
            // SAFETY: the codec was made for the type pg_proc declares for this argument.
            unsafe { parameter.codec.encode(value, out) }.map_err(|error| error.problem)?;
        }
    }
    Ok(())
}

fn prepared(oid: Oid) -> Result<Rc<Prepared>> {
    invalidation::accept();
    let generation = invalidation::modules_generation();
    let known = PREPARED.with(|prepared| {
        let mut prepared = prepared.borrow_mut();
        if prepared.generation != generation {
            *prepared = PreparedWrappers { generation, wrappers: Vec::new() };
        }
        let found = prepared.wrappers.iter().find(|(function, _)| *function == oid);
        found.map(|(_, wrapper)| Rc::clone(wrapper)).filter(|wrapper| wrapper.module.has_wanted_fuel())
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let made = Rc::new(prepare(oid)?);
    PREPARED.with(|prepared| {
        let mut prepared = prepared.borrow_mut();
        prepared.wrappers.retain(|(function, _)| *function != oid);
        prepared.wrappers.push((oid, Rc::clone(&made)));
    });
    Ok(made)
}

fn prepare(oid: Oid) -> Result<Prepared> {
    let facts = function::facts(oid).ok_or_else(|| Error::Internal(format!("function {oid} is gone")))?;
    let body: WrapperBody = serde_json::from_str(&facts.body).map_err(|_| Error::InvalidParameter {
        what: "the body of a function in language spacetime must be {\"module\": \"<identity>\", \"reducer\": \"<name>\"}"
            .into(),
        hint: "Publishing a module makes these functions.".into(),
    })?;
    let target = Target::find(&body.module, &body.reducer)?;
    let params = &target.reducer().params;
    if params.len() != facts.argument_types.len() {
        return Err(outdated(&target));
    }
    let parameters = params
        .iter()
        .zip(&facts.argument_types)
        .enumerate()
        .map(|(at, (param, oid))| {
            let name = param.name.clone().unwrap_or_else(|| format!("${}", at + 1));
            let (ty, nullable) = row::column_type(&param.ty);
            let codec = ValueCodec::new(ty, *oid)
                .map_err(|problem| arguments::refused(&target, format!("{name}: {problem}")))?;
            Ok(Parameter { name, codec, nullable })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Prepared { module: target.module, reducer: target.reducer, parameters })
}

fn outdated(target: &Target) -> Error {
    Error::NotInState {
        what: format!(
            "the SQL function of reducer {:?} has other parameters than module {:?}",
            target.reducer().name,
            target.module.row.name
        ),
        hint: "Publish the module again to make its functions anew.".into(),
    }
}

/// What the language's validator checks: that the function calls a reducer with parameters of its types.
pub(crate) fn validate_wrapper(oid: Oid) -> Result<()> {
    prepare(oid).map(|_| ())
}
