//! What a call knows of its surroundings: the module's identity, claims of connections, environment variables; and queueing
//! another call.

use wasmtime::{Caller, Linker};

use super::Errno;
use super::entry::answer;
use crate::wasm::abi::namespace;
use crate::wasm::memory::{read, read_array, read_name, store};
use crate::wasm::state::{Handles, State};
use crate::wasm::trap::{Fault, Refusal};

/// Longest name of an environment variable, in bytes.
const ENV_NAME_BYTES: usize = 256;

/// Sources a guest may hold unread before `env_get` refuses to make another.
const SOURCES_OPEN: usize = 256;

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let v0 = namespace(0);
    linker.func_wrap(v0, "identity", identity)?;
    linker.func_wrap(v0, "volatile_nonatomic_schedule_immediate", volatile_nonatomic_schedule_immediate)?;
    linker.func_wrap(namespace(2), "get_jwt", get_jwt)?;
    linker.func_wrap(namespace(6), "env_get", env_get)?;
    Ok(())
}

fn identity(mut caller: Caller<'_, State>, out: u32) -> wasmtime::Result<()> {
    answer(&mut caller, |memory, host, _| Ok(store(memory, out, &host.module_identity())?)).map(|_| ())
}

fn get_jwt(mut caller: Caller<'_, State>, connection_id: u32, out: u32) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, handles| {
        let claims = host.claims(read_array(memory, connection_id)?)?;
        let source = offer(handles, claims)?;
        Ok(store(memory, out, &source.to_le_bytes())?)
    })
}

fn env_get(mut caller: Caller<'_, State>, name: u32, name_len: u32, out: u32) -> wasmtime::Result<u32> {
    answer(&mut caller, |memory, host, handles| {
        let name = read_name(memory, name, name_len)?;
        if !is_env_name(name) {
            return Err(Errno::HostCallFailure.into());
        }
        if handles.sources.open() >= SOURCES_OPEN {
            return Err(Errno::NoSpace.into());
        }
        let value = host.env(name)?;
        let source = offer(handles, value)?;
        Ok(store(memory, out, &source.to_le_bytes())?)
    })
}

/// A source for a text that may not be there: then 0. An empty text is there.
fn offer(handles: &mut Handles, text: Option<String>) -> Result<u32, Refusal> {
    match text {
        Some(text) => Ok(handles.sources.add(text.into_bytes(), &mut handles.budget)?),
        None => Ok(0),
    }
}

fn is_env_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= ENV_NAME_BYTES
        && bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Has no result: a host that cannot queue the call ends this one rather than lose that one.
fn volatile_nonatomic_schedule_immediate(
    mut caller: Caller<'_, State>,
    name: u32,
    name_len: u32,
    args: u32,
    args_len: u32,
) -> wasmtime::Result<()> {
    answer(&mut caller, |memory, host, _| {
        let name = read_name(memory, name, name_len)?;
        match host.schedule_immediate(name, read(memory, args, args_len)?).map_err(Refusal::from) {
            Err(Refusal::Errno(_)) => Err(Fault::Other("scheduled a reducer outside of a call").into()),
            result => result,
        }
    })
    .map(|_| ())
}
