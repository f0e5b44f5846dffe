//! Golden bodies of the HTTP interface (wire.md §5).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

use serde_json::{Value, json};
use spacetime_auth::Identity;
use spacetime_definition::{Field, Type};
use spacetime_wire::http::{self, schema};

/// The golden definition of module-abi.md, Appendix A, as V9 and as V10.
const V9: &[&str] = &[
    "01",
    "01000000 02 02000000",
    "00 02000000 6964 0d",
    "00 04000000 6e616d65 04",
    "01000000 06000000 706572736f6e 00000000",
    "01000000 0000",
    "02000000",
    "01 00 02000000 6964 00 01000000 0000",
    "01 00 04000000 6e616d65 00 01000000 0100",
    "01000000 01 00 01000000 0000",
    "01000000 01 0000 01 01 01 01000000000000000000000000000000",
    "01",
    "01 00",
    "02000000",
    "03000000 616464 01000000 00 04000000 6e616d65 04 01",
    "09000000 7361795f68656c6c6f 00000000 01",
    "01000000 00000000 06000000 506572736f6e 00000000 01",
    "00000000 00000000",
];
const V10: &[&str] = &[
    "02 05000000",
    "03 02000000",
    "03000000 616464 01000000 00 04000000 6e616d65 04 01 02 00000000 04",
    "09000000 7361795f68656c6c6f 00000000 01 02 00000000 04",
    "0a 00000000",
    "00 01000000 02 02000000 00 02000000 6964 0d 00 04000000 6e616d65 04",
    "01 01000000 00000000 06000000 506572736f6e 00000000 01",
    "02 01000000 06000000 706572736f6e 00000000 01000000 0000",
    "02000000 00 13000000 706572736f6e5f69645f6964785f6274726565 00 02000000 6964 00 01000000 0000",
    "00 15000000 706572736f6e5f6e616d655f6964785f6274726565 00 04000000 6e616d65 00 01000000 0100",
    "01000000 01 00 01000000 0000",
    "01000000 01 0000 01 01 01 01000000000000000000000000000000",
    "01 00 00000000 00",
];

