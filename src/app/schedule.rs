//! The scheduled jobs. Each ends by itself and reports what it did; one tenant's failure leaves the others
//! done; a trigger that comes twice does the work once. Nothing here speaks to anybody.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    App,
    idempotency::{self, Idempotency, JobEnd, JobRun, Plan, State, Work},
    lease::{Acquisition, FencedCommit, LeaseError, Leases},
    port::Ports,
    snapshot::{SnapshotError, SnapshotOutcome, SnapshotType},
    token::{Sweep, SweepOutcome, TokenError},
};
use crate::store::{StoreError, Transaction};

/// How often a window's snapshot is planned again after failures.
const RETRIES_PER_WINDOW: u32 = 200;

/// A scheduled job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Today's snapshot of each tenant.
    SnapshotDaily,
    /// This week's snapshot of each tenant.
    SnapshotWeekly,
    /// The proactive refresh, due every `refresh_cadence`.
    TokenRefresh,
    /// Ends refreshes that a crash left half done. Every minute.
    IntentSweep,
    /// Ends jobs that a crash left half done. Every minute.
    CrashRecovery,
}

impl Job {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::SnapshotDaily,
        Self::SnapshotWeekly,
        Self::TokenRefresh,
        Self::IntentSweep,
        Self::CrashRecovery,
    ];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::SnapshotDaily => "snapshot_daily",
            Self::SnapshotWeekly => "snapshot_weekly",
            Self::TokenRefresh => "token_refresh",
            Self::IntentSweep => "intent_sweep",
            Self::CrashRecovery => "crash_recovery",
        }
    }

    /// The job of this name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.word() == word)
    }
}

/// How a job, or one tenant's part of it, came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    /// The work was done.
    Succeeded,
    /// There was nothing to do, or somebody else does it.
    Skipped,
    /// Something did not work; the next trigger tries again.
    Failed,
}

/// One tenant's part of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TenantReport {
    /// Whose.
    pub tenant: String,
    /// How it came out.
    pub outcome: JobOutcome,
    /// Why it failed, or what was done.
    pub detail: Option<String>,
}

/// What a job did. The counts add up to its tenants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobReport {
    /// Name of the job.
    pub job: &'static str,
    /// Failed if any part failed, else succeeded if any part did, else skipped.
    pub outcome: JobOutcome,
    /// Parts that were done.
    pub succeeded: u64,
    /// Parts with nothing to do.
    pub skipped: u64,
    /// Parts that did not work.
    pub failed: u64,
    /// The parts.
    pub tenants: Vec<TenantReport>,
}

impl JobReport {
    /// A report of these parts. A job that could not even begin passes one failed part.
    #[must_use]
    pub fn of(job: Job, tenants: Vec<TenantReport>) -> Self {
        let count = |outcome| tenants.iter().filter(|part| part.outcome == outcome).count() as u64;
        let (succeeded, skipped, failed) =
            (count(JobOutcome::Succeeded), count(JobOutcome::Skipped), count(JobOutcome::Failed));
        let outcome = match (failed, succeeded) {
            (1.., _) => JobOutcome::Failed,
            (0, 1..) => JobOutcome::Succeeded,
            (0, 0) => JobOutcome::Skipped,
        };
        Self { job: job.word(), outcome, succeeded, skipped, failed, tenants }
    }
}

/// Why a job as a whole could not be carried through.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Lease(#[from] LeaseError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Job(#[from] idempotency::JobError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// The last sweep over all tenants.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastRun {
    started_at: Timestamp,
    /// Whether it worked for everybody.
    complete: bool,
}

impl App {
    /// Runs a job, for one tenant or for all. It always ends and always reports; it never panics.
    pub async fn run_job(&self, job: Job, tenant: Option<&str>) -> JobReport {
        let work = AssertUnwindSafe(self.work(job, tenant)).catch_unwind();
        let failed = |why: String| {
            let tenant = tenant.unwrap_or("*").to_owned();
            vec![TenantReport { tenant, outcome: JobOutcome::Failed, detail: Some(why) }]
        };
        let tenants = match work.await {
            Ok(Ok(tenants)) => tenants,
            Ok(Err(error)) => failed(error.to_string()),
            Err(_) => failed("the job panicked".to_owned()),
        };
        let told = |part: TenantReport| TenantReport { detail: self.with_complaint(part.detail), ..part };
        JobReport::of(job, tenants.into_iter().map(told).collect())
    }

    fn with_complaint(&self, detail: Option<String>) -> Option<String> {
        let complaint = self.ports().settings.gate_complaint.clone();
        match (detail, complaint) {
            (Some(detail), Some(complaint)) => Some(format!("{detail}; {complaint}")),
            (detail, complaint) => detail.or(complaint),
        }
    }

