//! Jobs done once. A job is planned under a key made of all that makes it that job, leased to one worker,
//! and run; each of its effects is an operation with a key and a log record of its own. Whoever asks again
//! gets the stored result; whoever takes over after a crash goes on where the log ends. An effect of which
//! nobody can know whether it happened is reported, never made again.

mod attempt;
mod gate;
mod job;
mod operation;
pub mod slo;
mod state;
pub mod telemetry;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

pub use self::{
    attempt::JobRun,
    gate::{GATE_VARIABLE, Gate, set_gate},
    job::{JobRecord, Plan},
    operation::{Applied, Guarantee, OperationRecord, Progress, Sink, SinkError},
    state::{IllegalMove, State},
};
use self::{
    attempt::Kept,
    telemetry::{Event, hand_on, tell},
};
use super::{
    lease::{Acquisition, Bounded, Lease, LeaseError, LeaseRecord, Leases, bounded},
    port::Ports,
};
use crate::store::{Commit, Expect, Range, Record, StoreError, Transaction};

/// How often a step is tried again because another worker got ahead or the store did not answer.
const TRIES: usize = 8;

/// What the work of a job came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// It is done.
    Done(Value),
    /// There was nothing to do, for this reason.
    Nothing(String),
}

/// How a run of a job ended for the worker that asked.
#[derive(Clone, Debug, PartialEq)]
pub enum JobEnd {
    /// It ran here, and the record says how it ended.
    Ran(JobRecord),
    /// It had ended before; this is its record, and nothing was done.
    Replayed(JobRecord),
    /// Another worker is at it.
    Busy {
        /// When the other's lease runs out unless it is renewed.
        holder_expires_in: Duration,
    },
    /// The lease was lost while it ran: another worker finishes or has finished it.
    Lost,
    /// The gate is off: the work ran directly and nothing of it was stored.
    Direct(Result<Work, String>),
}

/// Why a job or an operation could not go on.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The operation is logged under other inputs.
    #[error("operation {operation:?} was started with other inputs")]
    InputConflict {
        /// Its name.
        operation: String,
    },
    /// The operation was started and nobody can know whether its effect happened; it was not run again.
    #[error("nobody knows whether operation {operation:?} took effect")]
    Indefinite {
        /// Its name.
        operation: String,
    },
    /// The lease is no longer ours; nothing was written.
    #[error("the job's lease is lost")]
    Lost,
    /// The sink did not carry out the effect, or nobody knows.
    #[error("operation {operation:?}: {error}")]
    Sink {
        /// Its name.
        operation: String,
        /// What the sink said.
        error: SinkError,
    },
    /// The job is in a state from which this step does not go.
    #[error(transparent)]
    Illegal(#[from] IllegalMove),
    /// Other workers changed the records on every try; nothing was written.
    #[error("the job's records changed on every try")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl JobError {
    /// Whether the failed step certainly had no effect.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Indefinite { .. } => false,
            Self::Sink { error, .. } => error.is_definite(),
            Self::Store(error) => error.is_definite(),
            Self::InputConflict { .. } | Self::Lost | Self::Illegal(_) | Self::Contended => true,
        }
    }
}

impl From<LeaseError> for JobError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Store(error) => Self::Store(error),
            LeaseError::Lost => Self::Lost,
            LeaseError::Conflict { .. } | LeaseError::Contended => Self::Contended,
        }
    }
}

/// The jobs of a store, as one worker sees them.
#[derive(Clone, Debug)]
pub struct Idempotency {
    ports: Arc<Ports>,
    leases: Leases,
}

impl Idempotency {
    /// Jobs in the store of these ports.
    #[must_use]
    pub fn new(ports: &Arc<Ports>) -> Self {
        Self { ports: ports.clone(), leases: Leases::new(&ports.store) }
    }

