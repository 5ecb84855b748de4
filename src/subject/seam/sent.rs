//! Writes on their way to the store. A worker that gives up on one does not call it back: it arrives all
//! the same, and is recorded.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

/// How many writes of each worker are on their way.
#[derive(Clone, Debug, Default)]
pub struct Sent(Arc<Mutex<BTreeMap<String, watch::Sender<usize>>>>);

/// A write on its way; it has arrived when this is dropped.
#[derive(Debug)]
pub(super) struct OnItsWay(watch::Sender<usize>);

impl Sent {
    /// Counts a write of this worker until it has arrived.
    pub(super) fn off(&self, worker: &str) -> OnItsWay {
        let count = self.count(worker);
        count.send_modify(|n| *n += 1);
        OnItsWay(count)
    }

    /// Waits until nothing of this worker is on its way.
    pub async fn arrived(&self, worker: &str) {
        let count = self.count(worker);
        // The sender is `count`: it cannot be gone.
        let _ = count.subscribe().wait_for(|n| *n == 0).await;
    }

    fn count(&self, worker: &str) -> watch::Sender<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(worker.to_owned()).or_default().clone()
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.send_modify(|n| *n = n.saturating_sub(1));
    }
}
