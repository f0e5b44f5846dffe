//! One procedure call. A procedure is in no transaction but those it begins itself; each is like the transaction of a
//! reducer: the module's lock, the owner's rights, a snapshot, and the end of all of it with the transaction's.
//!
//! What the guest asks for meanwhile is answered by [`super::procedure_host`].

use std::cell::RefCell;
use std::rc::Rc;

use spacetime_auth::Identity;
use spacetime_call_batch::{Arguments, Call};
use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Procedure, Visibility};
use spacetime_wire::sats_json::{self, Form};

use super::arguments;
use super::batch::client_role;
use super::call::{limits, raise_pending_interrupt};
use super::caller::Caller;
use super::connection::log_error;
use super::function::Function;
use super::procedure_host::{Conversation, ProcedureHost};
use crate::error::{Error, Result, ValueProblem};
use crate::module::{ReadyModule, ready};
use crate::pg::function::FunctionCall;
use crate::pg::procedure::TransactionControl;
use crate::pg::timeout::Tick;
use crate::pg::{Datum, Oid, access, datum, entry, invalidation, user};
use crate::wasm::ProcedureCall;

/// What a procedure runs within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// A transaction that is not its to end.
    Transaction,
    /// A CALL that may end transactions.
    Call,
    /// A transaction of a background worker, which may be ended; nobody waits for the procedure, so its time is not limited.
    Worker,
}

impl Surroundings {
    pub(super) fn of(invocation: FunctionCall) -> Self {
        if invocation.is_atomic() { Self::Transaction } else { Self::Call }
    }
}

/// Runs a procedure with arguments in BSATN that have been checked against the parameters. Gives what it returned, in
/// BSATN.
pub(super) fn run(
    module: &Rc<ReadyModule>,
    procedure: usize,
    arguments: &[u8],
    caller: Caller,
    within: Surroundings,
) -> Result<Vec<u8>> {
    let definition = &module.definition.procedures[procedure];
    entry::check_stack();
    let tick = Tick::enter();
    let limit = crate::guc::max_call_depth();
    if tick.depth() > limit {
        return Err(Error::CallDepth { limit });
    }
    let control = match within {
        Surroundings::Transaction => None,
        Surroundings::Call => Some(TransactionControl::take()?),
        Surroundings::Worker => Some(TransactionControl::take_in_worker()),
    };
    let instance = module.take_instance()?;
    let call = ProcedureCall {
        module: &module.row.name,
        procedure: &definition.name,
        id: procedure as u32,
        sender: caller.identity.to_le_bytes(),
        connection_id: caller.connection_id,
        timestamp_us: module.state.next_timestamp_us(),
        args: arguments,
    };
    let conversation = Conversation::new(Rc::clone(module), definition.name.clone(), caller, control);
    let conversation = Rc::new(RefCell::new(conversation));
    let host = Box::new(ProcedureHost::new(Rc::clone(&conversation)));
    let (instance, result) = instance
        .call_procedure(call, limits(within == Surroundings::Worker), host)
        .inspect_err(raise_pending_interrupt)?;
    if conversation.borrow_mut().roll_back_open() {
        let message =
            format!("procedure {:?} returned with a transaction open: rolled back", definition.name);
        log_error(module, &message);
    }
    module.give_back(instance);
    if let Some(control) = conversation.borrow_mut().take_control() {
        control.give_back();
    }
    drop(tick);
    Ok(result)
}

/// `CALL call_procedure(module, procedure, args)`.
pub(crate) fn call_procedure_with_json(
    invocation: FunctionCall,
    module: &str,
    procedure: &str,
    json: &serde_json::Value,
) -> Result<Datum> {
    invalidation::accept();
    let module = ready(module)?;
    let at = find(&module, procedure)?;
    let definition = &module.definition.procedures[at];
    require_execute_of(user::current_user(), &module, definition)?;
    let arguments = arguments::from_json(&module, Function::Procedure(at), json)?;
    let caller = Caller::of_session(&module.installation)?;
    let result = run(&module, at, &arguments, caller, Surroundings::of(invocation))?;
    invocation.output(jsonb(&module, definition, &result)?)
}

