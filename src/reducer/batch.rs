//! Many calls in one transaction, for gateways.
//!
//! Optimistic: one savepoint around all calls, so that a batch costs two transaction ids and not one per call. When a call
//! fails in the guest the savepoint is rolled back and the calls run again, each in a savepoint of its own, so that each
//! fails alone. Nobody has seen the first run: the module's lock goes with the savepoint, and so do its changes.

use std::time::Instant;

use spacetime_auth::Identity;
use spacetime_call_batch::{Answer, Arguments, Call, CallResult, DONE};

use super::arguments;
use super::call::{Done, Target, call};
use super::caller::Caller;
use super::function::Function;
use crate::changes;
use crate::error::{Error, Result};
use crate::pg::worker::{Failure, TRANSIENT};
use crate::pg::{Oid, access, entry, subtransaction, xact};

/// Calls run in savepoints of their own per transaction: beyond 64 other sessions' snapshots get expensive.
const SINGLE_CALLS_MAX: usize = 48;
/// Runs of a call that others were in the way of.
const RUNS_MAX: usize = 3;

/// `spacetime.call_batch(calls)`.
pub(crate) fn call_batch(batch: &[u8]) -> Result<Vec<u8>> {
    entry::check(c"a batch of reducer calls")?;
    let calls = spacetime_call_batch::decode(batch).map_err(|problem| Error::InvalidParameter {
        what: format!("this is no batch of calls: {problem}"),
        hint: "Only gateways make them; the layout is in crates/call-batch.".into(),
    })?;
    let together =
        subtransaction::attempt(|| calls.iter().map(run_unless_refused).collect::<Result<Vec<_>>>());
    let results = match together {
        Ok(results) => results,
        Err(_) => calls.iter().take(SINGLE_CALLS_MAX).map(run_alone).collect(),
    };
    Ok(Answer { xid: xact::top_xid_if_any(), results }.encode())
}

/// Runs a call; what is refused before the guest is entered leaves nothing to undo.
fn run_unless_refused(batch_call: &Call<'_>) -> Result<CallResult> {
    let began = Instant::now();
    let prepared = prepare(batch_call);
    match prepared {
        Ok((target, arguments)) => {
            let done = enter(batch_call, &target, &arguments)?;
            Ok(result(began, Ok(done)))
        }
        Err(refused) => Ok(result(began, Err(refused.into()))),
    }
}

/// Runs a call in a savepoint of its own.
fn run_alone(batch_call: &Call<'_>) -> CallResult {
    let began = Instant::now();
    let mut runs = 0;
    loop {
        runs += 1;
        let outcome = subtransaction::attempt(|| {
            let (target, arguments) = prepare(batch_call)?;
            enter(batch_call, &target, &arguments)
        });
        match outcome {
            Err(failure) if runs < RUNS_MAX && TRANSIENT.contains(&failure.sqlstate.as_str()) => {}
            outcome => return result(began, outcome),
        }
    }
}

/// Finds the reducer, checks the caller's right to it, and gives it locked, with its arguments in BSATN.
fn prepare(batch_call: &Call<'_>) -> Result<(Target, Vec<u8>)> {
    let sender = identity(batch_call);
    let target = Target::find_for(batch_call.module, batch_call.reducer, |module| {
        module.row.owner_identity == sender
    })?;
    let target = target.lock()?;
    // After the lock: what was found before may be another version by now.
    require_right(batch_call, &target, sender)?;
    let function = Function::Reducer(target.reducer);
    let bytes = match batch_call.arguments {
        Arguments::Bsatn(bytes) => {
            arguments::require_bsatn(&target.module, function, bytes)?;
            bytes.to_vec()
        }
        Arguments::Json(text) => {
            let json = serde_json::from_str(text)
                .map_err(|error| function.refuse_arguments(&target.module, format!("not JSON: {error}")))?;
            arguments::from_json(&target.module, function, &json)?
        }
    };
    Ok((target, bytes))
}

/// The owner may call anything; others need EXECUTE on the reducer's function.
fn require_right(batch_call: &Call<'_>, target: &Target, sender: Identity) -> Result<()> {
    if target.module.row.owner_identity == sender {
        return Ok(());
    }
    match client_role(batch_call.role)? {
        Some(role) => target.require_execute_of(role),
        None => target.require_public(),
    }
}

/// The role whose rights a client has; none: PUBLIC's count.
pub(super) fn client_role(named: &str) -> Result<Option<Oid>> {
    if named.is_empty() {
        return Ok(access::role(CLIENT_ROLE));
    }
    let role = access::role(named).ok_or_else(|| Error::NotInState {
        what: format!("role {named:?}, which the gateway speaks for, does not exist"),
        hint: "Create it, or start the gateway with another one.".into(),
    })?;
    Ok(Some(role))
}

/// The role clients without one of their own have the rights of.
const CLIENT_ROLE: &str = "spacetime_client";

fn enter(batch_call: &Call<'_>, target: &Target, arguments: &[u8]) -> Result<Done> {
    changes::begin_entry();
    let caller = Caller {
        identity: identity(batch_call),
        connection_id: batch_call.connection_id,
        claims: Some(batch_call.claims.to_owned()),
        tag: batch_call.tag,
    };
    call(target, arguments, caller, false)
}

fn identity(batch_call: &Call<'_>) -> Identity {
    let mut bytes = batch_call.sender;
    bytes.reverse();
    Identity::from_be_bytes(bytes)
}

fn result(began: Instant, outcome: std::result::Result<Done, Failure>) -> CallResult {
    let duration_us = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
    match outcome {
        Ok(done) => CallResult {
            sqlstate: DONE,
            message: String::new(),
            timestamp_us: done.timestamp_us,
            duration_us,
            has_written: done.has_written,
        },
        Err(failure) => CallResult {
            sqlstate: failure.sqlstate.as_bytes().try_into().unwrap_or(*b"XX000"),
            message: failure.message,
            timestamp_us: 0,
            duration_us,
            has_written: false,
        },
    }
}
