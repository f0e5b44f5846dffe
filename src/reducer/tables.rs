//! What a guest does to its module's tables during one call: [`CallTables`] is the state,
//! [`super::host`] answers each import with it. Writes are here, reads in [`super::scans`].
//!
//! Each write is one command of the transaction: what it wrote is visible to whatever the guest does next.

use std::rc::Rc;

use spacetime_definition::bsatn::Reader;

use super::caller::Caller;
use super::events::Events;
use super::keys;
use super::scans::OpenScan;
use crate::changes;
use crate::error::{Error, Result};
use crate::module::{ReadyModule, schedule_at};
use crate::pg::memory::CallMemory;
use crate::pg::relation::{OpenTable, RowDatums};
use crate::pg::scan::{Scan, Visit, find_one};
use crate::pg::write::Written;
use crate::pg::writer::Writer;
use crate::pg::{RowId, access, interrupt, snapshot, user, xact};
use crate::row::{DecodeError, IndexCodec, TableCodec};
use crate::wasm::host::{Errno, HostError, HostResult};

/// First id of a module's own tables (module-abi.md §1.9); lower ones are the reference's system tables.
pub(super) const FIRST_TABLE_ID: u32 = 4097;
/// First index id, so that 0 is no index.
pub(super) const FIRST_INDEX_ID: u32 = 1;

/// Tables and scans that a call has open.
pub(super) struct CallTables {
    pub(super) module: Rc<ReadyModule>,
    pub(super) caller: Caller,
    pub(super) memory: CallMemory,
    open: Vec<Option<OpenedTable>>,
    pub(super) scans: Vec<Option<OpenScan>>,
    pub(super) events: Events,
    has_written: bool,
    pub(super) is_read_only: bool,
}

/// A table that the call has used.
pub(super) struct OpenedTable {
    pub(super) table: OpenTable,
    pub(super) codec: Rc<TableCodec>,
}

/// A row to be deleted.
struct FoundRow {
    id: RowId,
    /// What the change log is told; `None` when nobody reads it.
    bytes: Option<Vec<u8>>,
}

/// An index, found by its id, and its table, opened.
pub(super) struct IndexAccess {
    pub(super) table: usize,
    pub(super) codec: Rc<TableCodec>,
    position: usize,
}

impl IndexAccess {
    pub(super) fn index(&self) -> &IndexCodec {
        &self.codec.indexes[self.position]
    }
}

impl CallTables {
    pub(super) fn new(module: Rc<ReadyModule>, caller: Caller, memory: CallMemory) -> Self {
        let open = module.definition.tables.iter().map(|_| None).collect();
        let (scans, events) = (Vec::new(), Events::default());
        Self { module, caller, memory, open, scans, events, has_written: false, is_read_only: false }
    }

    /// Answers every write with errno 19.
    pub(super) fn read_only(self) -> Self {
        Self { is_read_only: true, ..self }
    }

    /// Positions of the tables that were looked into; event tables, which are empty when a call begins, are not.
    pub(super) fn tables_read(&self) -> Vec<usize> {
        (0..self.open.len()).filter(|at| self.open[*at].is_some()).collect()
    }

    /// Closes everything after a call that ended well.
    pub(super) fn close(&mut self) {
        for scan in self.scans.drain(..).flatten() {
            scan.close();
        }
        for opened in self.open.drain(..).flatten() {
            opened.table.close();
        }
        let events = std::mem::take(&mut self.events);
        if changes::is_captured() {
            events.rows().for_each(|(table, row)| changes::note_event(&self.module, table, row));
        }
    }

    /// Position of the table with this id.
    pub(super) fn table(&self, id: u32) -> HostResult<usize> {
        let position = id.checked_sub(FIRST_TABLE_ID).map(|position| position as usize);
        position.filter(|position| *position < self.open.len()).ok_or_else(|| Errno::NoSuchTable.into())
    }

