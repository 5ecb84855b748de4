//! A store in memory: what simulations and scenarios run on. It forgets everything when it is dropped.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{Commit, Expect, Range, Record, Store, StoreError, Transaction, Write};
use crate::clock::{Clock, Uptime};

/// A store in memory. Share it between workers with an `Arc`.
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<String, Record>,
    last_version: u64,
}

impl MemoryStore {
    /// An empty store whose time is this clock's.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    // No code panics while it holds the lock halfway through a change, so a poisoned lock still guards
    // a whole state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        Ok(self.state().records.get(key).cloned())
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        let from = match &range.after {
            Some(after) if *after >= range.prefix => Bound::Excluded(after.as_str()),
            _ => Bound::Included(range.prefix.as_str()),
        };
        let state = self.state();
        let found = state.records.range::<str, _>((from, Bound::Unbounded));
        let found = found.take_while(|(key, _)| key.starts_with(&range.prefix)).take(range.limit);
        Ok(found.map(|(_, record)| record.clone()).collect())
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let mut state = self.state();
        for (key, expect) in &transaction.expects {
            let version = state.records.get(key).map(|record| record.version);
            let met = match expect {
                Expect::Absent => version.is_none(),
                Expect::Version(expected) => version == Some(*expected),
            };
            if !met {
                return Ok(Commit::Conflict { key: key.clone() });
            }
        }
        let version = state.last_version + 1;
        state.last_version = version;
        for write in transaction.writes {
            match write {
                Write::Put { key, value } => {
                    state.records.insert(key.clone(), Record { key, value, version });
                }
                Write::Delete { key } => {
                    state.records.remove(&key);
                }
            }
        }
        Ok(Commit::Done { version })
    }

    fn time(&self) -> Uptime {
        self.clock.uptime()
    }
}
