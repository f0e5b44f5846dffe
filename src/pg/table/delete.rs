//! Deleting rows: any number of them is one statement to triggers and foreign keys.

use pgrx::pg_sys;

use super::attempt::Attempt;
use super::trigger::Bracket;
use super::write::Written;
use super::writer::Writer;
use crate::error::Result;

/// A delete under way, between [`Writer::begin_delete`] and [`Deletion::end`]. A failed one is undone by the abort.
pub(crate) struct Deletion<'a> {
    pub(super) writer: &'a mut Writer,
    pub(super) bracket: Option<Bracket>,
}

/// How the deletion of one version of a row ended.
#[derive(Debug, Clone, Copy)]
enum Deleted {
    Done(Written),
    Moved(Option<pg_sys::ItemPointerData>),
}

impl Deletion<'_> {
    /// Deletes the row at `old`. A row that this transaction has deleted since it was read, say by the cascade of a
    /// foreign key, counts as skipped; one it has updated is deleted in its newest version.
    pub(crate) fn delete(&mut self, old: pg_sys::ItemPointerData) -> Result<Written> {
        let mut place = Some(old);
        let mut written = Written::Skipped;
        while let Some(mut old) = place {
            match self.delete_row_at(&mut old)? {
                Deleted::Done(done) => {
                    written = done;
                    place = None;
                }
                Deleted::Moved(newer) => place = newer,
            }
        }
        // SAFETY: triggers of the row have run, or have copied what they need.
        unsafe { self.writer.forget_computed() };
        Ok(written)
    }

    fn delete_row_at(&mut self, old: &mut pg_sys::ItemPointerData) -> Result<Deleted> {
        // SAFETY: slots and estate live as long as the call; a delete needs no row in the slot.
        unsafe {
            if let Some(bracket) = &self.bracket {
                let mode = pg_sys::LockTupleMode::LockTupleExclusive;
                if let Attempt::Moved(newer) = self.writer.lock_row(old, mode)? {
                    return Ok(Deleted::Moved(newer));
                }
                if !bracket.before_row(std::ptr::null_mut(), old) {
                    return Ok(Deleted::Done(Written::Skipped));
                }
            }
            let command = (*self.writer.estate).es_output_cid;
            if let Attempt::Moved(newer) = self.writer.delete_version(old, command)? {
                return Ok(Deleted::Moved(newer));
            }
            if let Some(bracket) = &self.bracket {
                bracket.after_row(std::ptr::null_mut(), old, std::ptr::null_mut());
            }
            Ok(Deleted::Done(Written::Done))
        }
    }

    /// Fires what is left to fire.
    pub(crate) fn end(self) {
        // SAFETY: the bracket is the innermost one open.
        unsafe { self.writer.end(self.bracket) }
    }
}
