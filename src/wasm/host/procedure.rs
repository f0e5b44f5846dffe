//! The functions of procedures (module-abi.md §2.6). All modules can import them; what they answer to reducers, views and
//! start-up is that of the trait's defaults.

use std::time::Instant;

use wasmtime::{Caller, Linker};

use super::entry::{answer, stop};
use super::{Errno, Host, HostResult, http};
use crate::wasm::abi::namespace;
use crate::wasm::memory::{read, store};
use crate::wasm::state::{Entry, State};
use crate::wasm::trap::{Fault, Refusal, Stop};

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let v3 = namespace(3);
    linker.func_wrap(v3, "procedure_sleep_until", procedure_sleep_until)?;
    linker.func_wrap(v3, "procedure_start_mut_tx", procedure_start_mut_tx)?;
    linker.func_wrap(v3, "procedure_commit_mut_tx", procedure_commit_mut_tx)?;
    linker.func_wrap(v3, "procedure_abort_mut_tx", procedure_abort_mut_tx)?;
    linker.func_wrap(v3, "procedure_http_request", procedure_http_request)?;
    Ok(())
}

/// Has no errno: guests are told by a trap.
fn procedure_sleep_until(mut caller: Caller<'_, State>, until_us: i64) -> wasmtime::Result<i64> {
    require_procedure(&caller, "tried to sleep, which only procedures can")?;
    let mut now_us = 0;
    waiting(&mut caller, |caller| {
        answer(caller, |_, host, _| match host.sleep_until(until_us).map_err(Refusal::from) {
            Ok(now) => {
                now_us = now;
                Ok(())
            }
            Err(Refusal::Errno(_)) => Err(Fault::Other("tried to sleep within a transaction").into()),
            Err(stop) => Err(stop),
        })
    })?;
    Ok(now_us)
}

fn procedure_start_mut_tx(mut caller: Caller<'_, State>, out: u32) -> wasmtime::Result<u32> {
    // It waits for the module's lock.
    waiting(&mut caller, |caller| {
        answer(caller, |memory, host, _| {
            let timestamp_us = host.begin()?;
            Ok(store(memory, out, &timestamp_us.to_le_bytes())?)
        })
    })
}

fn procedure_commit_mut_tx(mut caller: Caller<'_, State>) -> wasmtime::Result<u32> {
    end_transaction(&mut caller, |host| host.commit())
}

fn procedure_abort_mut_tx(mut caller: Caller<'_, State>) -> wasmtime::Result<u32> {
    end_transaction(&mut caller, |host| host.abort())
}

/// Iterators end with the transaction they were opened in: ids of its scans mean others in the next one.
fn end_transaction(
    caller: &mut Caller<'_, State>,
    end: impl FnOnce(&mut dyn Host) -> HostResult<()>,
) -> wasmtime::Result<u32> {
    answer(caller, |_, host, handles| {
        let ended = end(host);
        if handles.entry == Entry::Procedure {
            handles.iterators.close_all(host);
        }
        Ok(ended?)
    })
}

/// Sources with the response and its body; if there is none, errno 21 and a source with the reason.
fn procedure_http_request(
    mut caller: Caller<'_, State>,
    request: u32,
    request_len: u32,
    body: u32,
    body_len: u32,
    out: u32,
) -> wasmtime::Result<u32> {
    require_procedure(&caller, "tried to make an HTTP request, which only procedures can")?;
    waiting(&mut caller, |caller| {
        answer(caller, |memory, host, handles| {
            let request =
                http::decode(read(memory, request, request_len)?).map_err(|_| Errno::BsatnDecodeError)?;
            let outcome = host.http_request(request, read(memory, body, body_len)?)?;
            let mut add = |bytes| handles.sources.add(bytes, &mut handles.budget);
            let (sources, errno) = match outcome {
                Ok(response) => {
                    let head = add(http::encode(&response))?;
                    ([head, if response.body.is_empty() { 0 } else { add(response.body)? }], None)
                }
                Err(reason) => ([add(bsatn_string(&reason))?, 0], Some(Errno::HttpError)),
            };
            store(memory, out, sources.map(u32::to_le_bytes).as_flattened())?;
            errno.map_or(Ok(()), |errno| Err(errno.into()))
        })
    })
}

fn bsatn_string(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

fn require_procedure(caller: &Caller<'_, State>, otherwise: &'static str) -> wasmtime::Result<()> {
    match caller.data().handles.entry {
        Entry::Procedure => Ok(()),
        Entry::Boot | Entry::Reducer | Entry::View => Err(stop(Stop::Fault(Fault::Other(otherwise)))),
    }
}

/// Runs what takes time through no fault of the guest's: that time does not count against its limit.
fn waiting<R>(
    caller: &mut Caller<'_, State>,
    wait: impl FnOnce(&mut Caller<'_, State>) -> wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    let began = Instant::now();
    let result = wait(caller);
    let state = caller.data_mut();
    state.deadline = state.deadline.map(|deadline| deadline + began.elapsed());
    result
}
