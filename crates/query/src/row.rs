//! Where the columns are in the bytes of a row.

use spacetime_definition::Type;
use spacetime_definition::bsatn::{self, Reader};

use crate::Error;
use crate::schema::StoredRelation;

/// Finds columns in BSATN rows of one relation. Columns behind others of fixed size only are found at once, the rest
/// by reading over what is in front of them.
#[derive(Debug, Clone)]
pub(crate) struct RowReader {
    table: String,
    types: Vec<Type>,
    /// Of the first columns: how far behind the row's start they begin.
    offsets: Vec<usize>,
}

impl RowReader {
    pub(crate) fn new(relation: &StoredRelation) -> Self {
        let types: Vec<Type> = relation.columns.iter().map(|column| column.ty.clone()).collect();
        let mut offsets: Vec<usize> = vec![0];
        for ty in &types {
            let end = ty.fixed_size().and_then(|size| offsets.last()?.checked_add(size));
            let Some(end) = end else { break };
            offsets.push(end);
        }
        Self { table: relation.name.clone(), types, offsets }
    }

    pub(crate) fn ty(&self, column: usize) -> Result<&Type, Error> {
        self.types.get(column).ok_or(Error::Misfit { problem: "unknown column" })
    }

    /// The bytes of one column.
    pub(crate) fn column<'r>(&self, row: &'r [u8], column: usize) -> Result<&'r [u8], Error> {
        let known = column.min(self.offsets.len().saturating_sub(1));
        let start = self.offsets.get(known).copied().unwrap_or_default();
        let Some(rest) = row.get(start..) else { return Err(self.malformed("too short")) };
        let mut reader = Reader::new(rest);
        for ty in self.types.iter().take(column).skip(known) {
            self.skip(ty, &mut reader)?;
        }
        let begin = reader.position();
        self.skip(self.ty(column)?, &mut reader)?;
        Ok(reader.since(begin))
    }

    /// Text is not checked: rows come from tables, and what is compared are bytes.
    fn skip(&self, ty: &Type, reader: &mut Reader<'_>) -> Result<(), Error> {
        let skipped = match (ty, ty.fixed_size()) {
            (Type::String | Type::Bytes, _) => reader.bytes().map(drop),
            (_, Some(size)) => reader.take(size).map(drop),
            _ => bsatn::skip(ty, reader),
        };
        skipped.map_err(|error| self.malformed(error.to_string()))
    }

    fn malformed(&self, problem: impl Into<String>) -> Error {
        Error::MalformedRow { table: self.table.clone(), problem: problem.into() }
    }
}
