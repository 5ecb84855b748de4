//! Drift events: what changed on a tenant's site between two snapshots, immutable and in total order (time,
//! then id). They state facts and never weigh them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    paging::{self, Batches, Listing, Page, PageError},
    port::Ports,
};
use crate::store::{Commit, Expect, Record, StoreError, Transaction};

/// Page size of the listing where the caller names none.
pub const DEFAULT_LIMIT: usize = 100;
/// How often a repair is tried against others who write meanwhile.
const TRIES: usize = 8;

/// What happened to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another than before.
    Changed,
}

impl Change {
    /// The word used in records and sentences.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// One change of a tenant's site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftEvent {
    /// The same for the same change, however often it is written.
    pub id: String,
    /// Whose site.
    pub tenant: String,
    /// When the snapshot that shows it was taken, in whole milliseconds.
    pub at: Timestamp,
    /// What happened.
    pub change: Change,
    /// To what, for instance `field`.
    pub entity: String,
    /// Its name on the site.
    pub name: String,
    /// The sentence shown to people.
    pub text: String,
}

/// Which events a listing holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DriftQuery {
    /// Only this kind of change.
    pub kind: Option<Change>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    by_kind: BTreeMap<Change, u64>,
}

/// A change before it is an event of a certain snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What happened.
    pub change: Change,
    /// To what.
    pub entity: &'static str,
    /// Its id on the site.
    pub entity_id: String,
    /// Its name on the site.
    pub name: String,
}

/// The events of `differences` as seen by the snapshot under `snapshot_key`, worded.
#[must_use]
pub fn events(
    ports: &Ports,
    tenant: &str,
    snapshot_key: &str,
    at: Timestamp,
    differences: &[Difference],
) -> Vec<DriftEvent> {
    let event = |difference: &Difference| {
        let Difference { change, entity, entity_id, name } = difference;
        let mut digest = Sha256::new();
        for part in [snapshot_key, change.word(), entity, entity_id] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        DriftEvent {
            id: hex::encode(digest.finalize())[..32].to_owned(),
            tenant: tenant.to_owned(),
            at,
            change: *change,
            entity: (*entity).to_owned(),
            name: name.clone(),
            text: ports.wording.drift(change.word(), entity, name),
        }
    };
    differences.iter().map(event).collect()
}

/// Adds the writing of `events`, and of their count, to a transaction.
pub async fn recorded(
    ports: &Ports,
    tenant: &str,
    mut transaction: Transaction,
    events: &[DriftEvent],
) -> Result<Transaction, StoreError> {
    if events.is_empty() {
        return Ok(transaction);
    }
    for event in events {
        let key = event_key(ports, event);
        transaction = transaction.expect(&key, Expect::Absent).put(key, json(event)?);
    }
    let (mut count, expect) = match counted(ports, tenant).await? {
        (Some(count), expect) => (count, expect),
        // Nothing to go by: count what lies there.
        (None, expect) => (recount(ports, tenant).await?.0, expect),
    };
    for event in events {
        *count.by_kind.entry(event.change).or_default() += 1;
    }
    let key = count_key(ports, tenant);
    Ok(transaction.expect(&key, expect).put(key, json(&count)?))
}

/// The page of a tenant's events behind `cursor`, oldest first. A damaged record is set aside under another
/// key and left out; it never ends the listing.
pub async fn list(
    ports: &Ports,
    tenant: &str,
    query: DriftQuery,
    limit: Option<i64>,
    cursor: Option<&str>,
) -> Result<Page<DriftEvent>, PageError> {
    let listing = Listing {
        tenant,
        query: format!("drift/1 kind={}", query.kind.map_or("any", Change::word)),
        prefix: ports.keys.prefix("drift", &[tenant]),
    };
    let limit = paging::clamped(limit, DEFAULT_LIMIT);
    let mut repaired = false;
    loop {
        let total = total(ports, tenant, query).await?;
        let decode = |record: &Record| {
            let event = decoded(record, tenant)?;
            Ok(query.kind.is_none_or(|kind| kind == event.change).then_some(event))
        };
        match paging::page(ports, &listing, limit, cursor, total, decode).await {
            Err(PageError::Damaged { .. }) if !repaired => {
                repaired = true;
                repair(ports, tenant).await?;
            }
            answer => return answer,
        }
    }
}

