//! Snapshots: one per tenant, type and window, written with its drift events and the record of its completion
//! in one fenced transaction. A lock keeps workers apart; the completed record is what makes a repeat skip.

mod attempt;
pub mod record;
pub mod site;
#[cfg(test)]
mod tests;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use self::site::Progress;
use super::{
    client::{ClientError, JiraClient, retry::Circuits},
    install::{InstallError, Installations},
    lease::{Acquisition, Lease, LeaseError, Leases},
    port::Ports,
};
use crate::store::StoreError;

/// How often a snapshot of a tenant is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotType {
    /// Windows of a day, UTC.
    Daily,
    /// Windows of a week, from Monday, UTC.
    Weekly,
}

impl SnapshotType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Daily, Self::Weekly];

    /// The word used in keys and records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// The window that `now` lies in, as its first day: `2026-01-31`.
    #[must_use]
    pub fn window(self, now: Timestamp) -> String {
        let today = now.to_zoned(TimeZone::UTC).date();
        let first = match self {
            Self::Daily => today,
            Self::Weekly => {
                let since_monday = i64::from(today.weekday().to_monday_zero_offset());
                today.saturating_sub(SignedDuration::from_hours(24 * since_monday))
            }
        };
        first.to_string()
    }
}

/// What came of asking for a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// Another worker holds the lock. No error.
    Locked {
        /// First day of the window.
        window: String,
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
    /// The work took longer than renewals may keep the lock.
    #[error("the snapshot took longer than its lock may be kept")]
    CapReached,
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
            Self::Install(InstallError::Store(error)) => error.is_definite(),
            Self::Panicked => false,
            _ => true,
        }
    }
}

/// Takes snapshots.
#[derive(Clone, Debug)]
pub struct Snapshots {
    ports: Arc<Ports>,
    circuits: Arc<Circuits>,
    leases: Leases,
}

impl Snapshots {
    /// Snapshots into this assembly's store.
    #[must_use]
    pub fn new(ports: Arc<Ports>, circuits: Arc<Circuits>) -> Self {
        let leases = Leases::new(&ports.store);
        Self { ports, circuits, leases }
    }

    /// The key of a snapshot's lock: `snapshot_lock:{tenant}:{type}:{window}`.
    #[must_use]
    pub fn lock_key(ports: &Ports, tenant: &str, snapshot_type: SnapshotType, window: &str) -> String {
        ports.keys.key("snapshot_lock", &[tenant, snapshot_type.word(), window])
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
        let window = snapshot_type.window(self.ports.clock.now());
        self.attempt(tenant, snapshot_type, &window, &Keeper::without_lock(self)).await
    }

    /// Takes the current window's snapshot under its lock.
    pub async fn create_snapshot_with_lock(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
    ) -> Result<SnapshotOutcome, SnapshotError> {
        let window = snapshot_type.window(self.ports.clock.now());
        let key = Self::lock_key(&self.ports, tenant, snapshot_type, &window);
        let owner = self.ports.ids.fresh();
        let lease = match self.leases.acquire(&key, &owner, self.ports.settings.lock_ttl).await? {
            Acquisition::Granted(lease) => lease,
            Acquisition::Denied { .. } => return Ok(SnapshotOutcome::Locked { window }),
        };
        let keeper = Keeper { snapshots: self, lease: Some(Mutex::new(lease.clone())) };
        let work = self.attempt(tenant, snapshot_type, &window, &keeper);
        let outcome = AssertUnwindSafe(work).catch_unwind().await;
        // A lock that cannot be given back runs out; a lost one is not ours to give.
        let _ = self.leases.release(&lease).await;
        outcome.unwrap_or(Err(SnapshotError::Panicked))
    }

    async fn client(&self, tenant: &str) -> Result<JiraClient, SnapshotError> {
        let installation = Installations::new(self.ports.clone()).get(tenant).await?;
        Ok(JiraClient::new(self.ports.clone(), self.circuits.clone(), tenant, &installation.cloud_id))
    }
}

// Keeps the lock while the work gets on, and up to a cap.
struct Keeper<'a> {
    snapshots: &'a Snapshots,
    lease: Option<Mutex<Lease>>,
}

impl<'a> Keeper<'a> {
    fn without_lock(snapshots: &'a Snapshots) -> Self {
        Self { snapshots, lease: None }
    }

    async fn lease(&self) -> Option<Lease> {
        match &self.lease {
            Some(lease) => Some(lease.lock().await.clone()),
            None => None,
        }
    }
}

impl Progress for Keeper<'_> {
    async fn made(&self) -> Result<(), SnapshotError> {
        let Some(lease) = &self.lease else { return Ok(()) };
        let mut lease = lease.lock().await;
        let ports = &self.snapshots.ports;
        let now = ports.store.time();
        let held_ms = u64::try_from(now.ms.saturating_sub(lease.granted_ms)).unwrap_or(0);
        if Duration::from_millis(held_ms) >= ports.settings.lock_cap {
            return Err(SnapshotError::CapReached);
        }
        // At a third of its life gone, so that a renewal may fail once and still be tried again.
        if lease.remaining(&now) < lease.ttl.mul_f64(2.0 / 3.0) {
            *lease = self.snapshots.leases.renew(&lease).await?;
        }
        Ok(())
    }
}
