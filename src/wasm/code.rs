//! A module compiled, checked and linked: everything about it that is the same for all its instances.
//!
//! Invariant: a [`Code`] exists only for modules that passed the ABI check, whether compiled here or mapped from an
//! artifact. Cloning copies two reference counts.

use std::sync::Arc;

use wasmtime::{InstancePre, Linker, Module};

use super::abi::{self, ExportInfo};
use super::artifact::ArtifactStore;
use super::engine::{Fuel, engine};
use super::host;
use super::state::State;
use super::trap::presentable;
use crate::error::{Error, Result};

/// Compiled code of one module, ready to be instantiated any number of times.
#[derive(Clone)]
pub(crate) struct Code {
    pre: InstancePre<State>,
    exports: Arc<ExportInfo>,
    fuel: Fuel,
}

impl Code {
    /// Compiles a module and checks that it is one, without an artifact.
    #[cfg(test)]
    pub(crate) fn compile(fuel: Fuel, wasm: &[u8]) -> Result<Code> {
        Code::link(compile(fuel, wasm)?, fuel)
    }

    /// Maps the artifact of the module whose SHA-256 is `sha256`; makes it anew from `wasm` if it is missing or damaged.
    /// Compiling takes seconds for large modules: hence at publish, so that no call has to.
    ///
    /// What went wrong with the artifact, if anything, is appended to `warnings`: for the log, not for the user.
    pub(crate) fn load(
        store: &ArtifactStore,
        sha256: &[u8; 32],
        fuel: Fuel,
        wasm: impl FnOnce() -> Result<Vec<u8>>,
        warnings: &mut Vec<String>,
    ) -> Result<Code> {
        Code::link(store.load(sha256, fuel, wasm, warnings)?, fuel)
    }

    /// Whether the code counts instructions.
    pub(crate) fn fuel(&self) -> Fuel {
        self.fuel
    }

    pub(super) fn pre(&self) -> &InstancePre<State> {
        &self.pre
    }

    pub(super) fn exports(&self) -> &ExportInfo {
        &self.exports
    }

    fn link(module: Module, fuel: Fuel) -> Result<Code> {
        let exports = abi::check_module(&module)?;
        let mut linker = Linker::new(engine(fuel)?);
        let pre = host::link(&mut linker)
            .and_then(|()| linker.instantiate_pre(&module))
            .map_err(|error| Error::Internal(format!("could not link a checked module: {error:#}")))?;
        Ok(Code { pre, exports: Arc::new(exports), fuel })
    }
}

/// Compiles bytes that claim to be a module.
pub(super) fn compile(fuel: Fuel, wasm: &[u8]) -> Result<Module> {
    abi::check_preamble(wasm)?;
    Module::from_binary(engine(fuel)?, wasm)
        // The text may quote names of the module.
        .map_err(|error| Error::InvalidModule(presentable(format!("{error:#}").as_bytes())))
}
