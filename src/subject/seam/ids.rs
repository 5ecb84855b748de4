//! Ids that are fresh and yet the same in every run of a scenario, so that evidence can be compared.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::app::port::IdSource;

/// How often a worker of each name was started. A worker that starts again is another process: under its
/// predecessor's identity it would hold what that one died with.
#[derive(Clone, Debug, Default)]
pub struct Starts(Arc<Mutex<BTreeMap<String, u64>>>);

impl Starts {
    /// The identity of a worker that starts now.
    #[must_use]
    pub fn identity(&self, worker: &str) -> String {
        let mut starts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let start = starts.entry(worker.to_owned()).or_default();
        *start += 1;
        if *start == 1 { worker.to_owned() } else { format!("{worker}.{start}") }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restarted_worker_has_ids_that_its_predecessor_never_had() {
        let starts = Starts::default();
        let mut seen = std::collections::HashSet::new();
        for worker in ["A", "B", "A", "A", "B"] {
            let ids = NumberedIds::new(&starts.identity(worker), 7);
            for _ in 0..20 {
                let id = ids.fresh();
                assert!(seen.insert(id.clone()), "{id} is that of a predecessor");
            }
        }
        assert_eq!(NumberedIds::new(&Starts::default().identity("A"), 7).fresh(), "A-000001");
    }
}
