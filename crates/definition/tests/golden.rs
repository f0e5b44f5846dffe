//! The golden vectors of module-abi.md Appendix A, byte by byte.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

use spacetime_definition::{
    Abi, Column, Definition, Field, Index, IndexAlgorithm, NamedType, Product, Reducer, Sequence, Table,
    Type, UniqueConstraint, Visibility, decode,
};

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

fn column(name: &str, ty: Type) -> Column {
    Column { name: name.to_owned(), source_name: name.to_owned(), ty, default: None }
}

fn index(column: usize, name: &str, is_unique: bool) -> Index {
    Index {
        name: format!("person_{name}_idx_btree"),
        aliases: vec![],
        accessor: Some(name.to_owned()),
        algorithm: IndexAlgorithm::BTree,
        columns: vec![column],
        is_unique,
    }
}

fn reducer(name: &str, params: Vec<Field>) -> Reducer {
    Reducer {
        name: name.to_owned(),
        source_name: name.to_owned(),
        params,
        lifecycle: None,
        visibility: Visibility::ClientCallable,
    }
}

fn expected(abi: Abi) -> Definition {
    let name = Field { name: Some("name".to_owned()), ty: Type::String };
    let id = Field { name: Some("id".to_owned()), ty: Type::U64 };
    let row = Product { name: Some("Person".to_owned()), fields: vec![id, name.clone()] };
    Definition {
        abi,
        tables: vec![Table {
            name: "person".to_owned(),
            source_name: "person".to_owned(),
            row_type_name: Some("Person".to_owned()),
            columns: vec![column("id", Type::U64), column("name", Type::String)],
            primary_key: Some(0),
            indexes: vec![index(0, "id", true), index(1, "name", false)],
            unique_constraints: vec![UniqueConstraint { name: "person_id_key".to_owned(), columns: vec![0] }],
            sequences: vec![Sequence {
                name: "person_id_seq".to_owned(),
                column: 0,
                start: None,
                min_value: None,
                max_value: None,
                increment: 1,
            }],
            schedule: None,
            is_public: true,
            is_event: false,
        }],
        reducers: vec![reducer("add", vec![name]), reducer("say_hello", vec![])],
        procedures: vec![],
        views: vec![],
        types: vec![NamedType { name: "Person".to_owned(), ty: Type::Product(row) }],
        row_level_security: vec![],
        http_handlers: vec![],
        http_routes: vec![],
        environment: vec![],
    }
}

#[test]
fn v9_golden_vector() {
    let bytes = bytes(V9);
    assert_eq!(bytes.len(), 204);
    assert_eq!(decode(&bytes).unwrap(), expected(Abi::V9));
}

#[test]
fn v10_golden_vector() {
    let bytes = bytes(V10);
    assert_eq!(bytes.len(), 273);
    assert_eq!(decode(&bytes).unwrap(), expected(Abi::V10));
}

#[test]
fn row_type_is_the_named_product() {
    let definition = decode(&bytes(V10)).unwrap();
    assert_eq!(Type::Product(definition.tables[0].row_type()), definition.types[0].ty);
}

#[test]
fn definitions_survive_serde() {
    let definition = decode(&bytes(V10)).unwrap();
    let text = serde_json::to_string(&definition).unwrap();
    assert_eq!(serde_json::from_str::<Definition>(&text).unwrap(), definition);
    // Through a document tree as well, as jsonb readers do it.
    let tree = serde_json::to_value(&definition).unwrap();
    assert_eq!(serde_json::from_value::<Definition>(tree).unwrap(), definition);
}

#[test]
fn every_prefix_and_every_surplus_byte_is_malformed() {
    for golden in [bytes(V9), bytes(V10)] {
        for end in 0..golden.len() {
            assert!(decode(&golden[..end]).is_err(), "{end} bytes");
        }
        assert!(decode(&[golden, vec![0]].concat()).is_err());
    }
}

mod mutations {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = decode(&bytes);
            for version in [1, 2] {
                let _ = decode(&[vec![version], bytes.clone()].concat());
            }
        }

        #[test]
        fn mutated_golden_vectors_never_panic(
            v10 in any::<bool>(),
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
        ) {
            let mut mutated = bytes(if v10 { V10 } else { V9 });
            for (place, byte, kind) in edits {
                let place = place.index(mutated.len());
                match kind {
                    0 => mutated[place] = byte,
                    1 => mutated.insert(place, byte),
                    _ => {
                        mutated.remove(place);
                    }
                }
            }
            if let Ok(definition) = decode(&mutated) {
                let text = serde_json::to_string(&definition).unwrap();
                prop_assert_eq!(serde_json::from_str::<Definition>(&text).unwrap(), definition);
            }
        }
    }
}