fn bytes(rows: &[&str]) -> Vec<u8> {
    hex::decode(rows.concat().replace(' ', "")).unwrap()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn person_v9(index_name: impl Fn(&str) -> Value, constraint: Value, sequence: Value) -> Value {
    let none = json!({"none": []});
    let index = |column: &str, position: u32| json!({"name": index_name(column), "accessor_name": {"some": column}, "algorithm": {"BTree": [position]}});
    let name = json!({"name": {"some": "name"}, "algebraic_type": {"String": []}});
    json!({
        "typespace": {"types": [{"Product": {"elements": [
            {"name": {"some": "id"}, "algebraic_type": {"U64": []}},
            name,
        ]}}]},
        "tables": [{
            "name": "person",
            "product_type_ref": 0,
            "primary_key": [0],
            "indexes": [index("id", 0), index("name", 1)],
            "constraints": [{"name": constraint, "data": {"Unique": {"columns": [0]}}}],
            "sequences": [{
                "name": sequence, "column": 0, "start": none, "min_value": none, "max_value": none, "increment": 1,
            }],
            "schedule": none,
            "table_type": {"User": []},
            "table_access": {"Public": []},
        }],
        "reducers": [
            {"name": "add", "params": {"elements": [name]}, "lifecycle": none},
            {"name": "say_hello", "params": {"elements": []}, "lifecycle": none},
        ],
        "types": [{"name": {"scope": [], "name": "Person"}, "ty": 0, "custom_ordering": true}],
        "misc_exports": [],
        "row_level_security": [],
    })
}

#[test]
fn schema_of_version_9() {
    let none = || json!({"none": []});
    let body = schema::definition_json(&bytes(V9)).unwrap();
    assert_eq!(parsed(&body), person_v9(|_| none(), none(), none()));
    let wrapped = schema::module_definition_json(&bytes(V9)).unwrap();
    assert_eq!(parsed(&wrapped), json!({"V9": parsed(&body)}));
}

#[test]
fn schema_of_version_10() {
    let body = parsed(&schema::definition_json(&bytes(V10)).unwrap());
    let sections = body["sections"].as_array().unwrap();
    let names: Vec<&str> =
        sections.iter().map(|section| section.as_object().unwrap().keys().next().unwrap().as_str()).collect();
    assert_eq!(names, ["Reducers", "ExplicitNames", "Typespace", "Types", "Tables"]);
    assert_eq!(sections[1], json!({"ExplicitNames": {"entries": []}}));
    assert_eq!(
        sections[0]["Reducers"][0],
        json!({
            "source_name": "add",
            "params": {"elements": [{"name": {"some": "name"}, "algebraic_type": {"String": []}}]},
            "visibility": {"ClientCallable": []},
            "ok_return_type": {"Product": {"elements": []}},
            "err_return_type": {"String": []},
        })
    );
    assert_eq!(sections[4]["Tables"][0]["indexes"][0]["algorithm"], json!({"BTree": [0]}));
    assert_eq!(sections[4]["Tables"][0]["is_event"], json!(false));
}

#[test]
fn older_tools_get_version_9_of_newer_modules() {
    let definition = spacetime_definition::decode(&bytes(V10)).unwrap();
    let table = &definition.tables[0];
    let expected = person_v9(
        |column| json!({"some": format!("person_{column}_idx_btree")}),
        json!({"some": table.unique_constraints[0].name}),
        json!({"some": table.sequences[0].name}),
    );
    assert_eq!(parsed(&schema::version_9_json(&definition)), expected);
}

#[test]
fn environment_variables_are_in_schemas() {
    let section = "02 01000000 0f 02000000 01000000 61 00 00 01000000 62 02 01000000 01000000 78 01";
    let body = parsed(&schema::definition_json(&bytes(&[section])).unwrap());
    let expected = json!([
        {"name": "a", "ty": {"String": []}, "optional": false},
        {"name": "b", "ty": {"Union": ["x"]}, "optional": true},
    ]);
    assert_eq!(body, json!({"sections": [{"Environment": expected}]}));
    assert_eq!(schema::description(schema::Version::V10, &body).unwrap(), bytes(&[section]));
}

#[test]
fn bodies_become_descriptions_again() {
    for (version, golden) in [(schema::Version::V9, bytes(V9)), (schema::Version::V10, bytes(V10))] {
        let mut body = parsed(&schema::definition_json(&golden).unwrap());
        assert_eq!(schema::description(version, &body).unwrap(), golden);
        body["new"] = json!("what later servers add is skipped");
        assert_eq!(schema::description(version, &body).unwrap(), golden);
    }
    for body in [json!({}), json!([]), json!({"sections": 1}), json!({"sections": [{"Unheard": []}]})] {
        assert!(schema::description(schema::Version::V10, &body).is_err(), "{body}");
    }
}

#[test]
fn bad_descriptions_are_refused() {
    for description in [&[][..], &[0], &[3], &[1, 0xff, 0xff, 0xff, 0xff], &[2, 1, 0, 0, 0, 99]] {
        assert!(schema::definition_json(description).is_err(), "{description:?}");
    }
    // An array of arrays of arrays…
    let deep = [&[1, 1, 0, 0, 0][..], &[3; 1 << 20]].concat();
    assert!(schema::definition_json(&deep).is_err());
    let golden = bytes(V9);
    for end in 0..golden.len() {
        assert!(schema::definition_json(&golden[..end]).is_err(), "{end}");
    }
}

#[test]
fn sql_results() {
    let field = |name: &str, ty| Field { name: Some(name.to_owned()), ty };
    let columns = [
        field("id", Type::U64),
        field("who", Type::Identity),
        field("note", Type::Option(Box::new(Type::String))),
    ];
    let mut row = 1_u64.to_le_bytes().to_vec();
    row.extend([7].into_iter().chain([0; 31]));
    row.extend([0, 1, 0, 0, 0, b'x']);
    let stats = http::StatementStats { rows_updated: 3, ..Default::default() };
    let body = http::statement_result(&columns, [&row], 123, stats, 1 << 20).unwrap();
    let element = |name: &str, ty: Value| json!({"name": {"some": name}, "algebraic_type": ty});
    let unit = json!({"Product": {"elements": []}});
    assert_eq!(
        parsed(&body),
        json!([{
            "schema": {"elements": [
                element("id", json!({"U64": []})),
                element("who", json!({"Product": {"elements": [element("__identity__", json!({"U256": []}))]}})),
                element("note", json!({"Sum": {"variants": [element("some", json!({"String": []})), element("none", unit)]}})),
            ]},
            "rows": [[1, ["0x7"], [0, "x"]]],
            "total_duration_micros": 123,
            "stats": {"rows_inserted": 0, "rows_deleted": 0, "rows_updated": 3},
        }])
    );
    assert!(http::statement_result(&columns, [&row[1..]], 0, stats, 1 << 20).is_err());
    assert!(http::statement_result(&columns, [&row], 0, stats, 20).is_err());
    let nothing = http::statement_result(&[], Vec::<Vec<u8>>::new(), 5, stats, 1 << 20).unwrap();
    assert_eq!(parsed(&nothing)[0]["rows"], json!([]));
}

#[test]
fn answers() {
    let identity = Identity::derive("localhost", "test-subject");
    let hex = "c200b3ce65d91b79ecfb7d881cd65bf8da2f647d590af1474ad19faa7aa87e38";
    let sats = json!({"__identity__": format!("0x{hex}")});
    for (answer, expected) in [
        (
            serde_json::to_value(http::IdentityAndToken { identity, token: "t".to_owned() }),
            json!({"identity": hex, "token": "t"}),
        ),
        (serde_json::to_value(http::Databases::new([identity])), json!({"identities": [hex]})),
        (serde_json::to_value(http::Names { names: vec!["a".to_owned()] }), json!({"names": ["a"]})),
        (
            serde_json::to_value(http::PublishResult::Success {
                domain: None,
                database_identity: identity,
                op: http::PublishOperation::Created,
            }),
            json!({"Success": {"domain": null, "database_identity": hex, "op": "created"}}),
        ),
        (
            serde_json::to_value(http::PublishResult::PermissionDenied { name: "a".to_owned() }),
            json!({"PermissionDenied": {"name": "a"}}),
        ),
        (serde_json::to_value(http::SetDomainsResult::Success), json!("Success")),
        (
            serde_json::to_value(http::DatabaseInfo {
                database_identity: identity,
                owner_identity: identity,
                host_type: http::HostType::Wasm,
                initial_program: http::DatabaseInfo::program_hash(std::array::from_fn(|i| u8::from(i == 0))),
            }),
            json!({
                "database_identity": sats, "owner_identity": sats, "host_type": {"Wasm": []},
                "initial_program": "0x1",
            }),
        ),
    ] {
        assert_eq!(answer.unwrap(), expected);
    }
    let line = http::LogLine {
        level: http::LogLevel::Info,
        ts: 5,
        target: None,
        filename: None,
        line_number: Some(12),
        function: None,
        message: "hi".to_owned(),
        trace: None,
    };
    assert_eq!(
        line.to_ndjson().unwrap(),
        "{\"level\":\"Info\",\"ts\":5,\"line_number\":12,\"message\":\"hi\"}\n"
    );
}

#[test]
fn error_texts_and_statuses_the_official_tool_looks_at() {
    use http::ErrorBody;
    for (error, status, text) in [
        (ErrorBody::NoSuchReducer, 404, "no such reducer"),
        (ErrorBody::NoSuchName("x".to_owned()), 404, "`x` not found"),
        (
            ErrorBody::InvalidArguments { function: "f".to_owned(), problem: "p".to_owned() },
            400,
            "invalid arguments for reducer f: p",
        ),
        (ErrorBody::ReducerFailed("nope".to_owned()), 530, "nope"),
        (ErrorBody::AuthorizationRequired, 401, "Authorization required"),
        (ErrorBody::UpdateRejected("p".to_owned()), 400, "Database update rejected: p"),
    ] {
        assert_eq!((error.status(), error.to_string().as_str()), (status, text));
    }
}
