//! How each SATS type is stored. Decided before the first row is stored and kept for good.

use serde::{Deserialize, Serialize};
use spacetime_definition::Type;

/// Column type of u64, a publish option: `numeric` is lossless, `bigint` plans better under row policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum U64As {
    #[default]
    Numeric,
    Bigint,
}

/// The Postgres form of a value that is not NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoredValue {
    Bool,
    /// `smallint` for i8 and i16.
    Int2,
    Int4,
    Int8,
    /// `smallint` to `bigint` with a range check: u8, u16, u32, and u64 as bigint.
    Checked {
        sql: &'static str,
        min: i64,
        max: i64,
    },
    /// `numeric(precision, 0)`.
    Numeric {
        precision: u8,
        min: &'static str,
        max: &'static str,
    },
    Float4,
    Float8,
    Text,
    Bytea,
    Identity,
    ConnectionId,
    Timestamptz,
    /// Microseconds.
    Duration,
    Uuid,
    /// An ENUM of the module's schema; the type says which.
    Enum,
    Array(Box<StoredValue>),
    Jsonb,
}

/// A column type: the value's form and whether NULL stands for `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) value: StoredValue,
    pub(crate) nullable: bool,
}

const U128_MAX: &str = "340282366920938463463374607431768211455";
const I128_MIN: &str = "-170141183460469231731687303715884105728";
const I128_MAX: &str = "170141183460469231731687303715884105727";
const U256_MAX: &str = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
const I256_MIN: &str = "-57896044618658097711785492504343953926634992332820282019728792003956564819968";
const I256_MAX: &str = "57896044618658097711785492504343953926634992332820282019728792003956564819967";

/// How a column of type `ty` is stored.
pub(crate) fn stored(ty: &Type, u64_as: U64As) -> Stored {
    let (ty, nullable) = column_type(ty);
    Stored { value: value(ty, u64_as), nullable }
}

/// The type of a column's values that are not NULL, and whether NULL stands for `none`. An Option of an Option is one
/// value: NULL could not tell its two kinds of `none` apart.
pub(crate) fn column_type(ty: &Type) -> (&Type, bool) {
    match ty {
        Type::Option(inner) if !matches!(**inner, Type::Option(_)) => (inner, true),
        _ => (ty, false),
    }
}

fn value(ty: &Type, u64_as: U64As) -> StoredValue {
    match ty {
        Type::Array(element) => match scalar(element, u64_as) {
            Some(element) => StoredValue::Array(Box::new(element)),
            None => StoredValue::Jsonb,
        },
        _ => scalar(ty, u64_as).unwrap_or(StoredValue::Jsonb),
    }
}

/// The form of types that can also be elements of an array.
fn scalar(ty: &Type, u64_as: U64As) -> Option<StoredValue> {
    Some(match ty {
        Type::Bool => StoredValue::Bool,
        Type::I8 => StoredValue::Checked { sql: "smallint", min: i8::MIN as i64, max: i8::MAX as i64 },
        Type::U8 => StoredValue::Checked { sql: "smallint", min: 0, max: u8::MAX as i64 },
        Type::I16 => StoredValue::Int2,
        Type::U16 => StoredValue::Checked { sql: "integer", min: 0, max: u16::MAX as i64 },
        Type::I32 => StoredValue::Int4,
        Type::U32 => StoredValue::Checked { sql: "bigint", min: 0, max: u32::MAX as i64 },
        Type::I64 => StoredValue::Int8,
        Type::U64 => match u64_as {
            U64As::Bigint => StoredValue::Checked { sql: "bigint", min: 0, max: i64::MAX },
            U64As::Numeric => StoredValue::Numeric { precision: 20, min: "0", max: "18446744073709551615" },
        },
        Type::I128 => StoredValue::Numeric { precision: 39, min: I128_MIN, max: I128_MAX },
        Type::U128 => StoredValue::Numeric { precision: 39, min: "0", max: U128_MAX },
        Type::I256 => StoredValue::Numeric { precision: 78, min: I256_MIN, max: I256_MAX },
        Type::U256 => StoredValue::Numeric { precision: 78, min: "0", max: U256_MAX },
        Type::F32 => StoredValue::Float4,
        Type::F64 => StoredValue::Float8,
        Type::String => StoredValue::Text,
        Type::Bytes => StoredValue::Bytea,
        Type::Identity => StoredValue::Identity,
        Type::ConnectionId => StoredValue::ConnectionId,
        Type::Timestamp => StoredValue::Timestamptz,
        Type::TimeDuration => StoredValue::Duration,
        Type::Uuid => StoredValue::Uuid,
        Type::Sum(sum) if sum.is_plain_enum() => StoredValue::Enum,
        Type::ScheduleAt | Type::Option(_) | Type::Product(_) | Type::Sum(_) | Type::Array(_) => return None,
    })
}

impl StoredValue {
    /// SQL condition under which `column` (quoted) holds a value of the SATS type; `None` where every value does.
    pub(crate) fn check(&self, column: &str) -> Option<String> {
        match self {
            StoredValue::Checked { min, max, .. } if *max == i64::MAX => Some(format!("{column} >= {min}")),
            StoredValue::Checked { min, max, .. } => Some(format!("{column} >= {min} AND {column} <= {max}")),
            StoredValue::Numeric { min, max, .. } => Some(format!("{column} >= {min} AND {column} <= {max}")),
            StoredValue::Array(element) => {
                let shape = format!(
                    "coalesce(array_ndims({column}) = 1 AND array_lower({column}, 1) = 1, true) \
                     AND array_position({column}, NULL) IS NULL"
                );
                Some(match element.bounds() {
                    Some((min, max)) => {
                        format!("{shape} AND {min} <= ALL ({column}) AND {max} >= ALL ({column})")
                    }
                    None => shape,
                })
            }
            _ => None,
        }
    }

    fn bounds(&self) -> Option<(String, String)> {
        match self {
            StoredValue::Checked { min, max, .. } => Some((min.to_string(), max.to_string())),
            StoredValue::Numeric { min, max, .. } => Some(((*min).to_owned(), (*max).to_owned())),
            _ => None,
        }
    }
}
