//! The reference app: what a well-behaved Jira app does, in full. It snapshots a Jira site per tenant and
//! window, detects drift events between snapshots, and keeps everything in a store. It is the subject by
//! default, the example that users copy from, and the thing that `prove` breaks.
//!
//! Everything it needs from outside comes through [`Ports`]; faults are planted there, so nothing in
//! `app` knows that it can be broken.

pub mod client;
pub mod drift;
pub mod idempotency;
pub mod install;
pub mod lease;
pub mod lock;
pub mod paging;
pub mod plain;
pub mod port;
#[cfg(test)]
mod rehearsal;
pub mod schedule;
pub mod snapshot;
#[cfg(test)]
mod stand_in;
pub mod token;
pub mod transport;

use std::sync::Arc;

use client::{JiraClient, retry::Circuits};
use drift::{DriftEvent, DriftQuery};
use install::{InstallError, Installations};
use lock::{Contention, SnapshotLock};
use paging::{Page, PageError};
use snapshot::{SnapshotError, SnapshotOutcome, SnapshotType, Snapshots};
use token::Tokens;

pub use port::Ports;

/// The reference app, assembled. One value is one worker process; several share a store.
#[derive(Clone, Debug)]
pub struct App {
    ports: Arc<Ports>,
    circuits: Arc<Circuits>,
    lock: Arc<SnapshotLock>,
}

impl App {
    /// Assembles a worker from its ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        let ports = Arc::new(ports);
        let lock = Arc::new(SnapshotLock::new(&ports));
        Self { ports, circuits: Arc::default(), lock }
    }

    /// What the worker was assembled from.
    #[must_use]
    pub fn ports(&self) -> &Arc<Ports> {
        &self.ports
    }

    /// Installs, removes and lists tenants.
    #[must_use]
    pub fn installations(&self) -> Installations {
        Installations::new(self.ports.clone())
    }

    /// The tenants' tokens.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        Tokens::new(self.ports.clone())
    }

    /// Takes snapshots.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        Snapshots::new(self.ports.clone(), self.circuits.clone(), self.lock.clone())
    }

    /// How often this worker asked for a snapshot lock, and how often it was denied.
    #[must_use]
    pub fn contention(&self) -> Contention {
        self.lock.contention()
    }

    /// Reads an installed tenant's site.
    pub async fn client(&self, tenant: &str) -> Result<JiraClient, InstallError> {
        let cloud_id = self.installations().get(tenant).await?.cloud_id;
        Ok(JiraClient::new(self.ports.clone(), self.circuits.clone(), tenant, &cloud_id))
    }

    /// Takes the current window's snapshot without a lock, as earlier versions did.
    pub async fn create_snapshot(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
    ) -> Result<SnapshotOutcome, SnapshotError> {
        self.snapshots().create_snapshot(tenant, snapshot_type).await
    }

    /// Takes the current window's snapshot under its lock.
    pub async fn create_snapshot_with_lock(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
    ) -> Result<SnapshotOutcome, SnapshotError> {
        self.snapshots().create_snapshot_with_lock(tenant, snapshot_type).await
    }

    /// A page of a tenant's drift events, oldest first; 100 to a page where `limit` is not given.
    pub async fn list_drift(
        &self,
        tenant: &str,
        query: DriftQuery,
        limit: Option<i64>,
        cursor: Option<&str>,
    ) -> Result<Page<DriftEvent>, PageError> {
        drift::list(&self.ports, tenant, query, limit, cursor).await
    }
}
