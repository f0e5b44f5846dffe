//! Keeps the catalog's schedule in step with the rows of scheduled tables: a trigger does it for every writer, reducers
//! and plain SQL alike, and [`heal`] for rows that came without triggers.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use spacetime_definition::bsatn::{self, Reader};
use spacetime_definition::{Definition, ScheduleAt, Table, Type};
use spacetime_wire::sats_json;

use super::ReadyModule;
use crate::catalog::{self, Existing, RowEntry};
use crate::error::{Error, Result, ValueProblem};
use crate::pg::scan::{Scan, Visit};
use crate::pg::worker::now_us;
use crate::pg::{Oid, access, invalidation, report, snapshot, xact};
use crate::row::U64As;
use crate::worker::Kind;

/// What the trigger needs to know of a scheduled table.
#[derive(Debug)]
pub(crate) struct ScheduledTable {
    module: spacetime_auth::Identity,
    table: String,
    function: String,
    worker: Kind,
    pub(crate) key_column: String,
    pub(crate) at_column: String,
    pub(crate) u64_as: U64As,
}

/// Key and ScheduleAt of one row, the latter as JSON.
pub(crate) type ScheduledRow = (u64, serde_json::Value);

/// What a table's schedule calls: its position in the definition's list of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScheduledFunction {
    Reducer(usize),
    Procedure(usize),
}

impl ScheduledFunction {
    /// What the schedule of a table calls, if it has one.
    pub(crate) fn of(definition: &Definition, table: &Table) -> Option<Self> {
        let name = table.schedule.as_ref()?.function.as_str();
        let reducer = definition.reducer_by_name(name).map(Self::Reducer);
        reducer.or_else(|| definition.procedure_by_name(name).map(Self::Procedure))
    }

    /// The worker that runs it.
    pub(crate) fn worker(self) -> Kind {
        match self {
            Self::Reducer(_) => Kind::Scheduler,
            Self::Procedure(_) => Kind::Procedures,
        }
    }

    pub(crate) fn name(self, definition: &Definition) -> &str {
        match self {
            Self::Reducer(at) => &definition.reducers[at].name,
            Self::Procedure(at) => &definition.procedures[at].name,
        }
    }
}

/// The workers that a module's schedules need.
pub(crate) fn workers_of(definition: &Definition) -> Vec<Kind> {
    let tables = definition.tables.iter();
    let functions: Vec<_> = tables.filter_map(|table| ScheduledFunction::of(definition, table)).collect();
    let is_needed = |kind: &Kind| functions.iter().any(|function| function.worker() == *kind);
    Kind::ALL.into_iter().filter(is_needed).collect()
}

/// Wakes the workers that a module's schedules need, when the transaction commits.
pub(crate) fn wake_workers_at_commit(definition: &Definition) {
    workers_of(definition).into_iter().for_each(xact::wake_worker_at_commit);
}

/// Says that a module's schedules will not run.
pub(super) fn warn_of_gaps(definition: &Definition) {
    if !workers_of(definition).is_empty() && !crate::worker::is_available() {
        report::warn(
            "the module has scheduled tables, and nothing runs their functions: the library is not preloaded",
            &format!(
                "Put this line into postgresql.conf and restart the server: shared_preload_libraries = '{}'",
                crate::pg::worker::preload_libraries_with_ours()
            ),
        );
    }
}

/// Where a trigger is, and what it says it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    generation: u64,
    schema: Oid,
    table: String,
    module: String,
}

thread_local! {
    /// Key: what the last trigger said. Lifetime: the backend's. Invalidation: any publish (modules_generation, a part of
    /// the key).
    static LAST: RefCell<Option<(Place, Rc<ScheduledTable>)>> = const { RefCell::new(None) };
}

