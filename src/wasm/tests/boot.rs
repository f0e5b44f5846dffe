//! Start-up in the prescribed order, and what a guest may do in it.

use super::guest::{boot, call, guest, limits};
use super::mock::Mock;
use crate::error::Error;
use crate::wasm::host::OutsideTransaction;
use crate::wasm::{Code, Fuel, Instance, Limits, Outcome};

/// Functions that append one letter each to the definition-to-be.
fn steps(exports: &[(&str, char)]) -> String {
    let mut text = String::from(
        "(global $end (mut i32) (i32.const 100))
         (func $note (param i32) (i32.store8 (global.get $end) (local.get 0))
           (global.set $end (i32.add (global.get $end) (i32.const 1))))",
    );
    for (name, letter) in exports {
        text += &format!("(func (export {name:?}) (call $note (i32.const {})))", *letter as u32);
    }
    text
}

const DESCRIBE: &str = "(func (export \"__describe_module__\") (param i32))";
const WRITING_DESCRIBE: &str = "(func (export \"__describe_module__\") (param $sink i32)
    (call $note (i32.const 90))
    (i32.store (i32.const 60100) (i32.sub (global.get $end) (i32.const 100)))
    (drop (call $bytes_sink_write (local.get $sink) (i32.const 100) (i32.const 60100))))";

#[test]
fn steps_run_in_order() {
    let exports = steps(&[
        ("__preinit__20_a", 'c'),
        ("__preinit__05_b", 'b'),
        ("__preinit__200", 'd'),
        ("_initialize", 'i'),
        ("_start", '!'),
    ]) + "(func $begin (call $note (i32.const 115))) (start $begin)
          (func (export \"__setup__\") (param i32) (result i32) (call $note (i32.const 117)) (i32.const 0))";
    let text = guest(&exports, "(i32.const 0)").replace(DESCRIBE, WRITING_DESCRIBE);
    let (instance, definition) = boot(&text, Fuel::Off, limits(), &Mock::default()).unwrap();
    // "200" sorts before "20_": '0' is less than '_'.
    assert_eq!(String::from_utf8(definition).unwrap(), "sibdcuZ");
    // The instance still has what start-up made of it.
    let (_, outcome) = instance.call_reducer(call(&[]), limits(), Mock::default().boxed()).unwrap();
    assert_eq!(outcome, Outcome::Done);
}

#[test]
fn start_up_has_no_transaction() {
    let pre = "(func (export \"__preinit__1\")
        (call $keep (i32.const 0) (call $table_id_from_name (i32.const 8) (i32.const 1) (i32.const 16)))
        (call $keep (i32.const 4) (call $procedure_commit_mut_tx))
        (call $keep (i32.const 8) (call $procedure_start_mut_tx (i32.const 16)))
        (call $keep (i32.const 12) (call $bytes_sink_write (i32.const 1) (i32.const 8) (i32.const 8)))
        (call $identity (i32.const 300))
        (call $console_log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 59900) (i32.const 3)))
        (func $keep (param i32 i32) (i32.store (i32.add (i32.const 200) (local.get 0)) (local.get 1)))";
    let body = "(call $put (i32.load (i32.const 200))) (call $put (i32.load (i32.const 204)))
        (call $put (i32.load (i32.const 208))) (call $put (i32.load (i32.const 212)))
        (call $put (i32.load (i32.const 300))) (i32.const 1)";
    let code = Code::compile(Fuel::Off, &super::guest::wasm(&guest(pre, body))).unwrap();
    let logged = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let log = logged.clone();
    let outside = OutsideTransaction::new([9; 32], move |record: crate::wasm::host::LogRecord<'_>| {
        log.borrow_mut().push(record.message.to_owned());
    });
    let (instance, _) = Instance::boot(&code, "m", limits(), Box::new(outside)).unwrap();
    let (_, outcome) = instance.call_reducer(call(&[]), limits(), Mock::default().boxed()).unwrap();
    assert_eq!(outcome, Outcome::Refused("00000002 00000002 00000011 00000008 09090909 ".into()));
    assert_eq!(*logged.borrow(), ["012"]);
}

#[test]
fn failures_name_their_step() {
    let trap = |extra: &str, name: &str| match boot(
        &guest(extra, "(i32.const 0)"),
        Fuel::Off,
        limits(),
        &Mock::default(),
    ) {
        Err(Error::Trap { function, reason, module, .. }) => {
            assert_eq!((module.as_str(), function.as_str()), ("m", name));
            reason
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("booted"),
    };
    assert!(trap("(func (export \"_initialize\") unreachable)", "_initialize").contains("unreachable"));
    assert!(trap("(func (export \"__preinit__7\") unreachable)", "__preinit__7").contains("unreachable"));
    assert!(trap("(func $s unreachable) (start $s)", "start section").contains("unreachable"));
    let setup = "(func (export \"__setup__\") (param i32) (result i32) (call $write (i32.const 59900) (i32.const 4)) (i32.const 1))";
    let refused = boot(&guest(setup, "(i32.const 0)"), Fuel::Off, limits(), &Mock::default());
    assert!(
        matches!(refused, Err(Error::ReducerRefused { reducer, message, .. }) if reducer == "__setup__" && message == "0123")
    );
}

#[test]
fn memory_the_module_starts_with_counts() {
    let small = Limits { memory_bytes: 65536, ..limits() };
    let text = guest("", "(i32.const 0)").replace("(export \"memory\") 1)", "(export \"memory\") 2)");
    match boot(&text, Fuel::Off, small, &Mock::default()) {
        Err(Error::Limit { setting: "spacetime.max_memory_mb", .. }) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("booted"),
    }
}
