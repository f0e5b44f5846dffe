//! Rows that plain SQL writes, as the triggers on module tables see them.
//!
//! Nothing here fails a statement for the subscribers' sake: what cannot be followed becomes a resync.

use std::rc::Rc;

use super::journal::{note_delete, note_insert, note_unknown, note_write};
use super::publish::is_captured;
use crate::error::Result;
use crate::module::{ReadyModule, ready};
use crate::pg::change_log::trigger::Change;
use crate::pg::relation::RowDatums;
use crate::pg::scan::{Scan, Visit};
use crate::pg::{Oid, change_log, snapshot};
use crate::row::TableCodec;

/// One row that a statement changed.
pub(crate) fn capture_statement(change: &Change<'_>) -> Result<()> {
    let Some((module, place)) = followed(change)? else { return Ok(()) };
    let (table, codec) = module.open_table(place)?;
    let encode = |row: Option<RowDatums<'_>>| row.map(|row| encoded(&codec, row)).transpose();
    let rows = encode(change.old).and_then(|old| encode(change.new).map(|new| (old, new)));
    table.close();
    match rows {
        Ok((old, new)) if old != new => {
            if let Some(row) = old {
                note_delete(&module, place, &row);
            }
            if let Some(row) = new {
                note_insert(&module, place, &row);
            }
        }
        Ok(_) => {}
        // The row holds what the module's type cannot: reducers will say so, subscribers are not the ones to.
        Err(_) => note_unknown(&module),
    }
    Ok(())
}

/// All rows of a table that is about to be truncated.
pub(crate) fn capture_truncate(change: &Change<'_>) -> Result<()> {
    let Some((module, place)) = followed(change)? else { return Ok(()) };
    let (table, codec) = module.open_table(place)?;
    // TRUNCATE removes what is committed, whatever the statement's snapshot sees.
    snapshot::push_latest();
    let mut failed = false;
    let mut scan = Scan::of_table();
    scan.run(&table, &mut |table| {
        crate::pg::interrupt::process();
        match encoded(&codec, table.row()) {
            Ok(row) => note_delete(&module, place, &row),
            Err(_) => failed = true,
        }
        if failed { Visit::Pause } else { Visit::More }
    });
    scan.close();
    snapshot::pop();
    table.close();
    if failed {
        note_unknown(&module);
    }
    Ok(())
}

/// Rows of a table that DDL wrote anew, maybe with other values.
pub(crate) fn capture_rewrite(module: &str, schema: Oid) {
    // A module that is not usable just now has nobody to tell.
    if let Ok(Some(module)) = module_of(module, schema) {
        note_unknown(&module);
    }
}

/// The module of a change whose rows are to be noted, and the table's position in it. `None` when they are not: what there
/// is to note of the change has been noted then.
fn followed(change: &Change<'_>) -> Result<Option<(Rc<ReadyModule>, usize)>> {
    let Some(module) = module_of(change.module, change.schema)? else { return Ok(None) };
    if !is_captured() {
        note_write(&module);
        return Ok(None);
    }
    let name = change.table.to_bytes();
    let place = module.row.storage.tables.iter().position(|table| table.pg_name.as_bytes() == name);
    if place.is_none() {
        note_unknown(&module);
    }
    Ok(place.map(|place| (module, place)))
}

/// The module of a trigger, which is on a table in `schema`; `None` when nobody needs to know of the change, or the
/// trigger is not one of ours.
fn module_of(module: &str, schema: Oid) -> Result<Option<Rc<ReadyModule>>> {
    if !change_log::exists() {
        return Ok(None);
    }
    let module = ready(module)?;
    // A trigger somebody put on a table of theirs must not pass for a change of the module.
    Ok((module.schema == schema).then_some(module))
}

fn encoded(codec: &TableCodec, row: RowDatums<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(128);
    // SAFETY: the codec is current: the table was opened with it, and the row is of that table.
    unsafe { codec.encode_row(row, &mut bytes) }?;
    Ok(bytes)
}
