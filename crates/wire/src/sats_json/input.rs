//! JSON to BSATN, by type: everything in the column "Accepted on input" of wire.md §0.3.

use serde_json::Value;
use spacetime_definition::bsatn::MAX_ZERO_SIZED_ELEMENTS;
use spacetime_definition::{Field, Sum, Type};

use super::error::{JsonError, JsonErrorKind};
use super::identifier::{from_hex_text, from_uuid_text};
use super::{
    CONNECTION_ID, F32_BITS, F64_BITS, IDENTITY, TIME_DURATION, TIMESTAMP, UUID, integer, timestamp,
};

/// Appends the BSATN of `json` as a value of type `ty`.
///
/// # Errors
///
/// The first part of the document that does not fit; then nothing is appended.
pub fn to_bsatn(ty: &Type, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    atomically(out, |out| value(ty, json, out))
}

/// Appends the BSATN of the arguments of a function: an array by position or an object by parameter name.
///
/// # Errors
///
/// The first unknown, missing, surplus or unfitting parameter, with a path that begins `args`; then nothing is
/// appended. In an object a parameter of type Option must be given too.
pub fn arguments_to_bsatn(params: &[Field], json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    atomically(out, |out| match json {
        Value::Array(_) | Value::Object(_) => fields(params, "parameter", json, out),
        other => Err(JsonError::mismatch("array or object of parameters", other)),
    })
    .map_err(|error| error.in_field("args"))
}

