//! Each row of "Accepted on input" of wire.md §0.3, and the error paths.

use serde_json::Value;
use spacetime_definition::{Field, Product, Sum, Type, Variant};

use super::{JsonError, JsonErrorKind, arguments_to_bsatn, to_bsatn};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn convert(ty: &Type, text: &str) -> Result<Vec<u8>, JsonError> {
    let mut out = vec![0xee];
    let converted = to_bsatn(ty, &json(text), &mut out);
    let appended = out.split_off(1);
    if converted.is_err() {
        assert!(appended.is_empty(), "an error must append nothing");
    }
    converted.map(|()| appended)
}

#[track_caller]
fn accepts(ty: &Type, texts: &[&str], hex: &str) {
    for text in texts {
        assert_eq!(convert(ty, text).map(hex::encode), Ok(hex.replace(' ', "")), "{text}");
    }
}

#[track_caller]
fn refuses(ty: &Type, kind: JsonErrorKind, texts: &[&str]) {
    for text in texts {
        assert_eq!(convert(ty, text).map_err(|error| error.kind), Err(kind), "{text}");
    }
}

fn field(name: &str, ty: Type) -> Field {
    Field { name: Some(name.to_owned()), ty }
}

fn person() -> Type {
    let fields = vec![field("id", Type::U8), field("name", Type::String)];
    Type::Product(Product { name: Some("Person".to_owned()), fields })
}

fn shape() -> Type {
    let variant = |name: &str, ty| Variant { name: Some(name.to_owned()), ty };
    let variants = vec![variant("empty", Type::unit()), variant("circle", Type::U8)];
    Type::Sum(Sum { name: Some("Shape".to_owned()), variants })
}

use JsonErrorKind::{Character, Malformed, Missing, OutOfRange, Surplus, Unknown};

