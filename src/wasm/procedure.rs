//! Calling a procedure.
//!
//! Invariant: as for reducers, an instance that did not return normally is not given back. A procedure that left a
//! transaction open is the caller's business: it has the host.

use super::abi;
use super::call::words;
use super::host::Host;
use super::instance::Instance;
use super::limits::Limits;
use super::memory::SINK;
use super::state::Entry;
use super::trap::Place;
use crate::error::Result;

/// One procedure call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcedureCall<'a> {
    /// Names for messages only.
    pub(crate) module: &'a str,
    pub(crate) procedure: &'a str,
    /// Position in the raw list of procedures of the module definition.
    pub(crate) id: u32,
    /// Little-endian, as guests hold it.
    pub(crate) sender: [u8; 32],
    /// Little-endian; zero for none.
    pub(crate) connection_id: [u8; 16],
    pub(crate) timestamp_us: i64,
    /// BSATN product of the parameters.
    pub(crate) args: &'a [u8],
}

impl Instance {
    /// Runs one procedure to its end. Gives what it returned, in BSATN and unchecked.
    ///
    /// After `Error::Interrupted` the caller must let Postgres act on its pending interrupt; no guest frame is left then.
    pub(crate) fn call_procedure(
        mut self,
        call: ProcedureCall<'_>,
        limits: Limits,
        host: Box<dyn Host>,
    ) -> Result<(Instance, Vec<u8>)> {
        let function = format!("procedure {:?}", call.procedure);
        let place = Place { module: call.module, function: &function };
        let [s0, s1, s2, s3] = words(call.sender);
        let [c0, c1] = words(call.connection_id);
        let params = |args: u32| (call.id, s0, s1, s2, s3, c0, c1, call.timestamp_us, args, SINK);
        let export = abi::CALL_PROCEDURE;
        match self.enter(export, Entry::Procedure, place, &limits, host, call.args, params)? {
            0 => {
                let result = self.store.data_mut().handles.sink.take();
                Ok((self, result))
            }
            code => Err(place.trap(format!("returned {code}, which means nothing"), String::new())),
        }
    }
}