    /// Opens a table at its first use in the call.
    pub(super) fn opened(&mut self, at: usize) -> Result<&mut OpenedTable> {
        if self.open[at].is_none() {
            let (table, codec) = self.module.open_table(at)?;
            self.open[at] = Some(OpenedTable { table, codec });
        }
        self.open[at].as_mut().ok_or_else(|| Error::Internal("table not open".into()))
    }

    /// Finds an index by its id and opens its table.
    pub(super) fn index(&mut self, id: u32) -> HostResult<IndexAccess> {
        let place = id.checked_sub(FIRST_INDEX_ID).and_then(|id| self.module.index_place(id as usize));
        let (table, position) =
            place.filter(|(table, _)| !self.is_event(*table)).ok_or(Errno::NoSuchIndex)?;
        let codec = Rc::clone(&self.opened(table)?.codec);
        if codec.indexes[position].facts.is_none() {
            let problem = format!("index {:?} is gone", codec.indexes[position].name);
            return Err(self.changed(table, problem).into());
        }
        Ok(IndexAccess { table, codec, position })
    }

    fn changed(&self, table: usize, problem: String) -> Error {
        let table = self.module.row.storage.tables[table].pg_name.clone();
        Error::TableChanged { module: self.module.row.name.clone(), table, problem }
    }

    /// Notes the transaction as the module's last writer. To be called before each write.
    fn note_write(&mut self) {
        if !std::mem::replace(&mut self.has_written, true) {
            changes::note_write(&self.module);
            if self.module.is_serial() {
                self.module.state.note_writer(xact::top_xid());
            }
        }
    }

    /// Opens a table for writing.
    fn writer(&mut self, at: usize) -> Result<(&mut OpenTable, Rc<TableCodec>)> {
        self.opened(at)?;
        let Self { open, module, caller, .. } = self;
        let opened = open[at].as_mut().ok_or_else(|| Error::Internal("table not open".into()))?;
        let codec = Rc::clone(&opened.codec);
        let before_sql = || {
            user::pin_settings(&module.search_path);
            caller.enter_session(&module.installation)
        };
        opened.table.writer(module.write_context(&codec, &before_sql))?;
        Ok((&mut opened.table, codec))
    }

    /// Refuses rows of scheduled tables whose time is too far away (module-abi.md §4.8).
    fn require_schedulable(&self, at: usize, row: &[u8]) -> HostResult<()> {
        let when = schedule_at(&self.module.definition.tables[at], row);
        match when.filter(|when| when.is_too_far(crate::pg::worker::now_us())) {
            Some(_) => Err(Errno::ScheduleAtDelayTooLong.into()),
            None => Ok(()),
        }
    }

    pub(super) fn insert(&mut self, table: u32, row: &[u8], generated: &mut Vec<u8>) -> HostResult<()> {
        let at = self.table(table)?;
        self.require_schedulable(at, row)?;
        if self.is_event(at) {
            return self.insert_event(at, row, generated);
        }
        self.note_write();
        let (memory, module) = (self.memory, Rc::clone(&self.module));
        let (table, codec) = self.writer(at)?;
        memory.with_row(|| -> HostResult<()> {
            let writer = table.open_writer()?;
            fill(writer, &codec, row, generated)?;
            match writer.insert()? {
                Written::Done if captures(writer) => {
                    let stored = encoded(&codec, writer.row())?;
                    changes::note_insert(&module, at, &stored);
                    Ok(())
                }
                Written::Done | Written::Skipped => Ok(()),
                Written::Conflict => {
                    let is_same = conflict_is_same_row(writer, &codec);
                    writer.forget_conflict();
                    if is_same? { Ok(()) } else { Err(Errno::UniqueAlreadyExists.into()) }
                }
            }
        })?;
        snapshot::see_own_writes();
        Ok(())
    }

