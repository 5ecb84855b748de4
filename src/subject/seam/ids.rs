//! Ids that are fresh and yet the same in every run of a scenario, so that evidence can be compared.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::app::port::IdSource;

/// Numbers a worker's ids; jitter follows from the seed.
#[derive(Debug)]
pub struct NumberedIds {
    worker: String,
    state: AtomicU64,
    next: AtomicU64,
}

impl NumberedIds {
    /// Ids of one worker.
    #[must_use]
    pub fn new(worker: &str, seed: u64) -> Self {
        Self { worker: worker.to_owned(), state: AtomicU64::new(seed), next: AtomicU64::new(1) }
    }
}

impl IdSource for NumberedIds {
    fn fresh(&self) -> String {
        format!("{}-{:06}", self.worker, self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn jitter(&self, bound: u64) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014): one addition a step, the mixing does the rest.
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let mut z = self.state.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).checked_rem(bound).unwrap_or(0)
    }
}
