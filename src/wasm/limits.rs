//! Bounds on what one entry of a guest may use, and the limiter that holds guests to them.
//!
//! Invariant: everything a guest can make grow is charged to `memory_bytes`: its linear memory through [`Limiter`], what
//! the host keeps for it (sinks, sources, iterators, timers) through [`Budget`]. Hazard: Postgres sees none of it; without
//! these bounds one guest takes the machine into swap.

use std::time::Instant;

use wasmtime::ResourceLimiter;

/// Entries of a function table: C# modules have some ten thousand.
pub(super) const TABLE_ELEMENTS: usize = 1 << 18;

/// Function tables of a module: toolchains make one.
pub(super) const TABLES: usize = 16;

/// What one entry may use at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Linear memory of the instance, and once more for what the host keeps for the guest (`spacetime.max_memory_mb`).
    pub(crate) memory_bytes: usize,
    /// Instructions (`spacetime.fuel_per_call`); needs code compiled with [`crate::wasm::Fuel::On`].
    pub(crate) fuel: Option<u64>,
    /// When the entry is out of time (`spacetime.call_timeout_ms`).
    pub(crate) deadline: Option<Instant>,
}

/// Answers each request of a guest to grow.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    pub(super) memory_bytes: usize,
    /// The last growth was denied: a trap soon after is the guest's way of saying that it is out of memory.
    pub(super) denied: bool,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.denied = desired > self.memory_bytes;
        Ok(!self.denied)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        TABLES
    }
}

/// Bytes the host keeps for a guest during one entry.
#[derive(Debug, Default)]
pub(super) struct Budget {
    limit: usize,
    used: usize,
}

/// The guest made the host keep more than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BudgetExceeded;

impl Budget {
    /// A fresh budget for one entry.
    pub(super) fn new(limit: usize) -> Self {
        Budget { limit, used: 0 }
    }

    /// Takes `bytes`, or says that they are not there.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), BudgetExceeded> {
        let used = self.used.saturating_add(bytes);
        if used > self.limit {
            return Err(BudgetExceeded);
        }
        self.used = used;
        Ok(())
    }

    /// Gives `bytes` taken with [`Budget::charge`] back.
    pub(super) fn release(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }
}
