//! BSATN to JSON, by type: the column "Emitted by reference server" of wire.md §0.3.

use std::fmt::Write as _;

use serde_json::Value;
use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Error, Product, Sum, Type};

use super::{CONNECTION_ID, F32_BITS, F64_BITS, IDENTITY, TIME_DURATION, TIMESTAMP, UUID, integer};

/// Which JSON to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The object form: products are objects, sums `{"Variant": payload}`. A float that is not finite is `null`,
    /// as in every JSON writer of the reference's kind, and cannot be read back.
    Client,
    /// The form of SQL rows: products are arrays, sums `[tag, payload]`.
    Row,
    /// The object form for jsonb columns, from which [`super::to_bsatn`] gives back identical bytes: a float that
    /// is not finite or is −0 is kept as bits, `{"$f32": "<8 hex>"}` or `{"$f64": "<16 hex>"}`. jsonb may
    /// normalise numbers and reorder keys. Strings with U+0000 are an error.
    Storage,
}

/// Reads one value of type `ty` from the front of the reader and appends its JSON text.
///
/// # Errors
///
/// [`Error::Malformed`] if the bytes are no such value, [`Error::NulCharacter`] for U+0000 in the storage form.
/// What was appended until then stays.
pub fn from_bsatn(ty: &Type, reader: &mut Reader<'_>, form: Form, out: &mut String) -> Result<(), Error> {
    match ty {
        Type::Bool => out.push_str(if reader.bool()? { "true" } else { "false" }),
        Type::U8 => number(reader.u8()?, out),
        Type::U16 => number(reader.u16()?, out),
        Type::U32 => number(reader.u32()?, out),
        Type::U64 => number(reader.u64()?, out),
        Type::U128 => number(reader.u128()?, out),
        Type::I8 => number(reader.i8()?, out),
        Type::I16 => number(reader.i16()?, out),
        Type::I32 => number(reader.i32()?, out),
        Type::I64 => number(reader.i64()?, out),
        Type::I128 => number(reader.i128()?, out),
        Type::U256 => wide(reader, false, out)?,
        Type::I256 => wide(reader, true, out)?,
        Type::F32 => f32_text(reader.f32()?, form, out),
        Type::F64 => f64_text(reader.f64()?, form, out),
        Type::String => string(reader.string()?, form, out)?,
        Type::Bytes => {
            out.push('"');
            out.push_str(&hex::encode(reader.bytes()?));
            out.push('"');
        }
        Type::Identity => special(IDENTITY, &Type::U256, reader, form, out)?,
        Type::ConnectionId => special(CONNECTION_ID, &Type::U128, reader, form, out)?,
        Type::Timestamp => special(TIMESTAMP, &Type::I64, reader, form, out)?,
        Type::TimeDuration => special(TIME_DURATION, &Type::I64, reader, form, out)?,
        Type::Uuid => special(UUID, &Type::U128, reader, form, out)?,
        Type::ScheduleAt => {
            let (name, payload) =
                if reader.tag(2)? == 0 { (0, Type::TimeDuration) } else { (1, Type::Timestamp) };
            let names = ["Interval", "Time"];
            tagged(name, names.get(name).copied(), &payload, reader, form, out)?;
        }
        Type::Array(element) => {
            let count = reader.array_length(element)?;
            out.push('[');
            for position in 0..count {
                separate(position, out);
                from_bsatn(element, reader, form, out)?;
            }
            out.push(']');
        }
        Type::Option(inner) => match reader.tag(2)? {
            0 => tagged(0, Some("some"), inner, reader, form, out)?,
            _ => tagged(1, Some("none"), &Type::unit(), reader, form, out)?,
        },
        Type::Product(product) => product_value(product, reader, form, out)?,
        Type::Sum(sum) => sum_value(sum, reader, form, out)?,
    }
    Ok(())
}

