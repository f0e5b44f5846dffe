//! What all host functions share: getting at memory, host and handles, and answering with an errno or an end.
//!
//! Invariant: every host function returns `wasmtime::Result`: only then does wasmtime carry a panic (a Postgres error) out
//! of it over the guest's frames; otherwise it would abort the process.

use wasmtime::{Caller, Extern, Linker};

use super::{Host, bytes, console, context, iterate, procedure, table};
use crate::wasm::abi;
use crate::wasm::state::{Handles, State};
use crate::wasm::trap::{Fault, Refusal, Stop};

/// Registers every import of the ABI.
pub(in crate::wasm) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    table::link(linker)?;
    iterate::link(linker)?;
    bytes::link(linker)?;
    console::link(linker)?;
    context::link(linker)?;
    procedure::link(linker)
}

/// Runs a host function that answers with an errno, 0 for success.
#[inline]
pub(super) fn answer(
    caller: &mut Caller<'_, State>,
    act: impl FnOnce(&mut [u8], &mut dyn Host, &mut Handles) -> Result<(), Refusal>,
) -> wasmtime::Result<u32> {
    answer_code(caller, |memory, host, handles| act(memory, host, handles).map(|()| 0))
}

/// Runs a host function whose success has a code of its own.
#[inline]
pub(super) fn answer_code(
    caller: &mut Caller<'_, State>,
    act: impl FnOnce(&mut [u8], &mut dyn Host, &mut Handles) -> Result<u32, Refusal>,
) -> wasmtime::Result<u32> {
    let memory = match caller.data().memory {
        Some(memory) => memory,
        None => memory_of_starting(caller)?,
    };
    let (memory, state) = memory.data_and_store_mut(caller);
    let Some(host) = state.host.as_deref_mut() else {
        return Err(stop(Stop::Fault(Fault::NoEntry)));
    };
    match act(memory, host, &mut state.handles) {
        Ok(code) => Ok(code),
        Err(Refusal::Errno(errno)) => Ok(u32::from(errno as u16)),
        Err(Refusal::Stop(why)) => Err(stop(why)),
    }
}

/// Ends the entry.
#[cold]
pub(super) fn stop(why: Stop) -> wasmtime::Error {
    wasmtime::Error::new(why)
}

/// The start section of a module runs before anybody could look its memory up.
#[cold]
fn memory_of_starting(caller: &mut Caller<'_, State>) -> wasmtime::Result<wasmtime::Memory> {
    let memory = caller.get_export(abi::MEMORY).and_then(Extern::into_memory);
    memory.ok_or_else(|| stop(Stop::Fault(Fault::NoEntry)))
}
