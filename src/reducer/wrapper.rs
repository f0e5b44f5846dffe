//! Typed SQL functions: `SELECT chat.send_message('…', 'hello')` for a reducer, `SELECT * FROM chat.unread()` for a view,
//! `CALL chat.backup()` for a procedure.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use spacetime_definition::Field;

use super::call::{Target, call};
use super::caller::Caller;
use super::function::Function;
use super::procedure::Surroundings;
use super::{procedure, view, view_rows};
use crate::error::{Error, Result};
use crate::module::{ReadyModule, ready};
use crate::pg::function::{self, FunctionCall};
use crate::pg::{Datum, Oid, entry, invalidation};
use crate::row::{self, ValueCodec};

/// Body of a wrapper in pg_proc. By identity, so that it survives renames; by function name, so that it survives updates.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WrapperBody {
    pub(crate) module: String,
    #[serde(flatten)]
    pub(crate) of: WrapperOf,
}

/// What a wrapper stands for, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WrapperOf {
    Reducer(String),
    Procedure(String),
    View(String),
}

impl WrapperOf {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Reducer(name) | Self::Procedure(name) | Self::View(name) => name,
        }
    }
}

/// What a call through a wrapper needs, worked out once.
struct Prepared {
    module: Rc<ReadyModule>,
    function: Function,
    parameters: Vec<Parameter>,
}

struct Parameter {
    name: String,
    codec: ValueCodec,
    nullable: bool,
}

thread_local! {
    /// Key: the function. Lifetime: the backend's. Invalidation: any publish (modules_generation) drops all. Searched
    /// from the front: sessions call few functions.
    static PREPARED: ManuallyDrop<RefCell<PreparedWrappers>> = ManuallyDrop::default();
}

#[derive(Default)]
struct PreparedWrappers {
    generation: u64,
    wrappers: Vec<(Oid, Rc<Prepared>)>,
}

/// Runs what a wrapper stands for. Postgres has checked EXECUTE.
pub(crate) fn call_wrapper(invocation: FunctionCall) -> Result<Datum> {
    invalidation::accept();
    let generation = invalidation::modules_generation();
    let prepared = prepared(invocation.function())?;
    match prepared.function {
        Function::Reducer(reducer) => {
            call_reducer(&prepared, reducer, generation, invocation).map(|()| Datum::from(0usize))
        }
        Function::View(view) => call_view(&prepared, view, invocation),
        Function::Procedure(procedure) => call_procedure(&prepared, procedure, invocation),
    }
}

fn call_reducer(
    prepared: &Prepared,
    reducer: usize,
    generation: u64,
    invocation: FunctionCall,
) -> Result<()> {
    entry::check(c"a reducer call")?;
    let target = Target { module: Rc::clone(&prepared.module), reducer, generation }.lock()?;
    // While we waited for the lock another version may have been published, with other parameters.
    if target.reducer().params != *prepared.params() {
        return Err(outdated(&target.module, Function::Reducer(target.reducer)));
    }
    let bytes = prepared.encode(invocation)?;
    let caller = Caller::of_session(&target.module.installation)?;
    call(&target, &bytes, caller, false).map(drop)
}

fn call_view(prepared: &Prepared, view: usize, invocation: FunctionCall) -> Result<Datum> {
    let module = &prepared.module;
    let set = invocation.row_set()?;
    let bytes = prepared.encode(invocation)?;
    let sender = Caller::of_session(&module.installation)?.identity;
    let evaluation = view::evaluate(module, view, sender, &bytes)?;
    view_rows::return_rows(set, module, &module.definition.views[view], &evaluation.rows)?;
    Ok(Datum::from(0usize))
}

fn call_procedure(prepared: &Prepared, procedure: usize, invocation: FunctionCall) -> Result<Datum> {
    let module = &prepared.module;
    let definition = &module.definition.procedures[procedure];
    // Before the procedure ends the transaction that a toasted argument needs to be read.
    let bytes = prepared.encode(invocation)?;
    let caller = Caller::of_session(&module.installation)?;
    let result = procedure::run(module, procedure, &bytes, caller, Surroundings::of(invocation))?;
    let jsonb = procedure::jsonb(module, definition, &result)?;
    if definition.return_type.is_unit() { Ok(Datum::from(0usize)) } else { invocation.output(jsonb) }
}

impl Prepared {
    fn params(&self) -> &[Field] {
        self.function.params(&self.module.definition)
    }

    /// BSATN of the arguments.
    fn encode(&self, invocation: FunctionCall) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(64);
        for (parameter, value) in self.parameters.iter().zip(invocation.arguments()) {
            encode(parameter, value, &mut bytes).map_err(|problem| {
                self.function.refuse_arguments(&self.module, format!("{} {problem}", parameter.name))
            })?;
        }
        Ok(bytes)
    }
}

fn encode(parameter: &Parameter, value: Option<Datum>, out: &mut Vec<u8>) -> std::result::Result<(), String> {
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
    let (module, function) = find(&body)?;
    let params = function.params(&module.definition);
    // The output parameter of a procedure is an input, too.
    let outputs = match function {
        Function::Procedure(at) => usize::from(!module.definition.procedures[at].return_type.is_unit()),
        Function::Reducer(_) | Function::View(_) => 0,
    };
    if params.len() + outputs != facts.argument_types.len() {
        return Err(outdated(&module, function));
    }
    let parameters = params
        .iter()
        .zip(&facts.argument_types)
        .enumerate()
        .map(|(at, (param, oid))| {
            let name = param.name.clone().unwrap_or_else(|| format!("${}", at + 1));
            let (ty, nullable) = row::column_type(&param.ty);
            let codec = ValueCodec::new(ty, *oid)
                .map_err(|problem| function.refuse_arguments(&module, format!("{name}: {problem}")))?;
            Ok(Parameter { name, codec, nullable })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Prepared { module, function, parameters })
}

fn find(body: &WrapperBody) -> Result<(Rc<ReadyModule>, Function)> {
    match &body.of {
        WrapperOf::Reducer(name) => {
            let target = Target::find(&body.module, name)?;
            Ok((target.module, Function::Reducer(target.reducer)))
        }
        WrapperOf::View(name) => {
            let module = ready(&body.module)?;
            let at = view::find(&module, name)?;
            Ok((module, Function::View(at)))
        }
        WrapperOf::Procedure(name) => {
            let module = ready(&body.module)?;
            let at = procedure::find(&module, name)?;
            Ok((module, Function::Procedure(at)))
        }
    }
}

fn outdated(module: &ReadyModule, function: Function) -> Error {
    Error::NotInState {
        what: format!(
            "the SQL function of {} has other parameters than module {:?}",
            function.label(&module.definition),
            module.row.name
        ),
        hint: "Publish the module again to make its functions anew.".into(),
    }
}

/// What the language's validator checks: that the function stands for one of a module with parameters of its types.
pub(crate) fn validate_wrapper(oid: Oid) -> Result<()> {
    prepare(oid).map(|_| ())
}
