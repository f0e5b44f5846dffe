//! Messages that the official TypeScript SDKs exchanged with a WebSocket server that replayed what this crate encodes:
//! `@clockworklabs/spacetimedb-sdk` 1.0.3 and 1.3.3, `spacetimedb` 1.12.0 (version 1), 2.0.4 (version 2) and 2.10.1
//! (versions 2 and 3). Each message of `vectors/to_client.txt` had its effect in every SDK of its version that knows
//! it (procedures: from 1.12): callbacks with these rows, promises resolved or rejected with these texts. Ids of
//! requests and queries were set to the ones that the SDK had sent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

use bytes::Bytes;
use spacetime_wire::v1::{self, Bsatn, CallReducerFlags, QueryId};
use spacetime_wire::v2::{self, QuerySetId};
use spacetime_wire::{Limits, RowList, envelope, v3};

/// Lines of protocol, name and hex, envelope included.
const TO_CLIENT: &str = include_str!("vectors/to_client.txt");

fn bytes(hex: &str) -> Bytes {
    Bytes::from(hex::decode(hex).unwrap())
}

fn to_client(protocol: &str) -> impl Iterator<Item = (&'static str, Bytes)> {
    TO_CLIENT.lines().filter_map(move |line| {
        let (name, hex) = line.strip_prefix(protocol)?.trim().split_once(' ')?;
        Some((name, bytes(hex)))
    })
}

fn ids(rows: &RowList) -> Vec<u32> {
    rows.iter().map(|row| u32::from_le_bytes(row[..4].try_into().unwrap())).collect()
}

/// Compressed bytes depend on the compressor; plain ones must be the same for ever.
fn check_stable(name: &str, frame: &Bytes, payload: &Bytes, encoded: &[u8]) {
    assert_eq!(encoded, &payload[..], "{name}");
    let is_compressed = name == "gzip";
    assert_eq!(frame[0] != 0, is_compressed, "{name}");
    if !is_compressed {
        assert_eq!(envelope::seal(encoded, envelope::Compression::None), frame, "{name}");
    }
}

#[test]
fn version_1_to_client() {
    let limits = Limits::default();
    let mut seen = 0;
    for (name, frame) in to_client("v1") {
        let payload = envelope::open(&frame, limits.outgoing_bytes).unwrap();
        let message = v1::ServerMessage::<Bsatn>::decode(&payload, &limits).unwrap();
        check_stable(name, &frame, &payload, &message.encode(&limits).unwrap());
        seen += 1;
        match (name, message) {
            ("update", v1::ServerMessage::TransactionUpdate(update)) => {
                assert_eq!(update.reducer_call.reducer_name, "add");
                assert_eq!(update.timestamp.micros, 1_700_000_000_000_000);
                let v1::UpdateStatus::Committed(update) = update.status else { panic!("not committed") };
                assert_eq!(ids(&update.tables[0].updates[0].deletes), [2]);
                assert_eq!(ids(&update.tables[0].updates[0].inserts), [42]);
            }
            ("gzip", v1::ServerMessage::TransactionUpdateLight(update)) => {
                assert_eq!(update.update.tables[0].updates[0].inserts.len(), 1000);
            }
            ("update" | "gzip", other) => panic!("{name} is {other:?}"),
            _ => {}
        }
    }
    assert_eq!(seen, 10);
}

#[test]
fn version_2_to_client() {
    let limits = Limits::default();
    let mut seen = 0;
    for (name, frame) in to_client("v2") {
        let payload = envelope::open(&frame, limits.outgoing_bytes).unwrap();
        let message = v2::ServerMessage::decode(&payload, &limits).unwrap();
        check_stable(name, &frame, &payload, &message.encode(&limits).unwrap());
        seen += 1;
        match (name, message) {
            ("update" | "gzip", v2::ServerMessage::TransactionUpdate(update)) => {
                let rows = &update.query_sets[0].tables[0].rows[0];
                let v2::TableUpdateRows::PersistentTable { inserts, deletes } = rows else {
                    panic!("{rows:?}")
                };
                if name == "update" {
                    assert_eq!((ids(inserts), ids(deletes)), (vec![42], vec![2]));
                } else {
                    assert_eq!(inserts.len(), 1000);
                }
            }
            ("update" | "gzip", other) => panic!("{name} is {other:?}"),
            _ => {}
        }
    }
    assert_eq!(seen, 13);
}

