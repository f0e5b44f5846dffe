//! The functions of procedures. Procedures are not run yet; these answer as the ABI has it for reducers, so that modules
//! with procedures link and their reducers run (module-abi.md §2.6, compat-traps.md 16).

use wasmtime::{Caller, Linker};

use super::Errno;
use super::entry::{answer, stop};
use crate::wasm::abi::namespace;
use crate::wasm::state::{Entry, State};
use crate::wasm::trap::{Fault, Stop};

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let v3 = namespace(3);
    linker.func_wrap(v3, "procedure_sleep_until", procedure_sleep_until)?;
    linker.func_wrap(v3, "procedure_start_mut_tx", procedure_start_mut_tx)?;
    linker.func_wrap(v3, "procedure_commit_mut_tx", procedure_end_mut_tx)?;
    linker.func_wrap(v3, "procedure_abort_mut_tx", procedure_end_mut_tx)?;
    linker.func_wrap(v3, "procedure_http_request", procedure_http_request)?;
    Ok(())
}

fn procedure_sleep_until(_: Caller<'_, State>, _until_us: u64) -> wasmtime::Result<u64> {
    Err(stop(Stop::Fault(Fault::Other("tried to sleep, which only procedures can"))))
}

fn procedure_http_request(
    _: Caller<'_, State>,
    _request: u32,
    _request_len: u32,
    _body: u32,
    _body_len: u32,
    _out: u32,
) -> wasmtime::Result<u32> {
    Err(stop(Stop::Fault(Fault::Other("tried to make an HTTP request, which only procedures can"))))
}

/// A transaction is open already: a reducer is inside one. Start-up can have none either.
fn procedure_start_mut_tx(mut caller: Caller<'_, State>, _out: u32) -> wasmtime::Result<u32> {
    answer(&mut caller, |_, _, _| Err(Errno::WouldBlockTransaction.into()))
}

/// Commit and abort alike: the transaction of a reducer is not the guest's to end.
fn procedure_end_mut_tx(mut caller: Caller<'_, State>) -> wasmtime::Result<u32> {
    answer(&mut caller, |_, _, handles| match handles.entry {
        Entry::Reducer => Err(Errno::TransactionNotAnonymous.into()),
        Entry::Boot => Err(Errno::NotInTransaction.into()),
    })
}
