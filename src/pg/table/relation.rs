//! A table opened for the length of one call.
//!
//! Opened at first use, closed when the call ends well; when it fails the transaction's resource owner closes it.
//! Nothing here outlives the call: only codecs and facts are kept, and they are checked against relation_generation.

use std::ffi::CStr;

use pgrx::pg_sys::{self, Datum, Oid};

use super::index::IndexFacts;
use super::writer::{WriteContext, Writer};
use crate::error::{Error, Result};
use crate::pg::unguarded;

/// A row as its datums and null flags, one per attribute.
pub(crate) type RowDatums<'a> = (&'a [Datum], &'a [bool]);

/// An open table with a slot to read into, and a writer once something was written.
#[derive(Debug)]
pub(crate) struct OpenTable {
    relation: pg_sys::Relation,
    read_slot: *mut pg_sys::TupleTableSlot,
    writer: Option<Box<Writer>>,
}

/// One attribute of a table, as the codec needs it.
#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    /// From 1.
    pub(crate) number: i16,
    pub(crate) name: String,
    pub(crate) type_oid: Oid,
    pub(crate) generated: bool,
}

impl OpenTable {
    /// Opens `oid` for reading; raises when it is gone.
    pub(crate) fn open(oid: Oid) -> Self {
        // SAFETY: raises or returns a referenced relation, held until `close` or the abort.
        unsafe {
            let relation = pg_sys::table_open(oid, pg_sys::AccessShareLock as i32);
            let read_slot = pg_sys::table_slot_create(relation, std::ptr::null_mut());
            Self { relation, read_slot, writer: None }
        }
    }

    pub(super) fn relation(&self) -> pg_sys::Relation {
        self.relation
    }

    pub(super) fn read_slot(&self) -> *mut pg_sys::TupleTableSlot {
        self.read_slot
    }

    /// Values and null flags of the row in the read slot, one per attribute.
    pub(crate) fn row(&self) -> RowDatums<'_> {
        // SAFETY: a row is in the slot; deforming fills `natts` values, which live as long as the row is in the slot.
        unsafe { slot_row(self.read_slot) }
    }

    /// Where the row in the read slot is stored.
    pub(crate) fn row_id(&self) -> pg_sys::ItemPointerData {
        // SAFETY: the slot is live.
        unsafe { (*self.read_slot).tts_tid }
    }

    /// Empties the read slot and so drops its buffer pin.
    pub(crate) fn forget_row(&self) {
        // SAFETY: the slot is live.
        unsafe { unguarded::clear_slot(self.read_slot) };
    }

    /// The table's writer, opened on first use.
    pub(crate) fn writer(&mut self, context: WriteContext<'_>) -> Result<&mut Writer> {
        if self.writer.is_none() {
            self.writer = Some(Box::new(Writer::open(self.relation, context)?));
        }
        self.open_writer()
    }

    /// The writer that [`OpenTable::writer`] opened.
    pub(crate) fn open_writer(&mut self) -> Result<&mut Writer> {
        self.writer.as_deref_mut().ok_or_else(|| Error::Internal("writer missing".into()))
    }

    /// The writer beside the row in the read slot, which must hold one.
    pub(crate) fn writer_and_row(&mut self) -> Result<(&mut Writer, RowDatums<'_>)> {
        // SAFETY: a row was read into the slot, and the writer does not touch the slot's arrays.
        let row = unsafe { slot_row(self.read_slot) };
        Ok((self.open_writer()?, row))
    }

    /// Closes everything after a call that ended well; locks stay until the transaction ends.
    pub(crate) fn close(self) {
        if let Some(writer) = self.writer {
            writer.close();
        }
        // SAFETY: opened by `open`, closed once.
        unsafe {
            pg_sys::ExecDropSingleTupleTableSlot(self.read_slot);
            pg_sys::table_close(self.relation, pg_sys::NoLock as i32);
        }
    }

    /// Attributes that are not dropped.
    pub(crate) fn attributes(&self) -> Vec<Attribute> {
        // SAFETY: the tuple descriptor lives as long as the relation is open.
        unsafe {
            let descriptor = (*self.relation).rd_att;
            (0..(*descriptor).natts as usize)
                .map(|at| &*attribute(descriptor, at))
                .filter(|attribute| !attribute.attisdropped)
                .map(|attribute| Attribute {
                    number: attribute.attnum,
                    name: CStr::from_ptr(attribute.attname.data.as_ptr()).to_string_lossy().into_owned(),
                    type_oid: attribute.atttypid,
                    generated: attribute.attgenerated != 0,
                })
                .collect()
        }
    }

    /// Number of attributes, dropped ones included: the length of what [`OpenTable::row`] returns.
    pub(crate) fn width(&self) -> usize {
        // SAFETY: the tuple descriptor lives as long as the relation is open.
        unsafe { (*(*self.relation).rd_att).natts as usize }
    }

    /// Why reducers cannot work on this table at all, if so.
    pub(crate) fn obstacle(&self) -> Option<&'static str> {
        // SAFETY: the relation is open.
        unsafe {
            match (*(*self.relation).rd_rel).relkind as u8 {
                pg_sys::RELKIND_RELATION if !(*self.relation).rd_rules.is_null() => Some("it has rules"),
                pg_sys::RELKIND_RELATION => None,
                pg_sys::RELKIND_PARTITIONED_TABLE => Some("it is partitioned"),
                pg_sys::RELKIND_FOREIGN_TABLE => Some("it is a foreign table"),
                _ => Some("it is not a table"),
            }
        }
    }

    /// Indexes of the table: relation oid and name.
    pub(crate) fn indexes(&self) -> Vec<(Oid, String)> {
        // SAFETY: the list is a copy; index names come from the syscache as palloc'd strings.
        unsafe {
            let list = pg_sys::RelationGetIndexList(self.relation);
            let indexes = pgrx::PgList::<std::ffi::c_void>::from_pg(list);
            indexes
                .iter_oid()
                .filter_map(|oid| {
                    let name = pg_sys::get_rel_name(oid);
                    (!name.is_null()).then(|| (oid, CStr::from_ptr(name).to_string_lossy().into_owned()))
                })
                .collect()
        }
    }

    /// Facts of the index `oid` of this table, if it is a whole, valid btree over just `keys` (attribute numbers), and
    /// unique if need be. An index of another shape under the same name would be entered with keys of wrong types.
    pub(crate) fn index_facts(&self, oid: Oid, keys: &[i16], is_unique: bool) -> Option<IndexFacts> {
        // SAFETY: opened and closed here; the lock stays, as usual for indexes of a locked table.
        unsafe {
            let index = pg_sys::index_open(oid, pg_sys::AccessShareLock as i32);
            let form = &*(*index).rd_index;
            let width = usize::try_from(form.indnkeyatts).unwrap_or(0);
            let fits = is_usable(index, is_unique)
                && width == keys.len()
                && form.indkey.values.as_slice(width) == keys;
            let facts = fits.then(|| IndexFacts::of(index));
            pg_sys::index_close(index, pg_sys::NoLock as i32);
            facts
        }
    }

    /// Whether the index `oid` keeps rows of the whole table unique.
    pub(crate) fn is_unique_index(&self, oid: Oid) -> bool {
        // SAFETY: as `index_facts`.
        unsafe {
            let index = pg_sys::index_open(oid, pg_sys::AccessShareLock as i32);
            let is_unique = is_usable(index, true);
            pg_sys::index_close(index, pg_sys::NoLock as i32);
            is_unique
        }
    }

    /// Whether any index evaluates expressions.
    pub(crate) fn has_index_expressions(&self) -> bool {
        self.indexes().iter().any(|(oid, _)| {
            // SAFETY: as `index_facts`. Looks at the stored tuple: asking for the expressions would evaluate them.
            unsafe {
                let index = pg_sys::index_open(*oid, pg_sys::AccessShareLock as i32);
                let has = [pg_sys::Anum_pg_index_indexprs, pg_sys::Anum_pg_index_indpred]
                    .iter()
                    .any(|column| !is_null_in_catalog(index, *column));
                pg_sys::index_close(index, pg_sys::NoLock as i32);
                has
            }
        })
    }

    /// Role that owns the table.
    pub(crate) fn owner(&self) -> Oid {
        // SAFETY: the relation is open.
        unsafe { (*(*self.relation).rd_rel).relowner }
    }
}

