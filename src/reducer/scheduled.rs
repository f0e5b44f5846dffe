//! Scheduled reducers and procedures (module-abi.md §4.8), as workers run them.
//!
//! A reducer runs in a transaction of its own, which also takes the row out or moves it on: a run and the note that it has
//! run are committed together or not at all. A procedure has transactions of its own and may have done things outside of
//! any, so its row is taken out or moved on, and that committed, before it begins: it runs at most once.

use std::cell::Cell;
use std::rc::Rc;

use spacetime_definition::next_due;

use super::call::{Target, call_unlimited, lock_current};
use super::caller::Caller;
use super::connection::log_error;
use super::procedure::{self, Surroundings};
use crate::catalog::{self, ScheduleEntry, Scheduled};
use crate::error::{Error, Result};
use crate::module::{ReadyModule, ScheduledFunction, ready};
use crate::pg::index::{Key, Strategy};
use crate::pg::scan::find_one;
use crate::pg::worker::{Failure, now_us};
use crate::pg::{entry, interrupt, invalidation, snapshot, user, xact};
use crate::worker::Kind;

/// How far a run has come when it fails: decides what the failure means.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The guest was entered: the failure is that of its run.
    pub(crate) has_entered: Cell<bool>,
}

/// An entry whose module is locked.
struct Due {
    module: Rc<ReadyModule>,
    entry: ScheduleEntry,
    function: ScheduledFunction,
    arguments: Vec<u8>,
}

/// One run of a procedure, whose row is dealt with.
pub(crate) struct ProcedureRun {
    due: Due,
    procedure: usize,
}

/// Runs the entry of a reducer, if it is still there and due.
pub(crate) fn run_scheduled(id: i64, progress: &Progress) -> Result<()> {
    entry::check(c"a scheduled reducer")?;
    let Some(due) = due(id)? else { return Ok(()) };
    let ScheduledFunction::Reducer(reducer) = due.function else { return hand_over(&due) };
    let target =
        Target { module: Rc::clone(&due.module), reducer, generation: invalidation::modules_generation() };
    let caller = Caller::internal(due.module.row.identity);
    progress.has_entered.set(true);
    call_unlimited(&target, &due.arguments, caller)?;
    settle(&due, None)
}

/// Does for an entry whose run failed, and so left nothing behind, what a good run does in the end: the row is not run
/// again, or at its next time.
pub(crate) fn settle_failed(id: i64, due_us: i64, failure: &Failure) -> Result<()> {
    entry::check(c"a scheduled reducer")?;
    let Some(due) = due(id)?.filter(|due| due.entry.due_us == due_us) else { return Ok(()) };
    log_failure(&due, failure);
    settle(&due, Some(failure))
}

fn log_failure(due: &Due, failure: &Failure) {
    let function = match due.function {
        ScheduledFunction::Reducer(_) => "reducer",
        ScheduledFunction::Procedure(_) => "procedure",
    };
    let name = due.function.name(&due.module.definition);
    let what = match &due.entry.what {
        Scheduled::Row { table, key } => format!("row {key} of {table:?}"),
        Scheduled::Immediate { .. } => "an immediate schedule".to_owned(),
    };
    let message = format!("scheduled {function} {name:?} failed for {what}: {}", failure.message);
    log_error(&due.module, &message);
}

/// Takes the entry of a procedure, if it is still there and due: once this is committed, the run is the only one.
pub(crate) fn take_procedure(id: i64) -> Result<Option<ProcedureRun>> {
    entry::check(c"a scheduled procedure")?;
    let Some(due) = due(id)? else { return Ok(None) };
    let ScheduledFunction::Procedure(procedure) = due.function else {
        hand_over(&due)?;
        return Ok(None);
    };
    settle(&due, None)?;
    Ok(Some(ProcedureRun { due, procedure }))
}

/// Runs a procedure that was taken. What it committed before an error stays.
pub(crate) fn run_procedure(run: &ProcedureRun) -> Result<()> {
    invalidation::accept();
    let module = &run.due.module;
    let caller = Caller::internal(module.row.identity);
    procedure::run(module, run.procedure, &run.due.arguments, caller, Surroundings::Worker).map(drop)
}

/// Notes why the run of a procedure failed.
pub(crate) fn note_failed_procedure(run: &ProcedureRun, failure: &Failure) -> Result<()> {
    log_failure(&run.due, failure);
    catalog::note_schedule_error(run.due.entry.id, &failure.message)
}

/// A new version of the module has a function of the other kind under the table's schedule.
fn hand_over(due: &Due) -> Result<()> {
    let worker = due.function.worker();
    catalog::hand_over(due.entry.id, worker == Kind::Procedures)?;
    xact::wake_worker_at_commit(worker);
    Ok(())
}

