//! Sort keys order as the values do: each list is in the order of module-abi.md §4.2.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Field, Product, Sum, Type, Variant, sort_key};

fn key(ty: &Type, bytes: &[u8]) -> Vec<u8> {
    let (mut reader, mut key) = (Reader::new(bytes), Vec::new());
    sort_key::append(ty, &mut reader, &mut key).unwrap();
    reader.finish().unwrap();
    key
}

/// `values` (BSATN) ascend strictly, and no key begins another.
#[track_caller]
fn ascending(ty: &Type, values: &[Vec<u8>]) {
    let keys: Vec<_> = values.iter().map(|value| key(ty, value)).collect();
    for (at, pair) in keys.windows(2).enumerate() {
        assert!(pair[0] < pair[1], "{}: value {at} must be below the next: {pair:02x?}", ty.describe());
    }
    for (at, key) in keys.iter().enumerate() {
        let others = keys.iter().enumerate().filter(|(other, _)| *other != at);
        assert!(others.clone().all(|(_, other)| !other.starts_with(key)), "{}: {key:02x?}", ty.describe());
    }
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u32).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
fn integers() {
    ascending(&Type::I16, &[-32768, -256, -1, 0, 1, 255, 256, 32767i16].map(|n| n.to_le_bytes().to_vec()));
    ascending(&Type::U16, &[0, 1, 255, 256, 32768, 65535u16].map(|n| n.to_le_bytes().to_vec()));
    ascending(&Type::I128, &[i128::MIN, -1, 0, 1 << 64, i128::MAX].map(|n| n.to_le_bytes().to_vec()));
    ascending(&Type::Timestamp, &[i64::MIN, -1, 0, i64::MAX].map(|n| n.to_le_bytes().to_vec()));
    let identity = |high: u8, low: u8| {
        let mut bytes = vec![0; 32];
        (bytes[31], bytes[0]) = (high, low);
        bytes
    };
    ascending(&Type::Identity, &[identity(0, 0), identity(0, 9), identity(1, 0), identity(255, 0)]);
    let signed = |sign: u8| [vec![0; 31], vec![sign]].concat();
    ascending(&Type::I256, &[signed(0x80), signed(0xff), signed(0), signed(0x7f)]);
}

#[test]
fn floats() {
    let values = [f64::NEG_INFINITY, -2.0, -1e-300, 0.0, 5e-324, 1.0, f64::INFINITY, f64::NAN];
    ascending(&Type::F64, &values.map(|n| n.to_le_bytes().to_vec()));
    ascending(&Type::F32, &values.map(|n| (n as f32).to_le_bytes().to_vec())[..2]);
    assert_eq!(key(&Type::F32, &(-0f32).to_le_bytes()), key(&Type::F32, &0f32.to_le_bytes()));
    assert_eq!(key(&Type::F64, &(-f64::NAN).to_le_bytes()), key(&Type::F64, &f64::NAN.to_le_bytes()));
}

#[test]
fn strings_and_arrays() {
    ascending(&Type::String, &["", "\0", "\0\0", "\0a", "a", "a\0", "a\0\u{1}", "aa", "b", "é"].map(text));
    let array = |elements: &[&str]| {
        let mut bytes = (elements.len() as u32).to_le_bytes().to_vec();
        elements.iter().for_each(|element| bytes.extend(text(element)));
        bytes
    };
    let arrays = [&[][..], &[""], &["", "a"], &["a"], &["a", ""], &["a", "b"], &["b"]];
    ascending(&Type::Array(Box::new(Type::String)), &arrays.map(array));
}

#[test]
fn sums_and_products() {
    let option = Type::Option(Box::new(Type::I8));
    ascending(&option, &[vec![0, 0x80], vec![0, 0], vec![0, 1], vec![1]]);
    let sum = Type::Sum(Sum {
        name: None,
        variants: vec![
            Variant { name: None, ty: Type::String },
            Variant { name: None, ty: Type::unit() },
            Variant { name: None, ty: Type::U8 },
        ],
    });
    let named = |name: &str| [vec![0], text(name)].concat();
    ascending(&sum, &[named(""), named("z"), vec![1], vec![2, 0], vec![2, 255]]);
    let field = |ty| Field { name: None, ty };
    let pair = Type::Product(Product { name: None, fields: vec![field(Type::String), field(Type::I8)] });
    let of = |name: &str, n: i8| [text(name), vec![n as u8]].concat();
    ascending(&pair, &[of("", 127), of("a", -1), of("a", 0), of("a\0", -128), of("b", -128)]);
    ascending(
        &Type::ScheduleAt,
        &[(0, -1i64), (0, 5), (1, -1)].map(|(tag, n)| [vec![tag], n.to_le_bytes().to_vec()].concat()),
    );
}

#[test]
fn successors() {
    assert_eq!(sort_key::successor(vec![1, 2]), Some(vec![1, 3]));
    assert_eq!(sort_key::successor(vec![1, 255, 255]), Some(vec![2]));
    assert_eq!(sort_key::successor(vec![255]), None);
    assert_eq!(sort_key::successor(vec![]), None);
}

#[test]
fn malformed_values_are_errors() {
    let of = |ty: &Type, bytes: &[u8]| sort_key::append(ty, &mut Reader::new(bytes), &mut Vec::new());
    assert!(of(&Type::Bool, &[2]).is_err());
    assert!(of(&Type::U32, &[1, 2, 3]).is_err());
    assert!(of(&Type::String, &[2, 0, 0, 0, 0xc3, 0x28]).is_err());
    assert!(of(&Type::Option(Box::new(Type::U8)), &[2]).is_err());
}
