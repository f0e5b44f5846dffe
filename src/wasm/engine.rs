//! The engines: compiler and runtime settings, every line said out loud with its reason.
//!
//! Invariant: an engine is built in the process that uses it, on first use, never in the postmaster, and lives as long as
//! the process (it sits in a `static`, so nothing of it is dropped at exit). Hazard: an engine with wasmtime's defaults
//! installs SIGSEGV, SIGILL and SIGFPE handlers under Postgres' feet; ours installs none.

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use wasmtime::{Config, Engine, OptLevel, RegallocAlgorithm, Strategy, WasmBacktraceDetails};

use crate::error::{Error, Result};

/// Whether compiled code counts instructions. A property of the code, hence of engine and artifact: counting makes tight
/// loops up to half as slow again (measured), so it is compiled in only where the setting asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fuel {
    /// Code runs until it ends, is cancelled or out of time. The default.
    Off,
    /// Each entry has a budget of instructions (`spacetime.fuel_per_call`).
    On,
}

/// Wasm stack of a guest. Guests run on the backend's own stack: Postgres leaves 512 KiB between `max_stack_depth` and the
/// end of the stack, and the host functions a guest calls at its deepest point need their share of it.
const STACK_BYTES: usize = 256 * 1024;

/// Frames kept of a guest's backtrace: enough to see the caller of a panic below the panic machinery.
const BACKTRACE_FRAMES: NonZeroUsize = NonZeroUsize::new(24).unwrap();

/// Address space (not memory) set aside per linear memory: all that wasm32 can address, so a memory never moves and
/// compiled code may keep its base in a register (measured: loops over memory nearly twice as fast). What a guest may
/// really use is `spacetime.max_memory_mb`.
const RESERVATION_BYTES: u64 = 4 << 30;

/// Unmapped bytes around each linear memory. Bounds are checked in code, so this only turns a bug of the compiler into a
/// crash instead of a read of foreign memory.
const GUARD_BYTES: u64 = 64 * 1024;

static WITHOUT_FUEL: OnceLock<Engine> = OnceLock::new();
static WITH_FUEL: OnceLock<Engine> = OnceLock::new();

/// The engine of this process for one flavour of code, built on first use.
pub(super) fn engine(fuel: Fuel) -> Result<&'static Engine> {
    let slot = match fuel {
        Fuel::Off => &WITHOUT_FUEL,
        Fuel::On => &WITH_FUEL,
    };
    if let Some(engine) = slot.get() {
        return Ok(engine);
    }
    let engine = Engine::new(&config(fuel))
        .map_err(|error| Error::Internal(format!("wasmtime refused its configuration: {error:#}")))?;
    Ok(slot.get_or_init(|| engine))
}

/// Makes every guest of this process look up at its next loop or function entry: it then checks for cancel and time.
///
/// Async-signal-safe, as it runs in Postgres' timer handler: reading an initialised `OnceLock` is one atomic load and
/// `increment_epoch` (documented signal-safe) one atomic add; nothing is built, locked or allocated here.
pub(crate) fn bump_epoch() {
    for slot in [&WITHOUT_FUEL, &WITH_FUEL] {
        if let Some(engine) = slot.get() {
            engine.increment_epoch();
        }
    }
}

fn config(fuel: Fuel) -> Config {
    let mut config = Config::new();
    signals_and_stack(&mut config);
    interruption(&mut config, fuel);
    linear_memory(&mut config);
    language(&mut config);
    compiler(&mut config);
    diagnostics(&mut config);
    config
}

fn signals_and_stack(config: &mut Config) {
    // No signal handlers in a backend: they would take statement_timeout, cancels and crash reports away from Postgres.
    // Traps become explicit checks in the code (measured: memory-bound loops take half as long again). wasmtime then sets
    // Cranelift's Spectre guards off, because those work by faulting; a guest has no clock to read a side channel with.
    config.signals_based_traps(false);
    config.max_wasm_stack(STACK_BYTES);
}

fn interruption(config: &mut Config, fuel: Fuel) {
    // Always on (a tenth of the speed of tight loops): without it a guest's endless loop cannot be cancelled, only killed,
    // which restarts the cluster.
    config.epoch_interruption(true);
    config.consume_fuel(fuel == Fuel::On);
}

fn linear_memory(config: &mut Config) {
    config.memory_reservation(RESERVATION_BYTES);
    config.memory_may_move(false);
    // Of no use to memories that never move.
    config.memory_reservation_for_growth(0);
    config.memory_guard_size(GUARD_BYTES);
    config.guard_before_linear_memory(true);
    // Fresh instances map the module's initial memory from its artifact: boot costs the pages touched, not all pages,
    // and backends share what they only read.
    config.memory_init_cow(true);
    // The artifact file is on local disk and in the page cache; a memfd per module would be private memory.
    config.force_memory_init_memfd(false);
    // Tables of C# modules have tens of thousands of entries, of which a call uses few.
    config.table_lazy_init(true);
    config.shared_memory(false);
}

fn language(config: &mut Config) {
    // What Rust, C#, C++ and C toolchains emit for wasm32 today. (Reference types come with the engine; they have no
    // switch without garbage collection.)
    config.wasm_bulk_memory(true);
    config.wasm_multi_value(true);
    config.wasm_simd(true);
    config.wasm_tail_call(true);
    config.wasm_extended_const(true);
    // Results that depend on the processor have no place in a database.
    config.wasm_relaxed_simd(false);
    config.cranelift_nan_canonicalization(true);
    // Nothing of ours needs more than one 32-bit memory, and every feature less is attack surface less. Threads,
    // garbage collection, exceptions and components are not even compiled in (see Cargo.toml).
    config.wasm_multi_memory(false);
    config.wasm_memory64(false);
    config.wasm_custom_page_sizes(false);
    config.wasm_wide_arithmetic(false);
}

fn compiler(config: &mut Config) {
    config.strategy(Strategy::Cranelift);
    // Compiled once per module and version, run for months.
    config.cranelift_opt_level(OptLevel::Speed);
    config.cranelift_regalloc_algorithm(RegallocAlgorithm::Backtracking);
    // Checks of Cranelift's own intermediate code: for its developers.
    config.cranelift_debug_verifier(false);
    // Nobody unwinds guest frames natively: wasmtime walks frame pointers.
    config.native_unwind_info(false);
    // A tenth of the artifact, read only when a backtrace is made: offsets are all that stripped modules have.
    config.generate_address_map(true);
}

fn diagnostics(config: &mut Config) {
    config.wasm_backtrace_max_frames(Some(BACKTRACE_FRAMES));
    // DWARF of a module is parsed by nobody here; the environment of the postmaster shall not switch it on.
    config.wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config.debug_info(false);
}
