//! What the app is: its installations, its manifest as constants, and the operations that it answers. One
//! step installs it; there is no second one.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    paging::Batches,
    port::{Notice, Ports},
    token::{StoredToken, Token, Tokens, stored::excess},
};
use crate::store::{Commit, Expect, Record, StoreError, Transaction};

/// OAuth scopes that the app asks for. All of them read.
pub const SCOPES: &[&str] = &["read:jira-work", "read:jira-user", "offline_access"];
/// Modules that the manifest declares.
pub const MODULES: &[&str] = &[
    "jira:globalPage",
    "scheduledTrigger:snapshot-daily",
    "scheduledTrigger:snapshot-weekly",
    "scheduledTrigger:token-refresh",
];
/// Hosts that the app reaches beside its own storage.
pub const EGRESS: &[&str] = &["api.atlassian.com", "auth.atlassian.com"];
/// Settings that somebody has to fill in before the app works.
pub const REQUIRED_SETTINGS: &[&str] = &[];

const FORMAT: &str = "gonogo.installation/1";
const TRIES: usize = 8;

/// One operation of the app and the names of the fields that it answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// Stable name.
    pub name: &'static str,
    /// Names of the fields of its answer.
    pub fields: &'static [&'static str],
}

/// Everything that the app answers to.
#[must_use]
pub fn describe() -> &'static [Operation] {
    const RUN: &[&str] = &["job", "outcome", "succeeded", "skipped", "failed", "tenants"];
    &[
        Operation { name: "install", fields: &["tenant", "cloud_id", "installed_at"] },
        Operation { name: "uninstall", fields: &["removed"] },
        Operation { name: "create_snapshot", fields: SNAPSHOT },
        Operation { name: "create_snapshot_with_lock", fields: SNAPSHOT },
        Operation {
            name: "list_drift",
            fields: &["items", "has_more", "page", "limit", "total_count", "next_cursor"],
        },
        Operation {
            name: "refresh_tokens",
            fields: &["refreshed", "skipped", "failed", "near_idle_limit", "near_absolute_limit", "tenants"],
        },
        Operation { name: "run_job", fields: RUN },
    ]
}

const SNAPSHOT: &[&str] = &["outcome", "window", "hash", "fencing_token", "drift"];

/// One installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installation {
    /// Format of the record.
    pub format: String,
    /// Who installed the app.
    pub tenant: String,
    /// The site's id at the gateway.
    pub cloud_id: String,
    /// When.
    pub installed_at: Timestamp,
}

/// Why the app could not be installed, removed or listed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The token may do more than the app asks for; nothing was stored.
    #[error("the granted scopes go beyond what was asked for")]
    ScopeRefused,
    /// The token is no bearer token; nothing was stored.
    #[error("the token is of another type than Bearer")]
    TokenType,
    /// The cloud id would reach beyond its place in a path; nothing was stored.
    #[error("the cloud id is not one")]
    CloudId,
    /// There is no installation for this tenant.
    #[error("the app is not installed for this tenant")]
    NotInstalled,
    /// The record of the installation cannot be read; installing again replaces it.
    #[error("the stored installation cannot be read")]
    Damaged,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All installations of a store.
#[derive(Clone, Debug)]
pub struct Installations {
    ports: Arc<Ports>,
}

impl Installations {
    /// Installations in this assembly's store.
    #[must_use]
    pub fn new(ports: Arc<Ports>) -> Self {
        Self { ports }
    }