fn atomically(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), JsonError>,
) -> Result<(), JsonError> {
    let start = out.len();
    let written = write(out);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn value(ty: &Type, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    match ty {
        Type::Bool => match json {
            Value::Bool(bool) => {
                out.push(u8::from(*bool));
                Ok(())
            }
            other => Err(JsonError::mismatch("bool", other)),
        },
        Type::F32 => f32_bits(json).map(|bits| out.extend_from_slice(&bits.to_le_bytes())),
        Type::F64 => f64_bits(json).map(|bits| out.extend_from_slice(&bits.to_le_bytes())),
        Type::String => string(json, out),
        Type::Identity => special(ty, IDENTITY, &Type::U256, from_hex_text::<32>, json, out),
        Type::ConnectionId => special(ty, CONNECTION_ID, &Type::U128, from_hex_text::<16>, json, out),
        Type::Uuid => special(ty, UUID, &Type::U128, from_uuid_text, json, out),
        Type::Timestamp => {
            let parse = |text: &str| timestamp::parse(text).map(i64::to_le_bytes);
            special(ty, TIMESTAMP, &Type::I64, parse, json, out)
        }
        Type::TimeDuration => special(ty, TIME_DURATION, &Type::I64, |_| None::<[u8; 8]>, json, out),
        Type::ScheduleAt => schedule_at(json, out),
        Type::Bytes => bytes(json, out),
        Type::Array(element) => array(element, json, out),
        Type::Option(inner) => option(ty, inner, json, out),
        Type::Product(product) => match json {
            Value::Array(_) | Value::Object(_) => fields(&product.fields, "field", json, out),
            other => Err(JsonError::mismatch(&ty.describe(), other)),
        },
        Type::Sum(sum) => sum_value(ty, sum, json, out),
        integer => integer::read(integer, json, out),
    }
}

/// Fields of a product or parameters of a function. `json` is an array or object.
fn fields(fields: &[Field], what: &str, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    if let Value::Object(map) = json {
        let known = |key: &String| fields.iter().any(|field| field.name.as_ref() == Some(key));
        let given = |field: &Field| field.name.as_ref().is_some_and(|name| map.contains_key(name));
        // A misspelt name is unknown and missing; what was written is the better thing to name.
        let complete = map.len() == fields.len() && fields.iter().all(given);
        if !complete && let Some(key) = map.keys().find(|key| !known(key)) {
            let problem = format!("unknown {what} `{key}`");
            return Err(JsonError::new(JsonErrorKind::Unknown, problem).in_field(key));
        }
    }
    for (position, field) in fields.iter().enumerate() {
        let found = match json {
            Value::Object(map) => field.name.as_ref().and_then(|name| map.get(name)),
            Value::Array(items) => items.get(position),
            _ => None,
        };
        let converted = match found {
            Some(found) => value(&field.ty, found, out),
            None => Err(missing(fields, position, what, json)),
        };
        converted.map_err(|error| match &field.name {
            Some(name) => error.in_field(name),
            None => error.at_position(position),
        })?;
    }
    match json {
        Value::Array(items) if items.len() > fields.len() => {
            let problem = format!("surplus {what}: {} expected, found {}", fields.len(), items.len());
            Err(JsonError::new(JsonErrorKind::Surplus, problem).at_position(fields.len()))
        }
        _ => Ok(()),
    }
}

fn missing(fields: &[Field], position: usize, what: &str, json: &Value) -> JsonError {
    let field = fields.get(position);
    let name = match field.and_then(|field| field.name.as_ref()) {
        Some(name) => format!("`{name}`"),
        None if json.is_object() => format!("{position}, which has no name: pass an array"),
        None => position.to_string(),
    };
    let ty = field.map(|field| field.ty.describe()).unwrap_or_default();
    JsonError::new(JsonErrorKind::Missing, format!("missing {what} {name} of type {ty}"))
}

fn string(json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let Value::String(text) = json else { return Err(JsonError::mismatch("string", json)) };
    if text.contains('\0') {
        return Err(JsonError::new(
            JsonErrorKind::Character,
            "the string contains the character U+0000, which Postgres cannot store",
        ));
    }
    length(text.len(), out)?;
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// Writes the u32 count in front of strings and arrays.
fn length(count: usize, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let count = u32::try_from(count)
        .map_err(|_| JsonError::new(JsonErrorKind::OutOfRange, format!("{count} elements are too many")))?;
    out.extend_from_slice(&count.to_le_bytes());
    Ok(())
}

/// A special product: object or array around its integer, or a text of its own.
fn special<const N: usize>(
    ty: &Type,
    field: &str,
    inner: &Type,
    parse: impl Fn(&str) -> Option<[u8; N]>,
    json: &Value,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    let wrapped = match json {
        Value::Object(map) if map.len() == 1 => map.get(field),
        Value::Array(items) => match items.as_slice() {
            [inner] => Some(inner),
            _ => None,
        },
        Value::String(text) => {
            let bytes = parse(text).ok_or_else(|| JsonError::mismatch(&ty.describe(), json))?;
            out.extend_from_slice(&bytes);
            return Ok(());
        }
        _ => None,
    };
    let Some(wrapped) = wrapped else { return Err(JsonError::mismatch(&ty.describe(), json)) };
    // Inside the product stands an integer: there a text of decimal digits only is decimal, not hex.
    if let Value::String(text) = wrapped
        && !text.bytes().all(|byte| byte.is_ascii_digit())
        && let Some(bytes) = parse(text)
    {
        out.extend_from_slice(&bytes);
        return Ok(());
    }
    integer::read(inner, wrapped, out).map_err(|error| error.in_field(field))
}

fn schedule_at(json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let variants = [Some("Interval"), Some("Time")];
    let Some((tag, payload)) = tagged(&variants, &Type::ScheduleAt, json)? else {
        return Err(JsonError::mismatch("ScheduleAt", json));
    };
    let (name, ty) = if tag == 0 { ("Interval", Type::TimeDuration) } else { ("Time", Type::Timestamp) };
    out.push(u8::from(tag != 0));
    value(&ty, payload, out).map_err(|error| error.in_field(name))
}

fn bytes(json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    match json {
        Value::String(text) => {
            let bytes = hex::decode(text).map_err(|_| JsonError::mismatch("bytes as hex digits", json))?;
            length(bytes.len(), out)?;
            out.extend_from_slice(&bytes);
            Ok(())
        }
        Value::Array(_) => array(&Type::U8, json, out),
        other => Err(JsonError::mismatch("bytes as hex digits or array of u8", other)),
    }
}

fn array(element: &Type, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let Value::Array(items) = json else {
        return Err(JsonError::mismatch(&format!("array of {}", element.describe()), json));
    };
    if element.is_zero_sized() && items.len() > MAX_ZERO_SIZED_ELEMENTS {
        return Err(JsonError::new(
            JsonErrorKind::OutOfRange,
            format!("{} elements are too many", items.len()),
        ));
    }
    length(items.len(), out)?;
    items.iter().enumerate().try_for_each(|(position, item)| {
        value(element, item, out).map_err(|error| error.at_position(position))
    })
}

fn option(ty: &Type, inner: &Type, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    if json.is_null() || json == "none" {
        out.push(1);
        return Ok(());
    }
    match tagged(&[Some("some"), Some("none")], ty, json)? {
        Some((0, payload)) => {
            out.push(0);
            value(inner, payload, out).map_err(|error| error.in_field("some"))
        }
        Some((_, payload)) => {
            out.push(1);
            value(&Type::unit(), payload, out).map_err(|error| error.in_field("none"))
        }
        None => {
            let expected = format!("{} as {{\"some\": value}} or null", ty.describe());
            Err(JsonError::mismatch(&expected, json))
        }
    }
}

fn sum_value(ty: &Type, sum: &Sum, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let names: Vec<_> = sum.variants.iter().map(|variant| variant.name.as_deref()).collect();
    let unit = Value::Array(Vec::new());
    let (tag, payload) = match json {
        Value::String(name) => {
            let tag = names.iter().position(|candidate| *candidate == Some(name));
            let tag = tag.ok_or_else(|| unknown_variant(&names, ty, name))?;
            // The bare name stands for a variant that carries nothing; with a payload it is half a value.
            if !sum.variants.get(tag).is_some_and(|variant| variant.ty.is_unit()) {
                return Err(JsonError::mismatch(
                    &format!("{} as {{\"{name}\": payload}}", ty.describe()),
                    json,
                ));
            }
            (tag, &unit)
        }
        _ => tagged(&names, ty, json)?.ok_or_else(|| JsonError::mismatch(&ty.describe(), json))?,
    };
    let (Some(variant), Ok(byte)) = (sum.variants.get(tag), u8::try_from(tag)) else {
        return Err(JsonError::mismatch(&ty.describe(), json));
    };
    out.push(byte);
    value(&variant.ty, payload, out).map_err(|error| match &variant.name {
        Some(name) => error.in_field(name),
        None => error.in_field(&tag.to_string()),
    })
}

/// Tag and payload of `{"Variant": p}`, `{"<tag>": p}` or `[tag, p]`; none for JSON of another shape.
fn tagged<'j>(
    names: &[Option<&str>],
    ty: &Type,
    json: &'j Value,
) -> Result<Option<(usize, &'j Value)>, JsonError> {
    let number = |text: &str| text.parse::<u8>().map(usize::from).ok().filter(|tag| *tag < names.len());
    match json {
        Value::Object(map) => {
            let mut entries = map.iter();
            let (Some((key, payload)), None) = (entries.next(), entries.next()) else { return Ok(None) };
            let by_name = names.iter().position(|name| *name == Some(key));
            let tag = by_name.or_else(|| number(key)).ok_or_else(|| unknown_variant(names, ty, key))?;
            Ok(Some((tag, payload)))
        }
        Value::Array(items) => {
            let [Value::Number(tag), payload] = items.as_slice() else { return Ok(None) };
            let found = number(tag.as_str()).ok_or_else(|| unknown_variant(names, ty, tag.as_str()))?;
            Ok(Some((found, payload)))
        }
        _ => Ok(None),
    }
}

fn unknown_variant(names: &[Option<&str>], ty: &Type, found: &str) -> JsonError {
    let known: Vec<_> = names.iter().take(10).flatten().map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 10 { ", …" } else { "" };
    let problem = format!("{} has no variant `{found}`, only {}{more}", ty.describe(), known.join(", "));
    JsonError::new(JsonErrorKind::Unknown, problem)
}

fn f32_bits(json: &Value) -> Result<u32, JsonError> {
    match json {
        Value::Number(number) => match number.as_str().parse::<f32>() {
            Ok(value) if value.is_finite() => return Ok(value.to_bits()),
            _ => return Err(JsonError::out_of_range("f32", json)),
        },
        Value::String(name) => named_float(name).map(|value| value as f32).map(f32::to_bits),
        _ => stored_bits(json, F32_BITS, 8).and_then(|bits| u32::try_from(bits).ok()),
    }
    .ok_or_else(|| JsonError::mismatch("f32", json))
}

fn f64_bits(json: &Value) -> Result<u64, JsonError> {
    match json {
        Value::Number(number) => match number.as_str().parse::<f64>() {
            Ok(value) if value.is_finite() => return Ok(value.to_bits()),
            _ => return Err(JsonError::out_of_range("f64", json)),
        },
        Value::String(name) => named_float(name).map(f64::to_bits),
        _ => stored_bits(json, F64_BITS, 16),
    }
    .ok_or_else(|| JsonError::mismatch("f64", json))
}

fn named_float(name: &str) -> Option<f64> {
    match name {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The bits in the storage form of a float: exactly `digits` hex digits.
fn stored_bits(json: &Value, key: &str, digits: usize) -> Option<u64> {
    let map = json.as_object().filter(|map| map.len() == 1)?;
    let text = map.get(key)?.as_str()?;
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(text, 16).ok()
}