    /// Runs a job once: plans it, leases it, runs `work`, logs how it ended, and gives the lease back. A
    /// panic or a failure of the work is a failed job, not an error. Work that makes no progress within the
    /// job's limit is stopped, and the job failed.
    pub async fn run<F, E>(&self, plan: &Plan, work: impl FnOnce(JobRun) -> F) -> Result<JobEnd, JobError>
    where
        F: Future<Output = Result<Work, E>>,
        E: std::fmt::Display,
    {
        if Gate::of(&self.ports.settings) == Gate::Off {
            let direct = JobRun::direct(&self.ports, plan);
            return Ok(JobEnd::Direct(work(direct).await.map_err(|error| error.to_string())));
        }
        let kept = match self.take(plan).await? {
            Taken::Here(kept) => kept,
            Taken::Elsewhere(end) => return Ok(end),
        };
        let run = JobRun::kept(&self.ports, plan, kept);
        match run.begin().await {
            Ok(()) => {}
            Err(JobError::Lost) => return Ok(JobEnd::Lost),
            Err(error) => return Err(error),
        }
        let running = run.clone();
        let allowance = || run.allowance();
        let ended = bounded(&*self.ports.clock, allowance, async move { work(running).await }).await;
        let (state, result, reason) = match ended {
            Bounded::Returned(Ok(Work::Done(result))) => (State::Succeeded, Some(result), None),
            Bounded::Returned(Ok(Work::Nothing(reason))) => (State::Skipped, None, Some(reason)),
            Bounded::Returned(Err(error)) => (State::Failed, None, Some(error.to_string())),
            Bounded::Panicked(message) => (State::Failed, None, Some(format!("panicked: {message}"))),
            Bounded::OutOfTime => (State::Failed, None, Some("no progress within its limit".to_owned())),
        };
        match run.finish(state, result, reason).await {
            Ok(record) => Ok(JobEnd::Ran(record)),
            Err(JobError::Lost) => Ok(JobEnd::Lost),
            Err(error) => Err(error),
        }
    }

    /// Plans a job. Planning what is planned changes nothing; the record tells where the job stands.
    pub async fn plan(&self, plan: &Plan) -> Result<JobRecord, JobError> {
        self.planned(plan).await.map(|(job, _)| job)
    }

    /// The crash sweeper: unfinished jobs that no worker holds, to be run again by their plan. Jobs whose
    /// worker is alive are not among them.
    pub async fn recover(&self) -> Result<Vec<JobRecord>, JobError> {
        let prefix = self.ports.keys.prefix("job_open", &[]);
        let (mut left, mut after) = (Vec::new(), None);
        loop {
            let range = Range { prefix: prefix.clone(), after: after.take(), limit: 500 };
            let open = self.ports.store.scan(range).await?;
            let Some(last) = open.last() else {
                return Ok(left);
            };
            after = Some(last.key.clone());
            for entry in &open {
                left.extend(self.left_behind(entry).await?);
            }
        }
    }

    async fn left_behind(&self, entry: &Record) -> Result<Option<JobRecord>, JobError> {
        let Ok(key) = std::str::from_utf8(&entry.value) else {
            return Ok(None);
        };
        self.unheld(key).await
    }

    /// Whether a job has not ended and no worker holds it.
    pub async fn is_left_behind(&self, plan: &Plan) -> Result<bool, JobError> {
        Ok(self.unheld(&job_key(&self.ports, plan)).await?.is_some())
    }

    async fn unheld(&self, key: &str) -> Result<Option<JobRecord>, JobError> {
        let record = self.ports.store.get(key).await?;
        let job = record.and_then(|record| JobRecord::decode(&record.value));
        let Some(job) = job.filter(|job| !job.state.is_terminal()) else {
            return Ok(None);
        };
        let lease = self.ports.store.get(&lease_key(&self.ports, &job.plan())).await?;
        let lease = lease.and_then(|lease| LeaseRecord::decode(&lease.value));
        let held = lease.is_some_and(|lease| lease.holder(&self.ports.store.time()).is_some());
        Ok((!held).then_some(job))
    }