    async fn work(&self, job: Job, tenant: Option<&str>) -> Result<Vec<TenantReport>, JobError> {
        match (job, tenant) {
            (Job::SnapshotDaily, _) => self.snapshots_of(SnapshotType::Daily, tenant).await,
            (Job::SnapshotWeekly, _) => self.snapshots_of(SnapshotType::Weekly, tenant).await,
            (Job::TokenRefresh, Some(tenant)) => Ok(parts(self.tokens().refresh_one(tenant).await?)),
            (Job::TokenRefresh, None) => self.refresh_in_turn().await,
            (Job::IntentSweep, _) => Ok(parts(self.tokens().sweep_intents().await?)),
            (Job::CrashRecovery, _) => self.recovered(tenant).await,
        }
    }

    async fn snapshots_of(
        &self,
        snapshot_type: SnapshotType,
        tenant: Option<&str>,
    ) -> Result<Vec<TenantReport>, JobError> {
        if let Some(tenant) = tenant {
            return Ok(vec![self.snapshot_of(tenant, snapshot_type).await]);
        }
        let installations = self.installations();
        let mut batches = installations.list();
        let mut reports = Vec::new();
        while let Some(batch) = batches.next_batch().await? {
            for installation in batch {
                reports.push(match installation {
                    Ok(installation) => self.snapshot_of(&installation.tenant, snapshot_type).await,
                    Err(key) => TenantReport {
                        tenant: key,
                        outcome: JobOutcome::Failed,
                        detail: Some("the stored installation cannot be read".to_owned()),
                    },
                });
            }
        }
        Ok(reports)
    }

    // One tenant's snapshot, shut off from the others'.
    async fn snapshot_of(&self, tenant: &str, snapshot_type: SnapshotType) -> TenantReport {
        let work = AssertUnwindSafe(self.snapshot_job(tenant, snapshot_type)).catch_unwind().await;
        let (outcome, detail) = match work {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => (JobOutcome::Failed, Some(error.to_string())),
            Err(_) => (JobOutcome::Failed, Some("the snapshot panicked".to_owned())),
        };
        TenantReport { tenant: tenant.to_owned(), outcome, detail }
    }

    // A job that failed in its window, or whose snapshot was damaged since, is planned again under the next
    // number: its own record is final.
    async fn snapshot_job(&self, tenant: &str, snapshot_type: SnapshotType) -> Result<Ended, JobError> {
        let window = snapshot_type.window_start(self.ports().clock.now());
        let job = match snapshot_type {
            SnapshotType::Daily => Job::SnapshotDaily,
            SnapshotType::Weekly => Job::SnapshotWeekly,
        };
        for retry in 0..RETRIES_PER_WINDOW {
            let plan = Plan {
                tenant: tenant.to_owned(),
                job_type: job.word().to_owned(),
                window: window.clone(),
                inputs: json!({ "retry": retry }),
            };
            let end = Box::pin(self.run_snapshot(&plan, snapshot_type)).await?;
            let is_settled = match &end {
                JobEnd::Replayed(record) => {
                    record.state != State::Failed
                        && self.snapshots().is_done(tenant, snapshot_type, &window).await?
                }
                _ => true,
            };
            if is_settled {
                return self.ended(&plan, end).await;
            }
        }
        Ok((JobOutcome::Failed, Some("the window's snapshot has failed too often".to_owned())))
    }

    async fn run_snapshot(&self, plan: &Plan, snapshot_type: SnapshotType) -> Result<JobEnd, JobError> {
        // A worker that died leaves its job before its window: taken over while the window is still locked,
        // the job would end skipped, and nobody would come back for it.
        if self.ports().settings.idempotency
            && let Some(holder_expires_in) =
                self.snapshots().taken_for(&plan.tenant, snapshot_type, &plan.window).await?
        {
            return Ok(JobEnd::Busy { holder_expires_in });
        }
        let work = |run: JobRun| {
            let snapshots = self.snapshots();
            async move {
                let taken =
                    snapshots.create_snapshot_in_job(&plan.tenant, snapshot_type, &plan.window, run).await?;
                Ok::<_, SnapshotError>(match &taken {
                    SnapshotOutcome::Stored { .. } => Work::Done(json!(taken)),
                    SnapshotOutcome::Done { .. } => Work::Nothing("the window has its snapshot".to_owned()),
                    SnapshotOutcome::Locked { .. } => Work::Nothing("another worker holds it".to_owned()),
                })
            }
        };
        Ok(Idempotency::new(self.ports()).run(plan, work).await?)
    }

    async fn ended(&self, plan: &Plan, end: JobEnd) -> Result<Ended, JobError> {
        Ok(match end {
            JobEnd::Ran(record) => match record.state {
                State::Succeeded => (JobOutcome::Succeeded, record.reason),
                State::Skipped => (JobOutcome::Skipped, record.reason),
                _ => (JobOutcome::Failed, record.reason),
            },
            JobEnd::Replayed(_) => (JobOutcome::Skipped, Some("it had ended before".to_owned())),
            JobEnd::Busy { .. } => (JobOutcome::Skipped, Some("another worker is at it".to_owned())),
            JobEnd::Lost if Idempotency::new(self.ports()).is_left_behind(plan).await? => {
                (JobOutcome::Failed, Some("its lease ran out, and it is not done".to_owned()))
            }
            JobEnd::Lost => (JobOutcome::Skipped, Some("another worker took over".to_owned())),
            JobEnd::Direct(Ok(Work::Done(_))) => (JobOutcome::Succeeded, None),
            JobEnd::Direct(Ok(Work::Nothing(reason))) => (JobOutcome::Skipped, Some(reason)),
            JobEnd::Direct(Err(reason)) => (JobOutcome::Failed, Some(reason)),
        })
    }

