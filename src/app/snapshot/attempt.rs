//! One attempt at a window's snapshot: what is there already, what the site holds, and the one transaction
//! that writes both the snapshot and what changed. Whatever it finds damaged it sets aside and replaces.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Keeper, SnapshotError, SnapshotOutcome, SnapshotType, Snapshots,
    record::{Completed, FORMAT, Latest, SnapshotRecord},
    site::{collected, differences},
};
use crate::{
    app::{
        drift,
        lease::{FencedCommit, LeaseError},
        lock::Held,
        paging::Batches,
    },
    store::{Commit, Expect, Record, StoreError, Transaction},
};

/// How often the final transaction is tried against others who write.
const TRIES: usize = 8;

// What lies under the three keys that an attempt replaces, as it was before the site was read.
struct Found {
    done: Option<Record>,
    snapshot: Option<Record>,
    latest: Option<Record>,
    previous: Option<SnapshotRecord>,
}

struct Keys {
    done: String,
    snapshot: String,
    latest: String,
}

impl Snapshots {
    fn keys(&self, tenant: &str, snapshot_type: SnapshotType, window: &str) -> Keys {
        Keys {
            done: self.ports.keys.key("snapshot_done", &[tenant, snapshot_type.word(), window]),
            snapshot: Self::record_key(&self.ports, tenant, snapshot_type, window),
            latest: self.ports.keys.key("snapshot_latest", &[tenant]),
        }
    }

    /// Whether the window's snapshot and its completed record lie there whole.
    pub async fn is_done(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
        window: &str,
    ) -> Result<bool, SnapshotError> {
        let keys = self.keys(tenant, snapshot_type, window);
        Ok(whole(&self.found(tenant, &keys).await?, tenant).is_some())
    }

    pub(super) async fn attempt(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
        window: &str,
        keeper: &Keeper,
    ) -> Result<SnapshotOutcome, SnapshotError> {
        let keys = self.keys(tenant, snapshot_type, window);
        let found = self.found(tenant, &keys).await?;
        if let Some(done) = whole(&found, tenant) {
            return Ok(replayed(window, done));
        }
        let client = self.client(tenant).await?;
        let site = collected(&client, keeper).await?;
        let taken_at = self.ports.clock.now();
        let content = serde_json::to_value(&site).map_err(|e| StoreError::Definite(e.to_string()))?;
        let fencing_token = keeper.held.as_ref().map_or(0, Held::fencing_token);
        let record = SnapshotRecord {
            format: FORMAT,
            tenant: tenant.to_owned(),
            snapshot_type: snapshot_type.word().to_owned(),
            window: window.to_owned(),
            taken_at,
            hash: self.ports.hasher.hash(&content, taken_at),
            fencing_token,
            site,
        };
        self.stored(&keys, found, record, keeper).await
    }

