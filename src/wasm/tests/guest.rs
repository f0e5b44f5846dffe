//! Guests as text: a module with every import and a body for its one reducer, and ways to run it.

use std::time::{Duration, Instant};

use super::mock::Mock;
use crate::error::Result;
use crate::wasm::abi::IMPORTS;
use crate::wasm::{Code, Fuel, Instance, Limits, Outcome, ReducerCall};

/// Room for any guest of the tests.
pub(super) fn limits() -> Limits {
    Limits { memory_bytes: 16 << 20, fuel: None, deadline: None }
}

/// A time limit, as the backend's timer would enforce it.
pub(super) fn until_soon() -> Limits {
    Limits { deadline: Some(Instant::now() + Duration::from_millis(30)), ..limits() }
}

pub(super) fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A module whose only reducer has this body, with all imports, `$put` (appends a number in hex to the sink) and a page
/// of memory whose first bytes hold the data segments of `extra`.
pub(super) fn guest(extra: &str, body: &str) -> String {
    let mut text = String::from("(module\n");
    for import in IMPORTS {
        let types =
            |types: &[crate::wasm::abi::Ty]| format!("{types:?}").to_lowercase().replace([',', '[', ']'], "");
        text += &format!(
            "(import \"{}\" \"{}\" (func ${} (param {}) (result {})))\n",
            import.namespace(),
            import.name,
            import.name,
            types(import.params),
            types(import.results)
        );
    }
    text += r#"
      (memory (export "memory") 1)
      (func (export "__describe_module__") (param i32))
      (func $put (param $n i32) (local $i i32)
        (loop $digits
          (i32.store8 (i32.add (i32.const 60000) (local.get $i))
            (i32.load8_u (i32.add (i32.const 59900)
              (i32.and (i32.shr_u (local.get $n) (i32.sub (i32.const 28) (i32.mul (local.get $i) (i32.const 4)))) (i32.const 15)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $digits (i32.lt_u (local.get $i) (i32.const 8))))
        (i32.store8 (i32.const 60008) (i32.const 32))
        (call $write (i32.const 60000) (i32.const 9)))
      (func $write (param $ptr i32) (param $len i32)
        (i32.store (i32.const 60100) (local.get $len))
        (drop (call $bytes_sink_write (i32.const 1) (local.get $ptr) (i32.const 60100))))
      (data (i32.const 59900) "0123456789abcdef")
    "#;
    text += extra;
    text += "\n(func $reducer (export \"__call_reducer__\") (param $id i32) (param $s0 i64) (param $s1 i64) (param $s2 i64) \
             (param $s3 i64) (param $c0 i64) (param $c1 i64) (param $ts i64) (param $args i32) (param $err i32) (result i32)\n";
    text += body;
    text += "))";
    text
}

pub(super) fn boot(text: &str, fuel: Fuel, limits: Limits, mock: &Mock) -> Result<(Instance, Vec<u8>)> {
    Instance::boot(&Code::compile(fuel, &wasm(text))?, "m", limits, mock.boxed())
}

pub(super) fn call<'a>(args: &'a [u8]) -> ReducerCall<'a> {
    ReducerCall {
        module: "m",
        reducer: "r",
        id: 7,
        sender: [0; 32],
        connection_id: [0; 16],
        timestamp_us: -5,
        args,
    }
}

/// Boots the guest and calls its reducer once.
pub(super) fn run(text: &str, limits: Limits, mock: &Mock) -> Result<Outcome> {
    run_with(text, Fuel::Off, limits, mock, &[])
}

pub(super) fn run_with(text: &str, fuel: Fuel, limits: Limits, mock: &Mock, args: &[u8]) -> Result<Outcome> {
    let boot_limits = Limits { deadline: None, ..limits };
    let (instance, _) = boot(text, fuel, boot_limits, mock)?;
    instance.call_reducer(call(args), limits, mock.boxed()).map(|(_, outcome)| outcome)
}

/// What the body of the reducer put into the sink; it must end with `(i32.const 1)`.
pub(super) fn says(extra: &str, body: &str, mock: &Mock) -> String {
    match run_with(&guest(extra, body), Fuel::Off, limits(), mock, &[]) {
        Ok(Outcome::Refused(message)) => message.trim_end().to_owned(),
        other => panic!("{other:?}"),
    }
}
