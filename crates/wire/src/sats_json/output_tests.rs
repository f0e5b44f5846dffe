//! Each row of "Emitted by reference server" of wire.md §0.3.

use spacetime_definition::bsatn::Reader;
use spacetime_definition::{Error, Field, Product, Sum, Type, Variant};

use super::{Form, from_bsatn};

fn write(ty: &Type, hex: &str, form: Form) -> Result<String, Error> {
    let bytes = hex::decode(hex.replace(' ', "")).unwrap();
    let mut reader = Reader::new(&bytes);
    let mut out = String::new();
    from_bsatn(ty, &mut reader, form, &mut out)?;
    reader.finish()?;
    Ok(out)
}

#[track_caller]
fn writes(ty: &Type, hex: &str, client: &str, row: &str) {
    assert_eq!(write(ty, hex, Form::Client).unwrap(), client);
    assert_eq!(write(ty, hex, Form::Storage).unwrap(), client);
    assert_eq!(write(ty, hex, Form::Row).unwrap(), row);
}

#[track_caller]
fn writes_alike(ty: &Type, hex: &str, text: &str) {
    writes(ty, hex, text, text);
}

#[test]
fn scalars() {
    writes_alike(&Type::Bool, "01", "true");
    writes_alike(&Type::I8, "ff", "-1");
    writes_alike(&Type::U64, "ffffffffffffffff", "18446744073709551615");
    writes_alike(&Type::U128, &"ff".repeat(16), "340282366920938463463374607431768211455");
    writes_alike(&Type::I128, &format!("{}80", "00".repeat(15)), "-170141183460469231731687303715884105728");
    writes_alike(&Type::U256, &format!("1f{}", "00".repeat(31)), "\"0x1f\"");
    writes_alike(&Type::U256, &"00".repeat(32), "\"0x0\"");
    writes_alike(&Type::I256, &"ff".repeat(32), "\"-0x1\"");
    writes_alike(&Type::F32, "cdcccc3d", "0.1");
    writes_alike(&Type::F64, "000000000000f03f", "1.0");
    writes_alike(&Type::String, "04000000 610a2263", r#""a\n\"c""#);
    writes_alike(&Type::Bytes, "02000000 0aff", "\"0aff\"");
    writes_alike(&Type::Array(Box::new(Type::U8)), "02000000 0aff", "[10,255]");
    writes_alike(&Type::unit(), "", "[]");
}

#[test]
fn floats_that_json_cannot_hold() {
    for (hex, stored, client) in [
        ("00000080", r#"{"$f32":"80000000"}"#, "-0.0"),
        ("0000807f", r#"{"$f32":"7f800000"}"#, "null"),
        ("0100c07f", r#"{"$f32":"7fc00001"}"#, "null"),
    ] {
        assert_eq!(write(&Type::F32, hex, Form::Storage).unwrap(), stored);
        assert_eq!(write(&Type::F32, hex, Form::Client).unwrap(), client);
        assert_eq!(write(&Type::F32, hex, Form::Row).unwrap(), client);
    }
    let infinity = write(&Type::F64, "000000000000f0ff", Form::Storage).unwrap();
    assert_eq!(infinity, r#"{"$f64":"fff0000000000000"}"#);
}

#[test]
fn containers() {
    let field = |name: &str, ty| Field { name: Some(name.to_owned()), ty };
    let product =
        Type::Product(Product { name: None, fields: vec![field("a", Type::U8), field("b", Type::Bool)] });
    writes(&product, "0701", r#"{"a":7,"b":true}"#, "[7,true]");
    let tuple = Type::Product(Product { name: None, fields: vec![Field { name: None, ty: Type::U8 }] });
    writes(&tuple, "07", "[7]", "[7]");
    let variant = |name: Option<&str>, ty| Variant { name: name.map(str::to_owned), ty };
    let variants = vec![variant(Some("A"), Type::unit()), variant(None, Type::U8)];
    let sum = Type::Sum(Sum { name: None, variants });
    writes(&sum, "00", r#"{"A":[]}"#, "[0,[]]");
    writes(&sum, "0107", r#"{"1":7}"#, "[1,7]");
    let option = Type::Option(Box::new(Type::Option(Box::new(Type::U8))));
    writes(&option, "01", r#"{"none":[]}"#, "[1,[]]");
    writes(&option, "0001", r#"{"some":{"none":[]}}"#, "[0,[1,[]]]");
    writes(&option, "000007", r#"{"some":{"some":7}}"#, "[0,[0,7]]");
}

#[test]
fn special_types() {
    let identity = format!("01{}00c2", "00".repeat(29));
    let hex = format!("\"0xc200{}01\"", "0".repeat(58));
    writes(&Type::Identity, &identity, &format!("{{\"__identity__\":{hex}}}"), &format!("[{hex}]"));
    writes(&Type::ConnectionId, &format!("10{}", "00".repeat(15)), r#"{"__connection_id__":16}"#, "[16]");
    writes(&Type::Uuid, &format!("10{}", "00".repeat(15)), r#"{"__uuid__":16}"#, "[16]");
    let timestamp = r#"{"__timestamp_micros_since_unix_epoch__":1700000000000000}"#;
    writes(&Type::Timestamp, "00401e18240a0600", timestamp, "[1700000000000000]");
    writes(&Type::TimeDuration, "ffffffffffffffff", r#"{"__time_duration_micros__":-1}"#, "[-1]");
    let interval = r#"{"Interval":{"__time_duration_micros__":1000000}}"#;
    writes(&Type::ScheduleAt, "00 40420f0000000000", interval, "[0,[1000000]]");
    let time = format!("{{\"Time\":{timestamp}}}");
    writes(&Type::ScheduleAt, "01 00401e18240a0600", &time, "[1,[1700000000000000]]");
}

#[test]
fn errors() {
    assert_eq!(write(&Type::String, "0100000000", Form::Storage), Err(Error::NulCharacter));
    assert_eq!(write(&Type::String, "0100000000", Form::Client).unwrap(), r#""\u0000""#);
    for (ty, hex) in
        [(Type::Bool, "02"), (Type::U32, "00"), (Type::ScheduleAt, "02"), (Type::Bytes, "ffffffff")]
    {
        assert!(matches!(write(&ty, hex, Form::Client), Err(Error::Malformed { .. })), "{ty:?}");
    }
}