/// Streams all events of a tenant, oldest first, one batch in memory at a time.
#[derive(Debug)]
pub struct DriftBatches<'a> {
    tenant: String,
    batches: Batches<'a>,
}

impl<'a> DriftBatches<'a> {
    /// A stream of batches of `size` (clamped).
    #[must_use]
    pub fn new(ports: &'a Ports, tenant: &str, size: usize) -> Self {
        let prefix = ports.keys.prefix("drift", &[tenant]);
        Self { tenant: tenant.to_owned(), batches: Batches::new(ports, prefix, size) }
    }

    /// The next batch, never empty, or `None` behind the last.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<DriftEvent>>, PageError> {
        let Some(records) = self.batches.next_batch().await? else { return Ok(None) };
        records.iter().map(|record| decoded(record, &self.tenant)).collect::<Result<_, _>>().map(Some)
    }
}

async fn total(ports: &Ports, tenant: &str, query: DriftQuery) -> Result<u64, StoreError> {
    let (count, _) = counted(ports, tenant).await?;
    let count = match count {
        Some(count) => count,
        None => repair(ports, tenant).await?,
    };
    Ok(match query.kind {
        Some(kind) => count.by_kind.get(&kind).copied().unwrap_or(0),
        None => count.by_kind.values().sum(),
    })
}

// The stored count (`None` if it is damaged) and what must still be true to replace it.
async fn counted(ports: &Ports, tenant: &str) -> Result<(Option<Count>, Expect), StoreError> {
    Ok(match ports.store.get(&count_key(ports, tenant)).await? {
        None => (Some(Count::default()), Expect::Absent),
        Some(record) => (serde_json::from_slice(&record.value).ok(), Expect::Version(record.version)),
    })
}

// Counts what can be read, and names what cannot.
async fn recount(ports: &Ports, tenant: &str) -> Result<(Count, Vec<Record>), StoreError> {
    let mut count = Count::default();
    let mut damaged = Vec::new();
    let mut batches = Batches::new(ports, ports.keys.prefix("drift", &[tenant]), paging::MAX_LIMIT);
    while let Some(records) = batches.next_batch().await? {
        for record in records {
            match decoded(&record, tenant) {
                Ok(event) => *count.by_kind.entry(event.change).or_default() += 1,
                Err(_) => damaged.push(record),
            }
        }
    }
    Ok((count, damaged))
}

// Sets damaged records aside and puts the count right, in one transaction against the count's version.
async fn repair(ports: &Ports, tenant: &str) -> Result<Count, StoreError> {
    for _ in 0..TRIES {
        let (_, expect) = counted(ports, tenant).await?;
        let (count, damaged) = recount(ports, tenant).await?;
        let key = count_key(ports, tenant);
        let mut transaction = Transaction::new().expect(&key, expect).put(key, json(&count)?);
        for record in &damaged {
            transaction = set_aside(ports, tenant, transaction, record);
        }
        if let Commit::Done { .. } = ports.store.commit(transaction).await? {
            return Ok(count);
        }
    }
    Err(StoreError::Definite("the drift events change too fast to be repaired".to_owned()))
}

/// Adds the move of a damaged record to a transaction: out of the way, and nothing of it lost.
#[must_use]
pub fn set_aside(ports: &Ports, tenant: &str, transaction: Transaction, record: &Record) -> Transaction {
    let aside = ports.keys.key("quarantine", &[tenant, &record.key, &record.version.to_string()]);
    transaction
        .expect(&record.key, Expect::Version(record.version))
        .put(aside, record.value.clone())
        .delete(&record.key)
}

fn decoded(record: &Record, tenant: &str) -> Result<DriftEvent, PageError> {
    serde_json::from_slice(&record.value)
        .ok()
        .filter(|event: &DriftEvent| event.tenant == tenant)
        .ok_or_else(|| PageError::Damaged { key: record.key.clone() })
}

// Zero-padded, so that the order of keys is the order of time.
fn event_key(ports: &Ports, event: &DriftEvent) -> String {
    let at_ms = format!("{:020}", event.at.as_millisecond().max(0));
    ports.keys.key("drift", &[&event.tenant, &at_ms, &event.id])
}

fn count_key(ports: &Ports, tenant: &str) -> String {
    ports.keys.key("drift_count", &[tenant])
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Definite(error.to_string()))
}
