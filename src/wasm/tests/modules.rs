//! Modules built with the official SDK, if `modules/build` has them.

use std::path::PathBuf;

use super::guest::{call, limits};
use super::mock::{Mock, Table};
use crate::error::{Error, Result};
use crate::wasm::{Code, Fuel, Instance, Limits, Outcome, ReducerCall};

/// Absent where nobody built the modules: then there is nothing to test.
fn module(name: &str) -> Option<Code> {
    let path =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/modules/build")).join(format!("{name}.wasm"));
    let path = std::env::var_os("SPACETIME_MODULES")
        .map_or(path, |dir| PathBuf::from(dir).join(format!("{name}.wasm")));
    let bytes = std::fs::read(path).ok()?;
    Some(Code::compile(Fuel::Off, &bytes).unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn roomy() -> Limits {
    Limits { memory_bytes: 64 << 20, ..limits() }
}

fn chat() -> Mock {
    Mock::with(vec![
        Table { name: "user", indexes: vec!["user_id_idx_btree"], ..Table::default() },
        Table {
            name: "message",
            indexes: vec!["message_id_idx_btree"],
            auto_inc: Some(1),
            ..Table::default()
        },
    ])
}

fn bsatn(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

fn invoke(instance: Instance, id: u32, sender: u8, args: &[u8], mock: &Mock) -> Result<(Instance, Outcome)> {
    instance.call_reducer(ReducerCall { id, sender: [sender; 32], ..call(args) }, roomy(), mock.boxed())
}

#[test]
fn every_module_boots_and_describes_itself() {
    for name in
        ["chat", "bank", "sdk_2_4", "sdk_2_8", "sdk_2_10", "sdk_2_14", "semantics", "misbehave", "empty_rows"]
    {
        let Some(code) = module(name) else { continue };
        let (_, first) = Instance::boot(&code, name, roomy(), Mock::default().boxed()).unwrap();
        let (_, second) = Instance::boot(&code, name, roomy(), Mock::default().boxed()).unwrap();
        assert_eq!(first.first(), Some(&2), "{name} describes itself in V10");
        assert_eq!(first, second, "{name}");
    }
}

/// Reducers of chat by name: register_user 0, send_message 1, set_name 2.
#[test]
fn chat_registers_sends_and_refuses() {
    let Some(code) = module("chat") else { return };
    let mock = chat();
    let (instance, _) = Instance::boot(&code, "chat", roomy(), mock.boxed()).unwrap();
    let (instance, outcome) = invoke(instance, 0, 1, &bsatn("Ann"), &mock).unwrap();
    assert_eq!(outcome, Outcome::Done, "{:?}", mock.logs());
    let (instance, outcome) = invoke(instance, 0, 1, &bsatn("Ann"), &mock).unwrap();
    assert!(matches!(outcome, Outcome::Refused(text) if text.contains("registered already")));
    let message = [&[1_u8; 32][..], &bsatn("hello")].concat();
    let (instance, outcome) = invoke(instance, 1, 1, &message, &mock).unwrap();
    assert_eq!(outcome, Outcome::Done, "{:?}", mock.logs());
    let sent = mock.0.borrow().tables[1].rows[0].clone();
    assert_eq!(sent[..8], 1_u64.to_le_bytes());
    assert_eq!(sent[8..40], [1; 32]);
    assert_eq!(sent[sent.len() - 8..], (-5_i64).to_le_bytes());
    // Arguments cut short: the SDK panics, and says why.
    match invoke(instance, 0, 2, &bsatn("Ann")[..5], &mock) {
        Err(Error::Trap { reason, .. }) => assert!(reason.starts_with("panicked: "), "{reason}"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted"),
    }
    assert_eq!(mock.open_scans(), 0);
}
