//! Round trips, and bytes that are none of the layout.

use crate::{Answer, Arguments, Call, CallResult, Error, decode, encode};

fn calls() -> Vec<Call<'static>> {
    let call = Call {
        module: "chat",
        reducer: "send",
        role: "",
        sender: [7; 32],
        connection_id: [9; 16],
        claims: "{\"iss\":\"localhost\"}",
        tag: 12,
        arguments: Arguments::Bsatn(b"\x01\x02"),
    };
    vec![call, Call { role: "alice", arguments: Arguments::Json("[\"é\"]"), ..call }]
}

#[test]
fn a_batch_survives_its_bytes_and_no_shorter_ones() {
    let bytes = encode(calls().into_iter());
    assert_eq!(decode(&bytes), Ok(calls()));
    for length in 0..bytes.len() {
        assert!(matches!(decode(&bytes[..length]), Err(Error::Truncated(_))), "{length}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(decode(&longer), Err(Error::Trailing { count: 1 }));
}

#[test]
fn an_answer_survives_its_bytes() {
    let done = CallResult {
        sqlstate: crate::DONE,
        message: String::new(),
        timestamp_us: -1,
        duration_us: 5,
        has_written: true,
    };
    let failed = CallResult { sqlstate: *b"38000", message: "no".into(), has_written: false, ..done.clone() };
    let answer = Answer { xid: 5_000_000_000, results: vec![done, failed] };
    assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
    assert_eq!(Answer::decode(&[2]), Err(Error::Unknown { what: "version of the layout", value: 2 }));
}
