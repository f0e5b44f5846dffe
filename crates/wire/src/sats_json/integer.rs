//! Integers of 8 to 256 bits as text. All arithmetic is on 32 little-endian bytes: BSATN of every integer type is
//! a prefix of its 256-bit two's complement.

use serde_json::Value;
use spacetime_definition::Type;

use super::error::JsonError;

/// 256 bits, little endian.
pub(super) type Wide = [u8; 32];

/// Reads an integer of type `ty`: a JSON number, a decimal string, and for 128 and 256 bits a `0x` hex string.
pub(super) fn read(ty: &Type, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let text = match json {
        Value::Number(number) => number.as_str(),
        Value::String(text) => text.as_str(),
        other => return Err(JsonError::mismatch(&ty.describe(), other)),
    };
    let width = ty.integer_width().unwrap_or_default();
    let Some(literal) = Literal::parse(text, width >= 16) else {
        return Err(JsonError::mismatch(&ty.describe(), json));
    };
    let fitting = literal.fit(width, ty.is_signed_integer());
    let Some(bytes) = fitting.as_ref().and_then(|wide| wide.get(..width)) else {
        return Err(JsonError::out_of_range(&ty.describe(), json));
    };
    out.extend_from_slice(bytes);
    Ok(())
}

/// An integer as written: sign and magnitude, the latter none if it needs more than 256 bits.
struct Literal {
    negative: bool,
    magnitude: Option<Wide>,
}

impl Literal {
    /// None if the text is no integer literal at all.
    fn parse(text: &str, hex_allowed: bool) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let magnitude = match digits.strip_prefix("0x") {
            Some(hex) if hex_allowed => {
                if hex.is_empty() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return None;
                }
                from_hex(hex)
            }
            _ => {
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                from_decimal(digits)
            }
        };
        Some(Self { negative, magnitude })
    }

    /// Two's complement, if the value fits an integer of `width` bytes.
    fn fit(&self, width: usize, signed: bool) -> Option<Wide> {
        let magnitude = self.magnitude?;
        let is_zero = magnitude.iter().all(|byte| *byte == 0);
        if self.negative && !is_zero && !signed {
            return None;
        }
        if magnitude.iter().skip(width).any(|byte| *byte != 0) {
            return None;
        }
        let top = *magnitude.get(width.checked_sub(1)?)?;
        if signed && top >= 0x80 {
            // Only the minimum itself has the sign bit in its magnitude.
            let is_minimum = top == 0x80 && magnitude.iter().take(width - 1).all(|byte| *byte == 0);
            if !(self.negative && is_minimum) {
                return None;
            }
        }
        Some(if self.negative { negated(magnitude) } else { magnitude })
    }
}

/// Up to 64 significant hex digits, most significant first; none if there are more or other characters.
pub(super) fn from_hex(digits: &str) -> Option<Wide> {
    let significant = digits.trim_start_matches('0');
    if significant.len() > 64 {
        return None;
    }
    let mut padded = [0; 32];
    hex::decode_to_slice(format!("{significant:0>64}"), &mut padded).ok()?;
    padded.reverse();
    Some(padded)
}

fn from_decimal(digits: &str) -> Option<Wide> {
    if let Ok(small) = digits.parse::<u128>() {
        let mut wide = [0; 32];
        wide.get_mut(..16)?.copy_from_slice(&small.to_le_bytes());
        return Some(wide);
    }
    let significant = digits.trim_start_matches('0');
    // 2^256 has 78 digits: this keeps the loops below short whatever the input.
    if significant.len() > 78 {
        return None;
    }
    let mut wide = [0_u8; 32];
    for digit in significant.bytes() {
        let mut carry = u16::from(digit.checked_sub(b'0')?);
        for byte in &mut wide {
            let sum = u16::from(*byte) * 10 + carry;
            let [low, high] = sum.to_le_bytes();
            *byte = low;
            carry = u16::from(high);
        }
        if carry != 0 {
            return None;
        }
    }
    Some(wide)
}

fn negated(mut wide: Wide) -> Wide {
    let mut carry = true;
    for byte in &mut wide {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
    wide
}

/// `0x`, lower case, without leading zeros; a negative i256 is `-0x` and its magnitude.
pub(super) fn to_hex(wide: Wide, signed: bool) -> String {
    let negative = signed && wide.last().is_some_and(|top| *top >= 0x80);
    let mut magnitude = if negative { negated(wide) } else { wide };
    magnitude.reverse();
    let digits = hex::encode(magnitude);
    let significant = match digits.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    };
    format!("{}0x{significant}", if negative { "-" } else { "" })
}
