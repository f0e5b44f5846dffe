//! Byte sources and sinks (module-abi.md §1.6).

use wasmtime::{Caller, Linker};

use super::Errno;
use super::entry::{answer, answer_code};
use crate::wasm::abi::namespace;
use crate::wasm::memory::{read, read_u32, store, write};
use crate::wasm::state::State;

/// "The source is at its end and gone", as the guests' 16-bit result type reads it.
const EXHAUSTED: u32 = u32::MAX;

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(namespace(0), "bytes_sink_write", bytes_sink_write)?;
    linker.func_wrap(namespace(0), "bytes_source_read", bytes_source_read)?;
    linker.func_wrap(namespace(1), "bytes_source_remaining_length", bytes_source_remaining_length)?;
    Ok(())
}

/// Takes everything or ends the call: guests of the first C# release get partial writes wrong. The length stays as it is.
fn bytes_sink_write(
    mut caller: Caller<'_, State>,
    sink: u32,
    buffer: u32,
    buffer_len: u32,
) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, _, handles| {
        let len = read_u32(memory, buffer_len)?;
        let written = read(memory, buffer, len)?;
        let bytes = handles.sink.get(sink).ok_or(Errno::NoSuchBytes)?;
        handles.budget.charge(written.len())?;
        bytes.extend_from_slice(written);
        Ok(())
    })
}

fn bytes_source_read(
    mut caller: Caller<'_, State>,
    source: u32,
    buffer: u32,
    buffer_len: u32,
) -> wasmtime::Result<u32> {
    answer_code(&mut caller, |memory, _, handles| {
        let len = read_u32(memory, buffer_len)?;
        let space = write(memory, buffer, len)?;
        let (count, ended) = handles.sources.read(source, space).ok_or(Errno::NoSuchBytes)?;
        store(memory, buffer_len, &(count as u32).to_le_bytes())?;
        Ok(if ended { EXHAUSTED } else { 0 })
    })
}

fn bytes_source_remaining_length(
    mut caller: Caller<'_, State>,
    source: u32,
    out: u32,
) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, _, handles| {
        let remaining = handles.sources.remaining(source).ok_or(Errno::NoSuchBytes)?;
        Ok(store(memory, out, &(remaining as u32).to_le_bytes())?)
    })
}
