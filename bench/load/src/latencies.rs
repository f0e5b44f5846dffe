//! How long things took.

use std::time::Duration;

#[derive(Default)]
pub(crate) struct Latencies {
    /// Microseconds. All of them: percentiles of rounded buckets would hide what differs between runs.
    each: Vec<u32>,
}

impl Latencies {
    pub(crate) fn add(&mut self, took: Duration) {
        self.each.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.each.extend(other.each);
    }

    pub(crate) fn len(&self) -> usize {
        self.each.len()
    }

    /// Percentiles in milliseconds; null without measurements.
    pub(crate) fn report(mut self) -> serde_json::Value {
        self.each.sort_unstable();
        let at = |per_mille: usize| {
            let last = self.each.len().checked_sub(1)?;
            self.each.get(last * per_mille / 1000).map(|micros| f64::from(*micros) / 1000.0)
        };
        serde_json::json!({ "p50": at(500), "p99": at(990), "max": at(1000) })
    }
}
