//! One value: BSATN to datum and back, with everything that depends on the column's type worked out beforehand.

use spacetime_definition::Type;
use spacetime_definition::bsatn::{self, Reader};
use spacetime_wire::sats_json;

use super::value::{DecodeError, ValueError};
use crate::error::ValueProblem;
use crate::pg::array::{self, ElementLayout};
use crate::pg::datum::POSTGRES_EPOCH_US;
use crate::pg::numeric::{self, NotWhole, Whole};
use crate::pg::{Datum, Oid, datum, types};

/// Postgres' range of timestamps: 4714-11-24 BC to the end of 294276 AD, in microseconds of its own epoch.
const TIMESTAMP_RANGE: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;

/// How a value of one SATS type lies in a column of one Postgres type.
#[derive(Debug, Clone)]
pub(crate) enum ValueCodec {
    Bool,
    /// Integers of 1 to 4 bytes in `smallint`, `integer` or `bigint`.
    Int {
        width: usize,
        signed: bool,
        column: IntColumn,
    },
    I64,
    U64Bigint,
    U64Numeric,
    Wide {
        width: usize,
        signed: bool,
    },
    F32,
    F64,
    Text,
    Bytes,
    /// Identity (32 bytes) and ConnectionId (16): big-endian in the table, so that the hex reads as the canonical hex.
    Reversed(usize),
    Timestamp,
    TimeDuration,
    Uuid,
    /// Label oids by tag.
    Enum(Vec<Oid>),
    Array {
        element: Box<ValueCodec>,
        layout: ElementLayout,
        /// Fewest bytes an element takes: bounds what a hostile count can make us allocate.
        element_bytes_min: usize,
    },
    Json(Type),
}

/// The integer type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntColumn {
    Int2,
    Int4,
    Int8,
}

impl ValueCodec {
    /// The codec for values of `ty` in a column of type `column`; an error names what the column should be.
    pub(crate) fn new(ty: &Type, column: Oid) -> Result<Self, String> {
        let base = types::base_of(column);
        let mismatch = |wanted: &str| {
            Err(format!("it has type {} where {} needs {wanted}", types::name_of(column), ty.describe()))
        };
        let int = |width, signed, oid, wanted: &str| {
            let int_column = match base {
                types::INT2 => IntColumn::Int2,
                types::INT4 => IntColumn::Int4,
                _ => IntColumn::Int8,
            };
            if base == oid { Ok(Self::Int { width, signed, column: int_column }) } else { mismatch(wanted) }
        };
        let simple = |codec: Self, oid, wanted: &str| if base == oid { Ok(codec) } else { mismatch(wanted) };
        match ty {
            Type::Bool => simple(Self::Bool, types::BOOL, "boolean"),
            Type::I8 => int(1, true, types::INT2, "smallint"),
            Type::U8 => int(1, false, types::INT2, "smallint"),
            Type::I16 => int(2, true, types::INT2, "smallint"),
            Type::U16 => int(2, false, types::INT4, "integer"),
            Type::I32 => int(4, true, types::INT4, "integer"),
            Type::U32 => int(4, false, types::INT8, "bigint"),
            Type::I64 => simple(Self::I64, types::INT8, "bigint"),
            Type::U64 if base == types::INT8 => Ok(Self::U64Bigint),
            Type::U64 => simple(Self::U64Numeric, types::NUMERIC, "numeric"),
            Type::I128 | Type::U128 | Type::I256 | Type::U256 => {
                let (width, signed) = (ty.integer_width().unwrap_or(32), ty.is_signed_integer());
                simple(Self::Wide { width, signed }, types::NUMERIC, "numeric")
            }
            Type::F32 => simple(Self::F32, types::FLOAT4, "real"),
            Type::F64 => simple(Self::F64, types::FLOAT8, "double precision"),
            Type::String => simple(Self::Text, types::TEXT, "text"),
            Type::Bytes => simple(Self::Bytes, types::BYTEA, "bytea"),
            Type::Identity => simple(Self::Reversed(32), types::BYTEA, "bytea"),
            Type::ConnectionId => simple(Self::Reversed(16), types::BYTEA, "bytea"),
            Type::Timestamp => simple(Self::Timestamp, types::TIMESTAMPTZ, "timestamp with time zone"),
            Type::TimeDuration => simple(Self::TimeDuration, types::INT8, "bigint"),
            Type::Uuid => simple(Self::Uuid, types::UUID, "uuid"),
            Type::Sum(sum) if sum.is_plain_enum() => {
                let labels = types::enum_labels(base);
                if labels.len() == sum.variants.len() {
                    Ok(Self::Enum(labels))
                } else {
                    mismatch("its enum type")
                }
            }
            _ if base == types::JSONB => Ok(Self::Json(ty.clone())),
            Type::Array(element) => {
                Self::array(element, base).unwrap_or_else(|| mismatch("an array or jsonb"))
            }
            _ => mismatch("jsonb"),
        }
    }

