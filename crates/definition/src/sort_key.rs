//! Sort keys: bytes that compare as the values do (module-abi.md §4.2), which BSATN does not.
//!
//! Invariants: two values of a type are equal exactly if their keys are; no key is the beginning of another of the same
//! type. So keys of several columns can be put back to back, and all keys that begin with given values are one range.

use crate::bsatn::{Reader, canonical_f32, canonical_f64};
use crate::error::Error;
use crate::types::{Field, Type};

/// Behind an element of an array another one, or the end.
const ELEMENT: u8 = 1;
const END: u8 = 0;
/// What a zero byte inside a string becomes; two zeros end it.
const ESCAPED_ZERO: [u8; 2] = [0, 0xff];
const END_OF_BYTES: [u8; 2] = [0, 0];

/// Reads one value of type `ty` and appends its sort key.
pub fn append(ty: &Type, reader: &mut Reader<'_>, key: &mut Vec<u8>) -> Result<(), Error> {
    match ty {
        Type::Bool => key.push(u8::from(reader.bool()?)),
        Type::F32 => {
            let bits = canonical_f32(reader.u32()?);
            let negative = bits >> 31 == 1;
            key.extend(if negative { !bits } else { bits | 1 << 31 }.to_be_bytes());
        }
        Type::F64 => {
            let bits = canonical_f64(reader.u64()?);
            let negative = bits >> 63 == 1;
            key.extend(if negative { !bits } else { bits | 1 << 63 }.to_be_bytes());
        }
        Type::String => append_bytes(reader.string()?.as_bytes(), key),
        Type::Bytes => append_bytes(reader.bytes()?, key),
        Type::ScheduleAt => {
            key.push(reader.tag(2)? as u8);
            append_integer(reader.take(8)?, true, key);
        }
        Type::Array(element) => {
            for _ in 0..reader.array_length(element)? {
                key.push(ELEMENT);
                append(element, reader, key)?;
            }
            key.push(END);
        }
        Type::Option(inner) => {
            let tag = reader.tag(2)?;
            key.push(tag as u8);
            if tag == 0 {
                append(inner, reader, key)?;
            }
        }
        Type::Product(product) => append_fields(&product.fields, reader, key)?,
        Type::Sum(sum) => {
            let tag = reader.tag(sum.variants.len())?;
            key.push(tag as u8);
            if let Some(variant) = sum.variants.get(tag) {
                append(&variant.ty, reader, key)?;
            }
        }
        fixed => {
            let signed = fixed.is_signed_integer() || matches!(fixed, Type::Timestamp | Type::TimeDuration);
            append_integer(reader.take(fixed.fixed_size().unwrap_or_default())?, signed, key);
        }
    }
    Ok(())
}

/// Reads the fields of one product value and appends their sort keys.
pub fn append_fields(fields: &[Field], reader: &mut Reader<'_>, key: &mut Vec<u8>) -> Result<(), Error> {
    fields.iter().try_for_each(|field| append(&field.ty, reader, key))
}

/// The least bytes above all that begin with `prefix`; `None` if there are none.
pub fn successor(mut prefix: Vec<u8>) -> Option<Vec<u8>> {
    while let Some(last) = prefix.pop() {
        if let Some(next) = last.checked_add(1) {
            prefix.push(next);
            return Some(prefix);
        }
    }
    None
}

fn append_integer(little_endian: &[u8], signed: bool, key: &mut Vec<u8>) {
    let start = key.len();
    key.extend(little_endian.iter().rev());
    if signed && let Some(first) = key.get_mut(start) {
        *first ^= 0x80;
    }
}

fn append_bytes(bytes: &[u8], key: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            0 => key.extend(ESCAPED_ZERO),
            other => key.push(*other),
        }
    }
    key.extend(END_OF_BYTES);
}