#[test]
fn version_1_to_server() {
    use v1::ClientMessage as Message;
    let queries = |queries: &[&str]| queries.iter().map(|query| (*query).to_owned()).collect();
    let (request_id, query_id) = (0, QueryId { id: 0 });
    for (hex, expected) in [
        (
            "04020000000f00000053454c454354202a2046524f4d20740f00000053454c454354202a2046524f4d20730000000000000000",
            Message::SubscribeMulti(v1::SubscribeMulti {
                query_strings: queries(&["SELECT * FROM t", "SELECT * FROM s"]),
                request_id,
                query_id,
            }),
        ),
        (
            "04010000001100000053454c454354202a2046524f4d206261640000000001000000",
            Message::SubscribeMulti(v1::SubscribeMulti {
                query_strings: queries(&["SELECT * FROM bad"]),
                request_id,
                query_id: QueryId { id: 1 },
            }),
        ),
        (
            "0003000000616464040000002a0000000000000000",
            Message::CallReducer(v1::CallReducer {
                reducer: "add".to_owned(),
                args: bytes("2a000000"),
                request_id,
                flags: CallReducerFlags::FullUpdate,
            }),
        ),
        ("060000000000000000", Message::UnsubscribeMulti(v1::UnsubscribeMulti { request_id, query_id })),
        (
            "07010000007004000000010000000000000000",
            Message::CallProcedure(v1::CallProcedure {
                procedure: "p".to_owned(),
                args: bytes("01000000"),
                request_id,
                flags: 0,
            }),
        ),
    ] {
        assert_eq!(Message::<Bytes>::decode(&bytes(hex), &Limits::default()).unwrap(), expected);
        assert_eq!(hex::encode(expected.encode().unwrap()), hex);
    }
}

#[test]
fn versions_2_and_3_to_server() {
    use v2::ClientMessage as Message;
    let call = |request_id| {
        Message::CallReducer(v2::CallReducer {
            request_id,
            flags: 0,
            reducer: "add".to_owned(),
            args: bytes("2a000000"),
        })
    };
    for (hex, expected) in [
        (
            "000000000000000000020000000f00000053454c454354202a2046524f4d20740f00000053454c454354202a2046524f4d2073",
            vec![Message::Subscribe(v2::Subscribe {
                request_id: 0,
                query_set_id: QuerySetId { id: 0 },
                query_strings: vec!["SELECT * FROM t".to_owned(), "SELECT * FROM s".to_owned()],
            })],
        ),
        ("03010000000003000000616464040000002a000000", vec![call(1)]),
        (
            "04050000000001000000700400000001000000",
            vec![Message::CallProcedure(v2::CallProcedure {
                request_id: 5,
                flags: 0,
                procedure: "p".to_owned(),
                args: bytes("01000000"),
            })],
        ),
        (
            "01080000000000000001",
            vec![Message::Unsubscribe(v2::Unsubscribe {
                request_id: 8,
                query_set_id: QuerySetId { id: 0 },
                flags: v2::UnsubscribeFlags::SendDroppedRows,
            })],
        ),
        // Three calls in one tick: version 3 sends them in one frame.
        (
            "03010000000003000000616464040000002a00000003020000000003000000616464040000002a00000003030000000003000000\
             616464040000002a000000",
            vec![call(1), call(2), call(3)],
        ),
    ] {
        let limits = Limits::default();
        assert_eq!(v3::decode_client(&bytes(hex), &limits).unwrap(), expected);
        assert_eq!(Message::decode(&bytes(hex), &limits).unwrap(), expected[0]);
        let encoded: Vec<u8> = expected.iter().flat_map(|message| message.encode().unwrap()).collect();
        assert_eq!(hex::encode(encoded), hex);
    }
}