#[test]
fn bool_and_string() {
    accepts(&Type::Bool, &["true"], "01");
    refuses(&Type::Bool, Malformed, &["1", "null", "\"true\""]);
    accepts(&Type::String, &[r#""hé""#], "03000000 68c3a9");
    refuses(&Type::String, Malformed, &["1", "null", "[]"]);
    refuses(&Type::String, Character, &[r#""a\u0000""#]);
}

#[test]
fn small_integers() {
    accepts(&Type::U8, &["255", "\"255\"", "\"0255\""], "ff");
    accepts(&Type::I8, &["-128", "\"-128\""], "80");
    accepts(&Type::I8, &["127"], "7f");
    accepts(&Type::U32, &["0", "-0", "\"-0\""], "00000000");
    accepts(&Type::I64, &["-9223372036854775808"], "0000000000000080");
    accepts(&Type::U64, &["18446744073709551615"], "ffffffffffffffff");
    refuses(&Type::U8, OutOfRange, &["256", "-1", "99999999999999999999999999999999999999999999999999"]);
    refuses(&Type::I8, OutOfRange, &["128", "-129"]);
    refuses(&Type::U64, OutOfRange, &["18446744073709551616"]);
    refuses(&Type::I64, OutOfRange, &["9223372036854775808", "-9223372036854775809"]);
    refuses(
        &Type::U8,
        Malformed,
        &["1.0", "1e2", "\"\"", "\"-\"", "\"+1\"", "\" 1\"", "\"0x1\"", "true", "[1]"],
    );
}

#[test]
fn wide_integers() {
    let max_128 = "340282366920938463463374607431768211455";
    accepts(&Type::U128, &[max_128, "\"0xffffffffffffffffffffffffffffffff\""], &"ff".repeat(16));
    refuses(&Type::U128, OutOfRange, &["340282366920938463463374607431768211456", "-1"]);
    let min_128 = "-170141183460469231731687303715884105728";
    accepts(&Type::I128, &[min_128], &format!("{}80", "00".repeat(15)));
    let max_256 = "\"115792089237316195423570985008687907853269984665640564039457584007913129639935\"";
    let max_hex = format!("\"0x{}\"", "f".repeat(64));
    accepts(&Type::U256, &[max_256, &max_hex], &"ff".repeat(32));
    accepts(&Type::U256, &["\"0x1\"", "\"1\"", "1", "\"0x0001\""], &format!("01{}", "00".repeat(31)));
    accepts(&Type::I256, &["\"-0x1\"", "-1"], &"ff".repeat(32));
    let beyond = "\"115792089237316195423570985008687907853269984665640564039457584007913129639936\"";
    let longer = format!("\"0x1{}\"", "0".repeat(64));
    refuses(&Type::U256, OutOfRange, &[beyond, &longer, "\"-0x1\""]);
    refuses(&Type::I256, OutOfRange, &[max_256]);
    refuses(&Type::U256, Malformed, &["\"0x\"", "\"0xg\"", "\"ff\"", "{}"]);
}

#[test]
fn floats() {
    accepts(&Type::F32, &["1.5", "15e-1"], "0000c03f");
    accepts(&Type::F32, &["-0.0", r#"{"$f32":"80000000"}"#], "00000080");
    accepts(&Type::F64, &["1"], "000000000000f03f");
    accepts(&Type::F64, &["\"Infinity\""], "000000000000f07f");
    accepts(&Type::F32, &["\"-Infinity\""], "000080ff");
    accepts(&Type::F32, &["\"NaN\""], "0000c07f");
    accepts(&Type::F64, &[r#"{"$f64":"7ff0000000000001"}"#], "010000000000f07f");
    refuses(&Type::F32, OutOfRange, &["1e39", "-1e400"]);
    refuses(&Type::F64, OutOfRange, &["1e400"]);
    refuses(
        &Type::F32,
        Malformed,
        &["\"nan\"", "null", "\"1\"", r#"{"$f32":"+0000000"}"#, r#"{"$f64":"80000000"}"#],
    );
    refuses(&Type::F64, Malformed, &[r#"{"$f64":"80000000"}"#, "{}", "[1]"]);
}

#[test]
fn bytes_and_arrays() {
    accepts(&Type::Bytes, &["\"0aFF\"", "[10, 255]"], "02000000 0aff");
    accepts(&Type::Bytes, &["\"\"", "[]"], "00000000");
    refuses(&Type::Bytes, Malformed, &["\"0\"", "\"0x00\"", "1"]);
    refuses(&Type::Bytes, OutOfRange, &["[256]"]);
    let words = Type::Array(Box::new(Type::U16));
    accepts(&words, &["[1, 2]"], "02000000 0100 0200");
    refuses(&words, Malformed, &["\"0102\"", "{}", "null", "[null]"]);
}

#[test]
fn products() {
    let encoded = "07 01000000 61";
    accepts(&person(), &[r#"{"name":"a","id":7}"#, r#"[7,"a"]"#], encoded);
    refuses(&person(), Missing, &[r#"{"id":7}"#, "[7]", "{}", "[]"]);
    refuses(&person(), Unknown, &[r#"{"id":7,"name":"a","age":1}"#, r#"{"id":7,"nam":"a"}"#]);
    refuses(&person(), Surplus, &[r#"[7,"a",1]"#]);
    refuses(&person(), Malformed, &["7", "null"]);
    accepts(&Type::unit(), &["[]", "{}"], "");
    refuses(&Type::unit(), Surplus, &["[1]"]);
    refuses(&Type::unit(), Malformed, &["null"]);
    let tuple = Type::Product(Product { name: None, fields: vec![Field { name: None, ty: Type::U8 }] });
    accepts(&tuple, &["[1]"], "01");
    refuses(&tuple, Missing, &["{}"]);
}

#[test]
fn sums() {
    accepts(&shape(), &[r#"{"circle":3}"#, r#"{"1":3}"#, "[1,3]"], "01 03");
    accepts(&shape(), &["\"empty\"", r#"{"empty":[]}"#, r#"{"empty":{}}"#, r#"{"0":[]}"#, "[0,[]]"], "00");
    refuses(&shape(), Unknown, &[r#"{"square":1}"#, "\"square\"", "[2,[]]", r#"{"2":1}"#, "[-1,[]]"]);
    refuses(
        &shape(),
        Malformed,
        &["\"circle\"", "[1]", "{}", "null", r#"{"circle":3,"empty":[]}"#, "[\"1\",3]"],
    );
}

#[test]
fn options() {
    let option = Type::Option(Box::new(Type::U8));
    accepts(&option, &[r#"{"some":7}"#, "[0,7]", r#"{"0":7}"#], "00 07");
    accepts(&option, &["null", r#"{"none":[]}"#, r#"{"none":{}}"#, "[1,[]]", "\"none\""], "01");
    refuses(&option, Malformed, &["7", r#"{"some":null}"#]);
    refuses(&option, Unknown, &[r#"{"Some":7}"#]);
    let nested = Type::Option(Box::new(option));
    accepts(&nested, &[r#"{"some":{"none":[]}}"#, r#"{"some":null}"#], "00 01");
    accepts(&nested, &["null"], "01");
}

#[test]
fn identities_and_ids() {
    let hex_digits = format!("c200{}01", "0".repeat(58));
    let identity: Vec<String> = [
        format!("{{\"__identity__\":\"0x{hex_digits}\"}}"),
        format!("[\"0x{hex_digits}\"]"),
        format!("\"{hex_digits}\""),
        format!("\"0x{hex_digits}\""),
    ]
    .into();
    let texts: Vec<&str> = identity.iter().map(String::as_str).collect();
    accepts(&Type::Identity, &texts, &format!("01{}00c2", "00".repeat(29)));
    accepts(&Type::Identity, &[r#"{"__identity__":"0x1"}"#, "\"0x1\""], &format!("01{}", "00".repeat(31)));
    refuses(&Type::Identity, Malformed, &["\"1\"", "1", "null", "{}", r#"{"identity":"0x1"}"#, "[]"]);

    let connection =
        ["{\"__connection_id__\":16}", "[16]", "\"00000000000000000000000000000010\"", "\"0x10\""];
    accepts(&Type::ConnectionId, &connection, &format!("10{}", "00".repeat(15)));
    // Digits only: an id as plain text is hex, the integer inside the product is decimal.
    let digits = "10000000000000000000000000000000";
    let plain = convert(&Type::ConnectionId, &format!("\"{digits}\"")).unwrap();
    let wrapped = convert(&Type::ConnectionId, &format!("[\"{digits}\"]")).unwrap();
    assert_eq!(plain, (1_u128 << 124).to_le_bytes());
    assert_eq!(wrapped, digits.parse::<u128>().unwrap().to_le_bytes());

    let uuid = ["\"67e55044-10b1-426f-9247-bb680e5fe0c8\"", "[138101147531900207301164854559698313416]"];
    accepts(&Type::Uuid, &uuid, "c8e05f0e68bb47926f42b1104450e567");
    refuses(&Type::Uuid, Malformed, &["\"67e5504410b1426f9247bb680e5fe0c8\"", "\"\"", "\"é\""]);
}

#[test]
fn times() {
    let hex = "00401e18240a0600";
    let timestamp = [
        r#"{"__timestamp_micros_since_unix_epoch__":1700000000000000}"#,
        "[1700000000000000]",
        "\"2023-11-14T22:13:20Z\"",
    ];
    accepts(&Type::Timestamp, &timestamp, hex);
    refuses(&Type::Timestamp, Malformed, &["1700000000000000", "\"yesterday\""]);
    accepts(
        &Type::TimeDuration,
        &[r#"{"__time_duration_micros__":1000000}"#, "[1000000]"],
        "40420f0000000000",
    );
    let interval = [r#"{"Interval":{"__time_duration_micros__":1000000}}"#, "[0,[1000000]]"];
    accepts(&Type::ScheduleAt, &interval, "00 40420f0000000000");
    accepts(&Type::ScheduleAt, &[r#"{"Time":"2023-11-14T22:13:20Z"}"#], &format!("01{hex}"));
    refuses(&Type::ScheduleAt, Unknown, &[r#"{"Never":[]}"#]);
    refuses(&Type::ScheduleAt, Malformed, &["\"Time\"", "[0]"]);
}

#[track_caller]
fn fails_at(params: &[Field], text: &str, kind: JsonErrorKind, path: &str, problem: &str) {
    let mut out = Vec::new();
    let error = arguments_to_bsatn(params, &json(text), &mut out).unwrap_err();
    assert_eq!((error.path.as_str(), error.problem.as_str(), error.kind), (path, problem, kind));
    assert!(out.is_empty());
}

#[test]
fn arguments() {
    let params = [field("count", Type::U32), field("who", Type::Option(Box::new(person())))];
    for text in [r#"[1,{"some":[7,"a"]}]"#, r#"{"who":{"some":{"id":7,"name":"a"}},"count":1}"#] {
        let mut out = Vec::new();
        arguments_to_bsatn(&params, &json(text), &mut out).unwrap();
        assert_eq!(hex::encode(out), "01000000000701000000".to_owned() + "61");
    }
    for empty in ["[]", "{}"] {
        arguments_to_bsatn(&[], &json(empty), &mut Vec::new()).unwrap();
    }
    fails_at(&params, r#"["x",null]"#, Malformed, "args.count", "expected u32, found string \"x\"");
    fails_at(&params, "[-1,null]", OutOfRange, "args.count", "expected u32, found -1");
    fails_at(
        &params,
        r#"{"count":1}"#,
        Missing,
        "args.who",
        "missing parameter `who` of type Option<struct Person>",
    );
    fails_at(&params, "[1]", Missing, "args.who", "missing parameter `who` of type Option<struct Person>");
    fails_at(&params, "[1,null,2]", Surplus, "args[2]", "surplus parameter: 2 expected, found 3");
    fails_at(&params, r#"{"count":1,"whom":null}"#, Unknown, "args.whom", "unknown parameter `whom`");
    fails_at(&params, "7", Malformed, "args", "expected array or object of parameters, found 7");
    let nested = r#"[1,{"some":{"id":7,"name":null}}]"#;
    fails_at(&params, nested, Malformed, "args.who.some.name", "expected string, found null");
    let list = [Field { name: None, ty: Type::Array(Box::new(person())) }];
    fails_at(&list, r#"[[[7,"a"],[7,1]]]"#, Malformed, "args[0][1].name", "expected string, found 1");
    let shapes = [field("shape", shape())];
    fails_at(
        &shapes,
        r#"{"shape":"square"}"#,
        Unknown,
        "args.shape",
        "enum Shape has no variant `square`, only `empty`, `circle`",
    );
}

#[test]
fn error_text() {
    let error = convert(&person(), "[300,\"a\"]").unwrap_err();
    assert_eq!(error.to_string(), "id: expected u8, found 300");
    assert_eq!(convert(&Type::U8, "[]").unwrap_err().to_string(), "expected u8, found array of 0 elements");
}
