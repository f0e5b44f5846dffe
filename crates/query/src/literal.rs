//! Literals become values of the type that the column beside them has (wire.md §4.3).

use serde_json::Value as Json;
use spacetime_definition::{Type, bsatn};
use spacetime_wire::sats_json;

use crate::plan::Value;
use crate::syntax::Literal;
use crate::{Error, Position};

/// Decimal digits of the largest 256-bit integer: an exponent need not produce more.
const MAX_DIGITS: usize = 78;

/// The value of a literal as a `ty`.
pub(crate) fn typed(literal: &Literal, ty: &Type, position: Position) -> Result<Value, Error> {
    let bsatn = encode(literal, ty).and_then(|bytes| bsatn::canonical(ty, &bytes).ok());
    bsatn.map(|bsatn| Value { ty: ty.clone(), bsatn }).ok_or_else(|| Error::Literal {
        position,
        literal: describe(literal),
        expected: ty.describe(),
    })
}

fn describe(literal: &Literal) -> String {
    match literal {
        Literal::Bool(value) => format!("`{value}`"),
        Literal::Number(text) => format!("`{text}`"),
        Literal::String(text) => format!("`'{text}'`"),
        Literal::Hex(digits) => format!("`0x{digits}`"),
    }
}

fn encode(literal: &Literal, ty: &Type) -> Option<Vec<u8>> {
    match (ty, literal) {
        (Type::Bool, Literal::Bool(value)) => Some(vec![u8::from(*value)]),
        (Type::F32, Literal::Number(text)) => finite(text.parse::<f32>().ok()?.to_le_bytes(), text),
        (Type::F64, Literal::Number(text)) => finite(text.parse::<f64>().ok()?.to_le_bytes(), text),
        (Type::String, Literal::String(text)) => with_length(text.as_bytes()),
        (Type::Bytes, Literal::Hex(digits)) => with_length(&hex::decode(digits).ok()?),
        (Type::Identity, Literal::Hex(text) | Literal::String(text)) => reversed_hex(text, 32),
        (Type::ConnectionId, Literal::Hex(text) | Literal::String(text)) => reversed_hex(text, 16),
        (Type::Timestamp | Type::Uuid, Literal::String(text)) => from_json(ty, text.clone()),
        (integer, Literal::Number(text)) if integer.is_integer() => from_json(integer, whole(text)?),
        _ => None,
    }
}

/// A float too large for its type reads as infinity, which was not written.
fn finite<const N: usize>(bytes: [u8; N], text: &str) -> Option<Vec<u8>> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())?;
    let overflowed = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(single) => f32::from_le_bytes(single).is_infinite(),
        Err(_) => false,
    };
    (!overflowed).then(|| bytes.to_vec())
}

fn with_length(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(bytes.len()).ok()?;
    Some(length.to_le_bytes().into_iter().chain(bytes.iter().copied()).collect())
}

fn reversed_hex(text: &str, width: usize) -> Option<Vec<u8>> {
    let mut bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?;
    bytes.reverse();
    (bytes.len() == width).then_some(bytes)
}

fn from_json(ty: &Type, text: String) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    sats_json::to_bsatn(ty, &Json::String(text), &mut out).ok()?;
    Some(out)
}

/// `-1.5e1` to `-15`; none if the number is not whole or has more digits than any integer.
fn whole(text: &str) -> Option<String> {
    let unsigned = text.trim_start_matches(['+', '-']);
    let sign = if text.starts_with('-') { "-" } else { "" };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut digits = format!("{integer}{fraction}").trim_start_matches('0').to_owned();
    if digits.is_empty() {
        return mantissa.contains(|digit: char| digit.is_ascii_digit()).then(|| "0".to_owned());
    }
    let shift = i64::from(exponent) - i64::try_from(fraction.len()).ok()?;
    if let Ok(zeros) = usize::try_from(shift) {
        if digits.len().checked_add(zeros)? > MAX_DIGITS {
            return None;
        }
        digits.extend(std::iter::repeat_n('0', zeros));
    } else {
        let kept = digits.len().checked_sub(usize::try_from(shift.unsigned_abs()).ok()?)?;
        if digits.get(kept..)?.bytes().any(|digit| digit != b'0') {
            return None;
        }
        digits.truncate(kept);
    }
    Some(format!("{sign}{digits}"))
}

#[cfg(test)]
mod tests {
    use super::{typed, whole};
    use crate::Position;
    use crate::syntax::Literal;
    use spacetime_definition::Type;

    const HERE: Position = Position { line: 1, column: 1 };

    fn number(text: &str, ty: &Type) -> Option<Vec<u8>> {
        typed(&Literal::Number(text.to_owned()), ty, HERE).ok().map(|value| value.bsatn)
    }

    #[test]
    fn whole_numbers() {
        for (text, expected) in [
            ("1e3", Some("1000")),
            ("-1.5e1", Some("-15")),
            ("1200e-2", Some("12")),
            ("+7", Some("7")),
            ("0.000", Some("0")),
            ("1.0", Some("1")),
            ("1.5", None),
            ("1e-1", None),
            ("1e2147483647", None),
            ("1e99999999999", None),
        ] {
            assert_eq!(whole(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn ranges_of_integers() {
        assert_eq!(number("255", &Type::U8), Some(vec![255]));
        assert_eq!(number("256", &Type::U8), None);
        assert_eq!(number("-128", &Type::I8), Some(vec![0x80]));
        assert_eq!(number("-1", &Type::U64), None);
        let largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(number(largest, &Type::U256), Some(vec![255; 32]));
        assert_eq!(number(&format!("{largest}0"), &Type::U256), None);
    }

    #[test]
    fn floats_that_overflow_are_refused() {
        assert_eq!(number("1e39", &Type::F32), None);
        assert_eq!(number("1e309", &Type::F64), None);
        assert_eq!(number("-0", &Type::F64), Some(vec![0; 8]));
    }

    #[test]
    fn identifiers_are_little_endian() {
        let mut expected = vec![0; 16];
        expected[0] = 0x2a;
        let digits = format!("{:032x}", 0x2a);
        for literal in [
            Literal::Hex(digits.clone()),
            Literal::String(digits.clone()),
            Literal::String(format!("0x{digits}")),
        ] {
            let value = typed(&literal, &Type::ConnectionId, HERE).map(|value| value.bsatn);
            assert_eq!(value, Ok(expected.clone()));
        }
        assert!(typed(&Literal::Hex("2a".to_owned()), &Type::Identity, HERE).is_err());
    }

    #[test]
    fn timestamps_are_text() {
        let literal = Literal::String("1970-01-01T00:00:01Z".to_owned());
        let value = typed(&literal, &Type::Timestamp, HERE).map(|value| value.bsatn);
        assert_eq!(value, Ok(1_000_000_i64.to_le_bytes().to_vec()));
        assert!(typed(&Literal::String("1".to_owned()), &Type::String, HERE).is_ok());
        assert!(typed(&Literal::String("yesterday".to_owned()), &Type::Timestamp, HERE).is_err());
    }
}
