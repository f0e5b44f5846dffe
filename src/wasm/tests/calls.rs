//! Calling a reducer: what it is given, what comes back, and how it can end.

use std::panic::AssertUnwindSafe;

use super::guest::{boot, call, guest, limits, run, run_with, says};
use super::mock::{Mock, PostgresError};
use crate::error::Error;
use crate::wasm::{Fuel, Limits, Outcome, ReducerCall};

fn trap(extra: &str, body: &str) -> (String, String) {
    match run(&guest(extra, body), limits(), &Mock::default()) {
        Err(Error::Trap { module, function, reason, backtrace }) => {
            assert_eq!((module.as_str(), function.as_str()), ("m", "reducer \"r\""));
            (reason, backtrace)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn parameters_arrive_in_their_places() {
    let text = guest(
        "(func $put64 (param i64) (call $put (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32)))) (call $put (i32.wrap_i64 (local.get 0))))",
        "(call $put (local.get $id)) (call $put64 (local.get $s0)) (call $put64 (local.get $s3)) (call $put64 (local.get $c0))
         (call $put64 (local.get $c1)) (call $put64 (local.get $ts)) (call $put (local.get $args)) (call $put (local.get $err)) (i32.const 1)",
    );
    let (instance, _) = boot(&text, Fuel::Off, limits(), &Mock::default()).unwrap();
    let numbered = ReducerCall {
        sender: std::array::from_fn(|place| place as u8),
        connection_id: std::array::from_fn(|place| 0x80 + place as u8),
        ..call(b"xyz")
    };
    let (_, outcome) = instance.call_reducer(numbered, limits(), Mock::default().boxed()).unwrap();
    assert_eq!(
        outcome,
        Outcome::Refused(
            "00000007 07060504 03020100 1f1e1d1c 1b1a1918 87868584 83828180 8f8e8d8c 8b8a8988 \
             ffffffff fffffffb 00000001 00000001 "
                .into()
        )
    );
}

#[test]
fn arguments_are_a_source_that_ends_with_its_last_bytes() {
    let read = "(func $read (param $len i32) (i32.store (i32.const 16) (local.get $len))
        (call $put (call $bytes_source_read (i32.const 1) (i32.const 32) (i32.const 16)))
        (call $put (i32.load (i32.const 16))) (call $write (i32.const 32) (i32.load (i32.const 16))))";
    let body = "(call $put (call $bytes_source_remaining_length (i32.const 1) (i32.const 8))) (call $put (i32.load (i32.const 8)))
        (call $read (i32.const 3)) (call $read (i32.const 3)) (call $read (i32.const 3)) (i32.const 1)";
    match run_with(&guest(read, body), Fuel::Off, limits(), &Mock::default(), b"hello").unwrap() {
        Outcome::Refused(message) => assert_eq!(
            message.replace('\u{fffd}', ""),
            "00000000 00000005 00000000 00000003 helffffffff 00000002 lo00000008 00000003 lol"
        ),
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn no_arguments_are_source_zero() {
    let body = "(call $put (local.get $args)) (call $put (call $bytes_source_remaining_length (i32.const 0) (i32.const 8)))
        (call $put (call $bytes_source_remaining_length (i32.const 1) (i32.const 8))) (i32.const 1)";
    assert_eq!(says("", body, &Mock::default()), "00000000 00000008 00000008");
}

#[test]
fn an_instance_is_used_again_and_its_handles_are_not() {
    let body = "(call $put (local.get $args)) (call $put (global.get $calls))
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (call $put (call $get_jwt (i32.const 8) (i32.const 32))) (call $put (i32.load (i32.const 32)))
        (i32.store8 (i32.const 8) (i32.const 1))
        (call $put (call $get_jwt (i32.const 8) (i32.const 32))) (call $put (i32.load (i32.const 32)))
        (i32.store8 (i32.const 8) (i32.const 0)) (i32.const 1)";
    let text = guest("(global $calls (mut i32) (i32.const 0))", body);
    let (mut instance, _) = boot(&text, Fuel::Off, limits(), &Mock::default()).unwrap();
    for (args, expected) in [
        (&b"a"[..], "00000001 00000000 00000000 00000000 00000000 00000002 "),
        (b"", "00000000 00000001 00000000 00000000 00000000 00000001 "),
        (b"bc", "00000001 00000002 00000000 00000000 00000000 00000002 "),
    ] {
        let (next, outcome) = instance.call_reducer(call(args), limits(), Mock::default().boxed()).unwrap();
        assert_eq!(outcome, Outcome::Refused(expected.into()));
        instance = next;
    }
}

#[test]
fn refusals_carry_text_even_if_it_is_none() {
    let bytes =
        guest("(data (i32.const 8) \"\\ff!\")", "(call $write (i32.const 8) (i32.const 2)) (i32.const 1)");
    assert_eq!(run(&bytes, limits(), &Mock::default()).unwrap(), Outcome::Refused("\u{fffd}!".into()));
    let long = guest("", "(call $write (i32.const 8) (i32.const 50000)) (i32.const 1)");
    match run(&long, limits(), &Mock::default()).unwrap() {
        Outcome::Refused(text) => assert!(text.ends_with('…') && text.len() < 50_000 && !text.contains('\0')),
        Outcome::Done => panic!("done"),
    }
    let silent = guest("", "(i32.const 1)");
    assert_eq!(run(&silent, limits(), &Mock::default()).unwrap(), Outcome::Refused(String::new()));
    assert!(trap("", "(i32.const 2)").0.contains("returned 2"));
}

#[test]
fn traps_say_what_and_where() {
    let (reason, backtrace) = trap("(func $inner unreachable)", "(call $inner) (i32.const 0)");
    assert!(reason.contains("unreachable"), "{reason}");
    assert!(backtrace.contains("inner") && backtrace.contains("reducer"), "{backtrace}");
    for (extra, body, words) in [
        ("", "(i32.div_s (i32.const 1) (local.get $s))", "divide by zero"),
        ("", "(i32.load (i32.const 65536))", "out of bounds memory access"),
        ("", "(i32.store8 (i32.const -1) (i32.const 0)) (i32.const 0)", "out of bounds memory access"),
        ("(table 1 funcref)", "(call_indirect (result i32) (i32.const 5))", "table access"),
        (
            "(table 1 funcref) (elem (i32.const 0) $put)",
            "(call_indirect (result i32) (i32.const 0))",
            "indirect call",
        ),
        ("", "(call $table_id_from_name (i32.const 0) (i32.const 0) (i32.const 8))", "null pointer"),
        (
            "",
            "(call $table_id_from_name (i32.const 8) (i32.const -1) (i32.const 8))",
            "outside of its memory",
        ),
        (
            "",
            "(call $table_id_from_name (i32.const 65530) (i32.const 7) (i32.const 8))",
            "outside of its memory",
        ),
        (
            "(data (i32.const 8) \"\\ff\")",
            "(call $table_id_from_name (i32.const 8) (i32.const 1) (i32.const 8))",
            "UTF-8",
        ),
        ("", "(call $identity (i32.const 65520)) (i32.const 0)", "outside of its memory"),
        ("", "(drop (call $procedure_sleep_until (i64.const 0))) (i32.const 0)", "only procedures"),
        (
            "",
            "(call $procedure_http_request (i32.const 8) (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 8))",
            "only procedures",
        ),
    ] {
        let body = body.replace("(local.get $s)", "(i32.wrap_i64 (local.get $s0))");
        let (reason, _) = trap(extra, &body);
        assert!(reason.contains(words), "{reason:?} does not say {words:?}");
    }
}

#[test]
fn a_panic_message_is_the_reason() {
    let text = "(data (i32.const 8) \"src/lib.rsgone\")";
    let body = "(call $console_log (i32.const 101) (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 10) (i32.const 12)
        (i32.const 18) (i32.const 4)) unreachable";
    assert_eq!(trap(text, body).0, "panicked: gone (src/lib.rs:12)");
}

#[test]
fn the_hosts_own_error_comes_out_as_it_is() {
    let extra = "(data (i32.const 8) \"fatal\")";
    let text = guest(extra, "(call $table_id_from_name (i32.const 8) (i32.const 5) (i32.const 16))");
    match run(&text, limits(), &Mock::default()) {
        Err(Error::NoSuchModule(name)) => assert_eq!(name, "the host's own"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_postgres_error_passes_through_untouched() {
    let extra = "(data (i32.const 8) \"raise\")";
    let text = guest(extra, "(call $table_id_from_name (i32.const 8) (i32.const 5) (i32.const 16))");
    let thrown = std::panic::catch_unwind(AssertUnwindSafe(|| run(&text, limits(), &Mock::default())));
    let error = thrown.unwrap_err().downcast::<PostgresError>().unwrap();
    assert_eq!(*error, PostgresError("division by zero"));
    // And the process goes on running guests.
    assert_eq!(run(&guest("", "(i32.const 0)"), limits(), &Mock::default()).unwrap(), Outcome::Done);
}

#[test]
fn fuel_ends_a_call_and_is_fresh_for_the_next() {
    let text = guest(
        "",
        "(local $n i32) (local.set $n (i32.wrap_i64 (local.get $s0)))
         (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (i32.const 0)",
    );
    let fuel = Limits { fuel: Some(100_000), ..limits() };
    let loops = |times: u8| ReducerCall {
        sender: std::array::from_fn(|b| if b == 2 { times } else { 0 }),
        ..call(&[])
    };
    let (mut instance, _) = boot(&text, Fuel::On, fuel, &Mock::default()).unwrap();
    for _ in 0..5 {
        let few = ReducerCall { sender: std::array::from_fn(|b| if b == 1 { 50 } else { 0 }), ..call(&[]) };
        instance = instance.call_reducer(few, fuel, Mock::default().boxed()).unwrap().0;
    }
    match instance.call_reducer(loops(1), fuel, Mock::default().boxed()) {
        Err(Error::Limit { setting, what, .. }) => {
            assert_eq!((setting, what.as_str()), ("spacetime.fuel_per_call", "100000 units of fuel"));
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("finished"),
    }
    // Without a limit such code runs to its end.
    assert_eq!(
        run_with(&guest("", "(i32.const 0)"), Fuel::On, limits(), &Mock::default(), &[]).unwrap(),
        Outcome::Done
    );
    assert!(matches!(run(&guest("", "(i32.const 0)"), fuel, &Mock::default()), Err(Error::Internal(_))));
}

#[test]
fn procedure_functions_answer_as_in_a_reducer() {
    let body =
        "(call $put (call $procedure_start_mut_tx (i32.const 8))) (call $put (call $procedure_commit_mut_tx))
        (call $put (call $procedure_abort_mut_tx)) (i32.const 1)";
    assert_eq!(says("", body, &Mock::default()), "00000011 00000012 00000012");
}

#[test]
fn environment_variables() {
    let extra = "(data (i32.const 8) \"SETEMPTYNONE1X-\\c3\\bc\")
        (func $get (param i32 i32) (i32.store (i32.const 64) (i32.const -1))
          (call $put (call $env_get (local.get 0) (local.get 1) (i32.const 64))) (call $put (i32.load (i32.const 64))))";
    // SET, EMPTY, NONE, then malformed: "", "1X", "X-", "ü".
    let body = "(call $get (i32.const 8) (i32.const 3)) (call $get (i32.const 11) (i32.const 5))
        (call $put (call $bytes_source_remaining_length (i32.const 2) (i32.const 72))) (call $put (i32.load (i32.const 72)))
        (call $get (i32.const 16) (i32.const 4))
        (call $get (i32.const 8) (i32.const 0)) (call $get (i32.const 20) (i32.const 2)) (call $get (i32.const 21) (i32.const 2))
        (call $get (i32.const 23) (i32.const 2)) (i32.const 1)";
    let none = "00000001 ffffffff";
    assert_eq!(
        says(extra, body, &Mock::default()),
        format!(
            "00000000 00000001 00000000 00000002 00000000 00000000 00000000 00000000 {none} {none} {none} {none}"
        )
    );
    let many = "(local $e i32) (loop $l (local.set $e (call $env_get (i32.const 8) (i32.const 3) (i32.const 64)))
        (br_if $l (i32.eqz (local.get $e)))) (call $put (local.get $e)) (call $put (i32.load (i32.const 64))) (i32.const 1)";
    assert_eq!(says(extra, many, &Mock::default()), "00000009 00000100");
}

#[test]
fn logs_timers_and_queued_calls() {
    let mock = Mock::default();
    let extra = "(data (i32.const 8) \"work\\ff\")";
    let log = |level: &str, target: &str, message: &str| {
        format!(
            "(call $console_log (i32.const {level}) (i32.const {target}) (i32.const 1) (i32.const 0) (i32.const 9) (i32.const -1) {message})"
        )
    };
    let body = [
        log("1", "8", "(i32.const 8) (i32.const 5)"),
        log("258", "0", "(i32.const 8) (i32.const 0)"),
        log("1", "65536", "(i32.const 8) (i32.const 4)"),
        log("1", "0", "(i32.const 8) (i32.const 65536)"),
        log("1", "0", "(i32.const 0) (i32.const 0)"),
        "(call $put (call $console_timer_start (i32.const 8) (i32.const 4))) (call $put (call $console_timer_end (i32.const 1)))
         (call $put (call $console_timer_end (i32.const 1))) (call $put (call $console_timer_end (i32.const 0)))
         (call $volatile_nonatomic_schedule_immediate (i32.const 8) (i32.const 4) (i32.const 8) (i32.const 2)) (i32.const 1)"
            .to_owned(),
    ]
    .join("\n");
    assert_eq!(says(extra, &body, &mock), "00000001 00000000 00000007 00000007");
    let logs = mock.logs();
    assert_eq!(logs[..2], [(1, "work\u{fffd}".to_owned()), (2, String::new())]);
    assert!(logs.len() == 3 && logs[2].1.starts_with("Timing span \"work\": "), "{logs:?}");
    assert_eq!(mock.0.borrow().scheduled, [("work".to_owned(), b"wo".to_vec())]);
}