    async fn planned(&self, plan: &Plan) -> Result<(JobRecord, u64), JobError> {
        let key = job_key(&self.ports, plan);
        let mut unanswered = None;
        for _ in 0..TRIES {
            let found = self.ports.store.get(&key).await?;
            if let Some(record) = &found
                && let Some(job) = JobRecord::decode(&record.value)
            {
                return Ok((job, record.version));
            }
            // Absent, or damaged: planned anew either way. What a damaged job has done is in its
            // operation log, which stands.
            let unchanged = found.as_ref().map_or(Expect::Absent, |found| Expect::Version(found.version));
            let mut job = JobRecord::planned(plan);
            job.next_event = self.next_event(&job).await?;
            let open = open_key(&self.ports, plan);
            let transaction = Transaction::new().expect(&key, unchanged).put(open, key.as_bytes());
            let planned = [(Event::JobPlanned, json!({}))];
            let (transaction, told) = tell(&self.ports, &mut job, &planned, transaction);
            match self.ports.store.commit(transaction.put(&key, job.encode())).await {
                Ok(Commit::Done { version }) => {
                    hand_on(&self.ports, &told);
                    return Ok((job, version));
                }
                Ok(Commit::Conflict { .. }) => {}
                Err(error) if !error.is_definite() => unanswered = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        Err(unanswered.map_or(JobError::Contended, JobError::Store))
    }

    // Where the job's events go on: behind those of a job whose record was damaged.
    async fn next_event(&self, job: &JobRecord) -> Result<u64, JobError> {
        let prefix = self.ports.keys.prefix(telemetry::FAMILY, &[&job.tenant, &job.id]);
        let (mut count, mut after) = (0, None);
        loop {
            let range = Range { prefix: prefix.clone(), after: after.take(), limit: 500 };
            let events = self.ports.store.scan(range).await?;
            let Some(last) = events.last() else {
                return Ok(count);
            };
            after = Some(last.key.clone());
            count += events.len() as u64;
        }
    }

    async fn take(&self, plan: &Plan) -> Result<Taken, JobError> {
        for _ in 0..TRIES {
            let (job, version) = self.planned(plan).await?;
            if job.state.is_terminal() {
                match self.replay(plan, job, version).await? {
                    Some(job) => return Ok(Taken::Elsewhere(JobEnd::Replayed(job))),
                    None => continue,
                }
            }
            match self.lease(plan, &job, version).await {
                Ok(Acquisition::Granted(lease)) => return self.kept(plan, lease).await,
                Ok(Acquisition::Denied { holder_expires_in }) => {
                    return Ok(Taken::Elsewhere(JobEnd::Busy { holder_expires_in }));
                }
                // The job changed since it was read, for instance because it ended.
                Err(LeaseError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(JobError::Contended)
    }

    async fn lease(&self, plan: &Plan, job: &JobRecord, version: u64) -> Result<Acquisition, LeaseError> {
        let key = job_key(&self.ports, plan);
        let told = Mutex::new(Vec::new());
        let also = |token: u64| {
            let mut next = job.clone();
            next.state = State::Leased;
            next.attempt += 1;
            next.fencing_token = token;
            let change = json!({"from": job.state.word(), "to": next.state.word()});
            let mut events = vec![(Event::JobLeased, json!({})), (Event::JobStateChanged, change)];
            if job.state != State::Planned {
                let details = json!({"lost_attempt": job.attempt, "lost_fencing_token": job.fencing_token});
                events.insert(0, (Event::CrashRecoveryEvent, details));
            }
            let transaction = Transaction::new().expect(&key, Expect::Version(version));
            let (transaction, bodies) = tell(&self.ports, &mut next, &events, transaction);
            *told.lock().unwrap_or_else(PoisonError::into_inner) = bodies;
            transaction.put(&key, next.encode())
        };
        let owner = self.ports.ids.fresh();
        let ttl = self.ports.settings.lease_ttl;
        let asked = self.leases.acquire_with(&lease_key(&self.ports, plan), &owner, ttl, &also).await?;
        if matches!(asked, Acquisition::Granted(_)) {
            hand_on(&self.ports, &told.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        Ok(asked)
    }

    async fn kept(&self, plan: &Plan, lease: Lease) -> Result<Taken, JobError> {
        let found = self.ports.store.get(&job_key(&self.ports, plan)).await?;
        let job = found.and_then(|found| Some((JobRecord::decode(&found.value)?, found.version)));
        // Changed already? Then somebody has taken it over.
        let ours = job.filter(|(job, _)| job.fencing_token == lease.fencing_token);
        Ok(ours.map_or(Taken::Elsewhere(JobEnd::Lost), |(job, version)| {
            Taken::Here(Kept::new(self.leases.clone(), lease, job, version))
        }))
    }

    /// `None` if the record has changed in between.
    async fn replay(
        &self,
        plan: &Plan,
        mut job: JobRecord,
        version: u64,
    ) -> Result<Option<JobRecord>, JobError> {
        let key = job_key(&self.ports, plan);
        let transaction = Transaction::new().expect(&key, Expect::Version(version));
        let replayed = [(Event::IdempotencyReplay, json!({"of": "job", "state": job.state.word()}))];
        let (transaction, told) = tell(&self.ports, &mut job, &replayed, transaction);
        match self.ports.store.commit(transaction.put(&key, job.encode())).await? {
            Commit::Done { .. } => {
                hand_on(&self.ports, &told);
                Ok(Some(job))
            }
            Commit::Conflict { .. } => Ok(None),
        }
    }
}

enum Taken {
    Here(Kept),
    Elsewhere(JobEnd),
}

fn job_key(ports: &Ports, plan: &Plan) -> String {
    ports.keys.key("job", &[&plan.tenant, &plan.job_type, &plan.job_id()])
}

fn lease_key(ports: &Ports, plan: &Plan) -> String {
    ports.keys.key("job_lease", &[&plan.tenant, &plan.job_type, &plan.job_id()])
}

// Holds the key of each job that has not ended, so that the sweeper need not read those that have.
fn open_key(ports: &Ports, plan: &Plan) -> String {
    ports.keys.key("job_open", &[&plan.tenant, &plan.job_type, &plan.job_id()])
}

#[cfg(test)]
mod tests;
