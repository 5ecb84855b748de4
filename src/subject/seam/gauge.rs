//! What scans cost: how many there were and how much the largest could bring into memory. It measures and
//! never limits.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// The gauge at the store's seam, of all workers of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<Readings>);

#[derive(Debug, Default)]
struct Readings {
    scans: AtomicU64,
    largest_limit: AtomicUsize,
    most_records: AtomicUsize,
}

impl Gauge {
    pub(super) fn scanned(&self, limit: usize, records: usize) {
        self.0.scans.fetch_add(1, Ordering::Relaxed);
        self.0.largest_limit.fetch_max(limit, Ordering::Relaxed);
        self.0.most_records.fetch_max(records, Ordering::Relaxed);
    }

    /// How many scans there were.
    #[must_use]
    pub fn scans(&self) -> u64 {
        self.0.scans.load(Ordering::Relaxed)
    }

    /// The largest number of records that one scan asked for.
    #[must_use]
    pub fn largest_limit(&self) -> usize {
        self.0.largest_limit.load(Ordering::Relaxed)
    }

    /// The largest number of records that one scan brought.
    #[must_use]
    pub fn most_records(&self) -> usize {
        self.0.most_records.load(Ordering::Relaxed)
    }
}
