//! Faults of the store's use: damage that is never repaired, or only by somebody's hand, and records of
//! earlier versions that are turned away.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    app::{lease::LeaseRecord, snapshot::record::SnapshotRecord},
    clock::Uptime,
    evidence::{Fact, Source},
    store::{Commit, Range, Record, Store, StoreError, Transaction, Write},
    subject::{
        Stage,
        fault::{Assembly, Fault},
    },
};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "leases_never_end",
        what: "a lease counts as held for as long as its record names a holder",
        breaks: &["auto_repair_internal"],
        fails: &["invariant:auto_repair_internal"],
        plant: |assembly| worn(assembly, Way::EndlessLeases),
    },
    Fault {
        name: "corrupt_records_stay",
        what: "a record of the snapshots that cannot be read is never replaced",
        breaks: &["auto_repair_internal"],
        fails: &["invariant:auto_repair_internal"],
        plant: |assembly| worn(assembly, Way::CorruptStays),
    },
    Fault {
        name: "repair_by_hand",
        what: "a record of the snapshots that cannot be read is replaced once an administrator has agreed",
        breaks: &["auto_repair_internal"],
        fails: &[],
        plant: |assembly| worn(assembly, Way::AsksFirst),
    },
    Fault {
        name: "first_format_rejected",
        what: "snapshots in the first format are no longer read",
        breaks: &["backward_compatible"],
        fails: &["invariant:backward_compatible"],
        plant: |assembly| worn(assembly, Way::RejectsFirstFormat),
    },
];

fn worn(assembly: &mut Assembly<'_>, way: Way) {
    let (inner, stage) = (assembly.ports.store.clone(), assembly.stage.clone());
    assembly.ports.store = Arc::new(Worn { inner, stage, way });
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    EndlessLeases,
    CorruptStays,
    AsksFirst,
    RejectsFirstFormat,
}

#[derive(Debug)]
struct Worn {
    inner: Arc<dyn Store>,
    stage: Stage,
    way: Way,
}

impl Worn {
    /// The record as the app gets to see it.
    fn seen(&self, mut record: Record) -> Record {
        match self.way {
            Way::EndlessLeases => {
                if let Some(mut lease) = LeaseRecord::decode(&record.value).filter(|l| l.owner.is_some()) {
                    lease.expires_ms = i64::MAX;
                    record.value = serde_json::to_vec(&lease).unwrap_or(record.value);
                }
            }
            Way::RejectsFirstFormat => {
                if SnapshotRecord::decode(&record.value).is_some_and(|snapshot| snapshot.format == 1) {
                    record.value = b"unreadable".to_vec();
                }
            }
            Way::CorruptStays | Way::AsksFirst => {}
        }
        record
    }

    /// The tenant of a corrupt record that the transaction would replace.
    async fn corrupt(&self, writes: &[Write]) -> Result<Option<String>, StoreError> {
        for write in writes.iter().filter(|write| write.key().starts_with("snapshot")) {
            let found = self.inner.get(write.key()).await?;
            if found.is_some_and(|record| serde_json::from_slice::<serde_json::Value>(&record.value).is_err())
            {
                return Ok(Some(self.stage.canaries.owner_of(write.key()).unwrap_or_default()));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Store for Worn {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        Ok(self.inner.get(key).await?.map(|record| self.seen(record)))
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        Ok(self.inner.scan(range).await?.into_iter().map(|record| self.seen(record)).collect())
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        if matches!(self.way, Way::CorruptStays | Way::AsksFirst)
            && let Some(tenant) = self.corrupt(&transaction.writes).await?
        {
            if self.way == Way::CorruptStays {
                return Err(StoreError::Definite("a record cannot be read".to_owned()));
            }
            let action = "agreed to the repair of a record".to_owned();
            self.stage.recorder.record(Source::Subject, Fact::UserActed { tenant, action });
        }
        self.inner.commit(transaction).await
    }

    fn time(&self) -> Uptime {
        self.inner.time()
    }
}
