//! Is this a module, and one this version can run? Every refusal says what to do.
//!
//! Invariant: what passes here links and has every export with the signature it will be called with; nothing later needs
//! to check again. Wrong things are `InvalidModule`, things of a newer SpacetimeDB are `Unsupported`.

use wasmtime::{ExternType, FuncType, Module, ValType};

use super::{EXPORTS, IMPORTS, MAJOR, MEMORY, MINOR, PREINIT_PREFIX, Ty};
use crate::error::{Error, Result};
use crate::wasm::limits::{TABLE_ELEMENTS, TABLES};

const NAMESPACE_PREFIX: &str = "spacetime_";
const WASM_MAGIC: &[u8] = b"\0asm";
const CORE_VERSION: &[u8] = &[1, 0, 0, 0];

/// What later steps want to know about the exports.
#[derive(Debug, Default)]
pub(in crate::wasm) struct ExportInfo {
    /// `__preinit__*`, in the order in which they are to be called.
    pub(in crate::wasm) preinits: Vec<String>,
    pub(in crate::wasm) has_initialize: bool,
    pub(in crate::wasm) has_setup: bool,
}

/// Refuses what is no core wasm module before the compiler looks at it: its own words would be about offsets.
pub(in crate::wasm) fn check_preamble(wasm: &[u8]) -> Result<()> {
    if wasm.is_empty() {
        return invalid("it is empty");
    }
    if !wasm.starts_with(WASM_MAGIC) {
        return invalid(match wasm {
            [0x1f, 0x8b, ..] => "it is gzip data; unpack it first",
            [0x7f, b'E', b'L', b'F', ..] => "it is native code (an ELF file), not WebAssembly",
            [b'(', ..] => "it is WebAssembly text; compile it to binary first",
            _ => "it does not start with the bytes of a WebAssembly file",
        });
    }
    match wasm.get(4..8) {
        Some(CORE_VERSION) => Ok(()),
        Some([_, _, 1, 0]) => invalid("it is a WebAssembly component; modules are core WebAssembly"),
        Some(version) => {
            invalid(format!("it is WebAssembly of an unknown version ({})", hex::encode(version)))
        }
        None => invalid("it ends within its first eight bytes"),
    }
}

/// Checks imports and exports of a compiled module against the tables of the ABI.
pub(in crate::wasm) fn check_module(module: &Module) -> Result<ExportInfo> {
    check_versions(module)?;
    for import in module.imports() {
        check_import(import.module(), import.name(), &import.ty())?;
    }
    check_tables(module)?;
    check_exports(module)
}

fn invalid<T>(problem: impl Into<String>) -> Result<T> {
    Err(Error::InvalidModule(problem.into()))
}

/// Version negotiation (module-abi.md §1.1), before single imports: "too new" says more than "unknown function".
fn check_versions(module: &Module) -> Result<()> {
    let mut found: Option<(u16, u16)> = None;
    for import in module.imports() {
        let Some(version) = import.module().strip_prefix(NAMESPACE_PREFIX) else { continue };
        let Some((major, minor)) = parse_version(version) else {
            return invalid(format!("it imports from {:?}, which names no ABI version", import.module()));
        };
        found = match found {
            Some((other, _)) if other != major => {
                return invalid(format!("it mixes ABI versions {other} and {major}"));
            }
            Some((_, highest)) => Some((major, highest.max(minor))),
            None => Some((major, minor)),
        };
    }
    match found {
        Some((MAJOR, minor)) if minor <= MINOR => Ok(()),
        Some((major, minor)) => Err(Error::Unsupported {
            what: format!("the module needs ABI {major}.{minor}; this version has {MAJOR}.0 to {MAJOR}.{MINOR}"),
            hint: "Build it with spacetimedb 1.0 to 2.14 (or the C# package of that time), or update the extension."
                .into(),
        }),
        None => check_foreign(module),
    }
}

fn parse_version(version: &str) -> Option<(u16, u16)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// A module without any import of the ABI: name what it was built for instead, if that shows.
fn check_foreign(module: &Module) -> Result<()> {
    match module.imports().next() {
        Some(import) => check_import(import.module(), import.name(), &import.ty()),
        None => invalid("it imports no function of the SpacetimeDB ABI"),
    }
}