    /// Installs the app for a tenant, or again after a new consent: one step, and it works.
    pub async fn install(
        &self,
        tenant: &str,
        cloud_id: &str,
        token: Token,
    ) -> Result<Installation, InstallError> {
        if cloud_id.is_empty() || !cloud_id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
            return Err(InstallError::CloudId);
        }
        if !token.token_type.eq_ignore_ascii_case("bearer") {
            return Err(InstallError::TokenType);
        }
        if !excess(&token.scope, &self.ports.settings.scopes).is_empty() {
            self.ports.notifier.notify(tenant, Notice::ScopeRefused).await;
            return Err(InstallError::ScopeRefused);
        }
        let installation = Installation {
            format: FORMAT.to_owned(),
            tenant: tenant.to_owned(),
            cloud_id: cloud_id.to_owned(),
            installed_at: self.ports.clock.now(),
        };
        let value = serde_json::to_vec(&installation).map_err(|e| StoreError::Definite(e.to_string()))?;
        let token_key = Tokens::key(&self.ports, tenant);
        for _ in 0..TRIES {
            let old = self.ports.store.get(&token_key).await?;
            let version = old.as_ref().map_or(1, next_version);
            let expect = old.as_ref().map_or(Expect::Absent, |old| Expect::Version(old.version));
            let stored =
                StoredToken::installed(tenant, token.clone(), version, self.ports.clock.now()).encode();
            let transaction = Transaction::new()
                .expect(&token_key, expect)
                .put(&token_key, stored)
                .put(self.key(tenant), value.clone());
            if let Commit::Done { .. } = self.ports.store.commit(transaction).await? {
                return Ok(installation);
            }
        }
        Err(StoreError::Definite("the token's record changes too fast".to_owned()).into())
    }

    /// Removes the app for a tenant, its token with it. The tenant's snapshots stay until they are erased.
    pub async fn uninstall(&self, tenant: &str) -> Result<(), InstallError> {
        let transaction =
            Transaction::new().delete(self.key(tenant)).delete(Tokens::key(&self.ports, tenant));
        self.ports.store.commit(transaction).await?;
        Ok(())
    }

    /// One tenant's installation.
    pub async fn get(&self, tenant: &str) -> Result<Installation, InstallError> {
        let record = self.ports.store.get(&self.key(tenant)).await?.ok_or(InstallError::NotInstalled)?;
        decoded(&record).filter(|found| found.tenant == tenant).ok_or(InstallError::Damaged)
    }

    /// A stream of all installations.
    #[must_use]
    pub fn list(&self) -> InstallationBatches<'_> {
        InstallationBatches(Batches::new(&self.ports, self.ports.keys.prefix("installation", &[]), 100))
    }

    fn key(&self, tenant: &str) -> String {
        self.ports.keys.key("installation", &[tenant])
    }
}

/// Streams installations, one batch in memory at a time.
#[derive(Debug)]
pub struct InstallationBatches<'a>(Batches<'a>);

impl InstallationBatches<'_> {
    /// The next batch or `None`. A record that cannot be read comes as its key, so that it can be counted.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Result<Installation, String>>>, StoreError> {
        let Some(records) = self.0.next_batch().await? else { return Ok(None) };
        Ok(Some(records.into_iter().map(|record| decoded(&record).ok_or(record.key)).collect()))
    }
}

// The version of a pair must never come again, or an old refresh would take a new pair for its own.
fn next_version(old: &Record) -> u64 {
    StoredToken::decode(&old.value).map_or(old.version, |old| old.version).saturating_add(1)
}

fn decoded(record: &Record) -> Option<Installation> {
    serde_json::from_slice(&record.value).ok().filter(|found: &Installation| found.format == FORMAT)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::{
        rehearsal::stage,
        stand_in::{Does, Ear, Platform, token, worker},
    };

    #[tokio::test]
    async fn one_step_installs_and_a_token_that_may_do_more_is_refused_and_reported() {
        let (clock, store) = stage();
        let platform = Platform::new(&clock, |_, _| Does::Lose);
        let ear: Arc<Ear> = Arc::default();
        let app = worker(&clock, &store, &platform, &ear, |_| {});
        let installations = app.installations();
        let hour = Duration::from_secs(3_600);

        let mut broad = token(hour);
        broad.scope.push("write:jira-work".to_owned());
        let refused = installations.install("acme", "cloud-1", broad).await;
        assert!(matches!(refused, Err(InstallError::ScopeRefused)));
        assert_eq!(ear.heard(), [("acme".to_owned(), Notice::ScopeRefused)]);
        let escaping = installations.install("acme", "../other", token(hour)).await;
        assert!(matches!(escaping, Err(InstallError::CloudId)));
        assert!(matches!(installations.get("acme").await, Err(InstallError::NotInstalled)));

        for tenant in ["a:b", "a", "acme"] {
            installations.install(tenant, "cloud-1", token(hour)).await.expect("installed");
            assert_eq!(app.tokens().bearer(tenant).await.expect("works at once").version, 1);
        }
        let listed = installations.list().next_batch().await.expect("a batch").expect("some");
        assert_eq!(listed.len(), 3);
        installations.uninstall("a").await.expect("removed");
        assert!(matches!(installations.get("a").await, Err(InstallError::NotInstalled)));
        assert!(app.tokens().bearer("a").await.is_err());
        assert!(app.tokens().bearer("a:b").await.is_ok());
    }

    #[test]
    fn every_scope_that_is_asked_for_reads() {
        let asked: Vec<String> = SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        assert!(excess(&asked, &asked).is_empty());
        assert_eq!(crate::app::stand_in::settings().scopes, asked);
    }
}
