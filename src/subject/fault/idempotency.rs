//! Faults of jobs and their telemetry: what idempotency gets wrong in real apps.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::Fault;
use crate::{
    app::{
        idempotency::{OperationRecord, Progress},
        lease::LeaseRecord,
    },
    clock::Uptime,
    store::{Commit, Range, Record, Store, StoreError, Transaction, Write},
};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "forgotten_operations",
        what: "the operation log is never found again, so that every effect is made anew",
        breaks: &["fire_and_forget_jobs"],
        fails: &["mode-07", "mode-08", "mode-11"],
        plant: |assembly| wrap(&mut assembly.ports.store, Flaw::ForgetsOperations),
    },
    Fault {
        name: "started_is_done",
        what: "an operation that was started is taken as done",
        breaks: &[],
        fails: &["mode-09"],
        plant: |assembly| wrap(&mut assembly.ports.store, Flaw::StartedIsDone),
    },
    Fault {
        name: "result_not_replayed",
        what: "whoever asks again gets no result",
        breaks: &[],
        fails: &["mode-08"],
        plant: |assembly| wrap(&mut assembly.ports.store, Flaw::ForgetsResults),
    },
    Fault {
        name: "immortal_job_leases",
        what: "a job's lease never runs out, so that nobody takes over after a crash",
        breaks: &[],
        fails: &["mode-07", "mode-08", "mode-09"],
        plant: |assembly| wrap(&mut assembly.ports.store, Flaw::ImmortalLeases),
    },
    Fault {
        name: "short_job_leases",
        what: "a job's lease runs out while its worker gets on, and is taken over from the living",
        breaks: &[],
        fails: &["mode-13"],
        plant: |assembly| assembly.ports.settings.lease_ttl = Duration::from_secs(10),
    },
    Fault {
        name: "day_long_job_leases",
        what: "a job's lease lasts a day, and a job that gets on for ever is kept",
        breaks: &["fire_and_forget_jobs"],
        fails: &["mode-14"],
        plant: |assembly| {
            assembly.ports.settings.lease_ttl = Duration::from_secs(86_400);
            assembly.ports.settings.job_limit = Duration::from_secs(86_400);
        },
    },
    Fault {
        name: "unconditional_job_writes",
        what: "job records are written whoever wrote before, by workers whose lease is gone too",
        breaks: &[],
        fails: &["mode-02", "mode-10"],
        plant: |assembly| wrap(&mut assembly.ports.store, Flaw::UnconditionalJobs),
    },
    Fault {
        name: "telemetry_lost",
        what: "telemetry is not written",
        breaks: &[],
        fails: &["SEV-2-004"],
        plant: |assembly| wrap(&mut assembly.ports.store, Flaw::DropsTelemetry),
    },
    Fault {
        name: "telemetry_apart",
        what: "telemetry is written after the transition that it tells of, not with it",
        breaks: &[],
        fails: &["SEV-2-004"],
        plant: |assembly| wrap(&mut assembly.ports.store, Flaw::TelemetryApart),
    },
    Fault {
        name: "gate_stays_on",
        what: "the feature gate does not switch anything off",
        breaks: &[],
        fails: &["SEV-2-004"],
        plant: |assembly| assembly.ports.settings.idempotency = true,
    },
    Fault {
        name: "gate_stays_off",
        what: "jobs run without lease and log, whatever the feature gate says",
        breaks: &["fire_and_forget_jobs"],
        fails: &["mode-08", "mode-10", "mode-11"],
        plant: |assembly| assembly.ports.settings.idempotency = false,
    },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    ForgetsOperations,
    StartedIsDone,
    ForgetsResults,
    ImmortalLeases,
    UnconditionalJobs,
    DropsTelemetry,
    TelemetryApart,
}

fn wrap(store: &mut Arc<dyn Store>, flaw: Flaw) {
    *store = Arc::new(Flawed { inner: store.clone(), flaw });
}

/// A store that mistreats the records of jobs.
#[derive(Debug)]
struct Flawed {
    inner: Arc<dyn Store>,
    flaw: Flaw,
}

impl Flawed {
    fn read(&self, mut record: Record) -> Option<Record> {
        if !record.key.starts_with("operation:") {
            return Some(record);
        }
        let mut operation = OperationRecord::decode(&record.value);
        if let Some(operation) = &mut operation {
            match self.flaw {
                Flaw::ForgetsOperations => return None,
                Flaw::StartedIsDone => operation.progress = Progress::Completed,
                Flaw::ForgetsResults => operation.result = serde_json::Value::Null,
                _ => return Some(record),
            }
            record.value = serde_json::to_vec(operation).unwrap_or_default();
        }
        Some(record)
    }

    fn lease(&self, write: &mut Write) {
        if let Write::Put { key, value } = write
            && key.starts_with("job_lease:")
            && let Some(mut lease) = LeaseRecord::decode(value)
            && lease.owner.is_some()
        {
            lease.expires_ms = i64::MAX;
            *value = serde_json::to_vec(&lease).unwrap_or_default();
        }
    }
}

#[async_trait]
impl Store for Flawed {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        Ok(self.inner.get(key).await?.and_then(|record| self.read(record)))
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.inner.scan(range).await
    }

    async fn commit(&self, mut transaction: Transaction) -> Result<Commit, StoreError> {
        let mut apart = Transaction::new();
        match self.flaw {
            Flaw::ForgetsOperations => {
                transaction.expects.retain(|(key, _)| !key.starts_with("operation:"));
            }
            Flaw::ImmortalLeases => transaction.writes.iter_mut().for_each(|write| self.lease(write)),
            Flaw::UnconditionalJobs => transaction.expects.retain(|(key, _)| !key.starts_with("job")),
            Flaw::DropsTelemetry | Flaw::TelemetryApart => {
                let (told, kept) =
                    transaction.writes.into_iter().partition(|w| w.key().starts_with("telemetry:"));
                transaction.writes = kept;
                apart.writes = told;
            }
            Flaw::StartedIsDone | Flaw::ForgetsResults => {}
        }
        let commit = self.inner.commit(transaction).await?;
        if self.flaw == Flaw::TelemetryApart && !apart.writes.is_empty() {
            self.inner.commit(apart).await?;
        }
        Ok(commit)
    }

    fn time(&self) -> Uptime {
        self.inner.time()
    }
}
