//! What this transaction has changed so far. Cut back when a savepoint rolls back.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use super::publish;
use spacetime_auth::Identity;

use crate::module::ReadyModule;
use crate::pg::{change_log, xact};

/// The changes of a transaction, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// Modules the notes speak of, by position.
    pub(super) modules: Vec<Rc<ReadyModule>>,
    pub(super) notes: Vec<Note>,
    /// Rows and arguments, one after the other.
    pub(super) bytes: Vec<u8>,
    /// Where savepoints began, innermost last.
    savepoints: Vec<Savepoint>,
}

#[derive(Debug)]
pub(super) struct Note {
    /// Position in `modules`; `None` where the note is of no module's rows.
    pub(super) module: Option<usize>,
    pub(super) what: What,
    /// Place of the row or the arguments in `bytes`.
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) enum What {
    /// A row of the table with this position in the definition.
    Insert(usize),
    Delete(usize),
    /// A row of an event table, which exists only here.
    Event(usize),
    /// A call that made some of the changes.
    Call(Box<CallNote>),
    /// What follows belongs to another entry.
    NewEntry,
    /// Rows changed while nobody watched, or in a way that cannot be followed.
    Unknown,
    /// A new version of a module, by its identity, or its end.
    Published {
        module: [u8; 32],
        version: u32,
        breaks_clients: bool,
    },
}

/// Who called what, for subscribers.
#[derive(Debug, Clone)]
pub(crate) struct CallNote {
    /// Position in the definition's list of reducers.
    pub(crate) reducer: usize,
    pub(crate) sender: [u8; 32],
    pub(crate) connection_id: [u8; 16],
    pub(crate) timestamp_us: i64,
    pub(crate) tag: u64,
}

#[derive(Debug)]
struct Savepoint {
    level: i32,
    notes: usize,
    bytes: usize,
}

thread_local! {
    /// Lifetime: the transaction's. Not dropped at exit: it may hold modules, and those unmap code.
    static JOURNAL: ManuallyDrop<RefCell<Journal>> = ManuallyDrop::new(RefCell::new(Journal::default()));
}

/// Takes the journal out, leaving an empty one.
pub(super) fn take() -> Journal {
    JOURNAL.with(|journal| std::mem::take(&mut *journal.borrow_mut()))
}

fn with<R>(act: impl FnOnce(&mut Journal) -> R) -> R {
    JOURNAL.with(|journal| act(&mut journal.borrow_mut()))
}

/// How much has been noted: for [`note_call`].
pub(crate) fn position() -> usize {
    with(|journal| journal.notes.len())
}

/// Notes that this transaction writes tables of `module`, whose rows will be noted one by one if anybody watches.
pub(crate) fn note_write(module: &Rc<ReadyModule>) {
    if change_log::exists() && !change_log::is_watched() {
        note_unknown(module);
    }
}

/// Notes that rows of `module` change in a way that is not followed: subscribers read its tables anew.
pub(super) fn note_unknown(module: &Rc<ReadyModule>) {
    with(|journal| {
        let module = journal.module(module);
        let last = journal.notes.last();
        if !last.is_some_and(|note| note.module == module && matches!(note.what, What::Unknown)) {
            journal.push(module, What::Unknown, &[]);
        }
    });
}

/// Notes a row that was stored, in BSATN.
pub(crate) fn note_insert(module: &Rc<ReadyModule>, table: usize, row: &[u8]) {
    note_row(module, What::Insert(table), row);
}

/// Notes a row that was removed.
pub(crate) fn note_delete(module: &Rc<ReadyModule>, table: usize, row: &[u8]) {
    note_row(module, What::Delete(table), row);
}

/// Notes a row of an event table.
pub(crate) fn note_event(module: &Rc<ReadyModule>, table: usize, row: &[u8]) {
    note_row(module, What::Event(table), row);
}

fn note_row(module: &Rc<ReadyModule>, what: What, row: &[u8]) {
    let is_full = with(|journal| {
        let module = journal.module(module);
        journal.push(module, what, row);
        journal.bytes.len() > crate::guc::change_log_transaction_bytes()
    });
    if is_full {
        with(Journal::give_up);
    }
}

/// Notes the call that made everything since `since`, if it made anything; `false` if not.
pub(crate) fn note_call(module: &Rc<ReadyModule>, since: usize, call: CallNote, arguments: &[u8]) -> bool {
    with(|journal| {
        let has_changes = journal.notes.len() > since;
        // Rows that nobody watched were not noted, and who made them is of no use without them.
        if has_changes && change_log::is_watched() {
            let module = journal.module(module);
            journal.push(module, What::Call(Box::new(call)), arguments);
        }
        has_changes
    })
}

/// Ends the entry of what was changed so far: a call of a batch is an entry of its own.
pub(crate) fn begin_entry() {
    with(|journal| {
        if !journal.notes.is_empty() {
            journal.push(None, What::NewEntry, &[]);
        }
    });
}

/// Notes that a version of a module was published; version 0 means that it was dropped.
pub(crate) fn note_published(module: Identity, version: i32, breaks_clients: bool) {
    // Nothing that is to happen at the commit survives PREPARE TRANSACTION.
    xact::note_module_lock();
    if change_log::exists() {
        let (module, version) = (module.to_le_bytes(), u32::try_from(version).unwrap_or(0));
        publish::follow_transaction();
        with(|journal| journal.push(None, What::Published { module, version, breaks_clients }, &[]));
    }
}

/// Cuts back what a savepoint undoes, or makes it the outer one's.
pub(super) fn end_savepoint(level: i32, is_rolled_back: bool) {
    with(|journal| {
        while let Some(last) = journal.savepoints.pop_if(|savepoint| savepoint.level >= level) {
            if is_rolled_back {
                journal.notes.truncate(last.notes);
                journal.bytes.truncate(last.bytes);
            } else if level > 2 && journal.savepoints.last().is_none_or(|outer| outer.level < level - 1) {
                // From now on these are changes of the savepoint around it.
                journal.savepoints.push(Savepoint { level: level - 1, ..last });
                break;
            }
        }
    });
}

impl Journal {
    fn module(&mut self, module: &Rc<ReadyModule>) -> Option<usize> {
        let known = self.modules.iter().position(|known| Rc::ptr_eq(known, module));
        Some(known.unwrap_or_else(|| {
            publish::follow_transaction();
            self.modules.push(Rc::clone(module));
            self.modules.len() - 1
        }))
    }

    fn push(&mut self, module: Option<usize>, what: What, bytes: &[u8]) {
        let level = xact::nest_level();
        if level > 1 && self.savepoints.last().is_none_or(|last| last.level < level) {
            let (notes, bytes) = (self.notes.len(), self.bytes.len());
            self.savepoints.push(Savepoint { level, notes, bytes });
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.notes.push(Note { module, what, start, end: self.bytes.len() });
    }

    /// Keeps no more rows: the transaction is too large to be followed.
    fn give_up(&mut self) {
        self.bytes = Vec::new();
        self.savepoints.iter_mut().for_each(|savepoint| savepoint.bytes = 0);
        for note in &mut self.notes {
            (note.start, note.end) = (0, 0);
            if matches!(note.what, What::Insert(_) | What::Delete(_) | What::Event(_)) {
                note.what = What::Unknown;
            } else if matches!(note.what, What::Call(_)) {
                note.what = What::NewEntry;
            }
        }
        self.notes.dedup_by(|note, before| {
            matches!((&note.what, &before.what), (What::Unknown, What::Unknown))
                && note.module == before.module
        });
    }
}