    // Ends the jobs whose worker is gone. A snapshot whose window has passed fails and stays so: the next
    // window's compares with the one before.
    async fn recovered(&self, tenant: Option<&str>) -> Result<Vec<TenantReport>, JobError> {
        let left = Idempotency::new(self.ports()).recover().await?;
        let mut reports = Vec::new();
        for job in left.into_iter().filter(|job| tenant.is_none_or(|tenant| tenant == job.tenant)) {
            let snapshot_type = match Job::named(&job.job_type) {
                Some(Job::SnapshotDaily) => SnapshotType::Daily,
                Some(Job::SnapshotWeekly) => SnapshotType::Weekly,
                // Not planned by this schedule: for whoever planned it to run again.
                _ => continue,
            };
            let plan = job.plan();
            let ended = match Box::pin(self.run_snapshot(&plan, snapshot_type)).await {
                Ok(end) => self.ended(&plan, end).await,
                Err(error) => Err(error),
            };
            let (outcome, detail) = ended.unwrap_or_else(|e| (JobOutcome::Failed, Some(e.to_string())));
            reports.push(TenantReport { tenant: job.tenant, outcome, detail });
        }
        Ok(reports)
    }

    // The sweep over all tenants, once per cadence however often it is triggered.
    async fn refresh_in_turn(&self) -> Result<Vec<TenantReport>, JobError> {
        let ports = self.ports();
        let leases = Leases::new(&ports.store);
        let key = ports.keys.key("job_lock", &[Job::TokenRefresh.word()]);
        let owner = ports.ids.fresh();
        let ttl = ports.settings.lease_ttl;
        let Acquisition::Granted(lease) = leases.acquire(&key, &owner, ttl).await? else {
            return Ok(Vec::new());
        };
        let outcome = AssertUnwindSafe(self.refresh_if_due(&leases, &lease)).catch_unwind().await;
        let _ = leases.release(&lease).await;
        outcome.unwrap_or_else(|_| Err(StoreError::Definite("the sweep panicked".to_owned()).into()))
    }

    async fn refresh_if_due(
        &self,
        leases: &Leases,
        lease: &super::lease::Lease,
    ) -> Result<Vec<TenantReport>, JobError> {
        let ports = self.ports();
        let key = ports.keys.key("job_run", &[Job::TokenRefresh.word()]);
        let last = ports.store.get(&key).await?;
        let last = last.and_then(|record| serde_json::from_slice::<LastRun>(&record.value).ok());
        let (started_at, sweep) = match last.filter(|last| !is_due(ports, last.started_at)) {
            Some(last) if last.complete => return Ok(Vec::new()),
            // Not due yet, but the last sweep left tenants behind: those alone.
            Some(last) => (last.started_at, self.tokens().refresh_older_than(last.started_at).await?),
            None => (ports.clock.now(), self.tokens().refresh_all().await?),
        };
        let run = LastRun { started_at, complete: sweep.failed == 0 };
        let value = serde_json::to_vec(&run).map_err(|e| StoreError::Definite(e.to_string()))?;
        // A sweep that outlived its lease has done its work all the same; the next one finds it done.
        let _: Result<FencedCommit, _> =
            leases.commit_fenced(lease, Transaction::new().put(&key, value)).await;
        Ok(parts(sweep))
    }
}

type Ended = (JobOutcome, Option<String>);

// A minute's grace: a trigger that comes a little early still counts. A last run in the future was stamped
// by a wrong clock.
fn is_due(ports: &Ports, last: Timestamp) -> bool {
    let grace = SignedDuration::from_mins(1);
    let cadence = ports.settings.refresh_cadence.min(Duration::from_secs(366 * 24 * 3_600));
    let cadence = SignedDuration::try_from(cadence).unwrap_or(SignedDuration::from_hours(12));
    let passed = ports.clock.now().duration_since(last);
    passed >= cadence - grace || passed < -grace
}

fn parts(sweep: Sweep) -> Vec<TenantReport> {
    let outcome = |outcome| match outcome {
        SweepOutcome::Refreshed => JobOutcome::Succeeded,
        SweepOutcome::Skipped => JobOutcome::Skipped,
        SweepOutcome::Failed => JobOutcome::Failed,
    };
    let part = |(tenant, swept)| TenantReport { tenant, outcome: outcome(swept), detail: None };
    sweep.tenants.into_iter().map(part).collect()
}
