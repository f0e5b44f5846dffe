//! A live module: a store with one instance in it, booted exactly as the ABI prescribes (module-abi.md §2.2).
//!
//! Invariant: an [`Instance`] that exists is fit to be called. Whatever may leave a guest in the middle of something (a
//! trap, a cancel, a Postgres error) consumes it: linear memory is not transactional. Hazard: dropping one may happen
//! while a Postgres error unwinds; it unmaps memory and calls nothing.

use wasmtime::{Store, StoreContextMut, TypedFunc, UpdateDeadline, WasmParams, WasmResults};

use super::abi;
use super::code::Code;
use super::engine::Fuel;
use super::host::Host;
use super::limits::Limits;
use super::memory::SINK;
use super::state::{Entry, State};
use super::trap::{Place, Stop, explain, presentable};
use crate::error::{Error, Result};
use crate::pg::interrupt;

/// Parameters of `__call_reducer__`: id, sender, connection id, timestamp, source of the arguments, sink for the error.
pub(super) type ReducerParams = (u32, u64, u64, u64, u64, u64, u64, i64, u32, u32);

/// A booted module, between two calls.
pub(crate) struct Instance {
    pub(super) store: Store<State>,
    pub(super) reducer: TypedFunc<ReducerParams, u32>,
    /// For the exports that not every module has.
    pub(super) exports: wasmtime::Instance,
    pub(super) fuel: Fuel,
    /// Linear memory after start-up.
    booted_bytes: usize,
}

impl Instance {
    /// Makes an instance and runs its start-up. Gives it with the module definition it wrote (BSATN of `RawModuleDef`).
    ///
    /// All steps run on every instance, the description included: it fills the guest's dispatch tables. `host` has no
    /// transaction to offer ([`super::host::OutsideTransaction`]); `limits` hold for each step, the deadline for all.
    pub(crate) fn boot(
        code: &Code,
        module: &str,
        limits: Limits,
        host: Box<dyn Host>,
    ) -> Result<(Instance, Vec<u8>)> {
        let mut store = Store::new(code.pre().module().engine(), State::new());
        store.limiter(|state| &mut state.limiter);
        store.epoch_deadline_callback(on_epoch);
        store.data_mut().begin(Entry::Boot, &limits, host, &[]);
        let boot = Boot { store, fuel: code.fuel(), module, limits };
        boot.run(code)
    }

    /// Linear memory that calls have added.
    pub(crate) fn grown_bytes(&self) -> usize {
        memory_bytes(&self.store) - self.booted_bytes
    }
}

/// An instance on its way up.
struct Boot<'a> {
    store: Store<State>,
    fuel: Fuel,
    module: &'a str,
    limits: Limits,
}

impl Boot<'_> {
    fn run(mut self, code: &Code) -> Result<(Instance, Vec<u8>)> {
        arm(&mut self.store, self.fuel, &self.limits)?;
        let instance = match code.pre().instantiate(&mut self.store) {
            Ok(instance) => instance,
            Err(error) => return Err(self.failed("start section", error)),
        };
        self.store.data_mut().memory = instance.get_memory(&mut self.store, abi::MEMORY);
        let exports = code.exports();
        if exports.has_initialize {
            self.step::<(), ()>(&instance, abi::INITIALIZE, ())?;
        }
        for preinit in &exports.preinits {
            self.step::<(), ()>(&instance, preinit, ())?;
        }
        if exports.has_setup {
            self.setup(&instance)?;
        }
        self.store.data_mut().handles.sink.open();
        self.step::<u32, ()>(&instance, abi::DESCRIBE, SINK)?;
        let definition = self.store.data_mut().handles.sink.take();
        let reducer = self.function(&instance, abi::CALL_REDUCER)?;
        self.store.data_mut().end();
        let booted_bytes = memory_bytes(&self.store);
        let Self { store, fuel, .. } = self;
        Ok((Instance { store, reducer, exports: instance, fuel, booted_bytes }, definition))
    }

    fn setup(&mut self, instance: &wasmtime::Instance) -> Result<()> {
        self.store.data_mut().handles.sink.open();
        let code = self.step::<u32, u32>(instance, abi::SETUP, SINK)?;
        let message = self.store.data_mut().handles.sink.take();
        if code == 0 {
            return Ok(());
        }
        if code == 1 {
            let (module, reducer) = (self.module.to_owned(), abi::SETUP.to_owned());
            return Err(Error::ReducerRefused { module, reducer, message: presentable(&message) });
        }
        let place = Place { module: self.module, function: abi::SETUP };
        Err(place.trap(format!("returned {code}, which means nothing"), String::new()))
    }

    /// Calls one start-up function with the budget of a whole call.
    fn step<P: WasmParams, R: WasmResults>(
        &mut self,
        instance: &wasmtime::Instance,
        name: &str,
        params: P,
    ) -> Result<R> {
        let function = self.function::<P, R>(instance, name)?;
        arm(&mut self.store, self.fuel, &self.limits)?;
        function.call(&mut self.store, params).map_err(|error| self.failed(name, error))
    }

    fn function<P: WasmParams, R: WasmResults>(
        &mut self,
        instance: &wasmtime::Instance,
        name: &str,
    ) -> Result<TypedFunc<P, R>> {
        instance
            .get_typed_func(&mut self.store, name)
            .map_err(|error| Error::Internal(format!("export {name:?} of a checked module: {error:#}")))
    }

    fn failed(&mut self, function: &str, error: wasmtime::Error) -> Error {
        explain(error, Place { module: self.module, function }, &self.limits, self.store.data_mut())
    }
}

fn memory_bytes(store: &Store<State>) -> usize {
    store.data().memory.map_or(0, |memory| memory.data_size(store))
}

/// Readies a store for the next entry into the guest.
#[inline]
pub(super) fn arm(store: &mut Store<State>, fuel: Fuel, limits: &Limits) -> Result<()> {
    match fuel {
        Fuel::On => store
            .set_fuel(limits.fuel.unwrap_or(u64::MAX))
            .map_err(|error| Error::Internal(format!("fuel: {error:#}")))?,
        Fuel::Off if limits.fuel.is_some() => {
            return Err(Error::Internal("a fuel limit for code that does not count".into()));
        }
        Fuel::Off => {}
    }
    // The next tick of the timer makes the guest look up.
    store.set_epoch_deadline(1);
    Ok(())
}

/// Runs in the guest's place after each tick. May raise (an error of Postgres passes through as a panic).
fn on_epoch(context: StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    // A cancel is not raised here but by our caller once no guest frame is left: termination runs `proc_exit`, which
    // unwinds nothing.
    if interrupt::must_stop() {
        return Err(wasmtime::Error::new(Stop::Interrupted));
    }
    interrupt::process();
    match context.data().deadline {
        Some(deadline) if std::time::Instant::now() >= deadline => Err(wasmtime::Error::new(Stop::Deadline)),
        _ => Ok(UpdateDeadline::Continue(1)),
    }
}
