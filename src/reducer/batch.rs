//! Many calls in one transaction, for gateways.
//!
//! Optimistic: one savepoint around all calls, so that a batch costs two transaction ids and not one per call. A call that
//! fails in the guest without having written anything has nothing to be undone. When one has written before it failed,
//! the savepoint is rolled back and the calls run again, each in a savepoint of its own, so that each fails alone. Nobody
//! has seen the first run: the module's lock goes with the savepoint, and so do its changes and what it has logged; its
//! timestamps stay.

use std::time::Instant;

use spacetime_auth::Identity;
use spacetime_call_batch::{Answer, Arguments, Call, CallResult, DONE};

use super::arguments;
use super::call::{Done, Ended, Target, call_at};
use super::caller::Caller;
use super::function::Function;
use crate::changes;
use crate::error::{Error, Result};
use crate::module::HeldLog;
use crate::pg::worker::{Failure, TRANSIENT};
use crate::pg::{Oid, access, entry, subtransaction, xact};

/// Calls run in savepoints of their own per transaction: beyond 64 other sessions' snapshots get expensive.
const SINGLE_CALLS_MAX: usize = 48;
/// SQLSTATE of a call that has used up its time or fuel.
const LIMIT_REACHED: &str = "53400";
/// Runs of a call that others were in the way of.
const RUNS_MAX: usize = 3;

/// `spacetime.call_batch(calls)`.
pub(crate) fn call_batch(batch: &[u8]) -> Result<Vec<u8>> {
    entry::check(c"a batch of reducer calls")?;
    let calls = spacetime_call_batch::decode(batch).map_err(|problem| Error::InvalidParameter {
        what: format!("this is no batch of calls: {problem}"),
        hint: "Only gateways make them; the layout is in crates/call-batch.".into(),
    })?;
    let mut runs: Vec<Run<'_>> = calls.iter().map(Run::new).collect();
    let results = match &mut runs[..] {
        [only] => vec![only.alone()],
        runs => together(runs),
    };
    Ok(Answer { xid: xact::top_xid_if_any(), results }.encode())
}

/// Runs all in one savepoint; if that fails, each in one of its own.
fn together(runs: &mut [Run<'_>]) -> Vec<CallResult> {
    let held = HeldLog::begin();
    let (mut at, mut logged) = (0, 0);
    let together = subtransaction::attempt(|| {
        let mut results = Vec::with_capacity(runs.len());
        for (position, run) in runs.iter_mut().enumerate() {
            (at, logged) = (position, HeldLog::position());
            results.push(run.unless_refused()?);
        }
        Ok(results)
    });
    let failure = match together {
        Ok(results) => return results,
        Err(failure) => failure,
    };
    let mut settled = None;
    match runs.get(at) {
        Some(run) if failure.sqlstate == LIMIT_REACHED && at < SINGLE_CALLS_MAX => {
            // It has had its time, and would have it again.
            settled = Some((held.since(logged), result(run.began, Err(failure))));
        }
        _ => held.forget(),
    }
    let mut results = Vec::with_capacity(runs.len());
    for (position, run) in runs.iter_mut().take(SINGLE_CALLS_MAX).enumerate() {
        results.push(match settled.take_if(|_| position == at) {
            Some((_logged, result)) => result,
            None => run.alone(),
        });
    }
    results
}

/// A call that is run, maybe several times.
struct Run<'a> {
    call: &'a Call<'a>,
    /// Drawn when it is first run: what guests make of it, random numbers and ids, is the same again.
    timestamp_us: Option<i64>,
    began: Instant,
}

impl<'a> Run<'a> {
    fn new(call: &'a Call<'a>) -> Self {
        Self { call, timestamp_us: None, began: Instant::now() }
    }

    /// Runs it within the savepoint of others. An error means that it has written before it failed.
    fn unless_refused(&mut self) -> Result<CallResult> {
        self.began = Instant::now();
        let outcome = match prepare(self.call) {
            Ok((target, arguments)) => match self.enter(&target, &arguments)? {
                Ended::Well(done) => Ok(done),
                Ended::Untouched(error) => Err(error.into()),
            },
            // Before the guest is entered: nothing to undo.
            Err(refused) => Err(refused.into()),
        };
        Ok(result(self.began, outcome))
    }

    /// Runs it in a savepoint of its own.
    fn alone(&mut self) -> CallResult {
        self.began = Instant::now();
        let mut runs = 0;
        loop {
            runs += 1;
            let held = HeldLog::begin();
            let outcome = subtransaction::attempt(|| {
                let (target, arguments) = prepare(self.call)?;
                self.enter(&target, &arguments)?.or_refused()
            });
            match outcome {
                Err(failure) if runs < RUNS_MAX && TRANSIENT.contains(&failure.sqlstate.as_str()) => {
                    held.forget();
                }
                outcome => return result(self.began, outcome),
            }
        }
    }

    fn enter(&mut self, target: &Target, arguments: &[u8]) -> Result<Ended> {
        changes::begin_entry();
        let caller = Caller {
            identity: identity(self.call),
            connection_id: self.call.connection_id,
            claims: Some(self.call.claims.into()),
            tag: self.call.tag,
        };
        let timestamp_us = *self.timestamp_us.get_or_insert_with(|| target.module.state.next_timestamp_us());
        call_at(target, arguments, caller, false, timestamp_us)
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
