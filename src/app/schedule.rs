//! The scheduled jobs. Each ends by itself and reports what it did; one tenant's failure leaves the others
//! done; a trigger that comes twice does the work once. Nothing here speaks to anybody.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    App,
    lease::{Acquisition, FencedCommit, LeaseError, Leases},
    port::Ports,
    snapshot::SnapshotType,
    token::{Sweep, SweepOutcome, TokenError},
};
use crate::store::{StoreError, Transaction};

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
        JobReport::of(job, tenants)
    }

    async fn work(&self, job: Job, tenant: Option<&str>) -> Result<Vec<TenantReport>, JobError> {
        match (job, tenant) {
            (Job::SnapshotDaily, _) => self.snapshots_of(SnapshotType::Daily, tenant).await,
            (Job::SnapshotWeekly, _) => self.snapshots_of(SnapshotType::Weekly, tenant).await,
            (Job::TokenRefresh, Some(tenant)) => Ok(parts(self.tokens().refresh_one(tenant).await?)),
            (Job::TokenRefresh, None) => self.refresh_in_turn().await,
            (Job::IntentSweep, _) => Ok(parts(self.tokens().sweep_intents().await?)),
            (Job::CrashRecovery, _) => Ok(Vec::new()),
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

    // One tenant's snapshot, shut off from the others' and ended by the cap if nothing else ends it.
    async fn snapshot_of(&self, tenant: &str, snapshot_type: SnapshotType) -> TenantReport {
        let snapshots = self.snapshots();
        let work =
            AssertUnwindSafe(snapshots.create_snapshot_with_lock(tenant, snapshot_type)).catch_unwind();
        let (outcome, detail) = tokio::select! {
            biased;
            outcome = work => match outcome {
                Ok(Ok(snapshot)) if snapshot.is_skipped() => (JobOutcome::Skipped, None),
                Ok(Ok(_)) => (JobOutcome::Succeeded, None),
                Ok(Err(error)) => (JobOutcome::Failed, Some(error.to_string())),
                Err(_) => (JobOutcome::Failed, Some("the snapshot panicked".to_owned())),
            },
            () = self.ports().clock.deadline(self.ports().settings.lock_cap) =>
                (JobOutcome::Failed, Some("the snapshot did not end in time".to_owned())),
        };
        TenantReport { tenant: tenant.to_owned(), outcome, detail }
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