    pub(super) fn update(
        &mut self,
        table: u32,
        index: u32,
        row: &[u8],
        generated: &mut Vec<u8>,
    ) -> HostResult<()> {
        let at = self.table(table)?;
        if self.is_event(at) {
            return self.update_event(at, index, row, generated);
        }
        let access = self.index(index)?;
        if access.table != at {
            return Err(Errno::NoSuchIndex.into());
        }
        if !access.index().is_unique {
            return Err(Errno::IndexNotUnique.into());
        }
        self.require_schedulable(at, row)?;
        self.note_write();
        let (memory, module) = (self.memory, Rc::clone(&self.module));
        let (table, codec) = self.writer(at)?;
        memory.with_row(|| -> HostResult<()> {
            let writer = table.open_writer()?;
            fill(writer, &codec, row, generated)?;
            let replaced = replace(table, &codec, access.index());
            table.forget_row();
            if let Some((old, new)) = replaced?
                && captures(table.open_writer()?)
            {
                changes::note_delete(&module, at, &old);
                changes::note_insert(&module, at, &new);
            }
            Ok(())
        })?;
        snapshot::see_own_writes();
        Ok(())
    }

    /// Deletes rows of one table, as one statement.
    fn delete_rows(&mut self, at: usize, rows: &[FoundRow]) -> HostResult<u32> {
        if rows.is_empty() {
            return Ok(0);
        }
        self.note_write();
        let (memory, module) = (self.memory, Rc::clone(&self.module));
        let (table, _) = self.writer(at)?;
        let writer = table.open_writer()?;
        let is_noted = !writer.fires_triggers();
        let mut deletion = writer.begin_delete();
        let mut deleted = 0;
        for row in rows {
            interrupt::process();
            if memory.with_row(|| deletion.delete(row.id))? == Written::Done {
                deleted += 1;
                if let Some(bytes) = row.bytes.as_deref().filter(|_| is_noted) {
                    changes::note_delete(&module, at, bytes);
                }
            }
        }
        deletion.end();
        snapshot::see_own_writes();
        Ok(deleted)
    }

    pub(super) fn delete_matching(&mut self, mut scan: Scan, at: usize) -> HostResult<u32> {
        let mut rows = Vec::new();
        let memory = self.memory;
        let opened = self.opened(at)?;
        let (codec, is_captured) = (Rc::clone(&opened.codec), changes::is_captured());
        let mut failure = None;
        scan.run(&opened.table, &mut |table| {
            let bytes = is_captured.then(|| memory.with_row(|| encoded(&codec, table.row()))).transpose();
            match bytes {
                Ok(bytes) => rows.push(FoundRow { id: table.row_id(), bytes }),
                Err(error) => failure = Some(error),
            }
            if failure.is_some() { Visit::Pause } else { Visit::More }
        });
        match failure {
            Some(error) => Err(error.into()),
            None => self.delete_rows(at, &rows),
        }
    }

    pub(super) fn delete_equal(&mut self, table: u32, rows: &[u8]) -> HostResult<u32> {
        let at = self.table(table)?;
        if self.is_event(at) {
            return self.delete_events(at, |table, definition| table.equal_to(definition, rows));
        }
        let mut reader = Reader::new(rows);
        let count = reader.length().map_err(|_| Errno::BsatnDecodeError)?;
        let codec = Rc::clone(&self.opened(at)?.codec);
        let mut deleted = 0;
        for _ in 0..count {
            interrupt::process();
            let start = reader.position();
            codec.skip_row(&mut reader).map_err(|_| Errno::BsatnDecodeError)?;
            let found = self.find_equal(at, reader.since(start))?;
            deleted += self.delete_rows(at, found.as_slice())?;
        }
        reader.finish().map_err(|_| Errno::BsatnDecodeError)?;
        Ok(deleted)
    }

