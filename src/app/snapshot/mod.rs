//! Snapshots: one per tenant, type and window, written with its drift events and the record of its completion
//! in one fenced transaction. A lock keeps workers apart; the completed record is what makes a repeat skip.

mod attempt;
mod operation;
pub mod record;
pub mod site;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use self::site::Progress;
use super::{
    client::{ClientError, JiraClient, retry::Circuits},
    idempotency::{JobError, JobRun},
    install::{InstallError, Installations},
    lease::LeaseError,
    lock::{Held, Locked, SnapshotLock, Window},
    port::Ports,
};
use crate::store::StoreError;

pub use super::lock::SnapshotType;

/// What came of asking for a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SnapshotOutcome {
    /// It was taken and stored.
    Stored {
        /// First day of its window.
        window: String,
        /// Hash of its content.
        hash: String,
        /// The grant that it was written under; 0 without a lock.
        fencing_token: u64,
        /// How many drift events it gave.
        drift: u64,
    },
    /// The window's snapshot exists: its result, replayed.
    Done {
        /// First day of its window.
        window: String,
        /// Hash of its content.
        hash: String,
        /// The grant that it was written under; 0 without a lock.
        fencing_token: u64,
        /// How many drift events it gave.
        drift: u64,
    },
    /// Another worker holds the lock. No error. It answers with the fields of every outcome, the unknown
    /// ones empty: callers may rely on them.
    Locked {
        /// First day of the window.
        window: String,
        /// Known to the holder alone.
        hash: Option<String>,
        /// Known to the holder alone.
        fencing_token: Option<u64>,
        /// Known to the holder alone.
        drift: Option<u64>,
    },
}

impl SnapshotOutcome {
    /// Whether there was nothing to do: the job ends SKIPPED.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        !matches!(self, Self::Stored { .. })
    }
}

/// Why no snapshot was taken. The previous one, and all others, are untouched.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// There is no usable installation.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// Jira could not be read.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The lock was lost, or the store failed.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The work stood still for the job's limit and was stopped; the lock was given back.
    #[error("the snapshot made no progress within its time limit")]
    OutOfTime,
    /// The job that it is the work of cannot go on.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The window is over: the site is another by now.
    #[error("the window has passed")]
    WindowPassed,
    /// Others wrote on every try.
    #[error("the tenant's records changed on every try")]
    Contended,
    /// The work panicked; the lock was given back.
    #[error("the snapshot panicked")]
    Panicked,
}

impl From<StoreError> for SnapshotError {
    fn from(error: StoreError) -> Self {
        Self::Lease(LeaseError::Store(error))
    }
}

impl SnapshotError {
    /// Whether certainly nothing was written.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Lease(error) => error.is_definite(),
            Self::Job(error) => error.is_definite(),
            Self::Install(InstallError::Store(error)) => error.is_definite(),
            Self::Panicked | Self::OutOfTime => false,
            _ => true,
        }
    }
}

/// Takes snapshots.
#[derive(Clone, Debug)]
pub struct Snapshots {
    ports: Arc<Ports>,
    circuits: Arc<Circuits>,
    lock: Arc<SnapshotLock>,
}

impl Snapshots {
    /// Snapshots into this assembly's store.
    #[must_use]
    pub fn new(ports: Arc<Ports>, circuits: Arc<Circuits>, lock: Arc<SnapshotLock>) -> Self {
        Self { ports, circuits, lock }
    }

    /// The key of a stored snapshot.
    #[must_use]
    pub fn record_key(ports: &Ports, tenant: &str, snapshot_type: SnapshotType, window: &str) -> String {
        ports.keys.key("snapshot", &[tenant, snapshot_type.word(), window])
    }

    /// Takes the current window's snapshot without a lock, as earlier versions did. Two at once both do the
    /// work; the store still keeps one.
    pub async fn create_snapshot(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
    ) -> Result<SnapshotOutcome, SnapshotError> {
        let window = snapshot_type.window_start(self.ports.clock.now());
        self.attempt(tenant, snapshot_type, &window, &Keeper::default()).await
    }

    /// Takes the current window's snapshot under its lock.
    pub async fn create_snapshot_with_lock(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
    ) -> Result<SnapshotOutcome, SnapshotError> {
        let window = snapshot_type.window_start(self.ports.clock.now());
        self.locked(tenant, snapshot_type, &window, None).await
    }

    /// As [`Snapshots::create_snapshot_with_lock`], as the work of a job: progress keeps the job's lease too.
    /// A window that has passed has no snapshot any more: the site is another by now.
    pub async fn create_snapshot_in_job(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
        window: &str,
        run: JobRun,
    ) -> Result<SnapshotOutcome, SnapshotError> {
        if window != snapshot_type.window_start(self.ports.clock.now()) {
            return Err(SnapshotError::WindowPassed);
        }
        self.locked(tenant, snapshot_type, window, Some(run)).await
    }

    /// How long another worker may yet be at the window's snapshot; `None` if none is. Takes nothing.
    pub async fn taken_for(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
        window: &str,
    ) -> Result<Option<Duration>, SnapshotError> {
        let locked = Window { tenant, snapshot_type, window_start: window };
        Ok(self.lock.holder_expires_in(locked).await?)
    }

    async fn locked(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
        window: &str,
        run: Option<JobRun>,
    ) -> Result<SnapshotOutcome, SnapshotError> {
        let locked = Window { tenant, snapshot_type, window_start: window };
        let work = |held| {
            let keeper = Keeper { held: Some(held), run };
            async move {
                match &keeper.run {
                    // Boxed: the layers of a job are too many for one future.
                    Some(run) => Box::pin(self.operate(tenant, snapshot_type, window, &keeper, run)).await,
                    None => self.attempt(tenant, snapshot_type, window, &keeper).await,
                }
            }
        };
        match self.lock.with_lock(locked, work).await? {
            Locked::Ran(outcome) => outcome,
            Locked::Skipped { .. } => Ok(SnapshotOutcome::Locked {
                window: window.to_owned(),
                hash: None,
                fencing_token: None,
                drift: None,
            }),
            Locked::Panicked(_) => Err(SnapshotError::Panicked),
            Locked::OutOfTime => Err(SnapshotError::OutOfTime),
        }
    }

    async fn client(&self, tenant: &str) -> Result<JiraClient, SnapshotError> {
        let installation = Installations::new(self.ports.clone()).get(tenant).await?;
        Ok(JiraClient::new(self.ports.clone(), self.circuits.clone(), tenant, &installation.cloud_id))
    }
}

// What an attempt holds, if anything: the window's lock, and the lease of the job that it is the work of.
#[derive(Default)]
struct Keeper {
    held: Option<Held>,
    run: Option<JobRun>,
}

impl Progress for Keeper {
    async fn made(&self) -> Result<(), SnapshotError> {
        if let Some(run) = &self.run {
            run.progress().await?;
        }
        if let Some(held) = &self.held {
            held.progress().await?;
        }
        Ok(())
    }
}
