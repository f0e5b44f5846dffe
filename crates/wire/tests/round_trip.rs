//! What is encoded comes back, whatever arrives does not panic, and too much is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

mod messages;

use bytes::Bytes;
use messages::{
    Entropy, Parts, client_v1, client_v2,
    server_v2::{rows, server_v2},
};
use proptest::prelude::*;
use spacetime_wire::v1::{self, Bsatn, Json};
use spacetime_wire::{JsonRows, Limits, WireError, envelope, v2, v3};

const BSATN: Parts<Bsatn> = Parts { rows, value: Entropy::bytes };
const JSON: Parts<Json> = Parts { rows: json_rows, value: json_value };

fn json_rows(entropy: &mut Entropy) -> JsonRows {
    JsonRows::new((0..entropy.below(4)).map(|_| json_value(entropy))).unwrap()
}

fn json_value(entropy: &mut Entropy) -> String {
    serde_json::to_string(&entropy.text()).unwrap()
}

fn limits() -> Limits {
    Limits::default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn messages_come_back(seed in any::<u64>()) {
        let mut entropy = Entropy(seed);

        let message = client_v1(&mut entropy, Entropy::bytes);
        prop_assert_eq!(&v1::ClientMessage::<Bytes>::decode(&message.encode().unwrap(), &limits()).unwrap(), &message);
        let message = client_v1(&mut entropy, Entropy::text);
        let text = message.to_json().unwrap();
        prop_assert_eq!(&v1::ClientMessage::from_json(&text, &limits()).unwrap(), &message, "{}", text);

        let message = BSATN.server_v1(&mut entropy);
        let bytes = Bytes::from(message.encode(&limits()).unwrap());
        prop_assert_eq!(&v1::ServerMessage::decode(&bytes, &limits()).unwrap(), &message);
        let message = JSON.server_v1(&mut entropy);
        let text = message.to_json(&limits()).unwrap();
        prop_assert_eq!(&v1::ServerMessage::from_json(&text, &limits()).unwrap(), &message, "{}", text);

        let message = client_v2(&mut entropy);
        prop_assert_eq!(&v2::ClientMessage::decode(&message.encode().unwrap(), &limits()).unwrap(), &message);
        let message = server_v2(&mut entropy);
        let bytes = Bytes::from(message.encode(&limits()).unwrap());
        prop_assert_eq!(&v2::ServerMessage::decode(&bytes, &limits()).unwrap(), &message);
    }

    #[test]
    fn batches_come_back(seed in any::<u64>(), count in 1..20_usize, compression in 0..3_usize) {
        use envelope::Compression;
        let compression = [Compression::None, Compression::Brotli, Compression::Gzip][compression];
        let mut entropy = Entropy(seed);
        let messages: Vec<_> = (0..count).map(|_| server_v2(&mut entropy)).collect();
        let mut batch = v3::Batch::default();
        for message in &messages {
            prop_assert!(batch.push(&message.encode(&limits()).unwrap()));
        }
        let frame = envelope::seal(&batch.take(), compression);
        let payload = envelope::open(&frame, limits().outgoing_bytes).unwrap();
        prop_assert_eq!(v3::decode_server(&payload, &limits()).unwrap(), messages);
    }

    /// Bytes near a message: every decoder answers, and what it accepts is a message that comes back.
    #[test]
    fn damaged_messages_never_panic(seed in any::<u64>(), cut in any::<u16>(), flips in 0..4_usize) {
        let mut entropy = Entropy(seed);
        let mut bytes = match entropy.below(4) {
            0 => client_v1(&mut entropy, Entropy::bytes).encode().unwrap().to_vec(),
            1 => BSATN.server_v1(&mut entropy).encode(&limits()).unwrap(),
            2 => client_v2(&mut entropy).encode().unwrap().to_vec(),
            _ => server_v2(&mut entropy).encode(&limits()).unwrap(),
        };
        for _ in 0..flips {
            let position = entropy.below(bytes.len() as u64) as usize;
            bytes[position] = entropy.next() as u8;
        }
        bytes.truncate(usize::from(cut).max(1) % (bytes.len() + 1));
        decode_all(Bytes::from(bytes))?;
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(prop_oneof![0..12_u8, any::<u8>()], 0..200)) {
        decode_all(Bytes::from(bytes))?;
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[\\[\\]{}:,\"0-9a-zA-Z_ ]{0,80}") {
        let _ = v1::ClientMessage::from_json(&text, &limits());
        let _ = v1::ServerMessage::from_json(&text, &limits());
    }
}

fn decode_all(bytes: Bytes) -> Result<(), TestCaseError> {
    if let Ok(message) = v1::ClientMessage::<Bytes>::decode(&bytes, &limits()) {
        let again = message.encode().unwrap();
        prop_assert_eq!(&bytes[..again.len()], &again[..]);
    }
    if let Ok(message) = v1::ServerMessage::decode(&bytes, &limits()) {
        let again = Bytes::from(message.encode(&limits()).unwrap());
        prop_assert_eq!(v1::ServerMessage::decode(&again, &limits()).unwrap(), message);
    }
    if let Ok(message) = v2::ClientMessage::decode(&bytes, &limits()) {
        let again = message.encode().unwrap();
        prop_assert_eq!(&bytes[..again.len()], &again[..]);
    }
    if let Ok(message) = v2::ServerMessage::decode(&bytes, &limits()) {
        let again = message.encode(&limits()).unwrap();
        prop_assert_eq!(&bytes[..again.len()], &again[..]);
    }
    let _ = v3::decode_client(&bytes, &limits());
    let _ = v3::decode_server(&bytes, &limits());
    let _ = envelope::open(&bytes, 1 << 16);
    Ok(())
}

fn refused<T: std::fmt::Debug>(result: Result<T, WireError>) {
    assert!(matches!(result, Err(WireError::OverLimit { .. })), "{result:?}");
}

#[test]
fn too_much_is_refused_in_both_encodings() {
    let limits = Limits {
        message_bytes: 200,
        messages_per_frame: 1,
        queries: 2,
        query_bytes: 10,
        name_bytes: 5,
        message_id_bytes: 4,
        outgoing_bytes: 40,
    };
    let query_id = v1::QueryId { id: 1 };
    let long = "12345678901".to_owned();
    let three = vec![String::new(); 3];
    let messages = [
        v1::ClientMessage::Subscribe(v1::Subscribe { query_strings: three.clone(), request_id: 0 }),
        v1::ClientMessage::Subscribe(v1::Subscribe { query_strings: vec![long.clone()], request_id: 0 }),
        v1::ClientMessage::SubscribeMulti(v1::SubscribeMulti {
            query_strings: three,
            request_id: 0,
            query_id,
        }),
        v1::ClientMessage::SubscribeSingle(v1::SubscribeSingle {
            query: long.clone(),
            request_id: 0,
            query_id,
        }),
        v1::ClientMessage::OneOffQuery(v1::OneOffQuery {
            message_id: Bytes::new(),
            query_string: long.clone(),
        }),
        v1::ClientMessage::OneOffQuery(v1::OneOffQuery {
            message_id: Bytes::from_static(b"12345"),
            query_string: String::new(),
        }),
        v1::ClientMessage::CallReducer(v1::CallReducer {
            reducer: "123456".to_owned(),
            args: String::new(),
            request_id: 0,
            flags: v1::CallReducerFlags::FullUpdate,
        }),
        v1::ClientMessage::CallProcedure(v1::CallProcedure {
            procedure: "123456".to_owned(),
            args: String::new(),
            request_id: 0,
            flags: 0,
        }),
        v1::ClientMessage::CallReducer(v1::CallReducer {
            reducer: String::new(),
            args: "1".repeat(200),
            request_id: 0,
            flags: v1::CallReducerFlags::FullUpdate,
        }),
    ];
    for message in messages {
        refused(v1::ClientMessage::from_json(&message.to_json().unwrap(), &limits));
        let binary = message.map_arguments(Bytes::from).encode().unwrap();
        refused(v1::ClientMessage::<Bytes>::decode(&binary, &limits));
    }
    let update = v2::ServerMessage::SubscriptionError(v2::SubscriptionError {
        request_id: None,
        query_set_id: v2::QuerySetId { id: 0 },
        error: "1".repeat(40),
    });
    assert_eq!(update.encode(&limits), Err(WireError::MessageTooLong { limit: 40 }));
}

/// Counts that promise far more than follows must fail at the end of the input, at once and without memory.
#[test]
fn hostile_counts_allocate_nothing() {
    let limits = Limits { queries: usize::MAX, ..limits() };
    let claims = [
        ("01ffffffff", "queries of v1"),
        ("04ffffffff", "queries of v1 multi"),
        ("02ffffffff", "message id"),
        ("00ffffffff", "name of a reducer"),
    ];
    for (hex, what) in claims {
        let bytes = Bytes::from(hex::decode(hex).unwrap());
        let decoded = v1::ClientMessage::<Bytes>::decode(&bytes, &limits);
        assert!(matches!(decoded, Err(WireError::Malformed(_))), "{what}: {decoded:?}");
    }
    let tables = Bytes::from(hex::decode("04ffffffff").unwrap());
    assert!(matches!(v2::ServerMessage::decode(&tables, &limits), Err(WireError::Malformed(_))));
}

/// Each compressed part is small enough, together they are not.
#[test]
fn compressed_parts_share_one_limit() {
    let row = vec![0; 600];
    let update = [&[1, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0, 88, 2, 88, 2, 0, 0], &row].concat();
    let sealed = envelope::seal(&[update, vec![0; 1000]].concat(), envelope::Compression::Gzip);
    let part = [&[2][..], &(sealed.len() as u32 - 1).to_le_bytes(), &sealed[1..]].concat();
    let message = |parts: usize| {
        let head = [&[2][..], &[0; 4], &[1, 0, 0, 0], &[0; 4], &[0; 4], &[0; 8]].concat();
        Bytes::from([head, (parts as u32).to_le_bytes().to_vec(), part.repeat(parts)].concat())
    };
    let limits = Limits { outgoing_bytes: 4_000, ..limits() };
    assert!(v1::ServerMessage::<Bsatn>::decode(&message(2), &limits).is_ok());
    refused(v1::ServerMessage::<Bsatn>::decode(&message(3), &limits));
}

#[test]
fn deep_json_needs_no_stack() {
    let deep = format!("{}{}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    let known = format!("{{\"Subscribe\":{{\"query_strings\":{deep},\"request_id\":0}}}}");
    assert!(matches!(v1::ClientMessage::from_json(&known, &limits()), Err(WireError::Malformed(_))));
    let surplus = format!("{{\"Subscribe\":{{\"surplus\":{deep},\"query_strings\":[],\"request_id\":0}}}}");
    assert!(v1::ClientMessage::from_json(&surplus, &limits()).is_ok());
}
