//! Golden JSON of version 1 (wire.md §2.4).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

use bytes::Bytes;
use serde_json::{Value, json};
use spacetime_auth::Identity;
use spacetime_wire::v1::{self, Json};
use spacetime_wire::{ConnectionId, JsonRows, Limits};

fn reads(text: &str, expected: v1::ClientMessage<String>) {
    assert_eq!(v1::ClientMessage::from_json(text, &Limits::default()).unwrap(), expected, "{text}");
}

fn writes(message: v1::ServerMessage<Json>, expected: Value) {
    let text = message.to_json(&Limits::default()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    assert_eq!(v1::ServerMessage::from_json(&text, &Limits::default()).unwrap(), message);
}

#[test]
fn to_server() {
    let subscribe = v1::ClientMessage::Subscribe(v1::Subscribe {
        query_strings: vec!["SELECT * FROM t".to_owned()],
        request_id: 0,
    });
    reads(r#"{"Subscribe":{"query_strings":["SELECT * FROM t"],"request_id":0}}"#, subscribe.clone());
    // By tag, by position, with what we do not know.
    reads(r#"{"1":{"query_strings":["SELECT * FROM t"],"request_id":0}}"#, subscribe.clone());
    reads(r#"{"Subscribe":[["SELECT * FROM t"],0]}"#, subscribe.clone());
    reads(r#"{"Subscribe":{"query_strings":["SELECT * FROM t"],"request_id":0,"new":[1]}}"#, subscribe);
    reads(
        r#"{"CallReducer":{"reducer":"add","args":"[42,\"x\"]","request_id":7,"flags":1}}"#,
        v1::ClientMessage::CallReducer(v1::CallReducer {
            reducer: "add".to_owned(),
            args: r#"[42,"x"]"#.to_owned(),
            request_id: 7,
            flags: v1::CallReducerFlags::NoSuccessNotify,
        }),
    );
    let query = v1::ClientMessage::OneOffQuery(v1::OneOffQuery {
        message_id: Bytes::from_static(&[1, 255]),
        query_string: "q".to_owned(),
    });
    reads(r#"{"OneOffQuery":{"message_id":"01ff","query_string":"q"}}"#, query.clone());
    reads(r#"{"OneOffQuery":{"message_id":[1,255],"query_string":"q"}}"#, query);
    reads(
        r#"{"UnsubscribeMulti":{"request_id":1,"query_id":{"id":2}}}"#,
        v1::ClientMessage::UnsubscribeMulti(v1::UnsubscribeMulti {
            request_id: 1,
            query_id: v1::QueryId { id: 2 },
        }),
    );
}

#[test]
fn refused() {
    for text in [
        "",
        "null",
        "{}",
        r#""Subscribe""#,
        r#"{"Unknown":{}}"#,
        r#"{"8":{}}"#,
        r#"{"Subscribe":{"query_strings":[]}}"#,
        r#"{"Subscribe":{"query_strings":[],"request_id":-1}}"#,
        r#"{"Subscribe":{"query_strings":[],"request_id":4294967296}}"#,
        r#"{"CallReducer":{"reducer":"add","args":"[]","request_id":7,"flags":2}}"#,
        r#"{"CallReducer":{"reducer":"add","args":[],"request_id":7,"flags":0}}"#,
        r#"{"CallProcedure":{"procedure":"add","args":"[]","request_id":7,"flags":1}}"#,
        r#"{"OneOffQuery":{"message_id":"0","query_string":"q"}}"#,
        r#"{"Unsubscribe":{"request_id":1,"query_id":{"id":2}}} x"#,
    ] {
        assert!(v1::ClientMessage::from_json(text, &Limits::default()).is_err(), "{text}");
    }
}

fn identity() -> Identity {
    let mut identity = [0; 32];
    identity[31] = 0x0a;
    Identity::from_be_bytes(identity)
}

/// An update of one table by one row, and how it is written.
fn table_update() -> (v1::TableUpdate<Json>, Value) {
    let update = v1::TableUpdate {
        table_id: 9,
        table_name: "t".to_owned(),
        num_rows: 1,
        updates: vec![v1::QueryUpdate {
            deletes: JsonRows::default(),
            inserts: JsonRows::new([r#"{"id":1}"#]).unwrap(),
        }],
    };
    let written = json!({
        "table_id": 9, "table_name": "t", "num_rows": 1,
        "updates": [{"deletes": [], "inserts": ["{\"id\":1}"]}],
    });
    (update, written)
}

#[test]
fn to_client() {
    let identity = identity();
    let connection_id = ConnectionId::new(u128::MAX);
    writes(
        v1::ServerMessage::IdentityToken(v1::IdentityToken {
            identity,
            token: "t".to_owned(),
            connection_id,
        }),
        serde_json::from_str(
            r#"{"IdentityToken":{"identity":{"__identity__":"0xa"},"token":"t",
                "connection_id":{"__connection_id__":340282366920938463463374607431768211455}}}"#,
        )
        .unwrap(),
    );
    let (table, table_json) = table_update();
    let call = |status| {
        v1::ServerMessage::TransactionUpdate(v1::TransactionUpdate {
            status,
            timestamp: v1::Timestamp { micros: 5 },
            caller_identity: identity,
            caller_connection_id: ConnectionId::ZERO,
            reducer_call: v1::ReducerCallInfo {
                reducer_name: "add".to_owned(),
                reducer_id: 3,
                args: "[1]".to_owned(),
                request_id: 4,
            },
            energy_quanta_used: v1::EnergyQuanta { quanta: 6 },
            total_host_execution_duration: v1::TimeDuration { micros: 7 },
        })
    };
    for (status, expected) in [
        (
            v1::UpdateStatus::Committed(v1::DatabaseUpdate { tables: vec![table.clone()] }),
            json!({"Committed": {"tables": [table_json]}}),
        ),
        (v1::UpdateStatus::Failed("no".to_owned()), json!({"Failed": "no"})),
        (v1::UpdateStatus::OutOfEnergy, json!({"OutOfEnergy": []})),
    ] {
        writes(
            call(status),
            json!({"TransactionUpdate": {
                "status": expected,
                "timestamp": {"__timestamp_micros_since_unix_epoch__": 5},
                "caller_identity": {"__identity__": "0xa"},
                "caller_connection_id": {"__connection_id__": 0},
                "reducer_call": {"reducer_name": "add", "reducer_id": 3, "args": "[1]", "request_id": 4},
                "energy_quanta_used": {"quanta": 6},
                "total_host_execution_duration": {"__time_duration_micros__": 7},
            }}),
        );
    }
}

#[test]
fn to_client_about_subscriptions() {
    let none = json!({"none": []});
    let (table, table_json) = table_update();
    writes(
        v1::ServerMessage::SubscriptionError(v1::SubscriptionError {
            total_host_execution_duration_micros: 1,
            request_id: Some(2),
            query_id: None,
            table_id: None,
            error: "no".to_owned(),
        }),
        json!({"SubscriptionError": {
            "total_host_execution_duration_micros": 1,
            "request_id": {"some": 2}, "query_id": none, "table_id": none, "error": "no",
        }}),
    );
    writes(
        v1::ServerMessage::InitialSubscription(v1::InitialSubscription {
            database_update: v1::DatabaseUpdate { tables: vec![table] },
            request_id: 0,
            total_host_execution_duration: v1::TimeDuration { micros: 7 },
        }),
        json!({"InitialSubscription": {
            "database_update": {"tables": [table_json]},
            "request_id": 0,
            "total_host_execution_duration": {"__time_duration_micros__": 7},
        }}),
    );
}
