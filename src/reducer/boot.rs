//! Starting instances: no transaction is open to them then, so tables answer errno 2 and only the log works
//! (module-abi.md §2.2).

use std::rc::Rc;

use spacetime_auth::Identity;

use crate::error::Result;
use crate::module::LogFile;
use crate::wasm::host::OutsideTransaction;
use crate::wasm::{Code, Instance};

/// Boots an instance; returns what it says of itself besides.
pub(crate) fn boot(
    code: &Code,
    module: &str,
    identity: Identity,
    log: Rc<LogFile>,
) -> Result<(Instance, Vec<u8>)> {
    // Under the timer, so that a guest that spins while booting can be cancelled too.
    let tick = crate::pg::timeout::Tick::enter();
    let host = OutsideTransaction::new(identity.to_le_bytes(), move |record| log.append(record));
    let booted = Instance::boot(code, module, super::call::limits(true), Box::new(host));
    drop(tick);
    booted.inspect_err(super::call::raise_pending_interrupt)
}
