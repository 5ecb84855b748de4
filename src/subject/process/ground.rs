//! What all processes of a scenario stand on beside the stage, and what gonogo itself sees of their storage:
//! snapshots are recorded from what lies there, never from a process's word.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use secrecy::SecretString;
use serde_json::Value;

use super::describe::Description;
use crate::{
    evidence::{Fact, Source},
    subject::Stage,
};

/// What gonogo sees on the platform's side.
pub trait Witness: Send + Sync + fmt::Debug {
    /// Everything that lies in a tenant's key-value storage: key and value.
    fn stored(&self, tenant: &str) -> Vec<(String, Value)>;

    /// The bearer token for a tenant's key-value storage.
    fn storage_token(&self, tenant: &str) -> Option<SecretString>;

    /// Every secret that the platform issued: none of them may be kept.
    fn secrets(&self) -> Vec<SecretString>;
}

/// The ground of all processes of one scenario. Clones are the same ground.
#[derive(Clone, Debug)]
pub struct Ground {
    pub(super) stage: Stage,
    pub(super) witness: Arc<dyn Witness>,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Tenant → cloud id.
    installed: BTreeMap<String, String>,
    /// Tenant and key → how many writes were seen, and the value.
    snapshots: BTreeMap<(String, String), Value>,
    described: bool,
}

impl Ground {
    /// The ground of a scenario in which no process runs yet.
    #[must_use]
    pub fn new(stage: Stage, witness: Arc<dyn Witness>) -> Self {
        Self { stage, witness, known: Arc::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, fact: Fact) {
        self.stage.recorder.record(Source::Subject, fact);
    }

    /// Whether the app was not described in this scenario before; true once.
    pub(super) fn first_description(&self) -> bool {
        !std::mem::replace(&mut self.known().described, true)
    }

    pub(super) fn installed(&self, tenant: &str, cloud_id: &str) {
        self.known().installed.insert(tenant.to_owned(), cloud_id.to_owned());
    }

    pub(super) fn uninstalled(&self, tenant: &str) {
        let mut known = self.known();
        known.installed.remove(tenant);
        known.snapshots.retain(|(of, _), _| of != tenant);
    }

    /// Every tenant that has the app, with its cloud id.
    pub(super) fn installations(&self) -> Vec<(String, String)> {
        self.known().installed.clone().into_iter().collect()
    }

    /// Records the snapshots that came to lie in the storage since the last look.
    pub(super) fn look(&self, description: &Description) {
        let Some(prefix) = &description.storage.snapshot else { return };
        for (tenant, _) in self.installations() {
            for (key, value) in self.witness.stored(&tenant) {
                let place = (tenant.clone(), key);
                if place.1.starts_with(prefix) && self.known().snapshots.get(&place) != Some(&value) {
                    if let Some(fact) = self.snapshot(&place, &value) {
                        self.record(fact);
                    }
                    self.known().snapshots.insert(place, value);
                }
            }
        }
    }

    /// What lies under the key as a fact, when it is a snapshot.
    fn snapshot(&self, (tenant, key): &(String, String), value: &Value) -> Option<Fact> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Some(Fact::SnapshotStored {
            tenant: tenant.clone(),
            // Whoever does not tell its snapshots' kinds apart is told apart by the key alone.
            snapshot_type: text("snapshot_type").unwrap_or_else(|| key.clone()),
            window_start: text("window_start")?,
            fencing_token: value["fencing_token"].as_u64().unwrap_or_default(),
            hash: text("hash")?,
            site: self.site_of(tenant),
        })
    }

    /// The digest of what the tenant's site holds now.
    fn site_of(&self, whose: &str) -> String {
        self.stage.recorder.read(|log| {
            let digest = log.iter().rev().find_map(|observation| match &observation.fact {
                Fact::SiteChanged { tenant, digest } if tenant == whose => Some(digest.clone()),
                _ => None,
            });
            digest.unwrap_or_default()
        })
    }
}
