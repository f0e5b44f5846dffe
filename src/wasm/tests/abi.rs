//! The ABI three times: the specification's table typed in again, our table, and what the linker really has.

use std::collections::BTreeMap;

use wasmtime::{Engine, ExternType, Linker, Store, ValType};

use crate::wasm::abi::{EXPORTS, IMPORTS, Ty, namespace};
use crate::wasm::host::{self, Errno};
use crate::wasm::state::State;

/// module-abi.md §1.2: minor version, name, parameters, results; `i` is i32, `I` is i64.
const SPECIFICATION: &[(u16, &str, &str, &str)] = &[
    (0, "table_id_from_name", "iii", "i"),
    (0, "index_id_from_name", "iii", "i"),
    (0, "datastore_table_row_count", "ii", "i"),
    (0, "datastore_table_scan_bsatn", "ii", "i"),
    (0, "datastore_index_scan_range_bsatn", "iiiiiiiii", "i"),
    (0, "datastore_btree_scan_bsatn", "iiiiiiiii", "i"),
    (0, "datastore_delete_by_index_scan_range_bsatn", "iiiiiiiii", "i"),
    (0, "datastore_delete_by_btree_scan_bsatn", "iiiiiiiii", "i"),
    (0, "datastore_delete_all_by_eq_bsatn", "iiii", "i"),
    (0, "row_iter_bsatn_advance", "iii", "i"),
    (0, "row_iter_bsatn_close", "i", "i"),
    (0, "datastore_insert_bsatn", "iii", "i"),
    (0, "datastore_update_bsatn", "iiii", "i"),
    (0, "bytes_sink_write", "iii", "i"),
    (0, "bytes_source_read", "iii", "i"),
    (0, "console_log", "iiiiiiii", ""),
    (0, "console_timer_start", "ii", "i"),
    (0, "console_timer_end", "i", "i"),
    (0, "identity", "i", ""),
    (0, "volatile_nonatomic_schedule_immediate", "iiii", ""),
    (1, "bytes_source_remaining_length", "ii", "i"),
    (2, "get_jwt", "ii", "i"),
    (3, "procedure_sleep_until", "I", "I"),
    (3, "procedure_start_mut_tx", "i", "i"),
    (3, "procedure_commit_mut_tx", "", "i"),
    (3, "procedure_abort_mut_tx", "", "i"),
    (3, "procedure_http_request", "iiiii", "i"),
    (4, "datastore_index_scan_point_bsatn", "iiii", "i"),
    (4, "datastore_delete_by_index_scan_point_bsatn", "iiii", "i"),
    (5, "datastore_clear", "ii", "i"),
    (6, "env_get", "iii", "i"),
];

/// Parameters and results in letters.
type Signature = (&'static str, &'static str);

/// module-abi.md §2.1.
const EXPORTS_OF_SPECIFICATION: &[(&str, bool, &[Signature])] = &[
    ("_initialize", false, &[("", "")]),
    ("__setup__", false, &[("i", "i")]),
    ("__describe_module__", true, &[("i", "")]),
    ("__call_reducer__", true, &[("iIIIIIIIii", "i")]),
    ("__call_procedure__", false, &[("iIIIIIIIii", "i")]),
    ("__call_view__", false, &[("iIIIIii", "i")]),
    ("__call_view_anon__", false, &[("iii", "i")]),
    ("__call_http_handler__", false, &[("iIiiii", "i"), ("iIIIIiIiiii", "i")]),
];

fn letters(types: &[Ty]) -> String {
    let letter = |ty: &Ty| match ty {
        Ty::I32 => 'i',
        Ty::I64 => 'I',
    };
    types.iter().map(letter).collect()
}

fn letters_of_values(types: impl Iterator<Item = ValType>) -> String {
    let letter = |ty| match ty {
        ValType::I32 => 'i',
        ValType::I64 => 'I',
        _ => '?',
    };
    types.map(letter).collect()
}

