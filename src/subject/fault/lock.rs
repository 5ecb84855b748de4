//! Faults of the lock: what locks get wrong in real apps.

use std::sync::Arc;

use async_trait::async_trait;

use super::Fault;
use crate::{
    clock::Uptime,
    store::{Commit, Range, Record, Store, StoreError, Transaction},
};

pub(super) const FAULTS: &[Fault] = &[Fault {
    name: "unconditional_writes",
    what: "the store takes every write, whatever was expected of the record before it",
    breaks: &["fire_and_forget_jobs"],
    fails: &["mode-02"],
    plant: |assembly| assembly.ports.store = Arc::new(Unconditional(assembly.ports.store.clone())),
}];

/// Drops every expectation before it reaches the store.
#[derive(Debug)]
struct Unconditional(Arc<dyn Store>);

#[async_trait]
impl Store for Unconditional {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.0.get(key).await
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.0.scan(range).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        self.0.commit(Transaction { expects: vec![], ..transaction }).await
    }

    fn time(&self) -> Uptime {
        self.0.time()
    }
}
