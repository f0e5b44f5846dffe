//! Conditions on one row.

use std::cmp::Ordering;

use spacetime_auth::Identity;
use spacetime_definition::bsatn::{Reader, skip};
use spacetime_definition::{Field, Table, Type};
use spacetime_query::syntax::{Column, Comparison, Expression, Literal, Operand};

use crate::error::{Error, Result};

/// A condition whose names, types and parameters are known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Always,
    Never,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// Column, and a value of its type in BSATN.
    Value(usize, Comparison, Vec<u8>),
    /// Two columns of one type.
    Columns(usize, Comparison, usize),
}

impl Condition {
    /// Checks an expression over one table, which the query calls `alias`.
    pub(super) fn check(
        expression: &Expression,
        table: &Table,
        alias: &str,
        sender: Identity,
    ) -> Result<Self> {
        let scope = Scope { table, alias, sender };
        scope.condition(expression)
    }

    /// Whether a row satisfies the condition; `None` when it is no row of the type.
    pub(super) fn holds(&self, fields: &[Field], row: &[u8]) -> Option<bool> {
        let mut reader = Reader::new(row);
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let start = reader.position();
            skip(&field.ty, &mut reader).ok()?;
            values.push((&field.ty, reader.since(start)));
        }
        self.is_true(&values)
    }

    fn is_true(&self, values: &[(&Type, &[u8])]) -> Option<bool> {
        let compare = |at: usize, comparison: Comparison, other: &[u8]| {
            let (ty, value) = values.get(at)?;
            Some(matches(comparison, order(ty, value, other)?))
        };
        match self {
            Self::Always => Some(true),
            Self::Never => Some(false),
            Self::All(parts) => parts.iter().try_fold(true, |all, part| Some(all && part.is_true(values)?)),
            Self::Any(parts) => parts.iter().try_fold(false, |any, part| Some(any || part.is_true(values)?)),
            Self::Value(at, comparison, value) => compare(*at, *comparison, value),
            Self::Columns(at, comparison, other) => compare(*at, *comparison, values.get(*other)?.1),
        }
    }
}

fn matches(comparison: Comparison, order: Option<Ordering>) -> bool {
    // NaN is neither less than, equal to nor greater than anything.
    let Some(order) = order else { return comparison == Comparison::Ne };
    match comparison {
        Comparison::Eq => order.is_eq(),
        Comparison::Ne => order.is_ne(),
        Comparison::Lt => order.is_lt(),
        Comparison::Le => order.is_le(),
        Comparison::Gt => order.is_gt(),
        Comparison::Ge => order.is_ge(),
    }
}

/// Order of two values in BSATN; the outer `None` for bytes that are no values, the inner one for NaN.
fn order(ty: &Type, left: &[u8], right: &[u8]) -> Option<Option<Ordering>> {
    let (mut a, mut b) = (Reader::new(left), Reader::new(right));
    Some(match ty {
        Type::F32 => a.f32().ok()?.partial_cmp(&b.f32().ok()?),
        Type::F64 => a.f64().ok()?.partial_cmp(&b.f64().ok()?),
        Type::String | Type::Bytes => Some(a.bytes().ok()?.cmp(b.bytes().ok()?)),
        Type::I8
        | Type::I16
        | Type::I32
        | Type::I64
        | Type::I128
        | Type::I256
        | Type::Timestamp
        | Type::TimeDuration => {
            // Flipping the sign bit makes the order of two's complement that of unsigned numbers.
            let flipped = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                if let Some(last) = bytes.last_mut() {
                    *last ^= 0x80;
                }
                bytes
            };
            Some(flipped(left).iter().rev().cmp(flipped(right).iter().rev()))
        }
        // Unsigned, little-endian, of one width.
        _ => Some(left.iter().rev().cmp(right.iter().rev())),
    })
}

fn is_comparable(ty: &Type) -> bool {
    ty.is_integer()
        || ty.is_float()
        || matches!(
            ty,
            Type::Bool
                | Type::String
                | Type::Bytes
                | Type::Identity
                | Type::ConnectionId
                | Type::Timestamp
                | Type::Uuid
        )
}

struct Scope<'a> {
    table: &'a Table,
    alias: &'a str,
    sender: Identity,
}

