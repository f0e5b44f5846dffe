//! `spacetime._schedule`: one entry for each row of a scheduled table and for each reducer scheduled immediately.
//! Entries of procedures are run by a worker of their own.
//!
//! Entries are kept up by a trigger on the scheduled tables, in the transactions that write the rows. Where an interval
//! is due next is known nowhere else.

use pgrx::AnyNumeric;
use pgrx::datum::DatumWithOid;
use spacetime_auth::Identity;

use super::module::{broken, read, write};
use crate::error::Result;
use crate::pg::read::{Parameter, Row};

/// The next entry of a module.
#[derive(Debug, Clone)]
pub(crate) struct ScheduleHead {
    pub(crate) id: i64,
    /// Identity of the module in hex.
    pub(crate) module: String,
    pub(crate) due_us: i64,
}

/// What an entry runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scheduled {
    /// The row with this key of the table with this name in the module.
    Row { table: String, key: u64 },
    /// A reducer, once, with these arguments.
    Immediate { reducer: String, arguments: Vec<u8> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScheduleEntry {
    pub(crate) id: i64,
    pub(crate) module: String,
    pub(crate) what: Scheduled,
    pub(crate) due_us: i64,
    pub(crate) interval_us: Option<i64>,
}

fn text(column: Option<Vec<u8>>) -> Result<Option<String>> {
    column.map(|bytes| String::from_utf8(bytes).map_err(broken)).transpose()
}

fn number<T: std::str::FromStr>(column: Option<Vec<u8>>) -> Result<Option<T>>
where
    T::Err: std::fmt::Display,
{
    text(column)?.map(|text| text.parse().map_err(broken)).transpose()
}

fn there<T>(value: Option<T>) -> Result<T> {
    value.ok_or_else(|| broken("unexpected NULL"))
}

fn next(row: &mut impl Iterator<Item = Option<Vec<u8>>>) -> Option<Vec<u8>> {
    row.next().flatten()
}

/// For each module the entry of a reducer, or of a procedure, that is due first, soonest first.
pub(crate) fn schedule_heads(are_procedures: bool) -> Result<Vec<ScheduleHead>> {
    let query = format!(
        "SELECT s.id::text, encode(m.identity, 'hex'), s.due_us::text FROM spacetime._module m \
         CROSS JOIN LATERAL (SELECT id, due_us FROM spacetime._schedule WHERE module = m.identity \
         AND is_procedure = {are_procedures} ORDER BY due_us, id LIMIT 1) s ORDER BY s.due_us, s.id"
    );
    read(&query, &[])?
        .into_iter()
        .map(|row| {
            let mut row = row.into_iter();
            Ok(ScheduleHead {
                id: there(number(next(&mut row))?)?,
                module: there(text(next(&mut row))?)?,
                due_us: there(number(next(&mut row))?)?,
            })
        })
        .collect()
}

/// The entry, as it is committed or as this transaction has made it.
pub(crate) fn schedule_entry(id: i64) -> Result<Option<ScheduleEntry>> {
    let query = "SELECT id::text, encode(module, 'hex'), table_name, row_key::text, function, arguments, due_us::text, \
                 interval_us::text FROM spacetime._schedule WHERE id = $1::bigint";
    let id = id.to_string();
    read(query, &[Parameter::Text(&id)])?.into_iter().next().map(entry).transpose()
}

fn entry(row: Row) -> Result<ScheduleEntry> {
    let mut row = row.into_iter();
    let (id, module) = (there(number(next(&mut row))?)?, there(text(next(&mut row))?)?);
    let (table, key) = (text(next(&mut row))?, number(next(&mut row))?);
    let (reducer, arguments) = (there(text(next(&mut row))?)?, next(&mut row));
    let what = match (table, key) {
        (Some(table), Some(key)) => Scheduled::Row { table, key },
        _ => Scheduled::Immediate { reducer, arguments: arguments.unwrap_or_default() },
    };
    Ok(ScheduleEntry {
        id,
        module,
        what,
        due_us: there(number(next(&mut row))?)?,
        interval_us: number(next(&mut row))?,
    })
}

/// Keys of a scheduled table that have entries.
pub(crate) fn scheduled_keys(module: Identity, table: &str) -> Result<Vec<u64>> {
    let query = "SELECT row_key::text FROM spacetime._schedule WHERE module = $1 AND table_name = $2";
    let rows = read(query, &[Parameter::Bytea(&module.to_be_bytes()), Parameter::Text(table)])?;
    rows.into_iter().map(|row| there(number(next(&mut row.into_iter()))?)).collect()
}

/// Modules of this database, as identities in hex.
pub(crate) fn module_identities() -> Result<Vec<String>> {
    let rows = read("SELECT encode(identity, 'hex') FROM spacetime._module", &[])?;
    rows.into_iter().map(|row| there(text(next(&mut row.into_iter()))?)).collect()
}

/// What becomes of an entry that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Replace,
    Keep,
}

