//! What all processes of a scenario stand on beside the stage, and what gonogo itself sees of their storage:
//! snapshots are recorded from what lies there, never from a process's word.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use secrecy::SecretString;
use serde_json::Value;

use super::{describe::Description, scrub};
use crate::{
    evidence::{Fact, FlawKind, Observation, Source},
    subject::{Stage, seam::names_in_text},
};

/// What gonogo sees on the platform's side.
pub trait Witness: Send + Sync + fmt::Debug {
    /// Everything that lies in a tenant's key-value storage: key and value.
    fn stored(&self, tenant: &str) -> Vec<(String, Value)>;

    /// The names that people gave to what is on a tenant's site now.
    fn names(&self, tenant: &str) -> Vec<String>;

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
    /// Tenant → every name that something of its site was seen to have.
    names: BTreeMap<String, BTreeSet<String>>,
    /// How much of the log was looked at.
    seen: usize,
    started: bool,
    /// How many calls there were.
    calls: u64,
    open: BTreeMap<u64, Open>,
    strays: Vec<String>,
}

/// A call that was not answered yet.
#[derive(Debug)]
struct Open {
    /// For whom it, or a call beside it, is.
    allowed: BTreeSet<String>,
    /// How long the log was when it began.
    seen: usize,
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

    /// Whether no worker of this scenario was started before; true once.
    #[must_use]
    pub fn first_worker(&self) -> bool {
        !std::mem::replace(&mut self.known().started, true)
    }

    pub(super) fn installed(&self, tenant: &str, cloud_id: &str) {
        self.known().installed.insert(tenant.to_owned(), cloud_id.to_owned());
    }

    pub(super) fn uninstalled(&self, tenant: &str) {
        self.known().installed.remove(tenant);
    }

    /// Every tenant that has the app, with its cloud id.
    pub(super) fn installations(&self) -> Vec<(String, String)> {
        self.known().installed.clone().into_iter().collect()
    }

    /// Takes in what came about since the last look: the names that people gave to things, and the snapshots
    /// that came to lie in the storage. Each worker that wrote a snapshot's key since stored it once.
    pub(super) fn look(&self, description: &Description) {
        let mut known = self.known();
        for tenant in known.installed.keys().cloned().collect::<Vec<_>>() {
            let names = self.witness.names(&tenant);
            known.names.entry(tenant).or_default().extend(names);
        }
        let (written, seen) = self.stage.recorder.read(|log| {
            let new = log.get(known.seen..).unwrap_or_default();
            let place = |observation: &Observation| match &observation.fact {
                Fact::KeyWritten { tenant: Some(tenant), worker, key, .. } => {
                    // The platform names a place: the tenant, then the key in its storage.
                    let key = key.strip_prefix(tenant.as_str())?.strip_prefix('/')?;
                    Some((tenant.clone(), key.to_owned(), worker.clone()))
                }
                _ => None,
            };
            (new.iter().filter_map(place).collect::<BTreeSet<_>>(), log.len())
        });
        known.seen = seen;
        drop(known);
        let mut stored: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
        for (tenant, key, _) in written {
            let keys = stored
                .entry(tenant.clone())
                .or_insert_with(|| self.witness.stored(&tenant).into_iter().collect());
            let Some(value) = keys.get(&key) else { continue };
            if scrub::holds(&value.to_string(), &self.witness.secrets()) {
                self.note_secret("its storage outside of /secret");
            }
            let of_family =
                description.storage.snapshot.as_ref().is_some_and(|prefix| key.starts_with(prefix));
            if let Some(fact) = self.snapshot(&tenant, &key, value).filter(|_| of_family) {
                self.record(fact);
            }
        }
    }

    /// `answer` without the secrets of the platform; that there were any is recorded.
    pub(super) fn scrubbed(&self, answer: Value, place: &str) -> Value {
        let secrets = self.witness.secrets();
        let before = answer.to_string();
        if scrub::holds(&before, &secrets) {
            self.note_secret(place);
        }
        scrub::value(answer, &secrets)
    }

    /// `said` without the secrets of the platform and what looks like one; that there were any is recorded.
    pub(super) fn scrubbed_errors(&self, said: &str) -> String {
        let secrets = self.witness.secrets();
        if scrub::holds(said, &secrets) {
            self.note_secret("its standard error");
        }
        scrub::suspected(said, &secrets)
    }

    fn note_secret(&self, place: &str) {
        self.record(Fact::FlawSeen {
            kind: FlawKind::ShownSecret,
            subject: place.to_owned(),
            place: place.to_owned(),
            text: format!("a token or another secret of the platform stands in {place}"),
            remedy: "keep tokens under /secret, and them and client secrets out of answers, errors and logs"
                .to_owned(),
        });
    }

    /// The ways in which a name stands in a text, when it is one that somebody of the tenant gave.
    pub(super) fn quoted(&self, tenant: &str, name: &str) -> Vec<String> {
        let known = self.known().names.get(tenant).is_some_and(|names| names.contains(name));
        if known { names_in_text(name) } else { vec![] }
    }

    /// The names of the tenant that stand in double quotes in a text, in the ways in which they stand there.
    pub(super) fn quoted_in(&self, tenant: &str, text: &str) -> Vec<String> {
        let known = self.known();
        let names = known.names.get(tenant).into_iter().flatten();
        names
            .filter(|name| text.contains(&format!("\"{name}\"")))
            .flat_map(|name| names_in_text(name))
            .collect()
    }

    /// A call for these tenants begins; what is asked of others until it ends is a stray, unless another call
    /// that is open meanwhile is for them.
    pub(super) fn call_begins(&self, tenants: BTreeSet<String>) -> u64 {
        let seen = self.stage.recorder.read(<[Observation]>::len);
        let mut known = self.known();
        known.calls += 1;
        let number = known.calls;
        let mut allowed = tenants.clone();
        for call in known.open.values_mut() {
            allowed.extend(call.allowed.iter().cloned());
            call.allowed.extend(tenants.iter().cloned());
        }
        known.open.insert(number, Open { allowed, seen });
        number
    }

    /// That call ends.
    pub(super) fn call_ends(&self, number: u64, method: &str) {
        let Some(call) = self.known().open.remove(&number) else { return };
        let stray = self.stage.recorder.read(|log| {
            log.get(call.seen..).unwrap_or_default().iter().find_map(|observation| match &observation.fact {
                Fact::RequestAnswered { tenant: Some(tenant), operation, .. }
                    if !call.allowed.contains(tenant) =>
                {
                    Some(format!(
                        "in {method}, which was not for {tenant:?}, it asked {operation} of {tenant:?}"
                    ))
                }
                _ => None,
            })
        });
        self.known().strays.extend(stray);
    }

    /// What was asked of tenants for whom no call was open, in words.
    #[must_use]
    pub fn strays(&self) -> Vec<String> {
        self.known().strays.clone()
    }

    /// What lies under the key as a fact, when it is a snapshot.
    fn snapshot(&self, tenant: &str, key: &str, value: &Value) -> Option<Fact> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Some(Fact::SnapshotStored {
            tenant: tenant.to_owned(),
            // Whoever does not tell its snapshots' kinds apart is told apart by the key alone.
            snapshot_type: text("snapshot_type").unwrap_or_else(|| key.to_owned()),
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
