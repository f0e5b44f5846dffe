//! From SATS-JSON back to BSATN along a shape: what `/schema` answers becomes a description again.

use serde_json::Value;

use super::shape::{MAX_DEPTH, Shape};
use crate::error::WireError;

impl Shape {
    /// Appends the BSATN of a value in JSON. Fields that the shape does not know are skipped: servers add to what they say.
    pub(super) fn read(&self, value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), WireError> {
        if depth > MAX_DEPTH {
            return Err(WireError::malformed("types nest too deeply"));
        }
        match self {
            Self::Bool => out.push(value.as_bool().ok_or_else(|| expected("a boolean", value))?.into()),
            Self::U16 => out.extend(number::<u16>(value)?.to_le_bytes()),
            Self::U32 => out.extend(number::<u32>(value)?.to_le_bytes()),
            Self::I128 => out.extend(number::<i128>(value)?.to_le_bytes()),
            Self::String => {
                let text = value.as_str().ok_or_else(|| expected("a string", value))?;
                length(text.len(), out)?;
                out.extend_from_slice(text.as_bytes());
            }
            Self::Bytes => {
                let bytes = value.as_str().and_then(|text| hex::decode(text).ok());
                let bytes = bytes.ok_or_else(|| expected("a hex string", value))?;
                length(bytes.len(), out)?;
                out.extend_from_slice(&bytes);
            }
            Self::Unit => {}
            Self::List(element) => {
                let elements = list(value)?;
                length(elements.len(), out)?;
                for inner in elements {
                    element.read(inner, out, depth + 1)?;
                }
            }
            Self::EmptyList => match list(value)? {
                [] => length(0, out)?,
                _ => return Err(WireError::malformed("a section that is not known here")),
            },
            Self::Option(inner) => {
                let (name, payload) = variant(value)?;
                match name {
                    "some" => {
                        out.push(0);
                        inner.read(payload, out, depth + 1)?;
                    }
                    "none" => out.push(1),
                    _ => return Err(expected("an optional value", value)),
                }
            }
            Self::Product(fields) => {
                for (name, shape) in *fields {
                    let field = value.get(name).ok_or_else(|| expected(name, value))?;
                    shape.read(field, out, depth + 1)?;
                }
            }
            Self::Sum(variants) => {
                let (name, payload) = variant(value)?;
                let tag = variants.iter().position(|(known, _)| *known == name);
                let (tag, shape) = tag
                    .and_then(|tag| Some((u8::try_from(tag).ok()?, variants.get(tag)?.1)))
                    .ok_or_else(|| WireError::malformed(format!("{name:?} is not known here")))?;
                out.push(tag);
                shape.read(payload, out, depth + 1)?;
            }
        }
        Ok(())
    }
}

fn number<T: std::str::FromStr>(value: &Value) -> Result<T, WireError> {
    // As text: i128 has no other way through JSON.
    match value {
        Value::Number(number) => number.to_string().parse().map_err(|_| expected("a smaller number", value)),
        _ => Err(expected("a number", value)),
    }
}

fn length(count: usize, out: &mut Vec<u8>) -> Result<(), WireError> {
    let count = u32::try_from(count).map_err(|_| WireError::malformed("a list is too long"))?;
    out.extend(count.to_le_bytes());
    Ok(())
}

fn list(value: &Value) -> Result<&[Value], WireError> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| expected("a list", value))
}

/// The only member of an object: a variant's name and payload.
fn variant(value: &Value) -> Result<(&str, &Value), WireError> {
    let mut members = value.as_object().into_iter().flatten();
    match (members.next(), members.next()) {
        (Some((name, payload)), None) => Ok((name, payload)),
        _ => Err(expected("a variant", value)),
    }
}

fn expected(what: &str, found: &Value) -> WireError {
    let found: String = found.to_string().chars().take(60).collect();
    WireError::malformed(format!("{what} was expected, not {found}"))
}
