//! Golden bytes: the vectors of wire.md §10 and those that official SDKs sent or understood.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_wire::v1::{self, Bsatn};
use spacetime_wire::{ConnectionId, Limits, RowList, WireError, envelope, v2, v3};

fn bytes(hex: &str) -> Bytes {
    Bytes::from(hex::decode(hex).unwrap())
}

fn two_rows() -> RowList {
    RowList::new([1_u32.to_le_bytes(), 2_u32.to_le_bytes()]).unwrap()
}

fn to_server_v1(message: v1::ClientMessage<Bytes>, hex: &str) {
    assert_eq!(hex::encode(message.encode().unwrap()), hex);
    assert_eq!(v1::ClientMessage::<Bytes>::decode(&bytes(hex), &Limits::default()).unwrap(), message);
}

fn to_server_v2(message: v2::ClientMessage, hex: &str) {
    assert_eq!(hex::encode(message.encode().unwrap()), hex);
    assert_eq!(v2::ClientMessage::decode(&bytes(hex), &Limits::default()).unwrap(), message);
    assert_eq!(v3::decode_client(&bytes(hex), &Limits::default()).unwrap(), [message]);
}

fn to_client_v1(message: v1::ServerMessage<Bsatn>, hex: &str) {
    let limits = Limits::default();
    let sealed = envelope::seal(&message.encode(&limits).unwrap(), envelope::Compression::None);
    assert_eq!(hex::encode(&sealed), hex);
    let payload = envelope::open(&sealed, limits.outgoing_bytes).unwrap();
    assert_eq!(v1::ServerMessage::decode(&payload, &limits).unwrap(), message);
}

fn to_client_v2(message: v2::ServerMessage, hex: &str) {
    let limits = Limits::default();
    let sealed = envelope::seal(&message.encode(&limits).unwrap(), envelope::Compression::None);
    assert_eq!(hex::encode(&sealed), hex);
    let payload = envelope::open(&sealed, limits.outgoing_bytes).unwrap();
    assert_eq!(v2::ServerMessage::decode(&payload, &limits).unwrap(), message);
    assert_eq!(v3::decode_server(&payload, &limits).unwrap(), [message]);
}

#[test]
fn version_1_to_server() {
    to_server_v1(
        v1::ClientMessage::SubscribeMulti(v1::SubscribeMulti {
            query_strings: vec!["SELECT * FROM t".to_owned()],
            request_id: 0,
            query_id: v1::QueryId { id: 0 },
        }),
        "04010000000f00000053454c454354202a2046524f4d20740000000000000000",
    );
    to_server_v1(
        v1::ClientMessage::CallReducer(v1::CallReducer {
            reducer: "add".to_owned(),
            args: bytes("2a000000"),
            request_id: 0,
            flags: v1::CallReducerFlags::FullUpdate,
        }),
        "0003000000616464040000002a0000000000000000",
    );
}

#[test]
fn version_1_to_client() {
    to_client_v1(
        v1::ServerMessage::SubscribeMultiApplied(v1::SubscribeMultiApplied {
            request_id: 0,
            total_host_execution_duration_micros: 5,
            query_id: v1::QueryId { id: 0 },
            update: v1::DatabaseUpdate {
                tables: vec![v1::TableUpdate {
                    table_id: 4096,
                    table_name: "t".to_owned(),
                    num_rows: 2,
                    updates: vec![v1::QueryUpdate { deletes: RowList::default(), inserts: two_rows() }],
                }],
            },
        }),
        "0008000000000500000000000000000000000100000000100000010000007402000000000000000100000000010000000000000000\
         000400080000000100000002000000",
    );
    let mut identity = [0; 32];
    identity[..2].copy_from_slice(&[0xc2, 0]);
    identity[31] = 7;
    to_client_v1(
        v1::ServerMessage::IdentityToken(v1::IdentityToken {
            identity: Identity::from_be_bytes(identity),
            token: "ey.J".to_owned(),
            connection_id: ConnectionId::new(0x0102),
        }),
        concat!(
            "0003",
            "07000000000000000000000000000000000000000000000000000000000000c2",
            "0400000065792e4a",
            "02010000000000000000000000000000"
        ),
    );
}

#[test]
fn version_2_to_server() {
    to_server_v2(
        v2::ClientMessage::Subscribe(v2::Subscribe {
            request_id: 0,
            query_set_id: v2::QuerySetId { id: 0 },
            query_strings: vec!["SELECT * FROM t".to_owned()],
        }),
        "000000000000000000010000000f00000053454c454354202a2046524f4d2074",
    );
    to_server_v2(
        v2::ClientMessage::Unsubscribe(v2::Unsubscribe {
            request_id: 1,
            query_set_id: v2::QuerySetId { id: 0 },
            flags: v2::UnsubscribeFlags::SendDroppedRows,
        }),
        "01010000000000000001",
    );
    to_server_v2(
        v2::ClientMessage::CallReducer(v2::CallReducer {
            request_id: 7,
            flags: 0,
            reducer: "add".to_owned(),
            args: bytes("2a000000"),
        }),
        "03070000000003000000616464040000002a000000",
    );
}