/// The scheduled table that a trigger is on.
pub(crate) fn scheduled_table(schema: Oid, pg_name: &str, identity: &str) -> Result<Rc<ScheduledTable>> {
    let place =
        |generation| Place { generation, schema, table: pg_name.to_owned(), module: identity.to_owned() };
    let now = place(invalidation::modules_generation());
    let known = LAST.with_borrow(|last| {
        last.as_ref().filter(|(place, _)| *place == now).map(|(_, table)| Rc::clone(table))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    invalidation::watch(catalog::catalog_oid()?);
    let generation = invalidation::modules_generation();
    let table = Rc::new(find_scheduled_table(schema, pg_name, identity)?);
    LAST.set(Some((place(generation), Rc::clone(&table))));
    Ok(table)
}

/// What the trigger says of itself is checked, as for the lock's.
fn find_scheduled_table(schema: Oid, pg_name: &str, identity: &str) -> Result<ScheduledTable> {
    let refused = || Error::Forbidden {
        what: "this trigger is not one that publishing a module made".into(),
        hint: "Drop the trigger, or publish the module again.".into(),
    };
    let row = catalog::find(identity)?.ok_or_else(refused)?;
    let definition = spacetime_definition::decode(&row.description).map_err(super::publish::refused)?;
    let at = row.storage.tables.iter().position(|table| table.pg_name == pg_name).ok_or_else(refused)?;
    let (table, stored) = (&definition.tables[at], &row.storage.tables[at]);
    let (Some(schedule), Some(key), Some(function), true) = (
        &table.schedule,
        table.primary_key,
        ScheduledFunction::of(&definition, table),
        access::schema(&row.schema_name) == Some(schema),
    ) else {
        return Err(refused());
    };
    Ok(ScheduledTable {
        module: row.identity,
        table: table.name.clone(),
        function: function.name(&definition).to_owned(),
        worker: function.worker(),
        key_column: stored.columns[key].pg_name.clone(),
        at_column: stored.columns[schedule.at_column].pg_name.clone(),
        u64_as: row.u64_as,
    })
}

impl ScheduledTable {
    /// A row was written: `old` before, `new` after.
    pub(crate) fn note(&self, old: Option<ScheduledRow>, new: Option<ScheduledRow>) -> Result<()> {
        if old == new {
            // The row keeps its time: an interval whose reducer counts in its row must not drift.
            return Ok(());
        }
        if let Some((key, _)) = old.filter(|(key, _)| new.as_ref().is_none_or(|(new_key, _)| new_key != key))
        {
            catalog::unschedule_row(self.module, &self.table, key)?;
        }
        if let Some((key, at)) = new {
            let (at, now) = (self.parse(&at)?, now_us());
            if at.is_too_far(now) {
                return Err(self.refused("is more than 2.2 years away", ValueProblem::Timestamp));
            }
            let entry = RowEntry {
                module: self.module,
                table: &self.table,
                key,
                function: &self.function,
                is_procedure: self.worker == Kind::Procedures,
                due_us: at.first_due(now),
                interval_us: at.interval(),
            };
            catalog::schedule_row(&entry, Existing::Replace)?;
            xact::wake_worker_at_commit(self.worker);
        }
        Ok(())
    }

    /// The table was truncated.
    pub(crate) fn note_truncate(&self) -> Result<()> {
        catalog::unschedule_table(self.module, &self.table)
    }

    fn parse(&self, at: &serde_json::Value) -> Result<ScheduleAt> {
        let mut bytes = Vec::new();
        sats_json::to_bsatn(&Type::ScheduleAt, at, &mut bytes)
            .ok()
            .and_then(|()| ScheduleAt::read(&mut Reader::new(&bytes)).ok())
            .ok_or_else(|| self.refused("is no ScheduleAt", ValueProblem::Malformed))
    }

    fn refused(&self, problem: &str, kind: ValueProblem) -> Error {
        let place = format!("column {:?} of scheduled table {:?}", self.at_column, self.table);
        Error::Value { place, problem: problem.into(), kind }
    }
}

/// The ScheduleAt of an encoded row; `None` if the bytes are no row.
pub(crate) fn schedule_at(table: &Table, row: &[u8]) -> Option<ScheduleAt> {
    let schedule = table.schedule.as_ref()?;
    let mut reader = Reader::new(row);
    for column in &table.columns[..schedule.at_column] {
        bsatn::skip(&column.ty, &mut reader).ok()?;
    }
    ScheduleAt::read(&mut reader).ok()
}

fn key_of(table: &Table, row: &[u8]) -> Option<u64> {
    let mut reader = Reader::new(row);
    for column in &table.columns[..table.primary_key?] {
        bsatn::skip(&column.ty, &mut reader).ok()?;
    }
    reader.array().ok().map(u64::from_le_bytes)
}

/// Makes entries for rows that have none: those of a restored dump, of replication, of before a trigger was there.
pub(crate) fn heal(module: &ReadyModule) -> Result<()> {
    for (at, table) in module.definition.tables.iter().enumerate() {
        let Some(function) = ScheduledFunction::of(&module.definition, table) else { continue };
        let known: HashSet<u64> =
            catalog::scheduled_keys(module.row.identity, &table.name)?.into_iter().collect();
        let (opened, codec) = module.open_table(at)?;
        let (mut missing, mut failure, mut bytes) = (Vec::new(), None, Vec::new());
        snapshot::push();
        let mut scan = Scan::of_table();
        scan.run(&opened, &mut |opened| {
            bytes.clear();
            // SAFETY: the codec is current for the open table.
            if let Err(error) = unsafe { codec.encode_row(opened.row(), &mut bytes) } {
                failure = Some(error);
                return Visit::Pause;
            }
            if let (Some(key), Some(when)) = (key_of(table, &bytes), schedule_at(table, &bytes))
                && !known.contains(&key)
                && !when.is_too_far(now_us())
            {
                missing.push((key, when));
            }
            Visit::More
        });
        scan.close();
        snapshot::pop();
        opened.close();
        if let Some(error) = failure {
            return Err(error);
        }
        for (key, when) in missing {
            let entry = RowEntry {
                module: module.row.identity,
                table: &table.name,
                key,
                function: function.name(&module.definition),
                is_procedure: function.worker() == Kind::Procedures,
                due_us: when.first_due(now_us()),
                interval_us: when.interval(),
            };
            catalog::schedule_row(&entry, Existing::Keep)?;
        }
    }
    Ok(())
}
