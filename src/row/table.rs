//! One table: which attribute holds which column, where auto-increment values come from, how its indexes are entered.
//!
//! Made for one shape of the table (relation_generation) and thrown away with it: operators may ALTER module tables.

use spacetime_definition::bsatn::{self, Reader};
use spacetime_definition::{Field, IndexAlgorithm, Table};

use super::codec::ValueCodec;
use super::value::{DecodeError, ValueError};
use crate::error::{Error, Result, ValueProblem};
use crate::pg::index::IndexFacts;
use crate::pg::relation::{Attribute, OpenTable, RowDatums};
use crate::pg::{Datum, Oid, invalidation};

/// Everything between a table of the definition and its table in Postgres.
#[derive(Debug)]
pub(crate) struct TableCodec {
    /// Name in Postgres, for messages.
    pub(crate) name: String,
    columns: Vec<ColumnCodec>,
    fields: Vec<Field>,
    contains_float: bool,
    /// For each attribute, whether a column of the definition lies in it.
    pub(crate) is_mapped: Vec<bool>,
    /// For each attribute, whether the module's values for it are never NULL.
    pub(crate) is_never_null: Vec<bool>,
    /// Operators have put columns or index expressions on the table, which may call functions of theirs.
    pub(crate) evaluates: bool,
    pub(crate) indexes: Vec<IndexCodec>,
    generation: u64,
    relation: Oid,
}

#[derive(Debug)]
struct ColumnCodec {
    name: String,
    /// From 0.
    attribute: usize,
    value: ValueCodec,
    nullable: bool,
    /// The sequence and the width in bytes of the column's integer.
    sequence: Option<(Oid, usize)>,
}

/// An index of the definition and the Postgres index that serves it.
#[derive(Debug)]
pub(crate) struct IndexCodec {
    /// `None` when an operator dropped it.
    pub(crate) facts: Option<IndexFacts>,
    pub(crate) is_unique: bool,
    pub(crate) algorithm: IndexAlgorithm,
    /// Positions of the key columns in the table.
    pub(crate) columns: Vec<usize>,
    pub(crate) name: String,
}

/// Names of a table's parts in Postgres, in the order of the definition.
#[derive(Debug)]
pub(crate) struct PartNames<'a> {
    pub(crate) table: &'a str,
    pub(crate) columns: Vec<&'a str>,
    pub(crate) indexes: Vec<&'a str>,
    /// The unique index that makes the table's rows a set, where no other does.
    pub(crate) row_hash_index: Option<&'a str>,
    /// Column position and oid.
    pub(crate) sequences: Vec<(usize, Oid)>,
}

impl TableCodec {
    /// Matches the definition with the table as it is now.
    pub(crate) fn new(
        module: &str,
        definition: &Table,
        names: &PartNames<'_>,
        relation: Oid,
        table: &OpenTable,
    ) -> Result<Self> {
        let generation = invalidation::relation_generation(relation);
        let changed = |problem: String| Error::TableChanged {
            module: module.to_owned(),
            table: names.table.to_owned(),
            problem,
        };
        if let Some(obstacle) = table.obstacle() {
            return Err(changed(obstacle.to_owned()));
        }
        let attributes = table.attributes();
        let mut is_mapped = vec![false; table.width()];
        let mut is_never_null = is_mapped.clone();
        let mut columns = Vec::with_capacity(definition.columns.len());
        for (at, column) in definition.columns.iter().enumerate() {
            let name = names.columns[at];
            let attribute = find_column(&attributes, name).map_err(changed)?;
            let (ty, nullable) = super::column_type(&column.ty);
            let value = ValueCodec::new(ty, attribute.type_oid)
                .map_err(|problem| changed(format!("column {name:?}: {problem}")))?;
            let sequence = names.sequences.iter().find(|(position, _)| *position == at);
            let place = attribute.number as usize - 1;
            is_mapped[place] = true;
            is_never_null[place] = !nullable;
            columns.push(ColumnCodec {
                name: name.to_owned(),
                attribute: place,
                value,
                nullable,
                sequence: sequence.map(|(_, oid)| (*oid, column.ty.integer_width().unwrap_or(8))),
            });
        }
        let indexes = index_codecs(definition, names, table, &columns);
        // Without its unique indexes a table would take what the module believes impossible.
        let gone = indexes.iter().find(|index| index.is_unique && index.facts.is_none());
        if let Some(index) = gone {
            return Err(changed(format!("unique index {:?} is gone", index.name)));
        }
        if let Some(name) = names.row_hash_index
            && !table.indexes().iter().any(|(oid, present)| present == name && table.is_unique_index(*oid))
        {
            return Err(changed(format!("unique index {name:?} is gone")));
        }
        let fields = definition.row_type().fields;
        Ok(Self {
            name: names.table.to_owned(),
            contains_float: fields.iter().any(|field| field.ty.contains_float()),
            indexes,
            columns,
            fields,
            evaluates: attributes.iter().any(|attribute| !is_mapped[attribute.number as usize - 1])
                || table.has_index_expressions(),
            is_mapped,
            is_never_null,
            generation,
            relation,
        })
    }

    /// Whether this codec was made for `relation` in the shape it still has.
    pub(crate) fn serves(&self, relation: Oid) -> bool {
        self.relation == relation && self.generation == invalidation::relation_generation(relation)
    }

