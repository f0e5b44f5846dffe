//! Order and equality of values in their BSATN form (module-abi.md §4.2), without decoding them.

use std::cmp::Ordering;

use spacetime_definition::{Type, bsatn};

/// Compares two values of one comparable type. Both must be whole values of the type.
pub(crate) fn compare(ty: &Type, left: &[u8], right: &[u8]) -> Ordering {
    match ty {
        Type::F32 => f32_key(left).cmp(&f32_key(right)),
        Type::F64 => f64_key(left).cmp(&f64_key(right)),
        // Behind the length: the shorter of two strings is not the lesser.
        Type::String | Type::Bytes => left.get(4..).cmp(&right.get(4..)),
        integer => {
            let signed = integer.is_signed_integer() || *integer == Type::Timestamp;
            compare_integers(left, right, signed)
        }
    }
}

fn compare_integers(left: &[u8], right: &[u8], signed: bool) -> Ordering {
    let sign = |bytes: &[u8]| signed && bytes.last().is_some_and(|top| *top >= 0x80);
    // Two's complement: among numbers of one sign the bits are in order.
    sign(right).cmp(&sign(left)).then_with(|| left.iter().rev().cmp(right.iter().rev()))
}

/// Bits that are in the order of the floats: −0 is +0, all NaNs are one and the greatest.
fn f32_key(bytes: &[u8]) -> u32 {
    let bits = bsatn::canonical_f32(u32::from_le_bytes(bytes.try_into().unwrap_or_default()));
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn f64_key(bytes: &[u8]) -> u64 {
    let bits = bsatn::canonical_f64(u64::from_le_bytes(bytes.try_into().unwrap_or_default()));
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::compare;
    use proptest::prelude::*;
    use spacetime_definition::bsatn::Reader;
    use spacetime_definition::{Type, sort_key};

    fn scalar() -> impl Strategy<Value = (Type, usize)> {
        prop_oneof![
            Just((Type::Bool, 0)),
            Just((Type::I8, 1)),
            Just((Type::I64, 8)),
            Just((Type::U64, 8)),
            Just((Type::I128, 16)),
            Just((Type::U256, 32)),
            Just((Type::I256, 32)),
            Just((Type::F32, 4)),
            Just((Type::F64, 8)),
            Just((Type::Identity, 32)),
            Just((Type::ConnectionId, 16)),
            Just((Type::Timestamp, 8)),
            Just((Type::Uuid, 16)),
            Just((Type::Bytes, 99)),
            Just((Type::String, 99)),
        ]
    }

    fn value(width: usize, bytes: &[u8]) -> Vec<u8> {
        match width {
            0 => vec![bytes.first().copied().unwrap_or_default() & 1],
            99 => {
                let ascii = bytes.iter().map(|byte| byte & 0x7f).take(usize::from(bytes[0] % 5));
                let ascii: Vec<u8> = ascii.collect();
                (ascii.len() as u32).to_le_bytes().into_iter().chain(ascii).collect()
            }
            width => bytes[..width].to_vec(),
        }
    }

    /// Bytes that make equal values, extremes, zeros and NaNs likely.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(0_u8), Just(0xff), Just(0x80), Just(0x7f), Just(0xf0), any::<u8>()];
        prop_oneof![
            Just(vec![0; 32]),
            Just([0, 0, 0, 0x80].repeat(8)),
            Just([0, 0, 0, 0, 0, 0, 0, 0x80].repeat(4)),
            proptest::collection::vec(byte, 32)
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn order_is_that_of_sort_keys((ty, width) in scalar(), left in bytes(), right in bytes()) {
            let (left, right) = (value(width, &left), value(width, &right));
            let key = |bytes: &[u8]| {
                let mut key = Vec::new();
                sort_key::append(&ty, &mut Reader::new(bytes), &mut key).expect("a value");
                key
            };
            prop_assert_eq!(compare(&ty, &left, &right), key(&left).cmp(&key(&right)));
        }
    }
}
