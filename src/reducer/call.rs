//! One reducer call, end to end.
//!
//! Everything is undone by Postgres when a call fails: user, settings, snapshots, memory, open tables belong to the
//! (sub)transaction that the error aborts. So the failing paths here just return; only success closes things by hand.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use spacetime_definition::{Lifecycle, Reducer, Visibility};

use super::caller::Caller;
use super::function::Function;
use super::host::CallHost;
use super::tables::CallTables;
use crate::changes::{self, CallNote};
use crate::error::{Error, Result};
use crate::module::{ReadyModule, ready, require_last_writer_seen};
use crate::pg::memory::CallMemory;
use crate::pg::timeout::Tick;
use crate::pg::{Oid, access, entry, interrupt, invalidation, snapshot, user, xact};
use crate::wasm::host::LogRecord;
use crate::wasm::{Limits, Outcome, ReducerCall};

/// The word Postgres' own refusals use for what was attempted.
const COMMAND: &std::ffi::CStr = c"a reducer call";

/// A reducer to call: module and position in its list of reducers.
pub(super) struct Target {
    pub(super) module: Rc<ReadyModule>,
    pub(super) reducer: usize,
    /// modules_generation at which both were true.
    pub(super) generation: u64,
}

/// A call that ended well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    pub(super) timestamp_us: i64,
    /// The call has changed tables of its module.
    pub(super) has_written: bool,
}

/// How a call ended that needs not be undone.
#[derive(Debug)]
pub(super) enum Ended {
    Well(Done),
    /// It failed, and has written nothing.
    Untouched(Error),
}

impl Ended {
    /// For callers whose transaction or savepoint ends with the error.
    pub(super) fn or_refused(self) -> Result<Done> {
        match self {
            Self::Well(done) => Ok(done),
            Self::Untouched(error) => Err(error),
        }
    }
}

impl Target {
    pub(super) fn reducer(&self) -> &Reducer {
        &self.module.definition.reducers[self.reducer]
    }

    /// Finds a reducer clients may call. Private ones do not exist for anybody but the owner.
    pub(super) fn find(module: &str, reducer: &str) -> Result<Self> {
        Self::find_for(module, reducer, |module| user::has_rights_of(user::current_user(), module.owner))
    }

    /// As [`Target::find`], for a caller who is not the session's user.
    pub(super) fn find_for(
        module: &str,
        reducer: &str,
        is_owner: impl Fn(&ReadyModule) -> bool,
    ) -> Result<Self> {
        invalidation::accept();
        // Before the look-up: what is published meanwhile must not pass for known.
        let generation = invalidation::modules_generation();
        let module = ready(module)?;
        let found = module.definition.reducer_by_name(reducer);
        let visible = found.filter(|at| {
            module.definition.reducers[*at].visibility == Visibility::ClientCallable
                || module.definition.reducers[*at].lifecycle.is_some()
                || is_owner(&module)
        });
        let Some(position) = visible else {
            return Err(Error::NoSuchReducer {
                similar: module.definition.similar_reducer(reducer).map(str::to_owned),
                module: module.row.name.clone(),
                reducer: reducer.to_owned(),
            });
        };
        if module.definition.reducers[position].lifecycle.is_some() {
            let reducer = reducer.to_owned();
            return Err(Error::LifecycleReducer { module: module.row.name.clone(), reducer });
        }
        Ok(Self { module, reducer: position, generation })
    }

    /// Raises 42501 unless the caller may execute the reducer's SQL function. Without a function (private, dropped, or
    /// too many parameters for one) only the owner may.
    fn require_execute(&self) -> Result<()> {
        self.require_execute_of(user::current_user())
    }

