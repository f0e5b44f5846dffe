//! What a built module says it consists of: its `__describe_module__` is run once (module-abi.md §2.2), in an interpreter
//! without a host. Outside of a call, guests may do nothing but write to the log and describe themselves.

use std::path::Path;

use spacetime_definition::Definition;
use wasmi::{Caller, Engine, Extern, ExternType, Func, Linker, Memory, Module, Store, Val, ValType};

use crate::error::{Error, Result};

/// The id of the sink that the description is written to.
const SINK: i32 = 1;
const NO_SUCH_BYTES: i32 = 8;
/// Instructions a guest may use up: about ten seconds.
const FUEL: u64 = 2_000_000_000;

/// Reads and describes the module in a file.
///
/// # Errors
///
/// The file cannot be read, is no module of a supported kind, or its definition is not valid.
pub(crate) fn read(path: &Path) -> Result<(Vec<u8>, Definition)> {
    let wasm = std::fs::read(path).map_err(Error::file(path))?;
    let definition = describe(&wasm)?;
    Ok((wasm, definition))
}

/// What a module consists of, as it says itself.
pub(crate) fn describe(wasm: &[u8]) -> Result<Definition> {
    Ok(spacetime_definition::decode(&description(wasm)?)?)
}

/// The bytes of a module's description of itself.
pub(crate) fn description(wasm: &[u8]) -> Result<Vec<u8>> {
    if !wasm.starts_with(b"\0asm") {
        return Err(Error::refused(
            "this is not a WebAssembly file",
            "give the .wasm that `spacetime build` makes, or a project folder with --project-path",
        ));
    }
    let mut config = wasmi::Config::default();
    config.consume_fuel(true);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, wasm)?;
    let mut store = Store::new(&engine, Vec::new());
    store.set_fuel(FUEL)?;
    let mut linker = <Linker<Vec<u8>>>::new(&engine);
    for import in module.imports() {
        let ExternType::Func(ty) = import.ty() else { continue };
        let (namespace, name) = (import.module().to_owned(), import.name().to_owned());
        let results = ty.results().to_vec();
        let stub = Func::new(&mut store, ty.clone(), move |caller, arguments, out| {
            answer(caller, &name, arguments, out, &results)
        });
        linker.define(&namespace, import.name(), stub).map_err(wasmi::Error::from)?;
    }
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let mut first: Vec<String> = instance
        .exports(&store)
        .map(|export| export.name().to_owned())
        .filter(|name| name.starts_with("__preinit__"))
        .collect();
    first.sort();
    for name in first {
        instance.get_typed_func::<(), ()>(&store, &name)?.call(&mut store, ())?;
    }
    if let Ok(setup) = instance.get_typed_func::<i32, i32>(&store, "__setup__") {
        setup.call(&mut store, SINK)?;
        store.data_mut().clear();
    }
    let describe = instance.get_typed_func::<i32, ()>(&store, "__describe_module__").map_err(|_| {
        Error::refused(
            "the file has no function __describe_module__: it is WebAssembly, but no module",
            "modules are libraries made with the spacetimedb SDK; a Rust crate needs crate-type = [\"cdylib\"]",
        )
    })?;
    describe.call(&mut store, SINK)?;
    Ok(store.into_data())
}

/// What the missing host answers: bytes for the sink are kept, everything else is answered with zeros.
fn answer(
    mut caller: Caller<'_, Vec<u8>>,
    name: &str,
    arguments: &[Val],
    out: &mut [Val],
    results: &[ValType],
) -> std::result::Result<(), wasmi::Error> {
    for (slot, ty) in out.iter_mut().zip(results) {
        *slot = Val::default(*ty);
    }
    if name != "bytes_sink_write" {
        return Ok(());
    }
    let [Val::I32(sink), Val::I32(from), Val::I32(length_at)] = arguments else { return Ok(()) };
    let written = match caller.get_export("memory") {
        Some(Extern::Memory(memory)) if *sink == SINK => take(&mut caller, memory, *from, *length_at),
        _ => None,
    };
    if let Some(slot) = out.first_mut() {
        *slot = Val::I32(if written.is_some() { 0 } else { NO_SUCH_BYTES });
    }
    Ok(())
}

fn take(caller: &mut Caller<'_, Vec<u8>>, memory: Memory, from: i32, length_at: i32) -> Option<()> {
    let (bytes, kept) = memory.data_and_store_mut(caller);
    let length = bytes.get(length_at as u32 as usize..)?.first_chunk::<4>()?;
    let from = from as u32 as usize;
    kept.extend_from_slice(bytes.get(from..from.checked_add(u32::from_le_bytes(*length) as usize)?)?);
    Some(())
}