    async fn stored(
        &self,
        keys: &Keys,
        found: Found,
        record: SnapshotRecord,
        keeper: &Keeper,
    ) -> Result<SnapshotOutcome, SnapshotError> {
        let attempt = self.ports.ids.fresh();
        let mut superseded = false;
        for _ in 0..TRIES {
            let (transaction, completed) =
                self.transaction(keys, &found, &record, &attempt, superseded).await?;
            let outcome = match &keeper.held {
                Some(held) => held.commit(transaction).await,
                None => self.ports.store.commit(transaction).await.map_err(LeaseError::from).map(|commit| {
                    match commit {
                        Commit::Done { version } => FencedCommit::Done { version },
                        Commit::Conflict { key } => FencedCommit::Conflict { key },
                    }
                }),
            };
            match outcome {
                Ok(FencedCommit::Done { .. }) => return Ok(fresh(&record.window, completed)),
                Ok(FencedCommit::Fenced) => return Err(LeaseError::Lost.into()),
                Ok(FencedCommit::Conflict { key }) if key == keys.latest => superseded = true,
                Ok(FencedCommit::Conflict { key }) if key == keys.done || key == keys.snapshot => {
                    let current = self.found(&record.tenant, keys).await?;
                    let done = whole(&current, &record.tenant).ok_or(SnapshotError::Contended)?;
                    return Ok(replayed(&record.window, done));
                }
                Ok(FencedCommit::Conflict { .. }) => {}
                // No answer: what lies there now tells whether it happened.
                Err(error) if !error.is_definite() => {
                    let current = self.found(&record.tenant, keys).await?;
                    match whole(&current, &record.tenant) {
                        Some(done) if done.attempt == attempt => return Ok(fresh(&record.window, done)),
                        Some(done) => return Ok(replayed(&record.window, done)),
                        None => {}
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(SnapshotError::Contended)
    }

    // Everything that the snapshot changes. `superseded`: another snapshot of the tenant came in between,
    // which may have seen a later site than ours, so ours tells nothing about what changed.
    async fn transaction(
        &self,
        keys: &Keys,
        found: &Found,
        record: &SnapshotRecord,
        attempt: &str,
        superseded: bool,
    ) -> Result<(Transaction, Completed), SnapshotError> {
        let tenant = &record.tenant;
        let mut transaction = Transaction::new();
        for (key, old, is_whole) in [
            (&keys.done, &found.done, found.done.as_ref().is_some_and(|r| decoded::<Completed>(r).is_some())),
            (&keys.snapshot, &found.snapshot, false),
        ] {
            transaction = match old {
                None => transaction.expect(key, Expect::Absent),
                Some(old) if is_whole => transaction.expect(key, Expect::Version(old.version)),
                Some(old) => drift::set_aside(&self.ports, tenant, transaction, old),
            };
        }
        let mut events = Vec::new();
        if !superseded {
            transaction = match &found.latest {
                None => transaction.expect(&keys.latest, Expect::Absent),
                Some(old) if decoded::<Latest>(old).is_some() => {
                    transaction.expect(&keys.latest, Expect::Version(old.version))
                }
                Some(old) => drift::set_aside(&self.ports, tenant, transaction, old),
            };
            // Strictly after the events of the snapshot before, whatever this worker's clock says.
            let before = found.latest.as_ref().and_then(decoded::<Latest>).map(|latest| latest.at);
            let floor_ms = before.map_or(i64::MIN, |at| at.as_millisecond().saturating_add(1));
            let at_ms = record.taken_at.as_millisecond().max(floor_ms);
            let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(record.taken_at);
            let latest = Latest { key: keys.snapshot.clone(), at };
            transaction = transaction.put(&keys.latest, json(&latest)?);
            if let Some(previous) = &found.previous {
                let differences = differences(&previous.site, &record.site);
                events = drift::events(&self.ports, tenant, &keys.snapshot, at, &differences);
            }
        }
        let completed = Completed {
            hash: record.hash.clone(),
            fencing_token: record.fencing_token,
            drift: events.len() as u64,
            attempt: attempt.to_owned(),
        };
        transaction = transaction.put(&keys.snapshot, json(record)?).put(&keys.done, json(&completed)?);
        let transaction = drift::recorded(&self.ports, tenant, transaction, &events).await?;
        Ok((transaction, completed))
    }

    async fn found(&self, tenant: &str, keys: &Keys) -> Result<Found, SnapshotError> {
        let store = &self.ports.store;
        let done = store.get(&keys.done).await?;
        let snapshot = store.get(&keys.snapshot).await?;
        let latest = store.get(&keys.latest).await?;
        let pointed = match latest.as_ref().and_then(decoded::<Latest>) {
            Some(latest) => store.get(&latest.key).await?,
            None => None,
        };
        let previous = match pointed.as_ref().and_then(|record| readable(record, tenant)) {
            Some(previous) => Some(previous),
            // No pointer, or it leads nowhere: the newest snapshot that can still be read.
            None => self.newest(tenant).await?,
        };
        Ok(Found { done, snapshot, latest, previous })
    }

    async fn newest(&self, tenant: &str) -> Result<Option<SnapshotRecord>, StoreError> {
        let mut newest: Option<SnapshotRecord> = None;
        let mut batches = Batches::new(&self.ports, self.ports.keys.prefix("snapshot", &[tenant]), 20);
        while let Some(records) = batches.next_batch().await? {
            for snapshot in records.iter().filter_map(|record| readable(record, tenant)) {
                if newest.as_ref().is_none_or(|newest| newest.taken_at < snapshot.taken_at) {
                    newest = Some(snapshot);
                }
            }
        }
        Ok(newest)
    }
}

// The completed record, if both it and the snapshot that it tells of can be read and agree.
fn whole(found: &Found, tenant: &str) -> Option<Completed> {
    let snapshot = readable(found.snapshot.as_ref()?, tenant)?;
    let done = match &found.done {
        Some(done) => decoded::<Completed>(done)?,
        // The version that wrote format 1 kept no record of completion: its snapshot is the record.
        None if snapshot.format == 1 => {
            Completed { hash: snapshot.hash.clone(), fencing_token: 0, drift: 0, attempt: String::new() }
        }
        None => return None,
    };
    (snapshot.hash == done.hash).then_some(done)
}

fn readable(record: &Record, tenant: &str) -> Option<SnapshotRecord> {
    SnapshotRecord::decode(&record.value).filter(|snapshot| snapshot.tenant == tenant)
}

fn decoded<T: DeserializeOwned>(record: &Record) -> Option<T> {
    serde_json::from_slice(&record.value).ok()
}

fn fresh(window: &str, done: Completed) -> SnapshotOutcome {
    let Completed { hash, fencing_token, drift, .. } = done;
    SnapshotOutcome::Stored { window: window.to_owned(), hash, fencing_token, drift }
}

fn replayed(window: &str, done: Completed) -> SnapshotOutcome {
    let Completed { hash, fencing_token, drift, .. } = done;
    SnapshotOutcome::Done { window: window.to_owned(), hash, fencing_token, drift }
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Definite(error.to_string()))
}
