//! Rows of views as Postgres takes them: BSATN to a set of rows.

use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Field, Type, View};

use super::view::malformed;
use crate::error::{Error, Result};
use crate::module::ReadyModule;
use crate::pg::result::RowSet;
use crate::pg::{Datum, interrupt};
use crate::row::{DecodeError, ValueCodec, column_type};

/// One column of a view.
struct Column<'a> {
    name: &'a str,
    codec: ValueCodec,
    nullable: bool,
}

/// Decodes an array of rows into the result of an SQL function, whose columns publishing has declared.
pub(super) fn return_rows(mut set: RowSet, module: &ReadyModule, view: &View, rows: &[u8]) -> Result<()> {
    let columns = columns(&set, module, view)?;
    let broken = |error: spacetime_definition::Error| malformed(module, view, &error.to_string());
    let (mut values, mut nulls) = (vec![Datum::from(0usize); columns.len()], vec![false; columns.len()]);
    let mut reader = Reader::new(rows);
    let count = reader.array_length(&Type::Product(view.row_type.clone())).map_err(broken)?;
    for _ in 0..count {
        interrupt::process();
        set.push(&mut values, &mut nulls, |values, nulls| {
            for (at, column) in columns.iter().enumerate() {
                let decoded =
                    column.decode(&mut reader).map_err(|error| column.failed(error, module, view))?;
                nulls[at] = decoded.is_none();
                values[at] = decoded.unwrap_or(Datum::from(0usize));
            }
            Ok(())
        })?;
    }
    reader.finish().map_err(broken)?;
    set.finish();
    Ok(())
}

fn columns<'a>(set: &RowSet, module: &ReadyModule, view: &'a View) -> Result<Vec<Column<'a>>> {
    let types = set.types();
    let fields: &[Field] = &view.row_type.fields;
    let outdated = |problem: String| Error::NotInState {
        what: format!(
            "the SQL function of view {:?} does not fit module {:?}: {problem}",
            view.name, module.row.name
        ),
        hint: "Publish the module again to make its functions anew.".into(),
    };
    if types.len() != fields.len() {
        return Err(outdated("it has another number of columns".into()));
    }
    let column = |(field, oid): (&'a Field, _)| {
        let (ty, nullable) = column_type(&field.ty);
        let codec = ValueCodec::new(ty, oid).map_err(&outdated)?;
        Ok(Column { name: field.name.as_deref().unwrap_or("?"), codec, nullable })
    };
    fields.iter().zip(types).map(column).collect()
}

impl Column<'_> {
    fn decode(&self, reader: &mut Reader<'_>) -> std::result::Result<Option<Datum>, DecodeError> {
        if self.nullable && reader.tag(2)? == 1 {
            return Ok(None);
        }
        self.codec.decode(reader).map(Some)
    }

    fn failed(&self, error: DecodeError, module: &ReadyModule, view: &View) -> Error {
        match error {
            DecodeError::Malformed => malformed(module, view, &format!("column {:?}", self.name)),
            DecodeError::Value(value) => value.at(format!("column {:?} of view {:?}", self.name, view.name)),
        }
    }
}
