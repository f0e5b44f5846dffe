//! Counters in Prometheus' text format.

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// What the gateway counts.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) connections: AtomicI64,
    pub(crate) calls: AtomicU64,
    pub(crate) failed_calls: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) entries: AtomicU64,
    pub(crate) resyncs: AtomicU64,
    /// Commits that made views, or tables under operators' policies, be read again.
    pub(crate) stretches: AtomicU64,
    pub(crate) dropped_clients: AtomicU64,
}

impl Metrics {
    pub(crate) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    /// The text scrapers read.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "# TYPE spacetime_gateway_connections gauge\nspacetime_gateway_connections {}",
            self.connections.load(Ordering::Relaxed)
        );
        for (name, counter) in [
            ("calls", &self.calls),
            ("failed_calls", &self.failed_calls),
            ("batches", &self.batches),
            ("change_log_entries", &self.entries),
            ("resyncs", &self.resyncs),
            ("rereads", &self.stretches),
            ("dropped_clients", &self.dropped_clients),
        ] {
            let value = counter.load(Ordering::Relaxed);
            let _ = writeln!(
                out,
                "# TYPE spacetime_gateway_{name}_total counter\nspacetime_gateway_{name}_total {value}"
            );
        }
        out
    }
}
