//! Random types and random values: the storage form gives back identical bytes, also after a JSON document tree
//! has reordered its keys, as jsonb does.

use proptest::prelude::*;
use serde_json::Value;
use spacetime_definition::bsatn::{self, Reader};
use spacetime_definition::{Field, Product, Sum, Type, Variant};

use super::{Form, from_bsatn, to_bsatn};

const LEAVES: [Type; 23] = [
    Type::Bool,
    Type::I8,
    Type::U8,
    Type::I16,
    Type::U16,
    Type::I32,
    Type::U32,
    Type::I64,
    Type::U64,
    Type::I128,
    Type::U128,
    Type::I256,
    Type::U256,
    Type::F32,
    Type::F64,
    Type::String,
    Type::Bytes,
    Type::Identity,
    Type::ConnectionId,
    Type::Timestamp,
    Type::TimeDuration,
    Type::Uuid,
    Type::ScheduleAt,
];

fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        4 => prop::sample::select(LEAVES.to_vec()),
        1 => Just(Type::unit()),
        2 => prop::sample::select(vec![Type::F32, Type::F64]),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        let fields = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            inner.clone().prop_map(|ty| match ty {
                Type::U8 => Type::Bytes,
                ty => Type::Array(Box::new(ty)),
            }),
            inner.clone().prop_map(|ty| Type::Option(Box::new(ty))),
            inner.prop_map(|ty| Type::Option(Box::new(Type::Option(Box::new(ty))))),
            (fields.clone(), any::<bool>()).prop_map(|(types, named)| product(types, named)),
            (fields, any::<bool>()).prop_map(|(types, named)| sum(types, named)),
        ]
    })
}

/// Names in descending order, so that a sorted document has another order than the type.
fn name(position: usize, named: bool) -> Option<String> {
    named.then(|| format!("n{}", 9 - position))
}

fn product(types: Vec<Type>, named: bool) -> Type {
    let fields = types.into_iter().enumerate().map(|(i, ty)| Field { name: name(i, named), ty }).collect();
    Type::Product(Product { name: None, fields })
}

fn sum(mut types: Vec<Type>, named: bool) -> Type {
    // A sum without variants has no values.
    types.push(Type::unit());
    let variants =
        types.into_iter().enumerate().map(|(i, ty)| Variant { name: name(i, named), ty }).collect();
    Type::Sum(Sum { name: None, variants })
}

/// Endless bytes from a seed (splitmix64).
struct Entropy(u64);

impl Entropy {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }
}

/// Appends a value; extremes are as likely as anything else.
fn value(ty: &Type, entropy: &mut Entropy, out: &mut Vec<u8>) {
    match ty {
        Type::Bool => out.push(entropy.below(2) as u8),
        Type::F32 => {
            let special = [
                0x8000_0000,
                0x7f80_0000,
                0xff80_0000,
                0x7fc0_0000,
                0xffc0_1234,
                0x7f80_0001,
                1,
                0x7f7f_ffff,
            ];
            let bits = if entropy.below(2) == 0 { entropy.pick(&special) } else { entropy.next() as u32 };
            out.extend(bits.to_le_bytes());
        }
        Type::F64 => {
            let special = [
                1 << 63,
                0x7ff0 << 48,
                0xfff0 << 48,
                0x7ff8 << 48,
                (0x7ff0 << 48) + 1,
                1,
                (0x7ff0 << 48) - 1,
            ];
            let bits = if entropy.below(2) == 0 { entropy.pick(&special) } else { entropy.next() };
            out.extend(bits.to_le_bytes());
        }
        Type::String => {
            let text = entropy.pick(&["", "a", "\"\\\n\u{1}", "$f32", "null", "ünï\u{10ffff}", "0x1", "-0"]);
            out.extend((text.len() as u32).to_le_bytes());
            out.extend(text.as_bytes());
        }
        Type::Bytes => repeated(&Type::U8, entropy, out),
        Type::Array(element) => repeated(element, entropy, out),
        Type::ScheduleAt => {
            out.push(entropy.below(2) as u8);
            value(&Type::I64, entropy, out);
        }
        Type::Option(inner) => {
            let tag = entropy.below(2) as u8;
            out.push(tag);
            if tag == 0 {
                value(inner, entropy, out);
            }
        }
        Type::Product(product) => product.fields.iter().for_each(|field| value(&field.ty, entropy, out)),
        Type::Sum(sum) => {
            let tag = entropy.below(sum.variants.len() as u64) as u8;
            out.push(tag);
            value(&sum.variants[usize::from(tag)].ty, entropy, out);
        }
        fixed => integer(fixed.fixed_size().unwrap(), entropy, out),
    }
}