    /// The row that equals `row`, through a unique index where one can tell, else by looking at every row.
    fn find_equal(&mut self, at: usize, row: &[u8]) -> HostResult<Option<FoundRow>> {
        let memory = self.memory;
        let (table, codec) = self.writer(at)?;
        let by_key = memory.with_row(|| -> HostResult<_> {
            let writer = table.open_writer()?;
            let (values, nulls) = writer.new_row();
            // A 0 in an auto-increment column means 0 here: nothing is drawn.
            codec.decode_row(row, values, nulls, &mut Vec::new(), |_| 0).map_err(row_error)?;
            match writer.find_same_key() {
                Ok(Some(found)) => {
                    let stored = encoded(&codec, writer.conflicting_row());
                    writer.forget_conflict();
                    let stored = stored?;
                    let is_same = codec.rows_equal(&stored, row);
                    Ok(Some(is_same.then_some(FoundRow { id: found, bytes: Some(stored) })))
                }
                Ok(None) => Ok(Some(None)),
                Err(_) => Ok(None),
            }
        })?;
        if let Some(found) = by_key {
            return Ok(found);
        }
        let mut found = None;
        let mut failure = None;
        let mut scan = Scan::of_table();
        scan.run(table, &mut |table| {
            match memory.with_row(|| encoded(&codec, table.row())) {
                Ok(bytes) if codec.rows_equal(&bytes, row) => {
                    found = Some(FoundRow { id: table.row_id(), bytes: Some(bytes) });
                }
                Ok(_) => return Visit::More,
                Err(error) => failure = Some(error),
            }
            Visit::Pause
        });
        scan.close();
        failure.map_or(Ok(found), |error| Err(error.into()))
    }
}

fn fill(writer: &mut Writer, codec: &TableCodec, row: &[u8], generated: &mut Vec<u8>) -> HostResult<()> {
    let (values, nulls) = writer.new_row();
    codec.decode_row(row, values, nulls, generated, access::next_value).map_err(row_error)
}

/// Replaces the row that has the key of the filled row; the old one is left in the read slot. Returns both, encoded, if
/// anything was written.
fn replace(
    table: &mut OpenTable,
    codec: &TableCodec,
    index: &IndexCodec,
) -> HostResult<Option<(Vec<u8>, Vec<u8>)>> {
    let facts = index.facts.as_ref().ok_or(Errno::NoSuchIndex)?;
    let key = {
        let writer = table.open_writer()?;
        keys::of_row(codec, index, writer.row())
    };
    let old = find_one(table, facts, &key).ok_or(Errno::NoSuchRow)?;
    let (writer, old_row) = table.writer_and_row()?;
    let rows = (encoded(codec, old_row)?, encoded(codec, writer.row())?);
    if codec.rows_equal(&rows.0, &rows.1) {
        return Ok(None);
    }
    writer.keep_unmapped(old_row);
    match writer.update(old, old_row, Some(facts.oid))? {
        Written::Done => Ok(Some(rows)),
        Written::Skipped => Ok(None),
        Written::Conflict => {
            writer.forget_conflict();
            Err(Errno::UniqueAlreadyExists.into())
        }
    }
}

fn conflict_is_same_row(writer: &Writer, codec: &TableCodec) -> Result<bool> {
    let (new, present) = (encoded(codec, writer.row())?, encoded(codec, writer.conflicting_row())?);
    Ok(codec.rows_equal(&new, &present))
}

/// The BSATN of a row of the table that `codec` is current for.
fn encoded(codec: &TableCodec, row: RowDatums<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(128);
    // SAFETY: callers pass rows of the table the codec was opened with.
    unsafe { codec.encode_row(row, &mut bytes) }?;
    Ok(bytes)
}

/// Whether the host notes what it writes: where triggers fire, the one that captures changes does, and sees what others
/// make of the row.
fn captures(writer: &Writer) -> bool {
    changes::is_captured() && !writer.fires_triggers()
}

/// Undecodable rows are the guest's fault and its to handle; values Postgres cannot hold end the call.
fn row_error(error: DecodeError) -> HostError {
    match error {
        DecodeError::Malformed => Errno::BsatnDecodeError.into(),
        DecodeError::Value(value) => HostError::Fatal(Error::Value {
            place: "row to store".into(),
            problem: value.problem,
            kind: value.kind,
        }),
    }
}
