//! Faults of the lock: what locks get wrong in real apps.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::{Assembly, Fault};
use crate::{
    app::{
        lease::LeaseRecord,
        lock::FAMILY,
        port::{IdSource, KeyEncoder},
    },
    clock::{Clock, Uptime},
    store::{Commit, Expect, Range, Record, Store, StoreError, Transaction, Write},
};

/// Longer than any scenario.
const A_DAY: Duration = Duration::from_secs(86_400);

pub(super) const FAULTS: &[Fault] =
    &[
        Fault {
            name: "unconditional_writes",
            what: "the store takes every write, whatever was expected of the record before it",
            breaks: &["fire_and_forget_jobs"],
            fails: &["mode-01", "mode-02"],
            plant: |assembly| alter(assembly, |transaction| Transaction { expects: vec![], ..transaction }),
        },
        Fault {
            name: "unfenced_snapshot",
            what: "the snapshot is written without asking whether the lock is still held",
            breaks: &["fire_and_forget_jobs"],
            fails: &["mode-02"],
            plant: |assembly| alter(assembly, unfenced),
        },
        Fault {
            name: "foreign_lock_released",
            what: "a worker that comes back late frees the lock, whoever holds it by now",
            breaks: &[],
            fails: &["mode-03"],
            plant: |assembly| meddle(assembly, OnForeign::Free),
        },
        Fault {
            name: "lease_deleted_on_release",
            what: "giving a lock back deletes its record, so its fencing token starts again",
            breaks: &[],
            fails: &["mode-04"],
            plant: |assembly| alter(assembly, deleted_on_release),
        },
        Fault {
            name: "lease_on_wall_clock",
            what: "whether a lock has run out is asked of the worker's own wall clock",
            breaks: &[],
            fails: &["mode-05"],
            plant: |assembly| {
                let (inner, clock) = (assembly.ports.store.clone(), assembly.ports.clock.clone());
                assembly.ports.store = Arc::new(OnWallClock { inner, clock });
            },
        },
        Fault {
            name: "completed_record_missing",
            what: "nothing outlives the lock that tells that the window's snapshot is done",
            breaks: &["fire_and_forget_jobs"],
            fails: &["mode-08"],
            plant: |assembly| alter(assembly, |transaction| without(transaction, "snapshot_done:")),
        },
        Fault {
            name: "lost_answer_taken_for_refusal",
            what: "a write whose answer was lost is taken for one that did not happen",
            breaks: &[],
            fails: &["mode-12"],
            plant: |assembly| assembly.ports.store = Arc::new(Certain(assembly.ports.store.clone())),
        },
        Fault {
            name: "lock_never_renewed",
            what: "work that takes longer than the lock's lifetime does not prolong it",
            breaks: &[],
            fails: &["mode-13"],
            plant: |assembly| assembly.ports.settings.lock_cap = Duration::ZERO,
        },
        Fault {
            name: "stuck_work_kept_alive",
            what: "work that does not get on is given a day, and its lock with it",
            breaks: &[],
            fails: &["mode-14"],
            plant: |assembly| {
                let settings = &mut assembly.ports.settings;
                (settings.lock_ttl, settings.job_limit, settings.http_timeout) = (A_DAY, A_DAY, A_DAY);
            },
        },
        Fault {
            name: "renewal_without_cap",
            what: "progress prolongs the lock without an end",
            breaks: &[],
            fails: &["mode-14"],
            plant: |assembly| assembly.ports.settings.lock_cap = A_DAY,
        },
        Fault {
            name: "one_owner_per_host",
            what: "all attempts of all workers of a host hold locks under the host's name",
            breaks: &[],
            fails: &["mode-01", "lock-contention"],
            plant: |assembly| assembly.ports.ids = Arc::new(HostName(assembly.ports.ids.clone())),
        },
        Fault {
            name: "lock_without_tenant",
            what: "the lock's key does not name the tenant",
            breaks: &["tenant_isolation"],
            fails: &["mode-30"],
            plant: |assembly| {
                encode(assembly, |keys, family, parts| {
                    keys.key(family, if family == FAMILY { parts.get(1..).unwrap_or(&[]) } else { parts })
                })
            },
        },
        Fault {
            name: "lossy_keys",
            what: "characters that a key cannot hold are all replaced by an underscore",
            breaks: &["tenant_isolation"],
            fails: &["mode-30"],
            plant: |assembly| {
                encode(assembly, |keys, family, parts| {
                    let plain =
                        |part: &&str| part.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
                    let parts: Vec<String> = parts.iter().map(plain).collect();
                    keys.key(family, &parts.iter().map(String::as_str).collect::<Vec<_>>())
                })
            },
        },
        Fault {
            name: "lock_without_type",
            what: "the lock's key does not tell the daily snapshot from the weekly one",
            breaks: &[],
            fails: &["lock-windows"],
            plant: |assembly| {
                encode(assembly, |keys, family, parts| match parts {
                    [tenant, _, window] if family == FAMILY => keys.key(family, &[tenant, window]),
                    _ => keys.key(family, parts),
                })
            },
        },
        Fault {
            name: "held_lock_is_an_error",
            what: "a worker that finds the lock held fails instead of having nothing to do",
            breaks: &[],
            fails: &["lock-skipped"],
            plant: |assembly| meddle(assembly, OnForeign::Fail),
        },
        Fault {
            name: "lock_not_given_back",
            what: "the lock is left to run out after the work",
            breaks: &["auto_repair_internal"],
            fails: &["lock-release"],
            plant: |assembly| {
                alter(assembly, |transaction| {
                    if releases(&transaction) { without(transaction, FAMILY) } else { transaction }
                })
            },
        },
        Fault {
            name: "lock_outlives_its_worker",
            what: "the lock of a worker that died is kept for a day",
            breaks: &[],
            fails: &["lock-takeover"],
            plant: |assembly| assembly.ports.settings.lock_ttl = A_DAY,
        },
    ];