    /// As [`Target::require_execute`], for a role that is not the session's.
    pub(super) fn require_execute_of(&self, role: Oid) -> Result<()> {
        match self.module.wrapper(&self.reducer().name) {
            Some(wrapper) => {
                access::require_execute(role, self.module.schema, wrapper);
                Ok(())
            }
            None if user::has_rights_of(role, self.module.owner) => Ok(()),
            None => Err(Error::Forbidden {
                what: format!(
                    "permission denied for reducer {:?}, which has no SQL function",
                    self.reducer().name
                ),
                hint: format!("Only the owner of module {:?} can call it.", self.module.row.name),
            }),
        }
    }

    /// As [`Target::require_execute`], for a caller without a role: PUBLIC's right counts.
    pub(super) fn require_public(&self) -> Result<()> {
        let wrapper = self.module.wrapper(&self.reducer().name);
        if wrapper.is_some_and(access::is_executable_by_public) {
            return Ok(());
        }
        Err(Error::Forbidden {
            what: format!("permission denied for reducer {:?}", self.reducer().name),
            hint: "GRANT EXECUTE on its SQL function to PUBLIC, or to the role the gateway speaks for."
                .into(),
        })
    }

    /// Takes the module's lock. A publish may have committed while we waited: then the target is looked up again.
    pub(super) fn lock(self) -> Result<Self> {
        let mut target = self;
        loop {
            if !target.module.is_serial() {
                return Ok(target);
            }
            access::lock_module(target.module.lock_table);
            // Taking the lock has brought the messages of all that was committed before.
            if invalidation::modules_generation() == target.generation {
                return Ok(target);
            }
            let now = ready(&target.module.key)?;
            let changed =
                now.row.version != target.module.row.version || now.lock_table != target.module.lock_table;
            if !changed {
                return Ok(Self { module: now, ..target });
            }
            target = Self::find(&now.key, &target.reducer().name)?;
        }
    }
}

/// Takes the lock of a module, for callers whom EXECUTE does not concern, and gives the module as it is then: it may have
/// been published while we waited.
pub(super) fn lock_current(module: Rc<ReadyModule>) -> Result<Rc<ReadyModule>> {
    let mut module = module;
    loop {
        if !module.is_serial() {
            return Ok(module);
        }
        access::lock_module(module.lock_table);
        let now = ready(&module.key)?;
        if now.lock_table == module.lock_table {
            return Ok(now);
        }
        module = now;
    }
}

/// `call_reducer(module, reducer, args)`.
pub(crate) fn call_with_json(module: &str, reducer: &str, arguments: &serde_json::Value) -> Result<()> {
    entry::check(COMMAND)?;
    let target = Target::find(module, reducer)?;
    target.require_execute()?;
    let target = target.lock()?;
    // Again: what was found after waiting for the lock may be another version.
    target.require_execute()?;
    let function = Function::Reducer(target.reducer);
    let arguments = super::arguments::from_json(&target.module, function, arguments)?;
    let caller = Caller::of_session(&target.module.installation)?;
    call(&target, &arguments, caller, false).map(drop)
}

/// Runs `init` of a module that is being published, if it has one.
pub(crate) fn call_init(module: &Rc<ReadyModule>) -> Result<()> {
    let is_init = |reducer: &Reducer| reducer.lifecycle == Some(Lifecycle::Init);
    let Some(reducer) = module.definition.reducers.iter().position(is_init) else { return Ok(()) };
    let target =
        Target { module: Rc::clone(module), reducer, generation: invalidation::modules_generation() };
    let caller = Caller::internal(module.row.owner_identity);
    call(&target.lock()?, &[], caller, true).map(drop)
}

/// Runs a reducer whose module is locked, without a limit on its time: nobody waits for it.
pub(super) fn call_unlimited(target: &Target, arguments: &[u8], caller: Caller) -> Result<()> {
    call(target, arguments, caller, true).map(drop)
}

/// Runs a reducer whose module is locked. `arguments` are BSATN and have been checked against the parameters.
pub(super) fn call(target: &Target, arguments: &[u8], caller: Caller, is_init: bool) -> Result<Done> {
    let timestamp_us = target.module.state.next_timestamp_us();
    call_at(target, arguments, caller, is_init, timestamp_us).and_then(Ended::or_refused)
}

