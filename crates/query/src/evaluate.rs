//! Conditions on the bytes of rows.

use crate::Error;
use crate::plan::{ColumnRef, Comparison, Operand, Predicate};
use crate::row::RowReader;
use crate::value::compare;

/// One row of each of a plan's relations, with what finds its columns.
pub(crate) type Rows<'a> = [Option<(&'a RowReader, &'a [u8])>];

/// The bytes of a column.
pub(crate) fn column<'a>(rows: &Rows<'a>, column: ColumnRef) -> Result<&'a [u8], Error> {
    let (reader, row) = row(rows, column)?;
    reader.column(row, column.column)
}

fn row<'a>(rows: &Rows<'a>, column: ColumnRef) -> Result<(&'a RowReader, &'a [u8]), Error> {
    rows.get(column.relation).copied().flatten().ok_or(Error::Misfit { problem: "a relation without row" })
}

/// Whether the rows satisfy a condition. Allocates nothing unless it fails.
pub(crate) fn holds(predicate: &Predicate, rows: &Rows<'_>) -> Result<bool, Error> {
    match predicate {
        Predicate::Constant(value) => Ok(*value),
        Predicate::And(parts) => {
            for part in parts {
                if !holds(part, rows)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Predicate::Or(parts) => {
            for part in parts {
                if holds(part, rows)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Predicate::Compare(left, comparison, operand) => {
            let (reader, bytes) = row(rows, *left)?;
            let value = reader.column(bytes, left.column)?;
            let other = match operand {
                Operand::Column(other) => column(rows, *other)?,
                Operand::Literal(value) => &value.bsatn,
                Operand::Sender(_) => return Err(Error::Misfit { problem: "`:sender` is not bound" }),
            };
            let order = compare(reader.ty(left.column)?, value, other);
            Ok(match comparison {
                Comparison::Eq => order.is_eq(),
                Comparison::Ne => order.is_ne(),
                Comparison::Lt => order.is_lt(),
                Comparison::Le => order.is_le(),
                Comparison::Gt => order.is_gt(),
                Comparison::Ge => order.is_ge(),
            })
        }
    }
}