#[test]
fn imports_are_those_of_the_specification() {
    let ours: Vec<_> = IMPORTS
        .iter()
        .map(|import| (import.since, import.name, letters(import.params), letters(import.results)))
        .collect();
    let theirs: Vec<_> = SPECIFICATION
        .iter()
        .map(|(since, name, params, results)| (*since, *name, (*params).to_owned(), (*results).to_owned()))
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn exports_are_those_of_the_specification() {
    for (ours, (name, required, signatures)) in EXPORTS.iter().zip(EXPORTS_OF_SPECIFICATION) {
        assert_eq!((ours.name, ours.required), (*name, *required));
        let found: Vec<_> = ours.signatures.iter().map(|(p, r)| (letters(p), letters(r))).collect();
        let expected: Vec<_> = signatures.iter().map(|(p, r)| ((*p).to_owned(), (*r).to_owned())).collect();
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(EXPORTS.len(), EXPORTS_OF_SPECIFICATION.len());
}

#[test]
fn the_linker_has_exactly_these_imports() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    host::link(&mut linker).unwrap();
    let mut store = Store::new(&engine, State::new());
    let mut linked: Vec<_> = linker
        .iter(&mut store)
        .map(|(module, name, item)| (module.to_owned(), name.to_owned(), item))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|(module, name, item)| match item.ty(&store) {
            ExternType::Func(ty) => {
                (module, name, letters_of_values(ty.params()), letters_of_values(ty.results()))
            }
            _ => panic!("{name} is no function"),
        })
        .collect();
    let mut expected: Vec<_> = SPECIFICATION
        .iter()
        .map(|(since, name, params, results)| {
            (namespace(*since).to_owned(), (*name).to_owned(), (*params).to_owned(), (*results).to_owned())
        })
        .collect();
    linked.sort();
    expected.sort();
    assert_eq!(linked, expected);
}

#[test]
fn namespaces_are_written_out_right() {
    for minor in 0..=crate::wasm::abi::MINOR {
        assert_eq!(namespace(minor), format!("spacetime_{}.{minor}", crate::wasm::abi::MAJOR));
    }
}

/// The table of module-abi.md §1.3, as it stands there: number and name, thrice in each line.
fn errnos_of_specification() -> BTreeMap<u16, String> {
    let document = include_str!("../../../docs/internals/module-abi.md");
    let table = document.split("### 1.3 ").nth(1).and_then(|text| text.split("\n### ").next()).unwrap();
    let cells: Vec<_> = table.lines().flat_map(|line| line.split('|').map(str::trim)).collect();
    let named = cells.windows(2).filter_map(|pair| {
        let name = pair[1].split(' ').next()?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        pair[0].parse().ok().filter(|_| is_name).map(|number| (number, name.to_owned()))
    });
    named.collect()
}

#[test]
fn errnos_are_those_of_the_specification() {
    use Errno::*;
    let ours = [
        HostCallFailure,
        NotInTransaction,
        BsatnDecodeError,
        NoSuchTable,
        NoSuchIndex,
        NoSuchIter,
        NoSuchConsoleTimer,
        NoSuchBytes,
        NoSpace,
        WrongIndexAlgo,
        BufferTooSmall,
        UniqueAlreadyExists,
        ScheduleAtDelayTooLong,
        IndexNotUnique,
        NoSuchRow,
        AutoIncOverflow,
        WouldBlockTransaction,
        TransactionNotAnonymous,
        TransactionIsReadOnly,
        TransactionIsMut,
        HttpError,
    ];
    let screaming = |name: String| {
        name.char_indices().fold(String::new(), |words, (at, c)| {
            let break_before = if at > 0 && c.is_ascii_uppercase() { "_" } else { "" };
            format!("{words}{break_before}{}", c.to_ascii_uppercase())
        })
    };
    let ours: BTreeMap<_, _> = ours.map(|errno| (errno as u16, screaming(format!("{errno:?}")))).into();
    assert_eq!(ours, errnos_of_specification());
}
