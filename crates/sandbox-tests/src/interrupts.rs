//! A guest that spins looks up at each tick: for a pending cancel, and for errors that handling interrupts raises.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::pg::ErrorOfPostgres;
use crate::pg::interrupt::{MUST_STOP, RAISES};
use crate::wasm::{Code, Fuel, Instance, Limits, Outcome, ReducerCall, bump_epoch, host};

const SPIN: &str = r#"(module
  (import "spacetime_10.0" "identity" (func (param i32)))
  (memory (export "memory") 1)
  (func (export "__describe_module__") (param i32))
  (func (export "__call_reducer__") (param i32 i64 i64 i64 i64 i64 i64 i64 i32 i32) (result i32)
    (loop $again (br $again)) unreachable))"#;

fn spin() -> Result<Outcome> {
    let limits = Limits { memory_bytes: 1 << 20, fuel: None, deadline: None };
    let host = || Box::new(host::OutsideTransaction::new([0; 32], |_| ()));
    let code = Code::compile(Fuel::Off, &wat::parse_str(SPIN).unwrap())?;
    let (instance, _) = Instance::boot(&code, "spin", limits, host())?;
    std::thread::spawn(|| {
        for _ in 0..200 {
            std::thread::sleep(Duration::from_millis(3));
            bump_epoch();
        }
    });
    let call = ReducerCall {
        module: "spin",
        reducer: "spin",
        id: 0,
        sender: [0; 32],
        connection_id: [0; 16],
        timestamp_us: 0,
        args: &[],
    };
    instance.call_reducer(call, limits, host()).map(|(_, outcome)| outcome)
}

#[test]
fn a_pending_cancel_unwinds_the_guest() {
    MUST_STOP.set(true);
    assert!(matches!(spin(), Err(Error::Interrupted { .. })));
}

#[test]
fn an_error_of_postgres_passes_through_the_guest_untouched() {
    RAISES.set(true);
    let payload = std::panic::catch_unwind(spin).unwrap_err();
    assert_eq!(*payload.downcast::<ErrorOfPostgres>().unwrap(), ErrorOfPostgres);
}
