//! The seam between an app and its store. It records writes, refusals and the life of leases as the
//! committed records show them, whatever the app believes.

use std::{
    collections::HashSet,
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{text::names_in_text, trouble::Trouble};
use crate::{
    app::{drift::DriftEvent, lease::LeaseRecord, snapshot::record::SnapshotRecord},
    clock::Uptime,
    evidence::{Fact, Source},
    store::{Commit, Range, Record, Store, StoreError, Transaction, Write},
    subject::{
        Stage, WORKING_FOR,
        barrier::{Action, Passage},
        working_for,
    },
};

/// Where the app sets damaged records aside: what lies there is neither a snapshot nor a statement any more.
const SET_ASIDE: &str = "quarantine:";

/// Passes calls of one worker on to the shared store and records what came of them.
#[derive(Clone, Debug)]
pub struct RecordingStore {
    stage: Stage,
    worker: String,
    /// Owners under which this worker was granted a lease.
    owners: Arc<Mutex<HashSet<String>>>,
}

impl RecordingStore {
    /// The seam of one worker.
    #[must_use]
    pub fn new(stage: Stage, worker: &str) -> Arc<Self> {
        Arc::new(Self { stage, worker: worker.to_owned(), owners: Arc::default() })
    }

    async fn carried_out(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let writes = transaction.writes.clone();
        let keys: Vec<&str> = writes.iter().map(Write::key).collect();
        for key in &keys {
            if self.stage.barriers.pass(&self.worker, Action::BeforeWrite, key).await == Passage::Dead {
                return Err(Trouble::Refused.error());
            }
        }
        let trouble = self.stage.troubles.strikes(&self.worker, &keys);
        if let Some(trouble) = trouble {
            let tenant = keys.iter().find_map(|key| self.tenant_of(key));
            self.record(Fact::FaultInjected { tenant, fault: trouble.name().to_owned(), route: None });
        }
        match trouble {
            Some(Trouble::Refused) => return Err(Trouble::Refused.error()),
            Some(Trouble::Panic) => resume_unwind(Box::new("a defect of the app")),
            Some(Trouble::ReplyLost) | None => {}
        }
        let before = self.leases_before(&keys).await;
        let commit = self.stage.store.commit(transaction).await?;
        match &commit {
            Commit::Done { version } => {
                for (write, lease) in writes.iter().zip(&before) {
                    self.record_write(write, lease.as_ref(), *version);
                }
            }
            Commit::Conflict { key } => self.record(Fact::WriteRefused {
                tenant: self.tenant_of(key),
                worker: self.worker.clone(),
                key: key.clone(),
            }),
        }
        for key in &keys {
            self.stage.barriers.pass(&self.worker, Action::AfterWrite, key).await;
        }
        match trouble {
            Some(lost) => Err(lost.error()),
            None => Ok(commit),
        }
    }

    fn record(&self, fact: Fact) {
        self.stage.recorder.record(Source::Store, fact);
    }

    /// What lies under the keys of a transaction before it: leases are told apart by what changed.
    async fn leases_before(&self, keys: &[&str]) -> Vec<Option<LeaseRecord>> {
        let mut before = Vec::with_capacity(keys.len());
        for key in keys {
            let record = self.stage.store.get(key).await.ok().flatten();
            before.push(record.and_then(|r| LeaseRecord::decode(&r.value)));
        }
        before
    }

    fn record_write(&self, write: &Write, before: Option<&LeaseRecord>, version: u64) {
        let (tenant, worker) = (self.tenant_of(write.key()), self.worker.clone());
        match write {
            Write::Delete { key } => self.record(Fact::KeyDeleted { tenant, worker, key: key.clone() }),
            Write::Put { key, value } => {
                let carries = self.stage.canaries.carried_by(value);
                let whose = tenant.clone();
                self.record(Fact::KeyWritten { tenant: whose, worker, key: key.clone(), version, carries });
                if key.starts_with(SET_ASIDE) {
                    return;
                }
                if let Some(lease) = LeaseRecord::decode(value) {
                    self.record_lease(key, before, &lease);
                } else if let Some(stored) = SnapshotRecord::decode(value) {
                    self.record_snapshot(stored);
                } else if let Ok(event) = serde_json::from_slice::<DriftEvent>(value) {
                    self.record_text(tenant, event);
                }
            }
        }
    }

    /// For whom the worker writes: in a call for one tenant that one, in a call for all of them the one that
    /// the key names.
    fn tenant_of(&self, key: &str) -> Option<String> {
        working_for().or_else(|| self.stage.canaries.owner_of(key))
    }

    fn record_text(&self, tenant: Option<String>, event: DriftEvent) {
        self.record(Fact::TextShown {
            tenant: tenant.unwrap_or(event.tenant),
            surface: "stored drift event".to_owned(),
            carries: self.stage.canaries.carried_by(event.text.as_bytes()),
            quoted: names_in_text(&event.name),
            text: event.text,
        });
    }

    /// Whoever reads that another holds a lease is told that the lock is taken.
    fn record_denial(&self, key: &str, record: &Record) {
        let Some(lease) = LeaseRecord::decode(&record.value) else { return };
        let now = self.stage.store.time();
        let mine = |owner: &str| self.owners.lock().unwrap_or_else(PoisonError::into_inner).contains(owner);
        if lease.holder(&now).is_some_and(|owner| !mine(owner)) {
            self.record(Fact::LockDenied { worker: self.worker.clone(), key: key.to_owned() });
        }
    }

    fn record_lease(&self, key: &str, before: Option<&LeaseRecord>, lease: &LeaseRecord) {
        let (worker, key, fencing_token) = (self.worker.clone(), key.to_owned(), lease.fencing_token);
        if let Some(owner) = &lease.owner {
            self.owners.lock().unwrap_or_else(PoisonError::into_inner).insert(owner.clone());
        }
        let same_grant = before.is_some_and(|b| b.owner == lease.owner && b.fencing_token == fencing_token);
        self.record(match &lease.owner {
            None => Fact::LockReleased { worker, key, fencing_token },
            Some(_) if same_grant => Fact::LockRenewed { worker, key, fencing_token },
            Some(_) => Fact::LockGranted {
                worker,
                key,
                fencing_token,
                expires_in_ms: lease.expires_ms - self.stage.store.time().ms,
            },
        });
    }

    fn record_snapshot(&self, stored: SnapshotRecord) {
        let site = self.stage.recorder.read(|log| {
            log.iter()
                .rev()
                .find_map(|o| match &o.fact {
                    Fact::SiteChanged { tenant, digest } if *tenant == stored.tenant => Some(digest.clone()),
                    _ => None,
                })
                .unwrap_or_default()
        });
        self.record(Fact::SnapshotStored {
            tenant: stored.tenant,
            snapshot_type: stored.snapshot_type,
            window_start: stored.window,
            fencing_token: stored.fencing_token,
            hash: stored.hash,
            site,
        });
    }
}

#[async_trait]
impl Store for RecordingStore {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.stage.barriers.pass(&self.worker, Action::BeforeRead, key).await;
        let record = self.stage.store.get(key).await;
        if let Ok(Some(record)) = &record {
            self.record_denial(key, record);
        }
        self.stage.barriers.pass(&self.worker, Action::AfterRead, key).await;
        record
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        let prefix = range.prefix.clone();
        self.stage.barriers.pass(&self.worker, Action::BeforeRead, &prefix).await;
        let limit = range.limit;
        let records = self.stage.store.scan(range).await;
        self.stage.gauge.scanned(limit, records.as_ref().map_or(0, Vec::len));
        self.stage.barriers.pass(&self.worker, Action::AfterRead, &prefix).await;
        records
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let (seam, on_its_way) = (self.clone(), self.stage.sent.off(&self.worker));
        // On a task of its own: a worker that stops waiting does not call back what it has sent.
        let sent = tokio::spawn(WORKING_FOR.scope(working_for(), async move {
            let commit = seam.carried_out(transaction).await;
            drop(on_its_way);
            commit
        }));
        match sent.await {
            Ok(commit) => commit,
            Err(lost) if lost.is_panic() => resume_unwind(lost.into_panic()),
            Err(lost) => Err(StoreError::Indefinite(lost.to_string())),
        }
    }

    fn time(&self) -> Uptime {
        self.stage.store.time()
    }
}