// --- transactions -------------------------------------------------------------------------------

fn alter(assembly: &mut Assembly<'_>, alter: fn(Transaction) -> Transaction) {
    assembly.ports.store = Arc::new(Altered { inner: assembly.ports.store.clone(), alter });
}

fn lock_record(write: &Write) -> Option<LeaseRecord> {
    match write {
        Write::Put { key, value } if key.starts_with(FAMILY) => LeaseRecord::decode(value),
        _ => None,
    }
}

fn releases(transaction: &Transaction) -> bool {
    transaction.writes.iter().filter_map(lock_record).any(|lease| lease.owner.is_none())
}

fn deleted_on_release(mut transaction: Transaction) -> Transaction {
    for write in &mut transaction.writes {
        if lock_record(write).is_some_and(|lease| lease.owner.is_none()) {
            *write = Write::Delete { key: write.key().to_owned() };
        }
    }
    transaction
}

fn without(mut transaction: Transaction, prefix: &str) -> Transaction {
    transaction.writes.retain(|write| !write.key().starts_with(prefix));
    transaction
}

fn unfenced(mut transaction: Transaction) -> Transaction {
    if transaction.writes.iter().any(|write| write.key().starts_with("snapshot:")) {
        transaction.expects.clear();
    }
    transaction
}

/// Changes every transaction before it reaches the store.
#[derive(Debug)]
struct Altered {
    inner: Arc<dyn Store>,
    alter: fn(Transaction) -> Transaction,
}

#[async_trait]
impl Store for Altered {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.inner.get(key).await
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.inner.scan(range).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        self.inner.commit((self.alter)(transaction)).await
    }

    fn time(&self) -> Uptime {
        self.inner.time()
    }
}

// --- answers ------------------------------------------------------------------------------------
/// Knows no answer between yes and no.
#[derive(Debug)]
struct Certain(Arc<dyn Store>);