    /// Reads one whole row from `bytes` into the attributes of a new row. Auto-increment columns that are 0 are drawn
    /// with `draw`, and the values drawn are appended to `generated` (module-abi.md §4.7).
    pub(crate) fn decode_row(
        &self,
        bytes: &[u8],
        values: &mut [Datum],
        nulls: &mut [bool],
        generated: &mut Vec<u8>,
        mut draw: impl FnMut(Oid) -> i64,
    ) -> std::result::Result<(), DecodeError> {
        let mut reader = Reader::new(bytes);
        for column in &self.columns {
            let is_null = column.nullable && reader.tag(2)? == 1;
            nulls[column.attribute] = is_null;
            if is_null {
                continue;
            }
            values[column.attribute] = match column.sequence {
                Some((sequence, width)) if reader.rest().iter().take(width).all(|byte| *byte == 0) => {
                    reader.take(width)?;
                    let start = generated.len();
                    append_drawn(draw(sequence), width, generated);
                    column.value.decode(&mut Reader::new(&generated[start..]))
                }
                _ => column.value.decode(&mut reader),
            }
            .map_err(|error| column.locate(error, &self.name))?;
        }
        reader.finish()?;
        Ok(())
    }

    /// Appends the BSATN of a row.
    ///
    /// # Safety
    /// The slices are a row of the table this codec is current for.
    pub(crate) unsafe fn encode_row(&self, row: RowDatums<'_>, out: &mut Vec<u8>) -> Result<()> {
        let (values, nulls) = row;
        for column in &self.columns {
            let is_null = nulls[column.attribute];
            if column.nullable {
                out.push(u8::from(is_null));
            } else if is_null {
                let error = ValueError::new(ValueProblem::Malformed, "is NULL");
                return Err(error.at(column.place(&self.name)));
            }
            if !is_null {
                // SAFETY: the caller vouches for the row.
                unsafe { column.value.encode(values[column.attribute], out) }
                    .map_err(|error| error.at(column.place(&self.name)))?;
            }
        }
        Ok(())
    }

    /// Value equality of two encoded rows: −0 equals +0 and every NaN equals every other (module-abi.md §4.2).
    pub(crate) fn rows_equal(&self, a: &[u8], b: &[u8]) -> bool {
        a == b
            || (self.contains_float
                && matches!(
                    (bsatn::canonical_fields(&self.fields, a), bsatn::canonical_fields(&self.fields, b)),
                    (Ok(a), Ok(b)) if a == b
                ))
    }

    /// Advances over one row of `reader`.
    pub(crate) fn skip_row(
        &self,
        reader: &mut Reader<'_>,
    ) -> std::result::Result<(), spacetime_definition::Error> {
        bsatn::skip_fields(&self.fields, reader)
    }

    /// Reads one value of column `column` as a key; `None` is NULL.
    pub(crate) fn decode_key(
        &self,
        column: usize,
        reader: &mut Reader<'_>,
    ) -> std::result::Result<Option<Datum>, DecodeError> {
        let column = &self.columns[column];
        if column.nullable && reader.tag(2)? == 1 {
            return Ok(None);
        }
        column.value.decode(reader).map(Some).map_err(|error| column.locate(error, &self.name))
    }

    /// Whether NULL stands for `none` in column `column`.
    pub(crate) fn is_nullable(&self, column: usize) -> bool {
        self.columns[column].nullable
    }

    /// The value of column `column` in a row; `None` is NULL.
    pub(crate) fn column_of(&self, column: usize, row: RowDatums<'_>) -> Option<Datum> {
        let attribute = self.columns[column].attribute;
        (!row.1[attribute]).then(|| row.0[attribute])
    }
}

impl ColumnCodec {
    fn place(&self, table: &str) -> String {
        format!("column {:?} of table {table:?}", self.name)
    }

    fn locate(&self, error: DecodeError, table: &str) -> DecodeError {
        match error {
            DecodeError::Value(mut value) => {
                value.problem = format!("{}: {}", self.place(table), value.problem);
                DecodeError::Value(value)
            }
            malformed => malformed,
        }
    }
}

/// Sequences count in i64; the column takes the low bytes, as the reference's wrapping does.
pub(crate) fn append_drawn(value: i64, width: usize, out: &mut Vec<u8>) {
    let filler = if value < 0 { 0xff } else { 0 };
    let mut bytes = [filler; 32];
    bytes[..8].copy_from_slice(&value.to_le_bytes());
    out.extend_from_slice(&bytes[..width]);
}

fn find_column<'a>(attributes: &'a [Attribute], name: &str) -> std::result::Result<&'a Attribute, String> {
    match attributes.iter().find(|attribute| attribute.name == name) {
        None => Err(format!("column {name:?} is gone")),
        Some(attribute) if attribute.generated => Err(format!("column {name:?} is a generated column")),
        Some(attribute) => Ok(attribute),
    }
}

fn index_codecs(
    definition: &Table,
    names: &PartNames<'_>,
    table: &OpenTable,
    columns: &[ColumnCodec],
) -> Vec<IndexCodec> {
    let present = table.indexes();
    definition
        .indexes
        .iter()
        .zip(&names.indexes)
        .map(|(index, name)| {
            let keys: Vec<_> =
                index.columns.iter().map(|column| columns[*column].attribute as i16 + 1).collect();
            let found = present.iter().find(|(_, present)| present == name);
            IndexCodec {
                facts: found.and_then(|(oid, _)| table.index_facts(*oid, &keys, index.is_unique)),
                is_unique: index.is_unique,
                algorithm: index.algorithm,
                columns: index.columns.clone(),
                name: (*name).to_owned(),
            }
        })
        .collect()
}