fn repeated(element: &Type, entropy: &mut Entropy, out: &mut Vec<u8>) {
    let count = entropy.below(4) as u32;
    out.extend(count.to_le_bytes());
    (0..count).for_each(|_| value(element, entropy, out));
}

fn integer(width: usize, entropy: &mut Entropy, out: &mut Vec<u8>) {
    let mut bytes: Vec<u8> = match entropy.below(5) {
        0 => vec![0; width],
        1 => vec![0xff; width],
        2 => (0..width).map(|i| if i + 1 == width { 0x80 } else { 0 }).collect(),
        3 => (0..width).map(|i| if i + 1 == width { 0x7f } else { 0xff }).collect(),
        _ => (0..width).map(|_| entropy.next() as u8).collect(),
    };
    if entropy.below(4) == 0 {
        bytes[0] = bytes[0].wrapping_add(1);
    }
    out.extend(bytes);
}

fn to_text(ty: &Type, bytes: &[u8], form: Form) -> String {
    let mut text = String::new();
    let mut reader = Reader::new(bytes);
    from_bsatn(ty, &mut reader, form, &mut text).unwrap();
    reader.finish().unwrap();
    text
}

fn to_bytes(ty: &Type, document: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    to_bsatn(ty, document, &mut bytes).unwrap();
    bytes
}

/// What jsonb does to a number: decimal digits without exponent, no negative zero.
fn normalised(document: Value) -> Value {
    match document {
        Value::Array(items) => items.into_iter().map(normalised).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, normalised(value))).collect(),
        Value::Number(number) if number.as_str().contains('e') => {
            serde_json::from_str(&plain_digits(number.as_str())).unwrap()
        }
        other => other,
    }
}

/// `-1.5e-3` to `-0.0015`.
fn plain_digits(scientific: &str) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap();
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let point = whole.len() as i64 + exponent.parse::<i64>().unwrap();
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    let digits = format!("{}{whole}{fraction}{}", zeros(1 - point), zeros(point - 20));
    let point = usize::try_from(point.max(1)).unwrap();
    let padded = format!("{digits:0<point$}");
    format!("{sign}{}.{}0", &padded[..point], &padded[point..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn storage_form_is_byte_identical(ty in types(), seed in any::<u64>()) {
        let mut bytes = Vec::new();
        value(&ty, &mut Entropy(seed), &mut bytes);
        bsatn::validate(&ty, &bytes).unwrap();
        let text = to_text(&ty, &bytes, Form::Storage);
        let document: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&to_bytes(&ty, &document), &bytes, "{}", text);
        let stored = normalised(document).to_string();
        let again: Value = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(&to_bytes(&ty, &again), &bytes, "{}", stored);
    }

    #[test]
    fn client_and_row_forms_without_floats_too(ty in types(), seed in any::<u64>()) {
        if !ty.contains_float() {
            let mut bytes = Vec::new();
            value(&ty, &mut Entropy(seed), &mut bytes);
            for form in [Form::Client, Form::Row] {
                let document: Value = serde_json::from_str(&to_text(&ty, &bytes, form)).unwrap();
                prop_assert_eq!(&to_bytes(&ty, &document), &bytes);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(ty in types(), bytes in prop::collection::vec(0..4_u8, 0..60)) {
        let mut text = String::new();
        let mut reader = Reader::new(&bytes);
        let readable = bsatn::skip(&ty, &mut Reader::new(&bytes)).is_ok();
        // Storage form alone refuses U+0000.
        prop_assert_eq!(from_bsatn(&ty, &mut reader, Form::Client, &mut text).is_ok(), readable);
    }
}

#[test]
fn plain_digits_are_plain() {
    for (scientific, plain) in [("1e16", "10000000000000000.0"), ("-1.5e-3", "-0.00150"), ("2.5e0", "2.50")] {
        assert_eq!(plain_digits(scientific), plain);
    }
}