#[async_trait]
impl Store for Certain {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.0.get(key).await
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.0.scan(range).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let of_lock = transaction.writes.iter().any(|write| write.key().starts_with(FAMILY));
        self.0.commit(transaction).await.map_err(|error| match error {
            StoreError::Indefinite(why) if of_lock => StoreError::Definite(why),
            other => other,
        })
    }

    fn time(&self) -> Uptime {
        self.0.time()
    }
}

/// Takes the worker's wall clock for the store's time.
#[derive(Debug)]
struct OnWallClock {
    inner: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Store for OnWallClock {
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
        Uptime { ms: self.clock.now().as_millisecond(), boot: self.inner.time().boot }
    }
}

// --- the locks of others ------------------------------------------------------------------------

fn meddle(assembly: &mut Assembly<'_>, on_foreign: OnForeign) {
    let inner = assembly.ports.store.clone();
    assembly.ports.store = Arc::new(Meddling { inner, on_foreign, own: Mutex::default() });
}

/// What a worker does where it finds a lock that another holds.
#[derive(Debug)]
enum OnForeign {
    /// Frees it, if it has held that lock itself.
    Free,
    /// Fails.
    Fail,
}

#[derive(Debug)]
struct Meddling {
    inner: Arc<dyn Store>,
    on_foreign: OnForeign,
    /// Owner ids and keys of the locks that this worker was granted.
    own: Mutex<BTreeSet<String>>,
}

impl Meddling {
    fn is_own(&self, text: &str) -> bool {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).contains(text)
    }
}

#[async_trait]
impl Store for Meddling {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        let found = self.inner.get(key).await?;
        let lease = found.as_ref().filter(|_| key.starts_with(FAMILY));
        let lease = lease.and_then(|record| LeaseRecord::decode(&record.value));
        let foreign =
            lease.filter(|lease| lease.holder(&self.inner.time()).is_some_and(|holder| !self.is_own(holder)));
        let Some(mut lease) = foreign else { return Ok(found) };
        match self.on_foreign {
            OnForeign::Fail => Err(StoreError::Definite("the lock is held".to_owned())),
            OnForeign::Free if !self.is_own(key) => Ok(found),
            OnForeign::Free => {
                lease.owner = None;
                let version = found.as_ref().map_or(Expect::Absent, |found| Expect::Version(found.version));
                let value = serde_json::to_vec(&lease).unwrap_or_default();
                self.inner.commit(Transaction::new().expect(key, version).put(key, value)).await?;
                self.inner.get(key).await
            }
        }
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.inner.scan(range).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        for write in &transaction.writes {
            if let Some(owner) = lock_record(write).and_then(|lease| lease.owner) {
                let keys = [owner, write.key().to_owned()];
                self.own.lock().unwrap_or_else(PoisonError::into_inner).extend(keys);
            }
        }
        self.inner.commit(transaction).await
    }

    fn time(&self) -> Uptime {
        self.inner.time()
    }
}

// --- ids and keys -------------------------------------------------------------------------------

/// Calls everything by the name of the host.
#[derive(Debug)]
struct HostName(Arc<dyn IdSource>);

impl IdSource for HostName {
    fn fresh(&self) -> String {
        "host-1".to_owned()
    }

    fn jitter(&self, bound: u64) -> u64 {
        self.0.jitter(bound)
    }
}

type Encode = fn(&dyn KeyEncoder, &str, &[&str]) -> String;

fn encode(assembly: &mut Assembly<'_>, encode: Encode) {
    assembly.ports.keys = Arc::new(Encoded { inner: assembly.ports.keys.clone(), encode });
}

/// Makes keys in a way of its own.
#[derive(Debug)]
struct Encoded {
    inner: Arc<dyn KeyEncoder>,
    encode: Encode,
}

impl KeyEncoder for Encoded {
    fn key(&self, family: &str, parts: &[&str]) -> String {
        (self.encode)(&*self.inner, family, parts)
    }

    fn prefix(&self, family: &str, parts: &[&str]) -> String {
        format!("{}:", self.key(family, parts))
    }
}