#[test]
fn version_2_to_client() {
    to_client_v2(
        v2::ServerMessage::SubscribeApplied(v2::SubscribeApplied {
            request_id: 0,
            query_set_id: v2::QuerySetId { id: 0 },
            rows: v2::QueryRows {
                tables: vec![v2::SingleTableRows { table: "t".to_owned(), rows: two_rows() }],
            },
        }),
        "00010000000000000000010000000100000074000400080000000100000002000000",
    );
    let timestamp = v2::Timestamp { micros: 1_700_000_000_000_000 };
    let answer =
        |result| v2::ServerMessage::ReducerResult(v2::ReducerResult { request_id: 7, timestamp, result });
    to_client_v2(
        answer(v2::ReducerOutcome::committed(v2::TransactionUpdate::default())),
        "00060700000000401e18240a0600000000000000000000",
    );
    to_client_v2(
        answer(v2::ReducerOutcome::error("nope").unwrap()),
        "00060700000000401e18240a06000208000000040000006e6f7065",
    );
}

#[test]
fn version_3_frames_hold_several_messages_and_nothing_else() {
    let limits = Limits::default();
    let subscribe = "000000000000000000010000000f00000053454c454354202a2046524f4d2074";
    let call = "03070000000003000000616464040000002a000000";
    let frame = bytes(&[subscribe, call, call].concat());
    let messages = v3::decode_client(&frame, &limits).unwrap();
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[1], messages[2]);

    let mut batch = v3::Batch::default();
    for message in &messages {
        assert!(batch.push(&message.encode().unwrap()));
    }
    assert!(!batch.push(&vec![0; v3::FRAME_TARGET_BYTES]));
    assert_eq!(batch.take(), frame);
    assert!(batch.push(&vec![0; 2 * v3::FRAME_TARGET_BYTES]), "a long message gets a frame of its own");

    for refused in [&b""[..], &frame[..frame.len() - 1], &[&frame[..], &[9]].concat()] {
        let refused = v3::decode_client(&Bytes::copy_from_slice(refused), &limits);
        assert!(matches!(refused, Err(WireError::Malformed(_))), "{refused:?}");
    }
    let two = Limits { messages_per_frame: 2, ..limits };
    assert!(matches!(v3::decode_client(&frame, &two), Err(WireError::OverLimit { .. })));
}

#[test]
fn row_lists_choose_the_hint_every_client_understands() {
    for (rows, encoded) in [
        (vec![], "010000000000000000"),
        (vec![&b"ab"[..]], "000200020000006162"),
        (vec![b"ab", b"cd"], "0002000400000061626364"),
        (vec![b"a", b"bc"], "0102000000000000000000000001000000000000000300000061626 3"),
        (vec![b"", b""], "01020000000000000000000000000000000000000000000000"),
    ] {
        let list = RowList::new(&rows).unwrap();
        assert_eq!(hex::encode(list.encoded()), encoded.replace(' ', ""), "{rows:?}");
        assert_eq!(list.iter().collect::<Vec<_>>(), rows);
        assert_eq!(list.len(), rows.len());
    }
    // Longer than a u16: offsets, though all rows are of one length.
    let long = vec![0; 70_000];
    let list = RowList::new([&long, &long]).unwrap();
    assert_eq!(list.encoded()[0], 1);
    assert_eq!(list.iter().map(<[u8]>::len).collect::<Vec<_>>(), [70_000, 70_000]);
}

#[test]
fn row_lists_with_a_wrong_hint_are_refused() {
    let message = |list: &str| bytes(&format!("010000000000000000010000000100000074{list}"));
    let limits = Limits::default();
    assert!(v2::ServerMessage::decode(&message("000200020000006162"), &limits).is_ok());
    for list in [
        "0000000000000000",                                                           // FixedSize(0)
        "00030002000000616200",                                                       // does not divide
        "01000000000200000061620000",                                                 // rows without offsets
        "01ffffffff00000000",                         // more offsets than bytes
        "010100000001000000000000000200000061620000", // does not begin at 0
        "0102000000000000000000000003000000000000000200000061620000", // beyond the rows
        "01030000000000000000000000020000000000000001000000000000000200000061620000", // decreasing
    ] {
        assert!(v2::ServerMessage::decode(&message(list), &limits).is_err(), "{list}");
    }
}
