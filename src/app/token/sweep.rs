//! Sweeps over all tenants' tokens: the proactive refresh, and the end of what a crash left half done. One
//! tenant's failure, hang or panic never reaches the next one; sweeps speak to nobody.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Attempt, Consent, StoredToken, TokenError, Tokens, offset};
use crate::app::paging::Batches;

/// A refresh token dies after 90 days without use; from here on a tenant counts as near.
const NEAR_IDLE: SignedDuration = SignedDuration::from_hours(80 * 24);
/// A consent ends after 365 days; from here on a tenant counts as near.
const NEAR_END: SignedDuration = SignedDuration::from_hours(355 * 24);
/// Refreshes of one sweep are at least so far apart on average, up to [`LONGEST_SPREAD`] in all.
const PACE: Duration = Duration::from_millis(100);
const LONGEST_SPREAD: Duration = Duration::from_secs(300);

/// What a sweep did for one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepOutcome {
    /// A new pair was got.
    Refreshed,
    /// There was nothing to do, or somebody else does it, or only a person can.
    Skipped,
    /// It did not work this time.
    Failed,
}

/// What a sweep did. The counts add up to the tenants that it saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sweep {
    /// Tenants with a new pair.
    pub refreshed: u64,
    /// Tenants with nothing to do.
    pub skipped: u64,
    /// Tenants for which it did not work.
    pub failed: u64,
    /// Tenants whose refresh token has lain idle for most of its 90 days.
    pub near_idle_limit: u64,
    /// Tenants whose consent is near its 365th day.
    pub near_absolute_limit: u64,
    /// The tenants, in the order in which they were seen to.
    pub tenants: Vec<(String, SweepOutcome)>,
}

impl Sweep {
    fn count(&mut self, tenant: &str, outcome: SweepOutcome) {
        match outcome {
            SweepOutcome::Refreshed => self.refreshed += 1,
            SweepOutcome::Skipped => self.skipped += 1,
            SweepOutcome::Failed => self.failed += 1,
        }
        self.tenants.push((tenant.to_owned(), outcome));
    }
}

struct Due {
    tenant: String,
    version: u64,
}

impl Tokens {
    /// Renews the pair of every tenant whose token ends within the horizon.
    pub async fn refresh_all(&self) -> Result<Sweep, TokenError> {
        self.sweep(|stored, now| self.is_due(stored, now)).await
    }

    /// As [`Tokens::refresh_all`], leaving out pairs that were got after `started_at`: what an earlier sweep
    /// left behind. A pair of that very moment may be one that it did not get to.
    pub async fn refresh_older_than(&self, started_at: Timestamp) -> Result<Sweep, TokenError> {
        self.sweep(|stored, now| stored.refreshed_at <= started_at && self.is_due(stored, now)).await
    }

    fn is_due(&self, stored: &StoredToken, now: Timestamp) -> bool {
        let horizon = SignedDuration::try_from(self.ports.settings.refresh_horizon)
            .unwrap_or(SignedDuration::from_hours(24));
        stored.consent == Consent::Given && stored.token.expires_at.duration_since(now) <= horizon
    }

    /// As [`Tokens::refresh_all`], for one tenant.
    pub async fn refresh_one(&self, tenant: &str) -> Result<Sweep, TokenError> {
        let stored = self.stored(tenant).await?;
        let mut sweep = Sweep::default();
        if self.is_due(&stored, self.ports.clock.now()) {
            let due = Due { tenant: stored.tenant, version: stored.version };
            sweep.count(tenant, self.swept(&due).await);
        } else {
            sweep.count(tenant, SweepOutcome::Skipped);
        }
        Ok(sweep)
    }

    /// Finishes the refreshes that a crash or a lost answer left half done, while the platform still
    /// forgives a repetition.
    pub async fn sweep_intents(&self) -> Result<Sweep, TokenError> {
        self.sweep(|stored, _| stored.consent == Consent::Given && stored.intent.is_some()).await
    }

    async fn sweep(&self, is_due: impl Fn(&StoredToken, Timestamp) -> bool) -> Result<Sweep, TokenError> {
        let now = self.ports.clock.now();
        let mut sweep = Sweep::default();
        let mut due = Vec::new();
        let mut batches = Batches::new(&self.ports, self.ports.keys.prefix("token", &[]), 100);
        while let Some(records) = batches.next_batch().await? {
            for record in records {
                let Some(stored) = StoredToken::decode(&record.value) else {
                    sweep.count(&record.key, SweepOutcome::Failed);
                    continue;
                };
                sweep.near_idle_limit += u64::from(now.duration_since(stored.refreshed_at) > NEAR_IDLE);
                sweep.near_absolute_limit +=
                    u64::from(now.duration_since(stored.token.created_at) > NEAR_END);
                if is_due(&stored, now) {
                    due.push(Due { tenant: stored.tenant, version: stored.version });
                } else {
                    sweep.count(&stored.tenant, SweepOutcome::Skipped);
                }
            }
        }
        let spread = PACE.saturating_mul(u32::try_from(due.len()).unwrap_or(u32::MAX)).min(LONGEST_SPREAD);
        due.sort_by_key(|due| offset(&due.tenant, spread));
        // One after the other: a sweep must not become the burst that it exists to prevent.
        let started_ms = self.ports.clock.uptime().ms;
        for due in due {
            let turn_ms = i64::try_from(offset(&due.tenant, spread).as_millis()).unwrap_or(i64::MAX);
            let early_ms = started_ms.saturating_add(turn_ms).saturating_sub(self.ports.clock.uptime().ms);
            if let Ok(early_ms @ 1..) = u64::try_from(early_ms) {
                self.ports.clock.sleep(Duration::from_millis(early_ms)).await;
            }
            let outcome = self.swept(&due).await;
            sweep.count(&due.tenant, outcome);
        }
        Ok(sweep)
    }

    // One tenant's turn, shut off from the others.
    async fn swept(&self, due: &Due) -> SweepOutcome {
        let settings = &self.ports.settings;
        let limit = settings.lease_ttl.saturating_add(settings.http_timeout);
        let attempt = AssertUnwindSafe(self.attempt(&due.tenant, due.version)).catch_unwind();
        let outcome = tokio::select! {
            biased;
            outcome = attempt => outcome,
            () = self.ports.clock.deadline(limit) => return SweepOutcome::Failed,
        };
        match outcome {
            Ok(Ok(Attempt::Renewed(_))) => SweepOutcome::Refreshed,
            Ok(Ok(Attempt::Adopted(_) | Attempt::Busy) | Err(TokenError::NotInstalled)) => {
                SweepOutcome::Skipped
            }
            Ok(Err(_)) | Err(_) => SweepOutcome::Failed,
        }
    }
}
