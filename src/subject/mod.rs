//! The app under test: the `Subject` trait, and one way to drive an app per file. What goes in and comes
//! out is recorded at the seams (`seam`), never asked of the app; faults are planted at the same seams
//! (`fault`), so the app has no switch for them.

pub mod barrier;
pub mod character;
pub mod fault;
pub mod forge;
pub mod process;
pub mod reference;
pub mod seam;
pub mod trigger;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;

use crate::{
    app::{
        plain::PlainKeys,
        port::{KeyEncoder as _, Transport},
    },
    clock::ManualClock,
    evidence::{Ending, Readings, Recorder},
    store::Store,
};

/// What is under test: how a scenario comes by its workers, and which built-in features it runs.
#[derive(Clone, Debug, Default)]
pub enum Target {
    /// The app that comes with gonogo, in this process.
    #[default]
    Reference,
    /// Any program that speaks the driver protocol.
    Process(Arc<process::Program>),
    /// A Forge app, run in Node by the embedded bridge.
    Forge(Arc<forge::Deployment>),
}

impl Target {
    /// The files that the app is made of, as far as they are known.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Reference => vec![],
            Self::Process(program) => program
                .command
                .iter()
                .map(|part| program.dir.join(part))
                .filter(|path| path.is_file())
                .collect(),
            Self::Forge(deployment) => deployment.files(),
        }
    }

    /// The folder that the app lies in; `None` for the one that comes with gonogo.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Reference => None,
            Self::Process(program) => Some(&program.dir),
            Self::Forge(deployment) => Some(deployment.folder()),
        }
    }

    /// The name that reports carry.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Reference => "reference app".to_owned(),
            Self::Process(program) => program.command.join(" "),
            Self::Forge(deployment) => format!("Forge app {}", deployment.manifest().app_id),
        }
    }
}

/// One running worker of an app under test.
#[async_trait]
pub trait Subject: Send + Sync + std::fmt::Debug {
    /// The operations that the app has, each with the names of the fields in its answer.
    async fn describe(&self) -> Vec<(String, Vec<String>)>;

    /// Installs the app for a tenant, with nothing else set.
    async fn install(&self, tenant: &str, consent: Consent) -> Result<Value, CallError>;

    /// Removes the app for a tenant.
    async fn uninstall(&self, tenant: &str) -> Result<Value, CallError>;

    /// Runs a scheduled job as the platform's trigger does; without a tenant, for all of them.
    async fn run_job(&self, job: &str, tenant: Option<&str>) -> Result<Value, CallError>;

    /// Takes a snapshot (`daily` or `weekly`), under the lock or the old way without.
    async fn create_snapshot(
        &self,
        tenant: &str,
        snapshot_type: &str,
        locked: bool,
    ) -> Result<Value, CallError>;

    /// One page of drift events: `{items, has_more, page, limit, total_count, next_cursor}`.
    async fn list_drift(
        &self,
        tenant: &str,
        limit: Option<i64>,
        cursor: Option<&str>,
    ) -> Result<Value, CallError>;

    /// Expiry, scopes and state of a tenant's token; never the token.
    async fn token_state(&self, tenant: &str) -> Result<Value, CallError>;
}

/// What a tenant's administrator granted at installation.
#[derive(Clone, Debug)]
pub struct Consent {
    /// Which site.
    pub cloud_id: String,
    /// First access token.
    pub access_token: SecretString,
    /// First refresh token.
    pub refresh_token: SecretString,
    /// Lifetime of the access token, in seconds.
    pub expires_in_s: i64,
    /// Scopes granted.
    pub scopes: Vec<String>,
}

/// Why a call of the app gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The app answered with an error.
    #[error("{0}")]
    Refused(String),
    /// The app panicked or its process died.
    #[error("the app died: {0}")]
    Died(String),
    /// Its process had to be ended, or came to its end by itself.
    #[error("{0}")]
    Ended(String),
    /// It did not answer in time, and its process was ended.
    #[error("{0}")]
    Hung(String),
    /// The app does not have this operation.
    #[error("the app has no operation {0:?}")]
    Unknown(String),
}

/// How a job that returned ended, by its report; what the report does not say is a failure.
fn reported_ending(report: &Value) -> Ending {
    match report["outcome"].as_str() {
        Some("succeeded") => Ending::Succeeded,
        Some("skipped") => Ending::Skipped,
        Some("waiting_for_person") => Ending::WaitingForPerson,
        _ => Ending::Failed,
    }
}

/// The ground on which all workers of a scenario stand.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The scenario's log.
    pub recorder: Recorder,
    /// Seed of everything that looks like chance.
    pub seed: u64,
    /// The scenario's time.
    pub clock: ManualClock,
    /// The store that all workers share.
    pub store: Arc<dyn Store>,
    /// How requests to the mocked platform really leave.
    pub transport: Arc<dyn Transport>,
    /// Base of the mocked Jira's gateway.
    pub gateway_url: String,
    /// The mocked token endpoint.
    pub token_url: String,
    /// OAuth client of the app.
    pub client_id: String,
    /// OAuth client secret of the app.
    pub client_secret: SecretString,
    /// Marks that must stay with their tenants.
    pub canaries: Canaries,
    /// Trouble ahead at the store.
    pub troubles: seam::trouble::Troubles,
    /// What the workers' scans cost.
    pub gauge: seam::gauge::Gauge,
    /// Where workers are held and killed.
    pub barriers: barrier::Barriers,
    /// Writes on their way to the store.
    pub sent: seam::sent::Sent,
    /// Which workers were started, how often.
    pub starts: seam::ids::Starts,
}

/// Marks planted in tenants' data: (tenant, mark).
#[derive(Clone, Debug, Default)]
pub struct Canaries(Arc<RwLock<Vec<(String, String)>>>);

impl Canaries {
    /// Remembers a mark.
    pub fn plant(&self, tenant: &str, mark: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push((tenant.to_owned(), mark.to_owned()));
    }

    /// The tenant to whom a key belongs: the one whose name, encoded, is the key's first part.
    #[must_use]
    pub fn owner_of(&self, key: &str) -> Option<String> {
        let marks = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let part = key.split(':').nth(1)?;
        let is_owner = |tenant: &str| PlainKeys.key("", &[tenant]).strip_prefix(':') == Some(part);
        marks.iter().map(|(tenant, _)| tenant).find(|tenant| is_owner(tenant)).cloned()
    }

    /// The tenants whose marks stand in `bytes`.
    #[must_use]
    pub fn carried_by(&self, bytes: &[u8]) -> Vec<String> {
        let readings = Readings::of(bytes);
        let mut tenants: Vec<String> = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .filter(|(_, mark)| readings.hold(mark))
            .map(|(tenant, _)| tenant.clone())
            .collect();
        tenants.sort();
        tenants.dedup();
        tenants
    }
}

tokio::task_local! {
    /// For whom the running call works, as the driver knows it.
    static WORKING_FOR: Option<String>;
}

/// For whom the running call works; `None` outside a call or in a call for all tenants.
fn working_for() -> Option<String> {
    WORKING_FOR.try_with(Clone::clone).ok().flatten()
}
