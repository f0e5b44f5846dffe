//! What is no module, or one of another time, is refused with words that help.

use super::guest::{guest, wasm};
use crate::error::Error;
use crate::wasm::{Code, Fuel};

fn refusal(bytes: &[u8]) -> Error {
    match Code::compile(Fuel::Off, bytes) {
        Ok(_) => panic!("accepted"),
        Err(error) => error,
    }
}

fn invalid(bytes: &[u8], words: &str) {
    match refusal(bytes) {
        Error::InvalidModule(problem) if problem.contains(words) => {}
        other => panic!("{other:?} does not say {words:?}"),
    }
}

fn unsupported(text: &str, words: &str) {
    match refusal(&wasm(text)) {
        Error::Unsupported { what, hint } if what.contains(words) && !hint.is_empty() => {}
        other => panic!("{other:?} does not say {words:?}"),
    }
}

/// A complete module, with `from` replaced by `to`.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let text = guest("", "(i32.const 0)");
    assert!(text.contains(from), "{from}");
    wasm(&text.replacen(from, to, 1))
}

#[test]
fn things_that_are_no_wasm() {
    invalid(b"", "empty");
    invalid(b"(module)", "text");
    invalid(b"\x1f\x8b\x08", "gzip");
    invalid(b"\x7fELF\x02", "native code");
    invalid(b"\0asm", "eight bytes");
    invalid(b"\0asm\x0d\0\x01\0", "component");
    invalid(b"\0asm\x02\0\0\0", "unknown version");
    invalid(b"not wasm at all", "does not start");
    invalid(b"\0asm\x01\0\0\0\xff\xff\xff", "");
    let whole = wasm(&guest("", "(i32.const 0)"));
    invalid(&whole[..whole.len() - 20], "");
}

#[test]
fn other_hosts_modules() {
    invalid(&wasm("(module)"), "imports no function");
    invalid(
        &wasm(
            "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32))))",
        ),
        "WASI",
    );
    invalid(&wasm("(module (import \"__wbindgen_placeholder__\" \"x\" (func)))"), "wasm-bindgen");
    let both =
        guest("", "(i32.const 0)").replacen("(module", "(module (import \"env\" \"malloc\" (func))", 1);
    invalid(&wasm(&both), "linker");
}

#[test]
fn versions() {
    let import = |from: &str| format!("(module (import {from:?} \"f\" (func)))");
    unsupported(&import("spacetime_10.7"), "ABI 10.7");
    unsupported(&import("spacetime_11.0"), "ABI 11.0");
    unsupported(&import("spacetime_9.0"), "ABI 9.0");
    unsupported(&import("spacetime_10.6"), "imports \"f\"");
    invalid(&wasm(&import("spacetime_ten")), "no ABI version");
    invalid(
        &wasm("(module (import \"spacetime_10.0\" \"f\" (func)) (import \"spacetime_9.0\" \"g\" (func)))"),
        "mixes",
    );
}

#[test]
fn wrong_imports() {
    invalid(&changed("\"spacetime_10.4\"", "\"spacetime_10.0\""), "is in \"spacetime_10.4\"");
    invalid(
        &wasm("(module (import \"spacetime_10.0\" \"identity\" (func (param i64))))"),
        "imports \"identity\" with the signature",
    );
    invalid(&wasm("(module (import \"spacetime_10.0\" \"identity\" (global i32)))"), "other than a function");
}

#[test]
fn wrong_exports() {
    invalid(&changed("(export \"memory\")", ""), "no \"memory\"");
    invalid(&changed("(export \"__describe_module__\")", ""), "does not export \"__describe_module__\"");
    invalid(&changed("(export \"__call_reducer__\")", ""), "does not export \"__call_reducer__\"");
    invalid(
        &changed("\"__describe_module__\") (param i32)", "\"__describe_module__\")"),
        "has the signature",
    );
    let with = |export: &str| wasm(&guest(export, "(i32.const 0)"));
    invalid(&with("(func (export \"__preinit__x\") (param i32))"), "__preinit__x");
    invalid(&with("(func (export \"__call_view__\"))"), "__call_view__");
    invalid(&with("(global (export \"__setup__\") i32 (i32.const 0))"), "no function");
    invalid(
        &with("(func (export \"__call_http_handler__\") (param i32) (result i32) (i32.const 0))"),
        "__call_http",
    );
}

#[test]
fn both_http_handlers_are_accepted() {
    for params in ["i32 i64 i32 i32 i32 i32", "i32 i64 i64 i64 i64 i32 i64 i32 i32 i32 i32"] {
        let handler =
            format!("(func (export \"__call_http_handler__\") (param {params}) (result i32) (i32.const 0))");
        assert!(Code::compile(Fuel::Off, &wasm(&guest(&handler, "(i32.const 0)"))).is_ok());
    }
}

#[test]
fn tables_that_can_never_fit() {
    unsupported(&guest("(table 300000 funcref)", "(i32.const 0)"), "300000 entries");
    unsupported(&guest(&"(table 1 funcref)".repeat(17), "(i32.const 0)"), "17 function tables");
}

#[test]
fn features_switched_off() {
    for (extra, body) in [
        ("(memory $second 1)", "(i32.const 0)"),
        (
            "(global $g (mut v128) (v128.const i64x2 0 0))",
            "(drop (i32x4.relaxed_trunc_f32x4_s (global.get $g))) (i32.const 0)",
        ),
        ("", "(i32.atomic.load (i32.const 0))"),
    ] {
        invalid(&wasm(&guest(extra, body)), "");
    }
    invalid(&changed("(memory (export \"memory\") 1)", "(memory (export \"memory\") i64 1)"), "");
    invalid(&changed("(memory (export \"memory\") 1)", "(memory (export \"memory\") 1 2 shared)"), "");
}