fn number(value: impl std::fmt::Display, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

fn separate(position: usize, out: &mut String) {
    if position > 0 {
        out.push(',');
    }
}

fn wide(reader: &mut Reader<'_>, signed: bool, out: &mut String) -> Result<(), Error> {
    let bytes = reader.array::<32>()?;
    let _ = write!(out, "\"{}\"", integer::to_hex(bytes, signed));
    Ok(())
}

fn f32_text(value: f32, form: Form, out: &mut String) {
    let is_negative_zero = value == 0.0 && value.is_sign_negative();
    let _ = match form {
        Form::Storage if !value.is_finite() || is_negative_zero => {
            write!(out, "{{\"{F32_BITS}\":\"{:08x}\"}}", value.to_bits())
        }
        _ if !value.is_finite() => write!(out, "null"),
        // The shortest text that parses to the same f32.
        _ => write!(out, "{value:?}"),
    };
}

fn f64_text(value: f64, form: Form, out: &mut String) {
    let is_negative_zero = value == 0.0 && value.is_sign_negative();
    let _ = match form {
        Form::Storage if !value.is_finite() || is_negative_zero => {
            write!(out, "{{\"{F64_BITS}\":\"{:016x}\"}}", value.to_bits())
        }
        _ if !value.is_finite() => write!(out, "null"),
        _ => write!(out, "{value:?}"),
    };
}

fn string(text: &str, form: Form, out: &mut String) -> Result<(), Error> {
    if form == Form::Storage && text.contains('\0') {
        return Err(Error::NulCharacter);
    }
    quoted(text, out);
    Ok(())
}

fn quoted(text: &str, out: &mut String) {
    // Display of a JSON string is its quoted and escaped text.
    let _ = write!(out, "{}", Value::from(text));
}

/// A product of one field that holds an integer.
fn special(
    field: &str,
    inner: &Type,
    reader: &mut Reader<'_>,
    form: Form,
    out: &mut String,
) -> Result<(), Error> {
    if form == Form::Row {
        out.push('[');
        from_bsatn(inner, reader, form, out)?;
        out.push(']');
    } else {
        let _ = write!(out, "{{\"{field}\":");
        from_bsatn(inner, reader, form, out)?;
        out.push('}');
    }
    Ok(())
}

fn product_value(
    product: &Product,
    reader: &mut Reader<'_>,
    form: Form,
    out: &mut String,
) -> Result<(), Error> {
    // The unit product is an array in every form.
    let is_object = form != Form::Row && product.is_named() && !product.fields.is_empty();
    out.push(if is_object { '{' } else { '[' });
    for (position, field) in product.fields.iter().enumerate() {
        separate(position, out);
        if is_object && let Some(name) = &field.name {
            quoted(name, out);
            out.push(':');
        }
        from_bsatn(&field.ty, reader, form, out)?;
    }
    out.push(if is_object { '}' } else { ']' });
    Ok(())
}

fn sum_value(sum: &Sum, reader: &mut Reader<'_>, form: Form, out: &mut String) -> Result<(), Error> {
    let tag = reader.tag(sum.variants.len())?;
    match sum.variants.get(tag) {
        Some(variant) => tagged(tag, variant.name.as_deref(), &variant.ty, reader, form, out),
        None => Err(reader.error("unknown tag")),
    }
}

/// `{"Variant": payload}`, with the tag for a variant without a name; `[tag, payload]` in rows.
fn tagged(
    tag: usize,
    name: Option<&str>,
    payload: &Type,
    reader: &mut Reader<'_>,
    form: Form,
    out: &mut String,
) -> Result<(), Error> {
    let (opening, closing) =
        if form == Form::Row { (format!("[{tag},"), ']') } else { ("{".to_owned(), '}') };
    out.push_str(&opening);
    if form != Form::Row {
        match name {
            Some(name) => quoted(name, out),
            None => quoted(&tag.to_string(), out),
        }
        out.push(':');
    }
    from_bsatn(payload, reader, form, out)?;
    out.push(closing);
    Ok(())
}