    fn array(element: &Type, base: Oid) -> Option<Result<Self, String>> {
        let element_oid = types::element_of(base)?;
        Some(Self::new(element, element_oid).map(|codec| Self::Array {
            element_bytes_min: codec.bytes_min(),
            element: Box::new(codec),
            layout: ElementLayout::of(element_oid),
        }))
    }

    fn bytes_min(&self) -> usize {
        match self {
            Self::Int { width, .. } | Self::Wide { width, .. } | Self::Reversed(width) => *width,
            Self::Bool | Self::Enum(_) => 1,
            Self::F32 | Self::Text | Self::Bytes | Self::Array { .. } => 4,
            Self::I64
            | Self::U64Bigint
            | Self::U64Numeric
            | Self::F64
            | Self::Timestamp
            | Self::TimeDuration => 8,
            Self::Uuid => 16,
            Self::Json(_) => 1,
        }
    }

    /// Reads one value and makes a datum of it in the current memory context.
    pub(crate) fn decode(&self, reader: &mut Reader<'_>) -> Result<Datum, DecodeError> {
        Ok(match self {
            Self::Bool => datum::from_bool(reader.bool()?),
            Self::Int { width, signed, column } => {
                let value = match (width, signed) {
                    (1, true) => i64::from(reader.i8()?),
                    (1, false) => i64::from(reader.u8()?),
                    (2, true) => i64::from(reader.i16()?),
                    (2, false) => i64::from(reader.u16()?),
                    (_, true) => i64::from(reader.i32()?),
                    (_, false) => i64::from(reader.u32()?),
                };
                match column {
                    IntColumn::Int2 => datum::from_i16(value as i16),
                    IntColumn::Int4 => datum::from_i32(value as i32),
                    IntColumn::Int8 => datum::from_i64(value),
                }
            }
            Self::I64 | Self::TimeDuration => datum::from_i64(reader.i64()?),
            Self::U64Bigint => {
                let value = reader.u64()?;
                let fits = i64::try_from(value).map_err(|_| {
                    ValueError::new(
                        ValueProblem::OutOfRange,
                        format!("{value} is too large for a u64 stored as bigint"),
                    )
                })?;
                datum::from_i64(fits)
            }
            Self::U64Numeric => numeric::from_u64(reader.u64()?),
            Self::Wide { width, signed } => {
                numeric::from_whole(Whole::from_le_bytes(reader.take(*width)?, *signed))
            }
            // NaN has many bit patterns and one meaning; the canonical one survives text, dumps and comparisons.
            Self::F32 => datum::from_f32(canonical_nan_32(reader.f32()?)),
            Self::F64 => datum::from_f64(canonical_nan_64(reader.f64()?)),
            Self::Text => datum::from_bytes(checked_text(reader.string()?)?.as_bytes()),
            Self::Bytes => datum::from_bytes(reader.bytes()?),
            Self::Reversed(width) => {
                let mut bytes = [0u8; 32];
                let bytes = &mut bytes[..*width];
                bytes.copy_from_slice(reader.take(*width)?);
                bytes.reverse();
                datum::from_bytes(bytes)
            }
            Self::Timestamp => datum::from_i64(timestamp_to_postgres(reader.i64()?)?),
            Self::Uuid => {
                let mut bytes: [u8; 16] = reader.array()?;
                bytes.reverse();
                datum::from_uuid(bytes)
            }
            Self::Enum(labels) => datum::from_oid(labels[reader.tag(labels.len())?]),
            Self::Array { element, layout, element_bytes_min } => {
                let count = reader.length()?;
                if count > reader.remaining() / element_bytes_min {
                    return Err(reader
                        .error(format!("array of {count} elements is longer than its bytes"))
                        .into());
                }
                let mut elements =
                    (0..count).map(|_| element.decode(reader)).collect::<Result<Vec<_>, DecodeError>>()?;
                array::build(&mut elements, *layout)
            }
            Self::Json(ty) => {
                let mut json = String::new();
                sats_json::from_bsatn(ty, reader, sats_json::Form::Storage, &mut json).map_err(json_error)?;
                datum::jsonb_from_text(&json)
            }
        })
    }