/// The entry of a row of a scheduled table, to be made.
#[derive(Debug)]
pub(crate) struct RowEntry<'a> {
    pub(crate) module: Identity,
    pub(crate) table: &'a str,
    pub(crate) key: u64,
    pub(crate) function: &'a str,
    pub(crate) is_procedure: bool,
    pub(crate) due_us: i64,
    pub(crate) interval_us: Option<i64>,
}

/// Makes the entry of a row.
pub(crate) fn schedule_row(entry: &RowEntry<'_>, existing: Existing) -> Result<()> {
    let conflict = match existing {
        Existing::Replace => {
            "UPDATE SET function = excluded.function, is_procedure = excluded.is_procedure, due_us = excluded.due_us, \
             interval_us = excluded.interval_us"
        }
        Existing::Keep => "NOTHING",
    };
    write(
        &format!(
            "INSERT INTO spacetime._schedule (module, table_name, row_key, function, is_procedure, due_us, interval_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (module, table_name, row_key) DO {conflict}"
        ),
        &[
            entry.module.to_be_bytes().as_slice().into(),
            entry.table.into(),
            AnyNumeric::from(entry.key).into(),
            entry.function.into(),
            entry.is_procedure.into(),
            entry.due_us.into(),
            entry.interval_us.into(),
        ],
    )
}

/// Removes the entry of a row.
pub(crate) fn unschedule_row(module: Identity, table: &str, key: u64) -> Result<()> {
    write(
        "DELETE FROM spacetime._schedule WHERE module = $1 AND table_name = $2 AND row_key = $3",
        &[module.to_be_bytes().as_slice().into(), table.into(), AnyNumeric::from(key).into()],
    )
}

/// Removes the entries of all rows of a table.
pub(crate) fn unschedule_table(module: Identity, table: &str) -> Result<()> {
    write(
        "DELETE FROM spacetime._schedule WHERE module = $1 AND table_name = $2",
        &[module.to_be_bytes().as_slice().into(), table.into()],
    )
}

/// Makes the entry of a reducer that is to run once, as soon as possible.
pub(crate) fn schedule_immediate(
    module: Identity,
    reducer: &str,
    arguments: &[u8],
    due_us: i64,
) -> Result<()> {
    write(
        "INSERT INTO spacetime._schedule (module, function, arguments, due_us) VALUES ($1, $2, $3, $4)",
        &[module.to_be_bytes().as_slice().into(), reducer.into(), arguments.into(), due_us.into()],
    )
}

/// Removes an entry.
pub(crate) fn unschedule(id: i64) -> Result<()> {
    write("DELETE FROM spacetime._schedule WHERE id = $1", &[id.into()])
}

/// Notes a run of an interval and when it is due next.
pub(crate) fn reschedule(id: i64, due_us: i64, function: &str, error: Option<&str>) -> Result<()> {
    let error: DatumWithOid<'_> = error.into();
    write(
        "UPDATE spacetime._schedule SET due_us = $2, function = $3, last_error = $4, runs = runs + 1, \
         last_run = pg_catalog.clock_timestamp() WHERE id = $1",
        &[id.into(), due_us.into(), function.into(), error],
    )
}

/// Gives an entry to the worker of the other kind.
pub(crate) fn hand_over(id: i64, to_procedures: bool) -> Result<()> {
    write(
        "UPDATE spacetime._schedule SET is_procedure = $2 WHERE id = $1",
        &[id.into(), to_procedures.into()],
    )
}

/// Notes why an entry could not be run, or how its run ended.
pub(crate) fn note_schedule_error(id: i64, error: &str) -> Result<()> {
    write("UPDATE spacetime._schedule SET last_error = $2 WHERE id = $1", &[id.into(), error.into()])
}
