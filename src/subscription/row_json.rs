//! Rows as SQL clients get them: an object by column name, values as SQL would show them.
//!
//! Identities, connection ids and bytes are hex, timestamps ISO 8601 in UTC, no value is null; compound types as reducers take them
//! (SATS-JSON). Floats that are no numbers are the strings NaN, Infinity and -Infinity.

use std::fmt::Write;

use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Error, Field, Type};
use spacetime_wire::sats_json::{self, Form};

/// The JSON text of a row in BSATN.
pub(super) fn row_json(fields: &[Field], row: &[u8]) -> Result<String, Error> {
    let mut out = String::with_capacity(row.len() * 2 + 16);
    let mut reader = Reader::new(row);
    out.push('{');
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        text(field.name.as_deref().unwrap_or_default(), &mut out);
        out.push(':');
        value(&field.ty, &mut reader, &mut out)?;
    }
    out.push('}');
    reader.finish()?;
    Ok(out)
}

fn value(ty: &Type, reader: &mut Reader<'_>, out: &mut String) -> Result<(), Error> {
    // Writing to a String cannot fail.
    let _ = match ty {
        Type::Identity => write!(out, "\"{}\"", reversed_hex(&reader.array::<32>()?)),
        Type::ConnectionId => write!(out, "\"{}\"", reversed_hex(&reader.array::<16>()?)),
        Type::Uuid => {
            let hex = reversed_hex(&reader.array::<16>()?);
            write!(out, "\"{}-{}-{}-{}-{}\"", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
        }
        Type::Timestamp => write!(out, "\"{}\"", timestamp(reader.i64()?)),
        Type::TimeDuration => write!(out, "{}", reader.i64()?),
        Type::F32 => {
            float(f64::from(reader.f32()?), true, out);
            return Ok(());
        }
        Type::F64 => {
            float(reader.f64()?, false, out);
            return Ok(());
        }
        Type::U256 | Type::I256 => {
            wide(ty, reader.array()?, out);
            return Ok(());
        }
        Type::Option(inner) if !matches!(**inner, Type::Option(_)) => {
            if reader.tag(2)? == 0 {
                return value(inner, reader, out);
            }
            write!(out, "null")
        }
        Type::Array(element) => {
            let count = reader.array_length(element)?;
            out.push('[');
            for position in 0..count {
                if position > 0 {
                    out.push(',');
                }
                value(element, reader, out)?;
            }
            write!(out, "]")
        }
        Type::Sum(sum) if sum.is_plain_enum() => {
            let tag = reader.tag(sum.variants.len())?;
            text(sum.variants.get(tag).and_then(|variant| variant.name.as_deref()).unwrap_or(""), out);
            return Ok(());
        }
        other => return sats_json::from_bsatn(other, reader, Form::Client, out),
    };
    Ok(())
}

fn text(text: &str, out: &mut String) {
    let _ = write!(out, "{}", serde_json::Value::from(text));
}

fn reversed_hex(bytes: &[u8]) -> String {
    hex::encode(bytes.iter().rev().copied().collect::<Vec<_>>())
}

fn float(value: f64, is_single: bool, out: &mut String) {
    let _ = match value {
        _ if value.is_nan() => write!(out, "\"NaN\""),
        _ if value.is_infinite() => write!(out, "\"{}Infinity\"", if value < 0.0 { "-" } else { "" }),
        // The shortest text that parses to the same number.
        _ if is_single => write!(out, "{:?}", value as f32),
        _ => write!(out, "{value:?}"),
    };
}

/// A 256-bit integer in decimal, as the others are.
fn wide(ty: &Type, mut bytes: [u8; 32], out: &mut String) {
    let is_negative = *ty == Type::I256 && bytes[31] >= 0x80;
    if is_negative {
        let mut carry = true;
        for byte in &mut bytes {
            let (sum, overflow) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, overflow);
        }
        out.push('-');
    }
    let mut digits = Vec::new();
    while bytes.iter().any(|byte| *byte != 0) {
        let mut rest = 0u16;
        for byte in bytes.iter_mut().rev() {
            let value = rest << 8 | u16::from(*byte);
            *byte = (value / 10) as u8;
            rest = value % 10;
        }
        digits.push(b'0' + rest as u8);
    }
    if digits.is_empty() {
        digits.push(b'0');
    }
    out.extend(digits.iter().rev().map(|digit| char::from(*digit)));
}

/// Microseconds since the Unix epoch as ISO 8601 in UTC.
fn timestamp(unix_us: i64) -> String {
    let (seconds, microseconds) = (unix_us.div_euclid(1_000_000), unix_us.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microseconds:06}+00:00")
}

/// Year, month and day of a day since the Unix epoch, in the calendar without end that starts years in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, is_next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year_of_era + era * 400 + is_next_year, month, day)
}