    /// Appends the value of a datum that is not NULL.
    ///
    /// # Safety
    /// `value` is a datum of the column type this codec was made for.
    pub(crate) unsafe fn encode(&self, value: Datum, out: &mut Vec<u8>) -> Result<(), ValueError> {
        match self {
            Self::Bool => out.push(u8::from(datum::to_bool(value))),
            Self::Int { width, signed, column } => {
                let number = match column {
                    IntColumn::Int2 => i64::from(datum::to_i16(value)),
                    IntColumn::Int4 => i64::from(datum::to_i32(value)),
                    IntColumn::Int8 => datum::to_i64(value),
                };
                append_int(number, *width, *signed, out)?;
            }
            Self::I64 | Self::TimeDuration => out.extend_from_slice(&datum::to_i64(value).to_le_bytes()),
            Self::U64Bigint => append_int(datum::to_i64(value), 8, false, out)?,
            Self::F32 => out.extend_from_slice(&datum::to_f32(value).to_le_bytes()),
            Self::F64 => out.extend_from_slice(&datum::to_f64(value).to_le_bytes()),
            Self::Timestamp => {
                out.extend_from_slice(&timestamp_from_postgres(datum::to_i64(value))?.to_le_bytes())
            }
            Self::Enum(labels) => {
                let label = datum::to_oid(value);
                let tag = labels.iter().position(|oid| *oid == label);
                let tag = tag.ok_or_else(|| {
                    ValueError::new(ValueProblem::Malformed, "is a label the module does not know")
                })?;
                out.push(tag as u8);
            }
            // SAFETY: the caller vouches for the datum's type.
            _ => unsafe { self.encode_by_reference(value, out)? },
        }
        Ok(())
    }

    /// # Safety
    /// As [`ValueCodec::encode`].
    unsafe fn encode_by_reference(&self, value: Datum, out: &mut Vec<u8>) -> Result<(), ValueError> {
        // SAFETY: upheld by the caller.
        unsafe {
            match self {
                Self::U64Numeric => {
                    out.extend_from_slice(&numeric::u64_of(value).map_err(not_whole)?.to_le_bytes());
                }
                Self::Wide { width, signed } => {
                    let whole = numeric::whole_of(value).map_err(not_whole)?;
                    whole
                        .append_le_bytes(*width, *signed, out)
                        .ok_or_else(|| not_whole(NotWhole::TooLarge))?;
                }
                Self::Text | Self::Bytes => {
                    let bytes = datum::bytes_of(value);
                    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
                    out.extend_from_slice(bytes);
                }
                Self::Reversed(width) => {
                    let bytes = datum::bytes_of(value);
                    if bytes.len() != *width {
                        let problem = format!("has {} bytes instead of {width}", bytes.len());
                        return Err(ValueError::new(ValueProblem::Malformed, problem));
                    }
                    out.extend(bytes.iter().rev());
                }
                Self::Uuid => out.extend(datum::uuid_of(value).iter().rev()),
                Self::Array { element, layout, .. } => {
                    let elements = array::elements_of(value, *layout).map_err(|_| {
                        ValueError::new(ValueProblem::Malformed, "is not a plain array without NULLs")
                    })?;
                    out.extend_from_slice(&(elements.len() as u32).to_le_bytes());
                    for value in elements {
                        element.encode(value, out)?;
                    }
                }
                Self::Json(ty) => encode_json(ty, &datum::jsonb_to_text(value), out)?,
                _ => return Err(ValueError::new(ValueProblem::Malformed, "is of another type")),
            }
        }
        Ok(())
    }
}

