//! Faults in how the stored token and the lock of its refresh are used, put on at the store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    clock::Uptime,
    store::{Commit, Range, Record, Store, StoreError, Transaction, Write},
    subject::fault::Assembly,
};

const TOKEN: &str = "token:";
const LOCK: &str = "token_refresh:";

/// Replaces a field of a JSON record if it has it.
fn with_field(value: Vec<u8>, field: &str, content: &Value) -> Vec<u8> {
    let Ok(mut record) = serde_json::from_slice::<Value>(&value) else { return value };
    match record.get_mut(field) {
        Some(place) => *place = content.clone(),
        None => return value,
    }
    serde_json::to_vec(&record).unwrap_or(value)
}

/// Shows the lock of a refresh as free to everybody but the worker's own latest holder.
#[derive(Debug)]
struct LockSeenFree {
    inner: Arc<dyn Store>,
    own: Mutex<HashMap<String, Value>>,
}

impl LockSeenFree {
    fn own(&self) -> MutexGuard<'_, HashMap<String, Value>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn owner(value: &[u8]) -> Value {
    serde_json::from_slice::<Value>(value).map(|lease| lease["owner"].clone()).unwrap_or_default()
}

#[async_trait]
impl Store for LockSeenFree {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        let mut record = self.inner.get(key).await?;
        if key.starts_with(LOCK)
            && let Some(record) = &mut record
            && self.own().get(key) != Some(&owner(&record.value))
        {
            record.value = with_field(std::mem::take(&mut record.value), "expires_ms", &0.into());
        }
        Ok(record)
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.inner.scan(range).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        for write in &transaction.writes {
            if let Write::Put { key, value } = write
                && key.starts_with(LOCK)
            {
                self.own().insert(key.clone(), owner(value));
            }
        }
        self.inner.commit(transaction).await
    }

    fn time(&self) -> Uptime {
        self.inner.time()
    }
}

pub(super) fn no_single_flight(assembly: &mut Assembly<'_>) {
    let inner = assembly.ports.store.clone();
    assembly.ports.store = Arc::new(LockSeenFree { inner, own: Mutex::default() });
}

/// Changes a field of every token record on its way into the store.
#[derive(Debug)]
struct TokenWrittenWith {
    inner: Arc<dyn Store>,
    field: &'static str,
    content: Value,
}

#[async_trait]
impl Store for TokenWrittenWith {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.inner.get(key).await
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.inner.scan(range).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let changed = |write| match write {
            Write::Put { key, value } if key.starts_with(TOKEN) => {
                let value = with_field(value, self.field, &self.content);
                Write::Put { key, value }
            }
            other => other,
        };
        let writes = transaction.writes.into_iter().map(changed).collect();
        self.inner.commit(Transaction { writes, ..transaction }).await
    }

    fn time(&self) -> Uptime {
        self.inner.time()
    }
}

fn token_written_with(assembly: &mut Assembly<'_>, field: &'static str, content: Value) {
    let inner = assembly.ports.store.clone();
    assembly.ports.store = Arc::new(TokenWrittenWith { inner, field, content });
}

pub(super) fn intent_not_written(assembly: &mut Assembly<'_>) {
    token_written_with(assembly, "intent", Value::Null);
}

pub(super) fn refused_token_tried_again(assembly: &mut Assembly<'_>) {
    token_written_with(assembly, "consent", "given".into());
}

/// Keeps token records in the process, and writes them over whatever lies in the store.
#[derive(Debug)]
struct TokenRemembered {
    inner: Arc<dyn Store>,
    /// Whether a record is remembered from when it was first read, or from when a refresh was begun.
    from_first_read: bool,
    remembered: Mutex<HashMap<String, Record>>,
}

impl TokenRemembered {
    fn remembered(&self) -> MutexGuard<'_, HashMap<String, Record>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plant(assembly: &mut Assembly<'_>, from_first_read: bool) {
        let inner = assembly.ports.store.clone();
        assembly.ports.store = Arc::new(Self { inner, from_first_read, remembered: Mutex::default() });
    }

    fn written(&self, key: &str, value: &[u8], version: u64) {
        let record = Record { key: key.to_owned(), value: value.to_vec(), version };
        let begun = serde_json::from_slice::<Value>(value).is_ok_and(|token| !token["intent"].is_null());
        if self.from_first_read || begun {
            self.remembered().insert(key.to_owned(), record);
        } else {
            self.remembered().remove(key);
        }
    }
}

#[async_trait]
impl Store for TokenRemembered {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        let known = self.remembered().get(key).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let record = self.inner.get(key).await?;
        if let (true, true, Some(record)) = (self.from_first_read, key.starts_with(TOKEN), &record) {
            self.remembered().insert(key.to_owned(), record.clone());
        }
        Ok(record)
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.inner.scan(range).await
    }

    async fn commit(&self, mut transaction: Transaction) -> Result<Commit, StoreError> {
        transaction.expects.retain(|(key, _)| !key.starts_with(TOKEN));
        let writes = transaction.writes.clone();
        let commit = self.inner.commit(transaction).await?;
        if let Commit::Done { version } = &commit {
            for write in &writes {
                match write {
                    Write::Put { key, value } if key.starts_with(TOKEN) => {
                        self.written(key, value, *version);
                    }
                    Write::Delete { key } => drop(self.remembered().remove(key)),
                    Write::Put { .. } => {}
                }
            }
        }
        Ok(commit)
    }

    fn time(&self) -> Uptime {
        self.inner.time()
    }
}

pub(super) fn refresh_without_rereading(assembly: &mut Assembly<'_>) {
    TokenRemembered::plant(assembly, true);
}

pub(super) fn loser_wipes_winner(assembly: &mut Assembly<'_>) {
    TokenRemembered::plant(assembly, false);
}
