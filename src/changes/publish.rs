//! The end of a transaction: its journal becomes entries of the change log.
//!
//! Encoded before the commit, where errors are still allowed; appended after it, where nothing may fail.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;

use spacetime_change_log::{Call, Changes, Kind, Rows, TableChanges};

use super::journal::{self, Journal, Note, What};
use crate::error::Result;
use crate::module::{ReadyModule, StatePaths};
use crate::pg::change_log::{self, Batch};
use crate::pg::xact;

thread_local! {
    static IS_FOLLOWING: Cell<bool> = const { Cell::new(false) };
    /// Between the preparation of a commit and its end.
    static COMMITTING: ManuallyDrop<RefCell<Option<Batch>>> = const { ManuallyDrop::new(RefCell::new(None)) };
}

/// Whether rows must be noted: there is a change log, and somebody reads this database's changes.
pub(crate) fn is_captured() -> bool {
    change_log::is_watched()
}

/// Sees to it that the end of the transaction publishes or forgets the journal.
pub(super) fn follow_transaction() {
    if !IS_FOLLOWING.replace(true) {
        xact::follow(xact::Hooks {
            before_commit,
            committed,
            rolled_back,
            savepoint_ended: journal::end_savepoint,
        });
    }
}

fn before_commit() -> Result<()> {
    let journal = journal::take();
    let entries = entries(&journal);
    if !entries.is_empty() {
        let batch = Batch::prepare(entries, StatePaths::changes)?;
        COMMITTING.with(|committing| *committing.borrow_mut() = batch);
    }
    Ok(())
}

fn committed() {
    if let Some(batch) = COMMITTING.with(|committing| committing.borrow_mut().take()) {
        batch.commit();
    }
}

fn rolled_back() {
    drop(journal::take());
    if let Some(batch) = COMMITTING.with(|committing| committing.borrow_mut().take()) {
        batch.roll_back();
    }
}

/// Module and encoded body of each entry, in order.
fn entries(journal: &Journal) -> Vec<([u8; 32], Vec<u8>)> {
    let ends_entry = |note: &Note| matches!(note.what, What::NewEntry | What::Published { .. });
    let mut entries = Vec::new();
    for part in journal.notes.split_inclusive(ends_entry) {
        for (at, module) in journal.modules.iter().enumerate() {
            let notes: Vec<_> =
                part.iter().filter(|note| note.module == Some(at) && !ends_entry(note)).collect();
            if !notes.is_empty() {
                entries.push((module.row.identity.to_le_bytes(), body(module, &journal.bytes, &notes)));
            }
        }
        if let Some(What::Published { module, version, breaks_clients }) = part.last().map(|note| &note.what)
        {
            let (version, breaks_clients) = (*version, *breaks_clients);
            entries.push((*module, encoded(&Kind::Published { version, breaks_clients })));
        }
    }
    entries
}

/// What one part of a transaction did to one module.
fn body(module: &ReadyModule, bytes: &[u8], notes: &[&Note]) -> Vec<u8> {
    if notes.iter().any(|note| matches!(note.what, What::Unknown)) {
        encoded(&Kind::Resync)
    } else {
        changes(module, bytes, notes)
    }
}

fn encoded(kind: &Kind<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    kind.encode(&mut body);
    body
}

fn changes(module: &ReadyModule, bytes: &[u8], notes: &[&Note]) -> Vec<u8> {
    let tables = &module.definition.tables;
    // Deletes and inserts of each table, as count and bytes.
    let mut rows = vec![[(0, Vec::new()), (0, Vec::new())]; tables.len()];
    let mut calls = Vec::new();
    for note in notes {
        let own = &bytes[note.start..note.end];
        let mut append = |table: usize, kind: usize| {
            let (count, bytes) = &mut rows[table][kind];
            *count += 1;
            Rows::append(own, bytes);
        };
        match &note.what {
            What::Delete(table) => append(*table, 0),
            What::Insert(table) | What::Event(table) => append(*table, 1),
            What::Call(call) => calls.push(Call {
                reducer: &module.definition.reducers[call.reducer].name,
                sender: call.sender,
                connection_id: call.connection_id,
                timestamp_us: call.timestamp_us,
                arguments: own,
                tag: call.tag,
            }),
            What::NewEntry | What::Unknown | What::Published { .. } => {}
        }
    }
    // A transaction of very many calls names none of them.
    if u16::try_from(calls.len()).is_err() {
        calls.clear();
    }
    let changed = tables.iter().zip(&rows).filter(|(_, [deletes, inserts])| deletes.0 + inserts.0 > 0);
    let tables = changed
        .map(|(table, [deletes, inserts])| TableChanges {
            name: &table.name,
            is_event: table.is_event,
            deletes: Rows::new(deletes.0, &deletes.1),
            inserts: Rows::new(inserts.0, &inserts.1),
        })
        .collect();
    encoded(&Kind::Changes(Changes { calls, tables }))
}
