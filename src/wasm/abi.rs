//! The module ABI as data: every function a guest may import, every export that has a meaning (module-abi.md §1.2, §2.1).
//!
//! Invariant: what is listed here, what `host` registers with the linker and what the specification says are the same; a
//! test compares all three. Hazard: a published module pins its imports for good, so an entry is never removed or retyped.

mod check;

pub(super) use check::{ExportInfo, check_module, check_preamble};

/// The major version all modules since SpacetimeDB 1.0 are built for.
pub(crate) const MAJOR: u16 = 10;

/// The highest minor version offered: that of the Rust crate `spacetimedb` 2.14.
pub(crate) const MINOR: u16 = 6;

/// Types that occur in signatures of the ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ty {
    I32,
    I64,
}

use Ty::{I32, I64};

/// A function guests may import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Import {
    /// Minor version that introduced it; its namespace is `spacetime_10.<since>`.
    pub(crate) since: u16,
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Ty],
    pub(crate) results: &'static [Ty],
}

impl Import {
    /// Name of the wasm module it is imported from.
    pub(crate) fn namespace(&self) -> &'static str {
        namespace(self.since)
    }
}

/// Import namespace of a minor version.
pub(crate) fn namespace(minor: u16) -> &'static str {
    match minor {
        0 => "spacetime_10.0",
        1 => "spacetime_10.1",
        2 => "spacetime_10.2",
        3 => "spacetime_10.3",
        4 => "spacetime_10.4",
        5 => "spacetime_10.5",
        _ => "spacetime_10.6",
    }
}

const fn import(since: u16, name: &'static str, params: &'static [Ty], results: &'static [Ty]) -> Import {
    Import { since, name, params, results }
}

/// All imports, in the order of module-abi.md §1.2.
pub(crate) const IMPORTS: &[Import] = &[
    import(0, "table_id_from_name", &[I32; 3], &[I32]),
    import(0, "index_id_from_name", &[I32; 3], &[I32]),
    import(0, "datastore_table_row_count", &[I32; 2], &[I32]),
    import(0, "datastore_table_scan_bsatn", &[I32; 2], &[I32]),
    import(0, "datastore_index_scan_range_bsatn", &[I32; 9], &[I32]),
    import(0, "datastore_btree_scan_bsatn", &[I32; 9], &[I32]),
    import(0, "datastore_delete_by_index_scan_range_bsatn", &[I32; 9], &[I32]),
    import(0, "datastore_delete_by_btree_scan_bsatn", &[I32; 9], &[I32]),
    import(0, "datastore_delete_all_by_eq_bsatn", &[I32; 4], &[I32]),
    import(0, "row_iter_bsatn_advance", &[I32; 3], &[I32]),
    import(0, "row_iter_bsatn_close", &[I32; 1], &[I32]),
    import(0, "datastore_insert_bsatn", &[I32; 3], &[I32]),
    import(0, "datastore_update_bsatn", &[I32; 4], &[I32]),
    import(0, "bytes_sink_write", &[I32; 3], &[I32]),
    import(0, "bytes_source_read", &[I32; 3], &[I32]),
    import(0, "console_log", &[I32; 8], &[]),
    import(0, "console_timer_start", &[I32; 2], &[I32]),
    import(0, "console_timer_end", &[I32; 1], &[I32]),
    import(0, "identity", &[I32; 1], &[]),
    import(0, "volatile_nonatomic_schedule_immediate", &[I32; 4], &[]),
    import(1, "bytes_source_remaining_length", &[I32; 2], &[I32]),
    import(2, "get_jwt", &[I32; 2], &[I32]),
    import(3, "procedure_sleep_until", &[I64], &[I64]),
    import(3, "procedure_start_mut_tx", &[I32; 1], &[I32]),
    import(3, "procedure_commit_mut_tx", &[], &[I32]),
    import(3, "procedure_abort_mut_tx", &[], &[I32]),
    import(3, "procedure_http_request", &[I32; 5], &[I32]),
    import(4, "datastore_index_scan_point_bsatn", &[I32; 4], &[I32]),
    import(4, "datastore_delete_by_index_scan_point_bsatn", &[I32; 4], &[I32]),
    import(5, "datastore_clear", &[I32; 2], &[I32]),
    import(6, "env_get", &[I32; 3], &[I32]),
];

/// A function the host knows how to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Export {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    /// Signatures it may have: one, but for exports that changed over time.
    pub(crate) signatures: &'static [(&'static [Ty], &'static [Ty])],
}

/// Name of the exported linear memory.
pub(crate) const MEMORY: &str = "memory";
/// Constructor of reactor modules (C++, C# NativeAOT), run first.
pub(crate) const INITIALIZE: &str = "_initialize";
/// Start-up functions, run in the byte order of their full names.
pub(crate) const PREINIT_PREFIX: &str = "__preinit__";
/// Optional last step of start-up.
pub(crate) const SETUP: &str = "__setup__";
/// Writes the module definition and fills the guest's dispatch tables: called exactly once on every instance.
pub(crate) const DESCRIBE: &str = "__describe_module__";
/// Runs one reducer.
pub(crate) const CALL_REDUCER: &str = "__call_reducer__";
/// Runs one procedure.
pub(crate) const CALL_PROCEDURE: &str = "__call_procedure__";
/// Evaluates one view for a sender.
pub(crate) const CALL_VIEW: &str = "__call_view__";
/// Evaluates one view that is the same for everybody.
pub(crate) const CALL_VIEW_ANON: &str = "__call_view_anon__";

const REDUCER: &[Ty] = &[I32, I64, I64, I64, I64, I64, I64, I64, I32, I32];

/// All exports with a meaning, `memory` and `__preinit__*` (`() -> ()`) apart.
pub(crate) const EXPORTS: &[Export] = &[
    Export { name: INITIALIZE, required: false, signatures: &[(&[], &[])] },
    Export { name: SETUP, required: false, signatures: &[(&[I32], &[I32])] },
    Export { name: DESCRIBE, required: true, signatures: &[(&[I32], &[])] },
    Export { name: CALL_REDUCER, required: true, signatures: &[(REDUCER, &[I32])] },
    Export { name: CALL_PROCEDURE, required: false, signatures: &[(REDUCER, &[I32])] },
    Export {
        name: CALL_VIEW,
        required: false,
        signatures: &[(&[I32, I64, I64, I64, I64, I32, I32], &[I32])],
    },
    Export { name: CALL_VIEW_ANON, required: false, signatures: &[(&[I32, I32, I32], &[I32])] },
    Export {
        name: "__call_http_handler__",
        required: false,
        signatures: &[
            // Up to spacetimedb 2.10.1, then from 2.14 on: with the sender and its claims.
            (&[I32, I64, I32, I32, I32, I32], &[I32]),
            (&[I32, I64, I64, I64, I64, I32, I64, I32, I32, I32, I32], &[I32]),
        ],
    },
];
