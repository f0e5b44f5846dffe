//! Types as SATS-JSON.

use std::collections::HashMap;

use serde_json::{Value, json};
use spacetime_definition::{Field, Type};

/// A type as SATS-JSON, without references.
pub fn algebraic_type(ty: &Type) -> Value {
    References::default().algebraic_type(ty)
}

/// Positions of named types in a typespace; types with these names are written as references.
#[derive(Debug, Default)]
pub(crate) struct References<'a> {
    pub(crate) positions: HashMap<&'a str, usize>,
}

impl References<'_> {
    /// A type where it is used.
    pub(crate) fn algebraic_type(&self, ty: &Type) -> Value {
        let name = match ty {
            Type::Product(product) => product.name.as_deref(),
            Type::Sum(sum) => sum.name.as_deref(),
            _ => None,
        };
        match name.and_then(|name| self.positions.get(name)) {
            Some(position) => json!({"Ref": position}),
            None => self.definition(ty),
        }
    }

    /// A type where it is defined.
    pub(crate) fn definition(&self, ty: &Type) -> Value {
        let special = |field: &str, inner: &str| {
            let inner = json!({ inner: [] });
            json!({"Product": {"elements": [{"name": {"some": field}, "algebraic_type": inner}]}})
        };
        match ty {
            Type::Bool => json!({"Bool": []}),
            Type::I8 => json!({"I8": []}),
            Type::U8 => json!({"U8": []}),
            Type::I16 => json!({"I16": []}),
            Type::U16 => json!({"U16": []}),
            Type::I32 => json!({"I32": []}),
            Type::U32 => json!({"U32": []}),
            Type::I64 => json!({"I64": []}),
            Type::U64 => json!({"U64": []}),
            Type::I128 => json!({"I128": []}),
            Type::U128 => json!({"U128": []}),
            Type::I256 => json!({"I256": []}),
            Type::U256 => json!({"U256": []}),
            Type::F32 => json!({"F32": []}),
            Type::F64 => json!({"F64": []}),
            Type::String => json!({"String": []}),
            Type::Identity => special("__identity__", "U256"),
            Type::ConnectionId => special("__connection_id__", "U128"),
            Type::Timestamp => special("__timestamp_micros_since_unix_epoch__", "I64"),
            Type::TimeDuration => special("__time_duration_micros__", "I64"),
            Type::Uuid => special("__uuid__", "U128"),
            Type::ScheduleAt => variants([
                (Some("Interval"), self.algebraic_type(&Type::TimeDuration)),
                (Some("Time"), self.algebraic_type(&Type::Timestamp)),
            ]),
            Type::Bytes => json!({"Array": {"U8": []}}),
            Type::Array(element) => json!({"Array": self.algebraic_type(element)}),
            Type::Option(inner) => variants([
                (Some("some"), self.algebraic_type(inner)),
                (Some("none"), self.algebraic_type(&Type::unit())),
            ]),
            Type::Product(product) => json!({"Product": self.product_type(&product.fields)}),
            Type::Sum(sum) => variants(
                sum.variants
                    .iter()
                    .map(|variant| (variant.name.as_deref(), self.algebraic_type(&variant.ty))),
            ),
        }
    }

    /// A product type without its tag: columns of a result, parameters of a function.
    pub(crate) fn product_type(&self, fields: &[Field]) -> Value {
        let elements: Vec<Value> = fields
            .iter()
            .map(|field| element(field.name.as_deref(), self.algebraic_type(&field.ty)))
            .collect();
        json!({"elements": elements})
    }
}

fn variants<'a>(variants: impl IntoIterator<Item = (Option<&'a str>, Value)>) -> Value {
    let variants: Vec<Value> = variants.into_iter().map(|(name, ty)| element(name, ty)).collect();
    json!({"Sum": {"variants": variants}})
}

fn element(name: Option<&str>, ty: Value) -> Value {
    json!({"name": option(name), "algebraic_type": ty})
}

/// An Option in SATS-JSON.
pub(crate) fn option<T: Into<Value>>(value: Option<T>) -> Value {
    match value {
        Some(value) => json!({"some": value.into()}),
        None => json!({"none": []}),
    }
}