impl Scope<'_> {
    fn condition(&self, expression: &Expression) -> Result<Condition> {
        let parts =
            |parts: &[Expression]| parts.iter().map(|part| self.condition(part)).collect::<Result<_>>();
        Ok(match expression {
            Expression::And(all) => Condition::All(parts(all)?),
            Expression::Or(any) => Condition::Any(parts(any)?),
            Expression::Compare(left, comparison, right) => self.comparison(left, *comparison, right)?,
            Expression::Operand(Operand::Literal(Literal::Bool(true), _)) => Condition::Always,
            Expression::Operand(Operand::Literal(Literal::Bool(false), _)) => Condition::Never,
            Expression::Operand(Operand::Column(column)) => {
                let at = self.column(column)?;
                match self.table.columns[at].ty {
                    Type::Bool => Condition::Value(at, Comparison::Eq, vec![1]),
                    _ => return refused(format!("`{}` is not of type bool", column.name.text)),
                }
            }
            Expression::Operand(_) => return refused("the condition is not of type bool".into()),
        })
    }

    fn comparison(&self, left: &Operand, comparison: Comparison, right: &Operand) -> Result<Condition> {
        match (left, right) {
            (Operand::Column(left), Operand::Column(right)) => {
                let (left, right) = (self.column(left)?, self.column(right)?);
                if self.table.columns[left].ty != self.table.columns[right].ty {
                    return refused("the compared columns are of different types".into());
                }
                Ok(Condition::Columns(left, comparison, right))
            }
            (Operand::Column(column), value) => self.with_value(column, comparison, value),
            (value, Operand::Column(column)) => self.with_value(column, turned(comparison), value),
            _ => refused("one side of a comparison must be a column".into()),
        }
    }

    fn with_value(&self, column: &Column, comparison: Comparison, value: &Operand) -> Result<Condition> {
        let at = self.column(column)?;
        let ty = &self.table.columns[at].ty;
        Ok(Condition::Value(at, comparison, self.value(ty, value)?))
    }

    fn column(&self, column: &Column) -> Result<usize> {
        if let Some(relation) = &column.relation
            && relation.text != self.alias
        {
            return refused(format!("`{}` is not in scope", relation.text));
        }
        let Some(at) = self.table.column_by_name(&column.name.text) else {
            return refused(format!("`{}` is not in scope", column.name.text));
        };
        let ty = &self.table.columns[at].ty;
        if !is_comparable(ty) {
            return refused(format!("values of type {} cannot be compared", ty.describe()));
        }
        Ok(at)
    }

    /// The BSATN of a literal or parameter as a value of the column's type.
    fn value(&self, ty: &Type, operand: &Operand) -> Result<Vec<u8>> {
        let json = match (operand, ty) {
            (Operand::Sender(_), Type::Identity) => return Ok(self.sender.to_le_bytes().to_vec()),
            (Operand::Sender(_), Type::Bytes) => serde_json::Value::String(self.sender.to_string()),
            (Operand::Sender(_), _) => return refused(format!(":sender is no {}", ty.describe())),
            (Operand::Literal(literal, _), _) => json_of(literal, ty)?,
            (Operand::Column(_), _) => return refused("one side of a comparison must be a value".into()),
        };
        let mut bytes = Vec::new();
        match spacetime_wire::sats_json::to_bsatn(ty, &json, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) => refused(format!("the literal {json} is no {}: {}", ty.describe(), error.problem)),
        }
    }
}

fn json_of(literal: &Literal, ty: &Type) -> Result<serde_json::Value> {
    let text = |text: String| Ok(serde_json::Value::String(text));
    match (literal, ty) {
        (Literal::Bool(value), _) => Ok((*value).into()),
        (Literal::Number(digits), _) => {
            let digits = digits.trim_start_matches('+');
            serde_json::from_str(digits).map_err(|_| Error::Query(format!("{digits} is not a number")))
        }
        (Literal::Hex(digits), Type::Bytes) => text(digits.clone()),
        (Literal::Hex(digits), _) => text(format!("0x{digits}")),
        (Literal::String(value), _) => text(value.clone()),
    }
}

fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
        same => same,
    }
}

fn refused<T>(problem: String) -> Result<T> {
    Err(Error::Query(problem))
}

#[cfg(test)]
mod tests {
    use spacetime_auth::Identity;
    use spacetime_definition::{Column, Field, Table, Type};

    use super::Condition;

    const ALICE: [u8; 32] = [0xa1; 32];

    fn table() -> Table {
        let column =
            |name: &str, ty| Column { name: name.into(), source_name: name.into(), ty, default: None };
        Table {
            name: "t".into(),
            source_name: "t".into(),
            row_type_name: None,
            columns: vec![
                column("id", Type::I32),
                column("name", Type::String),
                column("owner", Type::Identity),
                column("score", Type::F64),
                column("done", Type::Bool),
                column("tags", Type::Array(Box::new(Type::String))),
            ],
            primary_key: None,
            indexes: Vec::new(),
            unique_constraints: Vec::new(),
            sequences: Vec::new(),
            schedule: None,
            is_public: true,
            is_event: false,
        }
    }

    fn row(id: i32, name: &str, score: f64) -> Vec<u8> {
        let mut row = id.to_le_bytes().to_vec();
        row.extend((name.len() as u32).to_le_bytes());
        row.extend(name.as_bytes());
        row.extend(ALICE);
        row.extend(score.to_le_bytes());
        row.push(1);
        row.extend(0u32.to_le_bytes());
        row
    }

    fn check(filter: &str) -> crate::Result<Condition> {
        let query = spacetime_query::parse(&format!("SELECT * FROM t WHERE {filter}")).expect("well-formed");
        let filter = query.filter.expect("a filter");
        Condition::check(&filter, &table(), "t", Identity::from_be_bytes(ALICE))
    }

    #[test]
    fn rows_are_compared_by_the_type_of_the_column() {
        let fields: Vec<Field> = table().row_type().fields;
        let holds = |filter: &str, row: &[u8]| check(filter).expect(filter).holds(&fields, row);
        let (low, high) = (row(-2, "a", 0.5), row(10, "é", f64::NAN));
        for (filter, of_low, of_high) in [
            ("id < 3", true, false),
            ("3 > id", true, false),
            ("id >= -2 AND id <> 10", true, false),
            ("name = 'é' OR id = -2", true, true),
            ("owner = :sender", true, true),
            ("t.score < 1.0", true, false),
            ("score = score", true, false),
            ("score != 0.5", false, true),
            ("done", true, true),
            ("(done = false) OR FALSE", false, false),
        ] {
            assert_eq!(
                (holds(filter, &low), holds(filter, &high)),
                (Some(of_low), Some(of_high)),
                "{filter}"
            );
        }
        let other = format!("owner = 0x{}", "a2".repeat(32));
        assert_eq!(holds(&other, &low), Some(false));
        assert_eq!(holds("id = 1", &low[..3]), None, "no row of the table");
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        for filter in [
            "id = 'x'",
            "id = 3000000000",
            "nothing = 1",
            "u.id = 1",
            "tags = 'x'",
            "id",
            "1 = 1",
            "name = :sender",
            "id = name",
        ] {
            assert!(check(filter).is_err(), "{filter}");
        }
    }
}
