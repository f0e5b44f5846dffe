//! What a guest may use, and how it is stopped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::guest::{boot, call, guest, limits, run, says, until_soon};
use super::mock::{Mock, Table};
use crate::error::Error;
use crate::wasm::{Fuel, Limits, Outcome, bump_epoch};

const ENDLESS: &str = "(loop $l (br $l)) unreachable";

fn limit(text: &str, limits: Limits, mock: &Mock) -> (&'static str, String) {
    match run(text, limits, mock) {
        Err(Error::Limit { module, function, what, setting }) => {
            assert_eq!((module.as_str(), function.as_str()), ("m", "reducer \"r\""));
            (setting, what)
        }
        other => panic!("{other:?}"),
    }
}

/// Bumps the epoch every few milliseconds, as the backend's timer does, while `act` runs.
fn ticking<R>(act: impl FnOnce() -> R) -> R {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(2));
                bump_epoch();
            }
        });
        let result = act();
        stop.store(true, Ordering::Relaxed);
        result
    })
}

#[test]
fn growth_is_denied_at_the_limit_and_a_trap_after_it_is_the_limit() {
    let small = Limits { memory_bytes: 1 << 20, ..limits() };
    let grows =
        |pages: u32, then: &str| guest("", &format!("(drop (memory.grow (i32.const {pages}))) {then}"));
    assert_eq!(
        run(
            &grows(15, "(i32.store (i32.const 1048572) (i32.const 1)) (i32.const 0)"),
            small,
            &Mock::default()
        )
        .unwrap(),
        Outcome::Done
    );
    assert_eq!(run(&grows(16, "(i32.const 0)"), small, &Mock::default()).unwrap(), Outcome::Done);
    assert_eq!(
        limit(&grows(16, "unreachable"), small, &Mock::default()),
        ("spacetime.max_memory_mb", "1 MB of memory".into())
    );
    // A growth that succeeds afterwards shows that the guest coped.
    let coped = grows(16, "(drop (memory.grow (i32.const 1))) unreachable");
    assert!(matches!(run(&coped, small, &Mock::default()), Err(Error::Trap { .. })));
}

#[test]
fn memory_grows_to_all_that_wasm32_has() {
    let all = Limits { memory_bytes: 4 << 30, ..limits() };
    let body = "(call $put (memory.grow (i32.const 65535))) (i32.store (i32.const -4) (i32.const 7)) (call $put (memory.grow (i32.const 1)))
        (call $put (i32.load (i32.const -4))) (i32.const 1)";
    let outcome = run(&guest("", body), all, &Mock::default()).unwrap();
    assert_eq!(outcome, Outcome::Refused("00000001 ffffffff 00000007 ".into()));
}

#[test]
fn tables_have_a_limit_of_their_own() {
    let body = "(call $put (table.grow $t (ref.null func) (i32.const 1000))) (call $put (table.grow $t (ref.null func) (i32.const 1000000)))
        (i32.const 1)";
    assert_eq!(says("(table $t 1 funcref)", body, &Mock::default()), "00000001 ffffffff");
}

#[test]
fn deep_recursion_ends_the_call_not_the_process() {
    let text = guest("(func $deep (call $deep) (call $deep))", "(call $deep) (i32.const 0)");
    match run(&text, limits(), &Mock::default()) {
        Err(Error::GuestStack { module, function, backtrace }) => {
            assert_eq!((module.as_str(), function.as_str()), ("m", "reducer \"r\""));
            assert!(backtrace.lines().count() <= 24 && backtrace.contains("deep"), "{backtrace}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_host_keeps_is_charged() {
    let small = Limits { memory_bytes: 1 << 20, ..limits() };
    let sink = guest("", "(loop $l (call $write (i32.const 8) (i32.const 50000)) (br $l)) unreachable");
    assert_eq!(limit(&sink, small, &Mock::default()).0, "spacetime.max_memory_mb");
    let timers = guest(
        "",
        "(loop $l (drop (call $console_timer_start (i32.const 8) (i32.const 1000))) (br $l)) unreachable",
    );
    assert_eq!(limit(&timers, small, &Mock::default()).0, "spacetime.max_memory_mb");
    let mock = Mock::with(vec![Table { name: "t", ..Table::default() }]);
    let scans = guest(
        "",
        "(loop $l (drop (call $datastore_table_scan_bsatn (i32.const 4097) (i32.const 8))) (br $l)) unreachable",
    );
    let (setting, what) = limit(&scans, small, &mock);
    assert!(setting == "spacetime.max_memory_mb" && what.contains("iterators"), "{what}");
    assert_eq!(mock.0.borrow().scans.len(), 17);
    let jwt = guest(
        "",
        "(loop $l (i32.store8 (i32.const 8) (i32.const 1)) (drop (call $get_jwt (i32.const 8) (i32.const 32))) (br $l)) unreachable",
    );
    assert_eq!(limit(&jwt, small, &Mock::default()).0, "spacetime.max_memory_mb");
}

#[test]
fn handles_given_back_are_not_charged() {
    let small = Limits { memory_bytes: 1 << 20, ..limits() };
    let mock = Mock::with(vec![Table { name: "t", ..Table::default() }]);
    let text = guest(
        "",
        "(local $i i32) (loop $l
           (drop (call $datastore_table_scan_bsatn (i32.const 4097) (i32.const 8)))
           (drop (call $row_iter_bsatn_close (i32.load (i32.const 8))))
           (drop (call $console_timer_end (call $console_timer_start (i32.const 8) (i32.const 30000))))
           (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100)))) (i32.const 0)",
    );
    assert_eq!(run(&text, small, &mock).unwrap(), Outcome::Done);
    assert_eq!(mock.open_scans(), 0);
}

#[test]
fn time_runs_out_for_calls_and_for_start_up() {
    let (setting, _) = ticking(|| limit(&guest("", ENDLESS), until_soon(), &Mock::default()));
    assert_eq!(setting, "spacetime.call_timeout_ms");
    let endless = guest(&format!("(func (export \"__preinit__x\") {ENDLESS})"), "(i32.const 0)");
    match ticking(|| boot(&endless, Fuel::Off, until_soon(), &Mock::default())) {
        Err(Error::Limit { setting: "spacetime.call_timeout_ms", function, .. }) => {
            assert_eq!(function, "__preinit__x")
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("booted"),
    }
}

#[test]
fn ticks_alone_stop_nothing() {
    let text = guest(
        "",
        "(local $n i32) (local.set $n (i32.const 100000000))
         (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (i32.const 0)",
    );
    assert_eq!(ticking(|| run(&text, limits(), &Mock::default())).unwrap(), Outcome::Done);
}

#[test]
fn nested_calls_are_stopped_each_for_itself() {
    // A host function that runs another instance, as a trigger does that calls a reducer.
    let inner = ticking(|| {
        let (instance, _) = boot(&guest("", ENDLESS), Fuel::Off, limits(), &Mock::default()).unwrap();
        instance.call_reducer(call(&[]), until_soon(), Mock::default().boxed()).map(|_| ())
    });
    assert!(matches!(inner, Err(Error::Limit { .. })));
}
