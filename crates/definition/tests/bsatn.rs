//! BSATN values by type.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

use proptest::prelude::*;
use spacetime_definition::bsatn::{self, Reader};
use spacetime_definition::{Error, Field, Product, Sum, Type, Variant};

fn field(name: &str, ty: Type) -> Field {
    Field { name: Some(name.to_owned()), ty }
}

fn product(types: Vec<Type>) -> Type {
    Type::Product(Product { name: None, fields: types.into_iter().map(|ty| field("x", ty)).collect() })
}

fn sum(types: Vec<Type>) -> Type {
    let variants = types.into_iter().map(|ty| Variant { name: None, ty }).collect();
    Type::Sum(Sum { name: None, variants })
}

fn valid(ty: &Type, hex: &str) -> bool {
    bsatn::validate(ty, &hex::decode(hex.replace(' ', "")).unwrap()).is_ok()
}

#[test]
fn small_encodings_of_appendix_a4() {
    let option = Type::Option(Box::new(Type::String));
    assert!(valid(&option, "01"));
    assert!(valid(&option, "00 01000000 61"));
    assert!(valid(&Type::ScheduleAt, "00 40420f0000000000"));
    assert!(valid(&Type::ScheduleAt, "01 00401e18240a0600"));
}

#[test]
fn wrong_bytes_are_refused() {
    assert!(!valid(&Type::Bool, "02"));
    assert!(!valid(&Type::Bool, ""));
    assert!(!valid(&Type::Bool, "0000"), "left over");
    assert!(!valid(&Type::String, "01000000 ff"), "not UTF-8");
    assert!(!valid(&Type::String, "02000000 61"), "too short");
    assert!(!valid(&Type::ScheduleAt, "02 0000000000000000"));
    assert!(!valid(&Type::Option(Box::new(Type::U8)), "02"));
    assert!(!valid(&sum(vec![Type::unit()]), "01"));
    assert!(!valid(&sum(vec![]), "00"), "never has no values");
    assert!(!valid(&Type::Identity, &"00".repeat(31)));
}

#[test]
fn hostile_counts_end_at_once() {
    let units = Type::Array(Box::new(product(vec![Type::unit(), Type::unit()])));
    assert!(valid(&units, "00000100"));
    assert!(!valid(&units, "ffffffff"));
    assert!(!valid(&Type::Array(Box::new(Type::Bool)), "ffffffff"));
    assert!(!valid(&Type::Bytes, "ffffffff"));
}

#[test]
fn errors_name_the_offset() {
    let ty = product(vec![Type::U32, Type::Bool]);
    let error = bsatn::validate(&ty, &[0, 0, 0, 0, 7]).unwrap_err();
    assert!(matches!(error, Error::Malformed { offset: 4, .. }), "{error}");
}

#[test]
fn canonical_floats() {
    let ty = product(vec![Type::F32, Type::Array(Box::new(Type::F64)), Type::U32]);
    let value = |f32: f32, f64: f64| {
        let count = 1_u32.to_le_bytes();
        [&f32.to_le_bytes()[..], &count, &f64.to_le_bytes(), &0x8000_0000_u32.to_le_bytes()].concat()
    };
    assert_eq!(bsatn::canonical(&ty, &value(-0.0, -0.0)).unwrap(), value(0.0, 0.0));
    let odd_nans = value(f32::from_bits(0xffc0_0001), f64::from_bits(0x7ff0_0000_0000_0001));
    let quiet = value(f32::from_bits(0x7fc0_0000), f64::from_bits(0x7ff8_0000_0000_0000));
    assert_eq!(bsatn::canonical(&ty, &odd_nans).unwrap(), quiet);
    let plain = value(-1.5, f64::INFINITY);
    assert_eq!(bsatn::canonical(&ty, &plain).unwrap(), plain);
    let Type::Product(row) = &ty else { panic!("a product") };
    assert_eq!(bsatn::canonical_fields(&row.fields, &odd_nans).unwrap(), quiet);
    assert!(bsatn::canonical(&ty, &plain[1..]).is_err());
}

#[test]
fn reader() {
    let mut reader = Reader::new(&[1, 0xff, 0xff, 2, 0, 0, 0, b'o', b'k', 9]);
    assert!(reader.bool().unwrap());
    assert_eq!(reader.i16().unwrap(), -1);
    assert_eq!(reader.string().unwrap(), "ok");
    assert_eq!((reader.position(), reader.remaining(), reader.rest()), (9, 1, &[9_u8][..]));
    assert_eq!(reader.since(7), b"ok");
    assert!(reader.finish().is_err());
    assert!(reader.u16().is_err());
    assert_eq!(reader.u8().unwrap(), 9);
    reader.finish().unwrap();
}

#[test]
fn fixed_sizes() {
    assert_eq!(product(vec![Type::U8, Type::I256, Type::ScheduleAt]).fixed_size(), Some(42));
    assert_eq!(product(vec![Type::U8, Type::String]).fixed_size(), None);
    assert_eq!(sum(vec![Type::U8, Type::I8]).fixed_size(), Some(2));
    assert_eq!(sum(vec![Type::U8, Type::unit()]).fixed_size(), None);
    assert_eq!(sum(vec![]).fixed_size(), None);
}

fn types() -> impl Strategy<Value = Type> {
    let leaf = prop::sample::select(vec![
        Type::Bool,
        Type::U8,
        Type::I64,
        Type::U256,
        Type::F32,
        Type::F64,
        Type::String,
        Type::Bytes,
        Type::ScheduleAt,
        Type::Identity,
        Type::unit(),
    ]);
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| Type::Array(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Option(Box::new(ty))),
            prop::collection::vec(inner.clone(), 0..4).prop_map(product),
            prop::collection::vec(inner, 0..4).prop_map(sum),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn arbitrary_bytes_never_panic(ty in types(), bytes in prop::collection::vec(0..4_u8, 0..80)) {
        let mut reader = Reader::new(&bytes);
        if bsatn::skip(&ty, &mut reader).is_ok() {
            let value = &bytes[..reader.position()];
            bsatn::validate(&ty, value).unwrap();
            let canonical = bsatn::canonical(&ty, value).unwrap();
            prop_assert_eq!(bsatn::canonical(&ty, &canonical).unwrap(), canonical.clone());
            prop_assert!(ty.fixed_size().is_none_or(|size| size == value.len()));
            if !ty.contains_float() {
                prop_assert_eq!(canonical, value);
            }
        }
    }
}