/// `CALL spacetime._call_procedure(call)`: a gateway's client calls; layout: crates/call-batch. The result is BSATN.
pub(crate) fn call_procedure_for_client(invocation: FunctionCall, call: &[u8]) -> Result<Datum> {
    invalidation::accept();
    let calls = spacetime_call_batch::decode(call);
    let Ok([call]) = calls.as_deref() else {
        return Err(Error::InvalidParameter {
            what: "this is no call of one procedure".into(),
            hint: "Only gateways make them; the layout is in crates/call-batch.".into(),
        });
    };
    let module = ready(call.module)?;
    let sender = sender(call);
    let is_owner = module.row.owner_identity == sender;
    let at = find_for(&module, call.reducer, is_owner)?;
    let definition = &module.definition.procedures[at];
    if !is_owner {
        require_right(call, &module, definition)?;
    }
    let function = Function::Procedure(at);
    let arguments = match call.arguments {
        Arguments::Bsatn(bytes) => {
            arguments::require_bsatn(&module, function, bytes)?;
            bytes.to_vec()
        }
        Arguments::Json(text) => {
            let json = serde_json::from_str(text)
                .map_err(|error| function.refuse_arguments(&module, format!("not JSON: {error}")))?;
            arguments::from_json(&module, function, &json)?
        }
    };
    let caller = Caller {
        identity: sender,
        connection_id: call.connection_id,
        claims: Some(call.claims.into()),
        tag: 0,
    };
    let result = run(&module, at, &arguments, caller, Surroundings::of(invocation))?;
    invocation.output(datum::from_bytes(&result))
}

fn sender(call: &Call<'_>) -> Identity {
    let mut bytes = call.sender;
    bytes.reverse();
    Identity::from_be_bytes(bytes)
}

/// A client's right: EXECUTE of the role it has, else PUBLIC's.
fn require_right(call: &Call<'_>, module: &ReadyModule, procedure: &Procedure) -> Result<()> {
    if let Some(role) = client_role(call.role)? {
        return require_execute_of(role, module, procedure);
    }
    match module.wrapper(&procedure.name) {
        Some(wrapper) if access::is_executable_by_public(wrapper) => Ok(()),
        _ => Err(Error::Forbidden {
            what: format!("permission denied for procedure {:?}", procedure.name),
            hint: "GRANT EXECUTE on its SQL procedure to PUBLIC, or to the role the gateway speaks for."
                .into(),
        }),
    }
}

/// Position of a procedure the current user may know of: private ones do not exist for anybody but the owner.
pub(super) fn find(module: &ReadyModule, procedure: &str) -> Result<usize> {
    find_for(module, procedure, user::has_rights_of(user::current_user(), module.owner))
}

fn find_for(module: &ReadyModule, procedure: &str, is_owner: bool) -> Result<usize> {
    let found = module
        .definition
        .procedure_by_name(procedure)
        .filter(|at| module.definition.procedures[*at].visibility == Visibility::ClientCallable || is_owner);
    found.ok_or_else(|| Error::NoSuchFunction {
        module: module.row.name.clone(),
        function: format!("procedure {procedure:?}"),
    })
}

/// As for reducers: EXECUTE on the SQL procedure decides; where there is none, only the owner may call.
fn require_execute_of(role: Oid, module: &ReadyModule, procedure: &Procedure) -> Result<()> {
    match module.wrapper(&procedure.name) {
        Some(wrapper) => {
            access::require_execute(role, module.schema, wrapper);
            Ok(())
        }
        None if user::has_rights_of(role, module.owner) => Ok(()),
        None => Err(Error::Forbidden {
            what: format!("permission denied for procedure {:?}, which has no SQL procedure", procedure.name),
            hint: format!("Only the owner of module {:?} can call it.", module.row.name),
        }),
    }
}

/// What a procedure returned, as jsonb in the current memory context.
pub(super) fn jsonb(module: &ReadyModule, procedure: &Procedure, result: &[u8]) -> Result<Datum> {
    let mut reader = Reader::new(result);
    let mut json = String::new();
    sats_json::from_bsatn(&procedure.return_type, &mut reader, Form::Storage, &mut json)
        .and_then(|()| reader.finish())
        .map_err(|error| match error {
            spacetime_definition::Error::NulCharacter => Error::Value {
                place: format!("result of procedure {:?}", procedure.name),
                problem: "a string contains the character U+0000, which jsonb cannot hold".into(),
                kind: ValueProblem::Character,
            },
            other => Error::Trap {
                module: module.row.name.clone(),
                function: format!("procedure {:?}", procedure.name),
                reason: format!("its result is not one of its type: {other}"),
                backtrace: String::new(),
            },
        })?;
    Ok(datum::jsonb_from_text(&json))
}