/// As [`call`], at a time that was drawn before. An error must be undone; a failure without a write is none.
pub(super) fn call_at(
    target: &Target,
    arguments: &[u8],
    caller: Caller,
    is_init: bool,
    timestamp_us: i64,
) -> Result<Ended> {
    let module = &target.module;
    let tick = Tick::enter();
    let limit = crate::guc::max_call_depth();
    if tick.depth() > limit {
        return Err(Error::CallDepth { limit });
    }
    xact::note_module_lock();
    let memory = CallMemory::enter();
    let owner = user::become_owner(module.owner);
    snapshot::push();
    if module.is_serial() {
        let row = &module.row;
        require_last_writer_seen(module.state, || row.schema_name.clone(), &row.storage.lock_table)?;
    }

    let command_before = snapshot::command();
    let instance = module.take_instance()?;
    let changes_before = changes::position();
    let call = ReducerCall {
        module: &module.row.name,
        reducer: &target.reducer().name,
        id: target.reducer as u32,
        sender: caller.identity.to_le_bytes(),
        connection_id: caller.connection_id,
        timestamp_us,
        args: arguments,
    };
    let note = CallNote {
        reducer: target.reducer,
        sender: call.sender,
        connection_id: caller.connection_id,
        timestamp_us,
        tag: caller.tag,
    };
    let tables = Rc::new(RefCell::new(CallTables::new(Rc::clone(module), caller, memory)));
    let host = Box::new(CallHost::new(Rc::clone(&tables)));
    let ran = instance.call_reducer(call, limits(is_init), host).inspect_err(raise_pending_interrupt);
    let (instance, failure) = match ran {
        Ok((instance, Outcome::Done)) => (Some(instance), None),
        Ok((instance, Outcome::Refused(message))) => (Some(instance), Some(refused(target, message))),
        Err(error) if is_guests_own(&error) => (None, Some(error)),
        Err(error) => return Err(error),
    };
    let has_touched = || {
        snapshot::command() != command_before
            || changes::position() != changes_before
            || tables.borrow().events.rows().next().is_some()
    };
    let failure = match failure {
        Some(failure) if has_touched() => return Err(failure),
        failure => failure,
    };
    tables.borrow_mut().close();
    let has_written = failure.is_none() && changes::note_call(module, changes_before, note, arguments);
    if let Some(instance) = instance {
        module.give_back(instance);
    }
    snapshot::pop();
    owner.restore();
    memory.leave();
    drop(tick);
    Ok(match failure {
        Some(failure) => Ended::Untouched(failure),
        None => Ended::Well(Done { timestamp_us, has_written }),
    })
}

/// Whether the guest alone went wrong: between two requests to the host, so that what the call has open is as it was.
fn is_guests_own(error: &Error) -> bool {
    matches!(error, Error::Trap { .. } | Error::GuestStack { .. } | Error::Limit { .. })
}

/// What one entry of a guest may use.
pub(super) fn limits(is_init: bool) -> Limits {
    Limits {
        memory_bytes: crate::guc::max_memory_bytes(),
        fuel: crate::guc::fuel_per_call(),
        deadline: crate::guc::call_timeout().filter(|_| !is_init).map(|timeout| Instant::now() + timeout),
    }
}

/// A guest that was interrupted has been unwound; now Postgres may raise its cancel or termination.
pub(super) fn raise_pending_interrupt(error: &Error) {
    if matches!(error, Error::Interrupted { .. }) {
        interrupt::process();
    }
}

fn refused(target: &Target, message: String) -> Error {
    // Postgres' messages are C strings.
    let message = message.replace('\0', "\u{FFFD}");
    target.module.log.append(LogRecord {
        level: 0,
        target: Some("__spacetimedb__"),
        file: Some("__spacetimedb__"),
        line: None,
        message: &message,
    });
    let (module, reducer) = (target.module.row.name.clone(), target.reducer().name.clone());
    Error::ReducerRefused { module, reducer, message }
}
