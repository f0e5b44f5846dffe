//! One evaluation of a view: read-only, without the module's lock, in the snapshot of whoever asks, with the rights of
//! the module's owner.
//!
//! As with reducers, failing paths just return: what is open belongs to the (sub)transaction that the error aborts.

use std::cell::RefCell;
use std::rc::Rc;

use spacetime_auth::Identity;
use spacetime_definition::{Type, View, bsatn};

use super::arguments;
use super::call::{limits, raise_pending_interrupt};
use super::caller::Caller;
use super::connection::log_error;
use super::function::Function;
use super::host::CallHost;
use super::tables::CallTables;
use super::view_query;
use crate::error::{Error, Result};
use crate::module::{ReadyModule, ready};
use crate::pg::memory::CallMemory;
use crate::pg::timeout::Tick;
use crate::pg::{entry, invalidation, user};
use crate::wasm::{ViewCall, ViewOutcome};

/// What an evaluation of a view gave.
#[derive(Debug)]
pub(crate) struct Evaluation {
    /// BSATN array of rows, as the guest wrote it: whoever decodes it checks it.
    pub(crate) rows: Vec<u8>,
    /// Positions of the tables that were read: while these stay as they are, so does the result.
    pub(crate) tables: Vec<usize>,
}

/// Evaluates a view for a sender, with arguments in BSATN that have been checked against the parameters.
pub(super) fn evaluate(
    module: &Rc<ReadyModule>,
    view: usize,
    sender: Identity,
    arguments: &[u8],
) -> Result<Evaluation> {
    let definition = &module.definition.views[view];
    entry::check_stack();
    let tick = Tick::enter();
    let limit = crate::guc::max_call_depth();
    if tick.depth() > limit {
        return Err(Error::CallDepth { limit });
    }
    let memory = CallMemory::enter();
    let owner = user::become_owner(module.owner);
    let instance = module.take_instance()?;
    let call = ViewCall {
        module: &module.row.name,
        view: &definition.name,
        id: definition.index,
        sender: (!definition.is_anonymous).then(|| sender.to_le_bytes()),
        args: arguments,
    };
    // Views know their sender from their arguments, and no connection.
    let caller = Caller::internal(sender);
    let tables = Rc::new(RefCell::new(CallTables::new(Rc::clone(module), caller, memory).read_only()));
    let host = Box::new(CallHost::new(Rc::clone(&tables)));
    let (instance, outcome) =
        instance.call_view(call, limits(false), host).inspect_err(raise_pending_interrupt)?;
    let mut read = Vec::new();
    let rows = match outcome {
        ViewOutcome::Rows(rows) => rows,
        ViewOutcome::Query(text) => {
            user::pin_settings(&module.search_path);
            let (rows, mut of_query) = view_query::run(module, definition, &text, sender)?;
            read.append(&mut of_query);
            rows
        }
        ViewOutcome::Refused(message) => return Err(refused(module, definition, message)),
    };
    read.append(&mut tables.borrow().tables_read());
    read.sort_unstable();
    read.dedup();
    tables.borrow_mut().close();
    module.give_back(instance);
    owner.restore();
    memory.leave();
    drop(tick);
    Ok(Evaluation { rows, tables: read })
}

/// `spacetime._view(module, view, sender, arguments)`, for whoever keeps the rows of views: rows that were checked, and the
/// names of the tables read.
pub(crate) fn evaluate_by_name(
    module: &str,
    view: &str,
    sender: &[u8],
    arguments: &[u8],
) -> Result<(Vec<u8>, Vec<String>)> {
    invalidation::accept();
    let module = ready(module)?;
    let at = find(&module, view)?;
    let sender = <[u8; 32]>::try_from(sender).map_err(|_| Error::InvalidParameter {
        what: "an identity has 32 bytes".into(),
        hint: "decode('c200…', 'hex')".into(),
    })?;
    arguments::require_bsatn(&module, Function::View(at), arguments)?;
    let Evaluation { rows, tables } = evaluate(&module, at, Identity::from_be_bytes(sender), arguments)?;
    let definition = &module.definition.views[at];
    let array = Type::Array(Box::new(Type::Product(definition.row_type.clone())));
    bsatn::validate(&array, &rows).map_err(|error| malformed(&module, definition, &error.to_string()))?;
    let names = tables.into_iter().map(|table| module.definition.tables[table].name.clone()).collect();
    Ok((rows, names))
}

/// Position of a view.
pub(super) fn find(module: &ReadyModule, view: &str) -> Result<usize> {
    module.definition.view_by_name(view).ok_or_else(|| Error::NoSuchFunction {
        module: module.row.name.clone(),
        function: format!("view {view:?}"),
    })
}

/// A view that broke its own declaration.
pub(super) fn malformed(module: &ReadyModule, view: &View, problem: &str) -> Error {
    Error::Trap {
        module: module.row.name.clone(),
        function: format!("view {:?}", view.name),
        reason: format!("its result is not one of its type: {problem}"),
        backtrace: String::new(),
    }
}

fn refused(module: &ReadyModule, view: &View, message: String) -> Error {
    log_error(module, &message);
    Error::ViewRefused { module: module.row.name.clone(), view: view.name.clone(), message }
}
