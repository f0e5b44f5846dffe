//! Calling a reducer; and what calling a view or a procedure has in common with it.
//!
//! Invariant: a call consumes its instance and gives it back only after the guest returned normally; a trapped, cancelled
//! or unwound instance cannot be called again because nobody has it. Hazard: this is the hot path; it allocates nothing
//! (the host box apart) and takes no lock.

use wasmtime::WasmParams;

use super::host::Host;
use super::instance::{Instance, arm};
use super::limits::Limits;
use super::memory::SINK;
use super::state::Entry;
use super::trap::{Place, explain, presentable};
use crate::error::{Error, Result};

/// One reducer call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReducerCall<'a> {
    /// Names for messages only: guests know reducers by number.
    pub(crate) module: &'a str,
    pub(crate) reducer: &'a str,
    /// Position in the raw list of reducers of the module definition.
    pub(crate) id: u32,
    /// Little-endian, as guests hold it.
    pub(crate) sender: [u8; 32],
    /// Little-endian; zero for none.
    pub(crate) connection_id: [u8; 16],
    pub(crate) timestamp_us: i64,
    /// BSATN product of the parameters.
    pub(crate) args: &'a [u8],
}

/// How a reducer that returned ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// It returned an error: the guest's text, cut if it is very long. What it wrote must be undone by the caller; the
    /// instance stays usable.
    Refused(String),
}

impl Instance {
    /// Runs one reducer to its end.
    ///
    /// After `Error::Interrupted` the caller must let Postgres act on its pending interrupt; no guest frame is left then.
    pub(crate) fn call_reducer(
        mut self,
        call: ReducerCall<'_>,
        limits: Limits,
        host: Box<dyn Host>,
    ) -> Result<(Instance, Outcome)> {
        arm(&mut self.store, self.fuel, &limits)?;
        let state = self.store.data_mut();
        let args = state.begin(Entry::Reducer, &limits, host, call.args);
        state.handles.sink.open();
        let [s0, s1, s2, s3] = words(call.sender);
        let [c0, c1] = words(call.connection_id);
        let params = (call.id, s0, s1, s2, s3, c0, c1, call.timestamp_us, args, SINK);
        let result = self.reducer.call(&mut self.store, params);
        let state = self.store.data_mut();
        let code = match result {
            Ok(code) => code,
            // Dropping `self` here, and when a panic passes, is what keeps the instance from being used again. Its scans
            // are not closed: the transaction that fails with this error ends them.
            Err(error) => return Err(with_place(&call, |place| explain(error, place, &limits, state))),
        };
        state.end();
        match code {
            0 => Ok((self, Outcome::Done)),
            1 => {
                let message = presentable(&state.handles.sink.take());
                Ok((self, Outcome::Refused(message)))
            }
            code => Err(with_place(&call, |place| {
                place.trap(format!("returned {code}, which means nothing"), String::new())
            })),
        }
    }
}

impl Instance {
    /// Enters an export that not every module has, with a sink open. `params` gets the source of the arguments.
    #[expect(clippy::too_many_arguments, reason = "each is one thing an entry needs")]
    pub(super) fn enter<P: WasmParams>(
        &mut self,
        export: &str,
        entry: Entry,
        place: Place<'_>,
        limits: &Limits,
        host: Box<dyn Host>,
        arguments: &[u8],
        params: impl FnOnce(u32) -> P,
    ) -> Result<u32> {
        let function = self
            .exports
            .get_typed_func::<P, u32>(&mut self.store, export)
            .map_err(|_| place.trap(format!("the module does not export {export:?}"), String::new()))?;
        arm(&mut self.store, self.fuel, limits)?;
        let state = self.store.data_mut();
        let source = state.begin(entry, limits, host, arguments);
        state.handles.sink.open();
        let result = function.call(&mut self.store, params(source));
        let state = self.store.data_mut();
        let code = result.map_err(|error| explain(error, place, limits, state))?;
        state.end();
        Ok(code)
    }
}

#[cold]
fn with_place(call: &ReducerCall<'_>, error: impl FnOnce(Place<'_>) -> Error) -> Error {
    error(Place { module: call.module, function: &format!("reducer {:?}", call.reducer) })
}

/// Splits a little-endian number into the 64-bit words guests take it in, least significant first.
pub(super) fn words<const BYTES: usize, const WORDS: usize>(bytes: [u8; BYTES]) -> [u64; WORDS] {
    const { assert!(BYTES == WORDS * 8) };
    std::array::from_fn(|word| u64::from_le_bytes(std::array::from_fn(|byte| bytes[word * 8 + byte])))
}