/// Locks the module of an entry and reads the entry and its row; `None` when there is nothing to run (any more).
fn due(id: i64) -> Result<Option<Due>> {
    let Some(seen) = catalog::schedule_entry(id)? else { return Ok(None) };
    let module = lock_current(ready(&seen.module)?)?;
    // Under the lock nobody changes it any more.
    let Some(entry) = catalog::schedule_entry(id)?.filter(|entry| entry.due_us <= now_us()) else {
        return Ok(None);
    };
    let found = match &entry.what {
        Scheduled::Row { table, key } => row(&module, table, *key)?,
        Scheduled::Immediate { reducer, arguments } => {
            let reducer = immediate(&module, reducer, arguments);
            reducer.map(|reducer| (ScheduledFunction::Reducer(reducer), arguments.clone()))
        }
    };
    let Some((function, arguments)) = found else {
        catalog::unschedule(id)?;
        return Ok(None);
    };
    Ok(Some(Due { module, entry, function, arguments }))
}

/// The reducer of an immediate schedule. Nobody waits for it, so what cannot be run is logged and forgotten.
fn immediate(module: &ReadyModule, reducer: &str, arguments: &[u8]) -> Option<usize> {
    let found = module.definition.reducer_by_name(reducer);
    let fits = |at: &usize| {
        let reducer = &module.definition.reducers[*at];
        let is_ordinary = reducer.lifecycle.is_none();
        is_ordinary && spacetime_definition::bsatn::validate_fields(&reducer.params, arguments).is_ok()
    };
    let fitting = found.filter(fits);
    if fitting.is_none() {
        log_error(
            module,
            &format!("reducer {reducer:?} was scheduled, but there is none with such arguments"),
        );
    }
    fitting
}

/// The function of a scheduled table, and one row of it.
fn row(module: &ReadyModule, table: &str, key: u64) -> Result<Option<(ScheduledFunction, Vec<u8>)>> {
    let Some(at) = module.definition.tables.iter().position(|definition| definition.name == table) else {
        return Ok(None);
    };
    let definition = &module.definition.tables[at];
    let (Some(function), Some(key_column)) =
        (ScheduledFunction::of(&module.definition, definition), definition.primary_key)
    else {
        return Ok(None);
    };
    let (opened, codec) = module.open_table(at)?;
    let missing = || Error::Internal(format!("scheduled table {table:?} has no index on its key"));
    let index = codec.indexes.iter().find(|index| index.columns == [key_column]).ok_or_else(missing)?;
    let facts = index.facts.as_ref().ok_or_else(missing)?;
    let bytes = key.to_le_bytes();
    let mut reader = spacetime_definition::bsatn::Reader::new(&bytes);
    let value = codec.decode_key(key_column, &mut reader).map_err(|_| missing())?;
    snapshot::push();
    let keys = [Key { column: 0, strategy: Strategy::Equal, value }];
    let mut arguments = Vec::new();
    let found = find_one(&opened, facts, &keys);
    if found.is_some() {
        // SAFETY: the codec is current for the open table.
        unsafe { codec.encode_row(opened.row(), &mut arguments) }?;
    }
    opened.forget_row();
    snapshot::pop();
    opened.close();
    Ok(found.map(|_| (function, arguments)))
}

/// Ends an entry, or moves it on. What a reducer itself has done to it stays: a row it has deleted is gone, and one it
/// has given another time is run then.
fn settle(due: &Due, failure: Option<&Failure>) -> Result<()> {
    let id = due.entry.id;
    let Some(now) = catalog::schedule_entry(id)? else { return Ok(()) };
    if now != due.entry {
        return Ok(());
    }
    match due.entry.interval_us {
        Some(interval) => {
            let function = due.function.name(&due.module.definition);
            let next = next_due(due.entry.due_us, interval, now_us());
            catalog::reschedule(id, next, function, failure.map(|failure| failure.message.as_str()))
        }
        None => {
            if let Scheduled::Row { table, key } = &due.entry.what {
                delete_row(&due.module, table, *key)?;
            }
            // The trigger has done it, unless somebody has dropped it.
            catalog::unschedule(id)
        }
    }
}

/// Deletes a row as its module's owner: triggers of operators fire, foreign keys are kept.
fn delete_row(module: &ReadyModule, table: &str, key: u64) -> Result<()> {
    let tables = &module.definition.tables;
    let Some(at) = tables.iter().position(|definition| definition.name == table) else { return Ok(()) };
    let Some(key_column) = tables[at].primary_key else { return Ok(()) };
    let stored = &module.row.storage.tables[at];
    let column = &stored.columns[key_column];
    let statement = format!(
        "DELETE FROM {} WHERE {} = $1::{}",
        crate::pg::name::quote_qualified(&module.row.schema_name, &stored.pg_name),
        crate::pg::name::quote(&column.pg_name),
        column.sql_type,
    );
    interrupt::process();
    let caller = user::become_owner(module.owner);
    user::pin_settings(&module.search_path);
    Caller::internal(module.row.identity).enter_session(&module.installation)?;
    let done = pgrx::spi::Spi::connect_mut(|client| {
        client.update(statement.as_str(), None, &[pgrx::AnyNumeric::from(key).into()]).map(|_| ())
    });
    caller.restore();
    done.map_err(|error| Error::Internal(format!("deleting a scheduled row: {error}")))
}
