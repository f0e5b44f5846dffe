//! From BSATN to SATS-JSON along a shape. [`spacetime_definition::Type`] cannot describe definitions, because a type
//! of a definition may contain types.

use std::fmt::Write as _;

use spacetime_definition::MAX_TYPE_DEPTH;
use spacetime_definition::bsatn::Reader;

use crate::error::WireError;

/// Nesting of shapes: a type nests three shapes per level, inside a few of the definition.
pub(super) const MAX_DEPTH: usize = 3 * MAX_TYPE_DEPTH + 16;

/// How a part of a definition is laid out.
pub(super) enum Shape {
    Bool,
    U16,
    U32,
    I128,
    String,
    /// A hex string.
    Bytes,
    Unit,
    List(&'static Shape),
    /// A list in which nothing can be: modules that use it cannot be published.
    EmptyList,
    Option(&'static Shape),
    Product(&'static [(&'static str, &'static Shape)]),
    Sum(&'static [(&'static str, &'static Shape)]),
}

impl Shape {
    /// Reads one value and appends its JSON.
    pub(super) fn write(
        &self,
        reader: &mut Reader<'_>,
        out: &mut String,
        depth: usize,
    ) -> Result<(), WireError> {
        if depth > MAX_DEPTH {
            return Err(WireError::malformed("types nest too deeply"));
        }
        match self {
            Self::Bool => out.push_str(if reader.bool()? { "true" } else { "false" }),
            Self::U16 => display(reader.u16()?, out),
            Self::U32 => display(reader.u32()?, out),
            Self::I128 => display(reader.i128()?, out),
            Self::String => out.push_str(&serde_json::to_string(reader.string()?)?),
            Self::Bytes => {
                out.push('"');
                out.push_str(&hex::encode(reader.bytes()?));
                out.push('"');
            }
            Self::Unit => out.push_str("[]"),
            Self::List(element) => {
                let count = reader.length()?;
                out.push('[');
                // No element is empty, so a hostile count ends with the input.
                for position in 0..count {
                    separate(position, out);
                    element.write(reader, out, depth + 1)?;
                }
                out.push(']');
            }
            Self::EmptyList => match reader.length()? {
                0 => out.push_str("[]"),
                _ => return Err(WireError::malformed("a section that cannot be published")),
            },
            Self::Option(inner) => {
                const VARIANTS: [&str; 2] = ["some", "none"];
                let tag = reader.tag(VARIANTS.len())?;
                let shape = if tag == 0 { inner } else { &Self::Unit };
                variant(VARIANTS.get(tag).copied().unwrap_or_default(), shape, reader, out, depth)?;
            }
            Self::Product(fields) => {
                out.push('{');
                for (position, (name, shape)) in fields.iter().enumerate() {
                    separate(position, out);
                    key(name, out);
                    shape.write(reader, out, depth + 1)?;
                }
                out.push('}');
            }
            Self::Sum(variants) => {
                let tag = reader.tag(variants.len())?;
                if let Some((name, shape)) = variants.get(tag) {
                    variant(name, shape, reader, out, depth)?;
                }
            }
        }
        Ok(())
    }
}

fn variant(
    name: &str,
    shape: &Shape,
    reader: &mut Reader<'_>,
    out: &mut String,
    depth: usize,
) -> Result<(), WireError> {
    out.push('{');
    key(name, out);
    shape.write(reader, out, depth + 1)?;
    out.push('}');
    Ok(())
}

/// A name of a shape, which needs no escapes.
fn key(name: &str, out: &mut String) {
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
}

fn separate(position: usize, out: &mut String) {
    if position > 0 {
        out.push(',');
    }
}

fn display(number: impl std::fmt::Display, out: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(out, "{number}");
}
