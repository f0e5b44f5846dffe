//! Resolved SATS types: references followed, special types recognised, names canonical.

use serde::{Deserialize, Serialize};

/// How deep a type may nest. Every recursion over a [`Type`] relies on it: values are as deep as their type.
pub const MAX_TYPE_DEPTH: usize = 64;

/// A resolved SATS type (module-abi.md §3.2, §3.3).
///
/// Types made by [`crate::decode`] nest at most [`MAX_TYPE_DEPTH`] levels, and the named fields of one product
/// (variants of one sum) have different names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Type {
    Bool,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    I128,
    U128,
    I256,
    U256,
    F32,
    F64,
    String,
    /// 32 bytes, little endian.
    Identity,
    /// 16 bytes, little endian.
    ConnectionId,
    /// Microseconds since the Unix epoch, i64.
    Timestamp,
    /// Microseconds, i64.
    TimeDuration,
    /// 16 bytes, little endian (the RFC 4122 bytes reversed).
    Uuid,
    /// Tag 0 `Interval` (TimeDuration) or tag 1 `Time` (Timestamp).
    ScheduleAt,
    /// Array of u8.
    Bytes,
    /// Never an array of u8: that is [`Type::Bytes`].
    Array(Box<Type>),
    /// Tag 0 `some`, tag 1 `none`.
    Option(Box<Type>),
    Product(Product),
    /// A plain sum; `Result<T, E>` is one with the variants `ok` and `err`.
    Sum(Sum),
}

/// A struct or tuple.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Product {
    /// Name of the type definition it came from, scope and name joined with `.`; none for an inline type.
    pub name: Option<String>,
    pub fields: Vec<Field>,
}

/// An element of a product, or a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// None for elements of a tuple.
    pub name: Option<String>,
    pub ty: Type,
}

/// An enum.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sum {
    /// Name of the type definition it came from, scope and name joined with `.`; none for an inline type.
    pub name: Option<String>,
    /// Position is the tag. At most 256.
    pub variants: Vec<Variant>,
}

/// A variant of a sum.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Variant {
    pub name: Option<String>,
    pub ty: Type,
}

impl Product {
    /// The product without fields, whose values take no bytes.
    pub fn unit() -> Self {
        Self { name: None, fields: Vec::new() }
    }

    /// True if every field has a name, so that a value can be a JSON object.
    pub fn is_named(&self) -> bool {
        self.fields.iter().all(|field| field.name.is_some())
    }
}

impl Sum {
    /// True if there is at least one variant and every payload is the unit product: a Postgres ENUM.
    pub fn is_plain_enum(&self) -> bool {
        !self.variants.is_empty() && self.variants.iter().all(|variant| variant.ty.is_unit())
    }
}

impl Type {
    /// The unit type.
    pub fn unit() -> Self {
        Self::Product(Product::unit())
    }

    /// True for the product without fields.
    pub fn is_unit(&self) -> bool {
        matches!(self, Self::Product(product) if product.fields.is_empty())
    }

    /// True if every value takes no bytes at all: units and products of them.
    pub fn is_zero_sized(&self) -> bool {
        matches!(self, Self::Product(product) if product.fields.iter().all(|field| field.ty.is_zero_sized()))
    }

    /// True for i8 to u256. Special types that wrap an integer do not count.
    pub fn is_integer(&self) -> bool {
        self.integer_width().is_some()
    }

    /// Width of an integer type in bytes.
    pub fn integer_width(&self) -> Option<usize> {
        Some(match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 => 4,
            Self::I64 | Self::U64 => 8,
            Self::I128 | Self::U128 => 16,
            Self::I256 | Self::U256 => 32,
            _ => return None,
        })
    }

    /// True for i8, i16, i32, i64, i128 and i256.
    pub fn is_signed_integer(&self) -> bool {
        matches!(self, Self::I8 | Self::I16 | Self::I32 | Self::I64 | Self::I128 | Self::I256)
    }

    /// True for f32 and f64.
    pub fn is_float(&self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// True if a value can contain a float, so that equal values can have different bytes.
    pub fn contains_float(&self) -> bool {
        match self {
            Self::F32 | Self::F64 => true,
            Self::Array(inner) | Self::Option(inner) => inner.contains_float(),
            Self::Product(product) => product.fields.iter().any(|field| field.ty.contains_float()),
            Self::Sum(sum) => sum.variants.iter().any(|variant| variant.ty.contains_float()),
            _ => false,
        }
    }

    /// True for a sum whose variants carry nothing.
    pub fn is_plain_enum(&self) -> bool {
        matches!(self, Self::Sum(sum) if sum.is_plain_enum())
    }

    /// Length in bytes of every value, if all values have the same length.
    pub fn fixed_size(&self) -> Option<usize> {
        match self {
            Self::Bool => Some(1),
            Self::F32 => Some(4),
            Self::F64 | Self::Timestamp | Self::TimeDuration => Some(8),
            Self::ConnectionId | Self::Uuid => Some(16),
            Self::Identity => Some(32),
            Self::ScheduleAt => Some(9),
            Self::String | Self::Bytes | Self::Array(_) | Self::Option(_) => None,
            Self::Product(product) => product
                .fields
                .iter()
                .try_fold(0_usize, |total, field| total.checked_add(field.ty.fixed_size()?)),
            Self::Sum(sum) => {
                let mut sizes = sum.variants.iter().map(|variant| variant.ty.fixed_size());
                let first = sizes.next()??;
                sizes.all(|size| size == Some(first)).then(|| first.checked_add(1))?
            }
            integer => integer.integer_width(),
        }
    }

    /// For error messages: `u32`, `array of string`, `Option<Identity>`, `enum Colour`.
    pub fn describe(&self) -> String {
        match self {
            Self::Array(element) => format!("array of {}", element.describe()),
            Self::Option(inner) => format!("Option<{}>", inner.describe()),
            Self::Product(product) => match &product.name {
                Some(name) => format!("struct {name}"),
                None if product.fields.is_empty() => "unit".to_owned(),
                None => format!("struct of {} fields", product.fields.len()),
            },
            Self::Sum(sum) => match &sum.name {
                Some(name) => format!("enum {name}"),
                None => describe_inline_sum(sum),
            },
            scalar => scalar.scalar_name().to_owned(),
        }
    }

    fn scalar_name(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::I64 => "i64",
            Self::U64 => "u64",
            Self::I128 => "i128",
            Self::U128 => "u128",
            Self::I256 => "i256",
            Self::U256 => "u256",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::String => "string",
            Self::Identity => "Identity",
            Self::ConnectionId => "ConnectionId",
            Self::Timestamp => "Timestamp",
            Self::TimeDuration => "TimeDuration",
            Self::Uuid => "Uuid",
            Self::ScheduleAt => "ScheduleAt",
            Self::Bytes => "bytes",
            Self::Array(_) => "array",
            Self::Option(_) => "Option",
            Self::Product(_) => "struct",
            Self::Sum(_) => "enum",
        }
    }
}

fn describe_inline_sum(sum: &Sum) -> String {
    match sum.variants.as_slice() {
        [ok, err] if ok.name.as_deref() == Some("ok") && err.name.as_deref() == Some("err") => {
            format!("Result<{}, {}>", ok.ty.describe(), err.ty.describe())
        }
        variants => format!("enum of {} variants", variants.len()),
    }
}
