//! Clocks that stop while a worker is suspended, put on at the clock and at the store's time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{
    clock::{Clock, Uptime},
    store::{Commit, Range, Record, Store, StoreError, Transaction},
    subject::fault::Assembly,
};

/// A silence of a worker that is taken for a suspend, milliseconds.
const SUSPEND_MS: std::ops::RangeInclusive<i64> = 300_000..=3_600_000;

#[derive(Debug)]
struct AwakeTime {
    inner: Arc<dyn Store>,
    /// The last true reading, and what was slept away before it.
    slept: Mutex<Option<(i64, i64)>>,
}

#[async_trait]
impl Store for AwakeTime {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.inner.get(key).await
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.inner.scan(range).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        self.inner.commit(transaction).await
    }

    fn time(&self) -> Uptime {
        let now = self.inner.time();
        let mut slept = self.slept.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, mut away) = slept.unwrap_or((now.ms, 0));
        if SUSPEND_MS.contains(&(now.ms - before)) {
            away += now.ms - before;
        }
        *slept = Some((now.ms, away));
        Uptime { ms: now.ms - away, ..now }
    }
}

#[derive(Debug)]
struct AwakeClock(Arc<dyn Clock>);

#[async_trait]
impl Clock for AwakeClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn uptime(&self) -> Uptime {
        self.0.uptime()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }

    async fn deadline(&self, duration: Duration) {
        self.0.deadline(duration + Duration::from_secs(3600)).await;
    }
}

pub(super) fn clocks_stop_in_suspend(assembly: &mut Assembly<'_>) {
    let inner = assembly.ports.store.clone();
    assembly.ports.store = Arc::new(AwakeTime { inner, slept: Mutex::default() });
    assembly.ports.clock = Arc::new(AwakeClock(assembly.ports.clock.clone()));
}
