//! Takes observations down, in the order in which they are made, whoever makes them.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use super::{Fact, Observation, Source};

/// The open log of one scenario. Clones write to the same log, from any thread.
#[derive(Clone)]
pub struct Recorder {
    scenario: usize,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    log: Arc<Mutex<Vec<Observation>>>,
}

impl Recorder {
    /// An empty log for the scenario with this number in the plan; `now` is the scenario's clock.
    pub fn new(scenario: usize, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { scenario, now: Arc::new(now), log: Arc::default() }
    }

    /// Takes a fact down.
    pub fn record(&self, source: Source, fact: Fact) {
        let at = (self.now)();
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = log.len() as u64;
        log.push(Observation { scenario: self.scenario, seq, at, source, fact });
    }

    /// Everything so far.
    #[must_use]
    pub fn observations(&self) -> Vec<Observation> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the log in place, for questions that need no copy.
    pub fn read<T>(&self, question: impl FnOnce(&[Observation]) -> T) -> T {
        question(&self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("scenario", &self.scenario).finish_non_exhaustive()
    }
}