fn check_import(namespace: &str, name: &str, ty: &ExternType) -> Result<()> {
    if !namespace.starts_with(NAMESPACE_PREFIX) {
        return invalid(foreign_import(namespace, name));
    }
    let Some(known) = IMPORTS.iter().find(|import| import.namespace() == namespace && import.name == name)
    else {
        return match IMPORTS.iter().find(|import| import.name == name) {
            Some(elsewhere) => invalid(format!(
                "it imports {name:?} from {namespace:?}; that function is in {:?}",
                elsewhere.namespace()
            )),
            None => Err(Error::Unsupported {
                what: format!(
                    "the module imports {name:?} from {namespace:?}, which this version does not have"
                ),
                hint: "Releases of the SDK up to spacetimedb 2.14 do not use it; development branches may."
                    .into(),
            }),
        };
    };
    match ty {
        ExternType::Func(ty) if has_signature(ty, known.params, known.results) => Ok(()),
        ExternType::Func(ty) => invalid(format!("it imports {name:?} with the signature {ty}")),
        _ => invalid(format!("it imports {name:?} as something other than a function")),
    }
}

fn foreign_import(namespace: &str, name: &str) -> String {
    let what = format!("it imports {name:?} from {namespace:?}");
    if namespace.starts_with("wasi") {
        format!("{what}: there is no WASI here; build for wasm32-unknown-unknown")
    } else if namespace.starts_with("__wbindgen") || namespace == "wbg" {
        format!("{what}: a dependency expects a browser (wasm-bindgen); switch its JavaScript feature off")
    } else if namespace == "env" {
        format!("{what}: a symbol the linker did not find")
    } else {
        format!("{what}, which no host of modules offers")
    }
}

/// Function tables are the one resource without a setting, so what can never fit is refused at publish.
fn check_tables(module: &Module) -> Result<()> {
    let needed = module.resources_required();
    let elements = needed.max_initial_table_size.unwrap_or(0);
    if needed.num_tables as usize > TABLES || elements > TABLE_ELEMENTS as u64 {
        return Err(Error::Unsupported {
            what: format!("the module has {} function tables of up to {elements} entries", needed.num_tables),
            hint: format!("At most {TABLES} tables of {TABLE_ELEMENTS} entries are supported."),
        });
    }
    Ok(())
}

fn check_exports(module: &Module) -> Result<ExportInfo> {
    match module.get_export(MEMORY) {
        Some(ExternType::Memory(_)) => {}
        Some(_) => return invalid("its export \"memory\" is no memory"),
        None => return invalid("it exports no \"memory\""),
    }
    for known in EXPORTS {
        let fits = |ty: &FuncType| {
            known.signatures.iter().any(|(params, results)| has_signature(ty, params, results))
        };
        match module.get_export(known.name) {
            Some(ExternType::Func(ty)) if fits(&ty) => {}
            Some(ExternType::Func(ty)) => {
                return invalid(format!("its export {:?} has the signature {ty}", known.name));
            }
            Some(_) => return invalid(format!("its export {:?} is no function", known.name)),
            None if known.required => return invalid(format!("it does not export {:?}", known.name)),
            None => {}
        }
    }
    let mut preinits = Vec::new();
    for export in module.exports().filter(|export| export.name().starts_with(PREINIT_PREFIX)) {
        match export.ty() {
            ExternType::Func(ty) if has_signature(&ty, &[], &[]) => preinits.push(export.name().to_owned()),
            _ => return invalid(format!("its export {:?} is no function without parameters", export.name())),
        }
    }
    // Byte order of the full names is the contract: `05_…` must have run before `20_…`.
    preinits.sort_unstable();
    Ok(ExportInfo {
        preinits,
        has_initialize: module.get_export(super::INITIALIZE).is_some(),
        has_setup: module.get_export(super::SETUP).is_some(),
    })
}

fn has_signature(ty: &FuncType, params: &[Ty], results: &[Ty]) -> bool {
    ty.params().len() == params.len()
        && ty.results().len() == results.len()
        && ty.params().zip(params).all(|(found, expected)| is(&found, *expected))
        && ty.results().zip(results).all(|(found, expected)| is(&found, *expected))
}

fn is(found: &ValType, expected: Ty) -> bool {
    matches!((found, expected), (ValType::I32, Ty::I32) | (ValType::I64, Ty::I64))
}
