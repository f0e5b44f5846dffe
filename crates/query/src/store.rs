//! Rows of one relation in memory, found by the values of columns.

use std::collections::HashMap;

use indexmap::IndexMap;
use spacetime_definition::bsatn;

use crate::Error;
use crate::row::RowReader;
use crate::schema::StoredRelation;

/// A multiset of rows of one relation. An index on a column is made when rows are first looked for by it.
///
/// `R` is a handle to a row's bytes that is cheap to clone.
#[derive(Debug)]
pub struct RowStore<R> {
    reader: RowReader,
    /// In the order in which they came, but for rows that took the place of others.
    rows: IndexMap<R, i64>,
    indexes: HashMap<usize, HashMap<Vec<u8>, Vec<R>>>,
}

impl<R> RowStore<R>
where
    R: AsRef<[u8]> + Clone + Eq + std::hash::Hash + std::borrow::Borrow<[u8]> + From<Vec<u8>>,
{
    pub fn new(relation: &StoredRelation) -> Self {
        Self { reader: RowReader::new(relation), rows: IndexMap::new(), indexes: HashMap::new() }
    }

    /// Each row with how often it is there.
    pub fn rows(&self) -> impl Iterator<Item = (&R, i64)> {
        self.rows.iter().map(|(row, count)| (row, *count))
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Changes how often a row is there. The bytes are copied if they are kept. Less than never is remembered, too: the rows
    /// of one commit come in no order.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedRow`] if an indexed column cannot be found in it.
    pub fn change(&mut self, row: &[u8], by: i64) -> Result<(), Error> {
        if let Some(count) = self.rows.get_mut(row) {
            *count += by;
            if *count == 0 {
                return self.forget(row);
            }
            return Ok(());
        }
        let kept = R::from(row.to_vec());
        for (column, index) in &mut self.indexes {
            let value = key(&self.reader, row, *column)?;
            index.entry(value).or_default().push(kept.clone());
        }
        self.rows.insert(kept, by);
        Ok(())
    }

    fn forget(&mut self, row: &[u8]) -> Result<(), Error> {
        self.rows.swap_remove(row);
        for (column, index) in &mut self.indexes {
            let value = key(&self.reader, row, *column)?;
            if let Some(rows) = index.get_mut(&value) {
                rows.retain(|kept| kept.as_ref() != row);
                if rows.is_empty() {
                    index.remove(&value);
                }
            }
        }
        Ok(())
    }

    /// The rows with a value in a column, each as often as it is there; for [`crate::Lookup`].
    ///
    /// # Errors
    ///
    /// [`Error::MalformedRow`], [`Error::Misfit`] for columns that do not exist.
    pub fn find(&mut self, column: usize, value: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let value = canonical(&self.reader, column, value)?;
        if !self.indexes.contains_key(&column) {
            let mut index: HashMap<Vec<u8>, Vec<R>> = HashMap::new();
            for row in self.rows.keys() {
                index.entry(key(&self.reader, row.as_ref(), column)?).or_default().push(row.clone());
            }
            self.indexes.insert(column, index);
        }
        let found = self.indexes.get(&column).and_then(|index| index.get(&value));
        let often = |row: &R| {
            let count = self.rows.get(row.as_ref() as &[u8]).copied().unwrap_or_default();
            std::iter::repeat_n(row.as_ref().to_vec(), usize::try_from(count).unwrap_or_default())
        };
        Ok(found.into_iter().flatten().flat_map(often).collect())
    }
}

fn key(reader: &RowReader, row: &[u8], column: usize) -> Result<Vec<u8>, Error> {
    canonical(reader, column, reader.column(row, column)?)
}

/// −0 and +0 are one value, and so are all NaNs.
fn canonical(reader: &RowReader, column: usize, value: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(bsatn::canonical(reader.ty(column)?, value).unwrap_or_else(|_| value.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::RowStore;
    use crate::schema::{StoredColumn, StoredRelation};
    use spacetime_definition::Type;

    fn store() -> RowStore<Vec<u8>> {
        let column = |name: &str, ty| StoredColumn {
            name: name.into(),
            source_name: name.into(),
            ty,
            is_indexed: true,
        };
        RowStore::new(&StoredRelation {
            name: "point".into(),
            source_name: "point".into(),
            columns: vec![column("id", Type::U8), column("x", Type::F32)],
            is_public: true,
            is_event: false,
            is_view: false,
        })
    }

    fn row(id: u8, x: f32) -> Vec<u8> {
        [vec![id], x.to_le_bytes().to_vec()].concat()
    }

    #[test]
    fn rows_are_found_by_value_before_and_after_changes() {
        let mut store = store();
        store.change(&row(1, 0.0), 1).expect("a row");
        assert_eq!(store.find(1, &(-0.0_f32).to_le_bytes()).expect("rows"), [row(1, 0.0)]);
        // Now there is an index, which follows.
        store.change(&row(2, -0.0), 2).expect("a row");
        assert_eq!(store.find(1, &0.0_f32.to_le_bytes()).expect("rows").len(), 3);
        store.change(&row(1, 0.0), -1).expect("a row");
        assert_eq!(store.find(1, &0.0_f32.to_le_bytes()).expect("rows"), [row(2, -0.0), row(2, -0.0)]);
        assert_eq!(store.find(0, &[1]).expect("rows"), Vec::<Vec<u8>>::new());
        assert_eq!(store.len(), 1);
    }

    #[test]
    fn a_delete_may_come_before_its_insert() {
        let mut store = store();
        store.change(&row(1, 1.0), -1).expect("a row");
        assert!(store.find(0, &[1]).expect("rows").is_empty());
        store.change(&row(1, 1.0), 1).expect("a row");
        assert!(store.is_empty());
    }
}