/// A valid btree over all rows, and unique at once if need be.
unsafe fn is_usable(index: pg_sys::Relation, is_unique: bool) -> bool {
    // SAFETY: an open index.
    unsafe {
        let form = &*(*index).rd_index;
        (*(*index).rd_rel).relam == pg_sys::BTREE_AM_OID
            && form.indisvalid
            && (!is_unique || (form.indisunique && form.indimmediate))
            && is_null_in_catalog(index, pg_sys::Anum_pg_index_indpred)
    }
}

/// Whether a column of the index's pg_index row is NULL.
unsafe fn is_null_in_catalog(index: pg_sys::Relation, column: u32) -> bool {
    // SAFETY: an open index holds a copy of its catalog row.
    unsafe { pg_sys::heap_attisnull((*index).rd_indextuple, column as i32, std::ptr::null_mut()) }
}

/// # Safety
/// `slot` holds a row; the slices live as long as it does.
pub(in crate::pg) unsafe fn slot_row<'a>(slot: *mut pg_sys::TupleTableSlot) -> RowDatums<'a> {
    // SAFETY: deforming fills both arrays up to the descriptor's width.
    unsafe {
        pg_sys::slot_getallattrs(slot);
        let width = (*(*slot).tts_tupleDescriptor).natts as usize;
        (
            std::slice::from_raw_parts((*slot).tts_values, width),
            std::slice::from_raw_parts((*slot).tts_isnull, width),
        )
    }
}

/// `TupleDescAttr`.
///
/// # Safety
/// `at` is below the descriptor's width.
pub(in crate::pg) unsafe fn attribute(
    descriptor: pg_sys::TupleDesc,
    at: usize,
) -> *const pg_sys::FormData_pg_attribute {
    // SAFETY: upheld by the caller.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        return (*descriptor).attrs.as_ptr().add(at);
        #[cfg(feature = "pg18")]
        return pg_sys::TupleDescAttr(descriptor, at as i32);
    }
}
