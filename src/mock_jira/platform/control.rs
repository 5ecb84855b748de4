//! What scenarios and tests do to the platform beside its wire: consents, changes, faults, and a look at
//! what it kept. Each thing done is recorded as a fact.

use jiff::Timestamp;
use secrecy::SecretString;

use super::{Platform, State, token_issued};
use crate::{
    evidence::Fact,
    mock_jira::{
        Credentials, Entry, UnknownTenant,
        account::{ACCESS_LIFE_MS, CLIENT_ID, Pair},
        fault::FaultRule,
        site::{ChangeRefused, ListingOrder, SiteChange},
    },
};

impl Platform {
    pub(super) fn tenant(state: &State, id: &str) -> Result<usize, UnknownTenant> {
        state.tenants.iter().position(|t| t.id == id).ok_or_else(|| UnknownTenant(id.to_owned()))
    }

    /// The tenant consents (again): a new family of tokens. Recorded.
    pub fn consent(&self, tenant: &str, scopes: &[String]) -> Result<Credentials, UnknownTenant> {
        let now = self.0.clock.now();
        let mut state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        let pair = state.accounts.consent(at, scopes.to_vec(), now.as_millisecond());
        self.record(token_issued(&state, &pair));
        Ok(credentials(&state, at, pair, now))
    }

    /// The bearer of the app itself at a tenant's site, as the platform gives it to each invocation: no consent
    /// is needed, and none is recorded.
    pub fn system_token(&self, tenant: &str, scopes: &[String]) -> Result<SecretString, UnknownTenant> {
        let now = self.0.clock.now();
        let mut state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        let pair = state.accounts.consent(at, scopes.to_vec(), now.as_millisecond());
        Ok(pair.access.into())
    }

    /// Ids of a tenant's site and of the app's installation there.
    pub fn installation(&self, tenant: &str) -> Result<(String, String), UnknownTenant> {
        let state = self.lock();
        let tenant = &state.tenants[Self::tenant(&state, tenant)?];
        Ok((tenant.cloud_id.clone(), tenant.installation_id.clone()))
    }

    /// What the app of a tenant pushed to its queues since this was last asked: queue and event.
    pub fn take_pushed(&self, tenant: &str) -> Result<Vec<(String, serde_json::Value)>, UnknownTenant> {
        let mut state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        Ok(std::mem::take(&mut state.tenants[at].pushed))
    }

    /// The names that people gave to what is on a tenant's site.
    pub fn names(&self, tenant: &str) -> Result<Vec<String>, UnknownTenant> {
        let state = self.lock();
        Self::tenant(&state, tenant).map(|at| state.tenants[at].site.names())
    }

    /// What the tenant's latest consent granted, as it was then: the first pair of its family.
    pub fn credentials(&self, tenant: &str) -> Result<Credentials, UnknownTenant> {
        let state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        let (pair, consented) =
            state.accounts.first_pair(at).ok_or_else(|| UnknownTenant(tenant.to_owned()))?;
        Ok(credentials(&state, at, pair, consented))
    }

    /// Lets the grant of `tenant` reach the site of `other` too, as one account with two sites does.
    pub fn widen_grant(&self, tenant: &str, other: &str) -> Result<(), UnknownTenant> {
        let mut state = self.lock();
        let (tenant, other) = (Self::tenant(&state, tenant)?, Self::tenant(&state, other)?);
        let family = state.accounts.families.iter_mut().rev().find(|f| f.tenants.first() == Some(&tenant));
        if let Some(family) = family {
            family.tenants.push(other);
        }
        Ok(())
    }

    /// The tenant takes its consent back.
    pub fn withdraw_consent(&self, tenant: &str) -> Result<(), UnknownTenant> {
        let mut state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        for family in state.accounts.withdraw(at) {
            self.record(Fact::FamilyRevoked { tenant: tenant.to_owned(), family });
        }
        Ok(())
    }

    /// Ends the tenant's access tokens before their time: the next call gets 401.
    pub fn expire_access_tokens(&self, tenant: &str) -> Result<(), UnknownTenant> {
        let mut state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        state.accounts.expire_access(at);
        Ok(())
    }

    /// Changes a tenant's site. Recorded with the new digest.
    pub fn change_site(&self, tenant: &str, change: SiteChange) -> Result<(), SiteError> {
        let now = self.0.clock.now();
        let mut state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        state.tenants[at].site.change(change, now)?;
        self.record_site(&state, tenant);
        Ok(())
    }

    /// The digest of the tenant's content now.
    pub fn site_digest(&self, tenant: &str) -> Result<String, UnknownTenant> {
        let state = self.lock();
        Self::tenant(&state, tenant).map(|at| state.tenants[at].site.digest())
    }

    /// The order of the tenant's listings from now on; the content stays.
    pub fn order_listings(&self, tenant: &str, order: ListingOrder) -> Result<(), UnknownTenant> {
        let mut state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        state.tenants[at].site.order = order;
        Ok(())
    }

    /// The tenant's mark, if one was planted.
    pub fn canary(&self, tenant: &str) -> Result<Option<String>, UnknownTenant> {
        let state = self.lock();
        Self::tenant(&state, tenant).map(|at| state.tenants[at].site.canary.clone())
    }

    /// Whether the tenant's expired keys stay readable, as Forge documents for up to 48 hours. Recorded.
    pub fn linger_expired_keys(&self, tenant: &str, linger: bool) -> Result<(), UnknownTenant> {
        let mut state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        state.tenants[at].storage.linger = linger;
        let fault = if linger { "lingering expired keys" } else { "no lingering expired keys" }.to_owned();
        let (tenant, route) = (Some(tenant.to_owned()), Some("kvs".to_owned()));
        self.record(Fact::FaultInjected { tenant, fault, route });
        Ok(())
    }

    /// Puts a fault in force. When it strikes, that is recorded.
    pub fn inject(&self, rule: FaultRule) {
        self.lock().faults.arm(rule);
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.lock().faults.disarm();
    }

    /// The latest requests and their answers, oldest first.
    #[must_use]
    pub fn journal_entries(&self) -> Vec<Entry> {
        self.lock().journal.entries()
    }

    /// How many requests there were in all.
    #[must_use]
    pub fn requests_served(&self) -> u64 {
        self.lock().journal.served
    }

    /// Every token and secret that the platform ever issued: for a test that no output holds one.
    #[must_use]
    pub fn issued_secrets(&self) -> Vec<SecretString> {
        self.lock().accounts.issued()
    }

    /// Ids of all tenants.
    #[must_use]
    pub fn tenant_ids(&self) -> Vec<String> {
        self.lock().tenants.iter().map(|t| t.id.clone()).collect()
    }
}

/// Why a site cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// No such tenant.
    #[error(transparent)]
    Tenant(#[from] UnknownTenant),
    /// Nothing there to change.
    #[error(transparent)]
    Change(#[from] ChangeRefused),
}

fn credentials(state: &State, at: usize, pair: Pair, now: Timestamp) -> Credentials {
    let tenant = &state.tenants[at];
    let expires_ms = now.as_millisecond() + ACCESS_LIFE_MS;
    Credentials {
        tenant: tenant.id.clone(),
        cloud_id: tenant.cloud_id.clone(),
        installation_id: tenant.installation_id.clone(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: state.accounts.client_secret(),
        access_token: pair.access.into(),
        refresh_token: pair.refresh.into(),
        scopes: pair.scopes,
        expires_at: Timestamp::from_millisecond(expires_ms).unwrap_or(Timestamp::MAX),
    }
}
