//! Indexes of module tables: what is known of one, and the scan keys to enter it.

use pgrx::pg_sys::{self, Datum, Oid};

/// btree strategies, by their numbers in the operator family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    Less = 1,
    LessEqual = 2,
    Equal = 3,
    GreaterEqual = 4,
    Greater = 5,
    /// No operator: any value but NULL.
    NotNull = 6,
}

/// One condition on an index column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Position within the index, from 0.
    pub(crate) column: usize,
    pub(crate) strategy: Strategy,
    /// `None` means NULL with [`Strategy::Equal`], and nothing with [`Strategy::NotNull`].
    pub(crate) value: Option<Datum>,
}

/// Comparison procedures of one index column, in strategy order.
#[derive(Debug, Clone, Copy)]
struct Comparison {
    procedures: [Oid; 5],
    subtype: Oid,
    collation: Oid,
}

/// What entering an index needs, read once per table codec.
#[derive(Debug, Clone)]
pub(crate) struct IndexFacts {
    pub(crate) oid: Oid,
    comparisons: Vec<Comparison>,
}

impl IndexFacts {
    /// Reads the facts of the btree index `index`.
    ///
    /// # Safety
    /// `index` is an open btree index relation.
    pub(crate) unsafe fn of(index: pg_sys::Relation) -> Self {
        // SAFETY: the relcache entry's arrays have one element per key column.
        unsafe {
            let columns = usize::try_from((*(*index).rd_index).indnkeyatts).unwrap_or(0);
            let comparisons = (0..columns)
                .map(|at| {
                    let family = *(*index).rd_opfamily.add(at);
                    let subtype = *(*index).rd_opcintype.add(at);
                    let mut procedures = [Oid::INVALID; 5];
                    for (strategy, procedure) in (1i16..).zip(&mut procedures) {
                        let operator = pg_sys::get_opfamily_member(family, subtype, subtype, strategy);
                        *procedure = pg_sys::get_opcode(operator);
                    }
                    Comparison { procedures, subtype, collation: *(*index).rd_indcollation.add(at) }
                })
                .collect();
            Self { oid: (*index).rd_id, comparisons }
        }
    }

    /// Scan keys for `keys`, which are in index column order.
    pub(crate) fn scan_keys(&self, keys: &[Key]) -> Vec<pg_sys::ScanKeyData> {
        keys.iter()
            .map(|key| {
                let comparison = self.comparisons[key.column];
                let (flags, strategy, procedure) = match (key.strategy, key.value) {
                    (Strategy::NotNull, _) => (pg_sys::SK_ISNULL | pg_sys::SK_SEARCHNOTNULL, 0, Oid::INVALID),
                    (_, None) => (pg_sys::SK_ISNULL | pg_sys::SK_SEARCHNULL, 0, Oid::INVALID),
                    (strategy, Some(_)) => (0, strategy as u16, comparison.procedures[strategy as usize - 1]),
                };
                let mut entry = pg_sys::ScanKeyData::default();
                // SAFETY: initialises the whole entry; the procedure is a comparison of this column's type.
                unsafe {
                    pg_sys::ScanKeyEntryInitialize(
                        &mut entry,
                        flags as i32,
                        (key.column + 1) as i16,
                        strategy,
                        comparison.subtype,
                        comparison.collation,
                        procedure,
                        key.value.unwrap_or(Datum::from(0usize)),
                    );
                }
                entry
            })
            .collect()
    }

    /// Number of key columns.
    pub(crate) fn width(&self) -> usize {
        self.comparisons.len()
    }
}