/// What an operator edited is checked here: jsonb can hold anything.
fn encode_json(ty: &Type, json: &str, out: &mut Vec<u8>) -> Result<(), ValueError> {
    let malformed = |problem| ValueError::new(ValueProblem::Malformed, problem);
    let value = serde_json::from_str(json).map_err(|error| malformed(error.to_string()))?;
    sats_json::to_bsatn(ty, &value, out).map_err(|error| {
        malformed(format!("does not hold {}: {} {}", ty.describe(), error.path, error.problem))
    })
}

pub(super) fn json_error(error: spacetime_definition::Error) -> DecodeError {
    match error {
        spacetime_definition::Error::NulCharacter => nul_character().into(),
        other => other.into(),
    }
}

pub(super) fn nul_character() -> ValueError {
    ValueError::new(
        ValueProblem::Character,
        "a string contains the character U+0000, which Postgres cannot store",
    )
}

fn checked_text(text: &str) -> Result<&str, ValueError> {
    if text.as_bytes().contains(&0) { Err(nul_character()) } else { Ok(text) }
}

fn canonical_nan_32(value: f32) -> f32 {
    if value.is_nan() { f32::from_bits(bsatn::CANONICAL_NAN_32) } else { value }
}

fn canonical_nan_64(value: f64) -> f64 {
    if value.is_nan() { f64::from_bits(bsatn::CANONICAL_NAN_64) } else { value }
}

fn timestamp_to_postgres(unix_us: i64) -> Result<i64, ValueError> {
    unix_us.checked_sub(POSTGRES_EPOCH_US).filter(|value| TIMESTAMP_RANGE.contains(value)).ok_or_else(|| {
        let problem =
            format!("timestamp {unix_us} µs is outside of what Postgres can store (4714 BC to 294276 AD)");
        ValueError::new(ValueProblem::Timestamp, problem)
    })
}

fn timestamp_from_postgres(value: i64) -> Result<i64, ValueError> {
    if !TIMESTAMP_RANGE.contains(&value) {
        return Err(ValueError::new(
            ValueProblem::Timestamp,
            "is infinite, which a module's Timestamp cannot be",
        ));
    }
    value
        .checked_add(POSTGRES_EPOCH_US)
        .ok_or_else(|| ValueError::new(ValueProblem::Timestamp, "is later than a module's Timestamp can be"))
}

fn append_int(value: i64, width: usize, signed: bool, out: &mut Vec<u8>) -> Result<(), ValueError> {
    let bits = width * 8;
    let (min, max) = match (signed, bits) {
        (false, 64) => (0, i64::MAX),
        (false, _) => (0, (1i64 << bits) - 1),
        (true, _) => (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1),
    };
    if value < min || value > max {
        let problem = format!("is {value}, outside of {min} to {max}");
        return Err(ValueError::new(ValueProblem::OutOfRange, problem));
    }
    out.extend_from_slice(&value.to_le_bytes()[..width]);
    Ok(())
}

fn not_whole(error: NotWhole) -> ValueError {
    ValueError::new(
        ValueProblem::OutOfRange,
        match error {
            NotWhole::Special => "is NaN or infinite",
            NotWhole::Fraction => "is not a whole number",
            NotWhole::TooLarge => "is outside of the range of its type",
        },
    )
}
