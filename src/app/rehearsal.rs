//! A store for tests that loses replies, refuses, and holds commits at a barrier, as told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use tokio::sync::Notify;

use secrecy::SecretString;

use super::{
    plain::{
        CanonicalHasher, FactualWording, PlainKeys, SealedCursors, SilentListener, TracingNotifier, UuidIds,
    },
    port::{HttpRequest, HttpResponse, Ports, Settings, Transport, TransportError},
};
use crate::{
    clock::{ManualClock, Uptime},
    store::{Commit, Range, Record, Store, StoreError, Transaction, memory::MemoryStore},
};

/// What becomes of a commit.
#[derive(Debug)]
pub enum Act {
    /// It happens, but its answer is lost.
    LoseReply,
    /// It never arrives, and nobody knows.
    LoseRequest,
    /// It is refused.
    Refuse,
    /// It happens.
    Let,
    /// It waits until the barrier opens, then happens.
    Hold(Arc<Barrier>),
}

/// Where a commit is held.
#[derive(Debug, Default)]
pub struct Barrier {
    reached: Notify,
    open: Notify,
}

impl Barrier {
    /// Resolves once a commit is held here.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Waits here until the barrier opens.
    pub async fn hold(&self) {
        self.reached.notify_one();
        self.open.notified().await;
    }

    /// Lets the commit go.
    pub fn open(&self) {
        self.open.notify_one();
    }
}

/// One worker's connection to a shared store.
#[derive(Debug)]
pub struct Rehearsal {
    inner: Arc<dyn Store>,
    script: Mutex<VecDeque<Act>>,
}

impl Rehearsal {
    /// Plays `script` on the next commits, then lets everything happen.
    pub fn of(inner: &Arc<dyn Store>, script: impl IntoIterator<Item = Act>) -> Arc<dyn Store> {
        Arc::new(Self { inner: inner.clone(), script: Mutex::new(script.into_iter().collect()) })
    }
}

/// A clock at noon and an empty store on it.
pub fn stage() -> (ManualClock, Arc<dyn Store>) {
    let clock = ManualClock::new("2026-01-01T12:00:00Z".parse().expect("a time"));
    let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    (clock, store)
}

#[async_trait]
impl Store for Rehearsal {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.inner.get(key).await
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.inner.scan(range).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let act = self.script.lock().expect("the script").pop_front();
        match act.unwrap_or(Act::Let) {
            Act::Let => self.inner.commit(transaction).await,
            Act::Refuse => Err(StoreError::Definite("refused by the script".to_owned())),
            Act::LoseRequest => Err(StoreError::Indefinite("request lost by the script".to_owned())),
            Act::LoseReply => {
                self.inner.commit(transaction).await?;
                Err(StoreError::Indefinite("reply lost by the script".to_owned()))
            }
            Act::Hold(barrier) => {
                barrier.hold().await;
                self.inner.commit(transaction).await
            }
        }
    }

    fn time(&self) -> Uptime {
        self.inner.time()
    }
}

/// Ports of a production assembly over this clock and store; nothing answers its HTTP requests.
pub fn ports(clock: &ManualClock, store: &Arc<dyn Store>) -> Ports {
    Ports {
        store: store.clone(),
        clock: Arc::new(clock.clone()),
        transport: Arc::new(NoTransport),
        notifier: Arc::new(TracingNotifier),
        hasher: Arc::new(CanonicalHasher),
        keys: Arc::new(PlainKeys),
        cursors: Arc::new(SealedCursors::new(SecretString::from("a key"))),
        wording: Arc::new(FactualWording),
        ids: Arc::new(UuidIds),
        telemetry: Arc::new(SilentListener),
        settings: Settings::new(String::new(), String::new(), String::new(), SecretString::from("secret")),
    }
}

#[derive(Debug)]
struct NoTransport;

#[async_trait]
impl Transport for NoTransport {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, TransportError> {
        Err(TransportError::NotSent("there is no network".to_owned()))
    }
}
