//! One worker's attempt at a job, as its work has it: progress, operations, fenced writes. Every write is
//! made under the attempt's fencing token together with the telemetry that tells of it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    JobError, TRIES,
    job::{JobRecord, Plan},
    job_key, lease_key, open_key,
    state::State,
    telemetry::{Event, hand_on, tell},
};
use crate::{
    app::{
        lease::{FencedCommit, Lease, LeaseError, Leases, Release},
        port::Ports,
    },
    store::{Commit, Expect, Transaction},
};

/// A job that runs. Clones are the same run.
#[derive(Clone, Debug)]
pub struct JobRun {
    pub(super) ports: Arc<Ports>,
    pub(super) plan: Arc<Plan>,
    /// `None` when the gate is off.
    pub(super) kept: Option<Arc<Kept>>,
}

/// What a leased run keeps.
#[derive(Debug)]
pub(super) struct Kept {
    leases: Leases,
    lease: Mutex<Lease>,
    job: tokio::sync::Mutex<(JobRecord, u64)>,
}

impl Kept {
    pub(super) fn new(leases: Leases, lease: Lease, job: JobRecord, version: u64) -> Self {
        Self { leases, lease: Mutex::new(lease), job: tokio::sync::Mutex::new((job, version)) }
    }

    pub(super) fn lease(&self) -> Lease {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl JobRun {
    pub(super) fn direct(ports: &Arc<Ports>, plan: &Plan) -> Self {
        Self { ports: ports.clone(), plan: Arc::new(plan.clone()), kept: None }
    }

    pub(super) fn kept(ports: &Arc<Ports>, plan: &Plan, kept: Kept) -> Self {
        Self { ports: ports.clone(), plan: Arc::new(plan.clone()), kept: Some(Arc::new(kept)) }
    }

    /// What each effect carries; `None` when the gate is off.
    #[must_use]
    pub fn fencing_token(&self) -> Option<u64> {
        self.kept.as_ref().map(|kept| kept.lease().fencing_token)
    }

    /// Tells that the work got on: renews the lease once a third of its TTL has passed, up to `lock_cap`
    /// after the grant. [`JobError::Lost`] tells the work to stop.
    pub async fn progress(&self) -> Result<(), JobError> {
        let Some(kept) = &self.kept else {
            return Ok(());
        };
        let lease = kept.lease();
        let now = self.ports.store.time();
        if !lease.is_due(&now, self.ports.settings.lock_cap) {
            return if lease.is_past_deadline(&now) { Err(JobError::Lost) } else { Ok(()) };
        }
        let key = job_key(&self.ports, &self.plan);
        let mut job = kept.job.lock().await;
        for _ in 0..TRIES {
            let mut next = job.0.clone();
            let ttl_ms = u64::try_from(lease.ttl.as_millis()).unwrap_or(u64::MAX);
            let renewed = [(Event::LeaseRenewed, json!({"ttl_ms": ttl_ms}))];
            let unchanged = Transaction::new().expect(&key, Expect::Version(job.1));
            let (also, told) = tell(&self.ports, &mut next, &renewed, unchanged);
            match kept.leases.renew_with(&lease, &also.put(&key, next.encode())).await {
                Ok(renewed) => {
                    *kept.lease.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
                    self.adopt(kept, &mut job).await?;
                    hand_on(&self.ports, &told);
                    return Ok(());
                }
                Err(LeaseError::Conflict { .. }) => self.adopt(kept, &mut job).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(JobError::Contended)
    }

    /// Commits only while the job's lease is ours; directly when the gate is off.
    pub async fn commit(&self, transaction: Transaction) -> Result<FencedCommit, JobError> {
        let Some(kept) = &self.kept else {
            return Ok(match self.ports.store.commit(transaction).await? {
                Commit::Done { version } => FencedCommit::Done { version },
                Commit::Conflict { key } => FencedCommit::Conflict { key },
            });
        };
        Ok(kept.leases.commit_fenced(&kept.lease(), transaction).await?)
    }

    pub(super) fn allowance(&self) -> Duration {
        let limit = self.ports.settings.job_limit;
        let now = self.ports.store.time();
        self.kept.as_ref().map_or(limit, |kept| kept.lease().allowance(&now, limit))
    }

    pub(super) async fn begin(&self) -> Result<(), JobError> {
        let Some(kept) = &self.kept else {
            return Ok(());
        };
        let mut job = kept.job.lock().await;
        let to = job.0.state.to(State::Running)?;
        let change = json!({"from": job.0.state.word(), "to": to.word()});
        let started = |job: &mut JobRecord| job.state = to;
        self.write(kept, &mut job, &Transaction::new(), &[(Event::JobStateChanged, change)], &started).await
    }

    /// Writes `change` with the event that tells of it; returns the version of what was written.
    pub(super) async fn log(
        &self,
        kept: &Kept,
        change: &Transaction,
        event: Event,
        details: Value,
    ) -> Result<u64, JobError> {
        let mut job = kept.job.lock().await;
        self.write(kept, &mut job, change, &[(event, details)], &|_| {}).await?;
        Ok(job.1)
    }

    async fn write(
        &self,
        kept: &Kept,
        job: &mut (JobRecord, u64),
        change: &Transaction,
        events: &[(Event, Value)],
        alter: &(dyn Fn(&mut JobRecord) + Sync),
    ) -> Result<(), JobError> {
        let key = job_key(&self.ports, &self.plan);
        let mut unanswered: Option<(JobRecord, JobError)> = None;
        for _ in 0..TRIES {
            let mut next = job.0.clone();
            alter(&mut next);
            let (transaction, told) = tell(&self.ports, &mut next, events, change.clone());
            let transaction = transaction.expect(&key, Expect::Version(job.1)).put(&key, next.encode());
            match kept.leases.commit_fenced(&kept.lease(), transaction).await {
                Ok(FencedCommit::Done { version }) => {
                    *job = (next, version);
                    hand_on(&self.ports, &told);
                    return Ok(());
                }
                Ok(FencedCommit::Fenced) => return Err(JobError::Lost),
                Ok(FencedCommit::Conflict { key: changed }) if changed != key && unanswered.is_none() => {
                    return Err(JobError::Contended);
                }
                // Our own earlier write that nobody answered, or one that was cut off: go on from there.
                Ok(FencedCommit::Conflict { .. }) => self.adopt(kept, job).await?,
                Err(error) if !error.is_definite() => {
                    self.adopt(kept, job).await?;
                    unanswered = Some((next, error.into()));
                }
                Err(error) => return Err(error.into()),
            }
            // Every write counts an event on, so equal records are the same write.
            if unanswered.as_ref().is_some_and(|(written, _)| *written == job.0) {
                hand_on(&self.ports, &told);
                return Ok(());
            }
        }
        Err(unanswered.map_or(JobError::Contended, |(_, error)| error))
    }

    // Reads the job again. While the lease is ours nobody else writes it.
    async fn adopt(&self, kept: &Kept, job: &mut (JobRecord, u64)) -> Result<(), JobError> {
        let found = self.ports.store.get(&job_key(&self.ports, &self.plan)).await?;
        let found = found.and_then(|found| Some((JobRecord::decode(&found.value)?, found.version)));
        let token = kept.lease().fencing_token;
        *job = found.filter(|(job, _)| job.fencing_token == token).ok_or(JobError::Lost)?;
        Ok(())
    }

    pub(super) async fn finish(
        &self,
        state: State,
        result: Option<Value>,
        reason: Option<String>,
    ) -> Result<JobRecord, JobError> {
        let kept = self.kept.as_ref().ok_or(JobError::Lost)?;
        let (key, lease) = (job_key(&self.ports, &self.plan), kept.lease());
        let mut job = kept.job.lock().await;
        for _ in 0..TRIES {
            // A lease that ran out is not given back with a result, though nobody may have taken it yet.
            let held = self.ports.store.get(&lease_key(&self.ports, &self.plan)).await?;
            let held = held.and_then(|held| crate::app::lease::LeaseRecord::decode(&held.value));
            let now = self.ports.store.time();
            if held.is_none_or(|held| held.holder(&now) != Some(&*lease.owner)) {
                return Err(JobError::Lost);
            }
            let mut next = job.0.clone();
            next.state = job.0.state.to(state)?;
            next.result.clone_from(&result);
            next.reason.clone_from(&reason);
            let change = json!({"from": job.0.state.word(), "to": state.word()});
            let events = [(Event::JobStateChanged, change), (Event::LeaseReleased, json!({}))];
            let unchanged = Transaction::new()
                .expect(&key, Expect::Version(job.1))
                .delete(open_key(&self.ports, &self.plan));
            let (also, told) = tell(&self.ports, &mut next, &events, unchanged);
            match kept.leases.release_with(&lease, &also.put(&key, next.encode())).await {
                Ok(Release::Done) => {
                    hand_on(&self.ports, &told);
                    return Ok(next);
                }
                Ok(Release::NotHeld) => return Err(JobError::Lost),
                Err(LeaseError::Conflict { .. }) => self.adopt(kept, &mut job).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(JobError::Contended)
    }
}
