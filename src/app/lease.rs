//! Leases over a store's conditional writes: one holder at a time, a fencing token that only grows, and
//! writes that the store refuses from whoever lost its lease. A lease's record is never deleted, or its
//! token would start again.

mod bounded;
mod record;

use std::{sync::Arc, time::Duration};

use crate::{
    clock::Uptime,
    store::{Commit, Expect, Record, Store, StoreError, Transaction},
};

pub use bounded::{Bounded, bounded};
pub use record::{FORMAT, LeaseRecord};

/// How often a step is tried again because others wrote in between or the store did not answer. Each
/// conflict means that somebody else got ahead, so more than a few in a row are the exception.
const TRIES: usize = 16;

/// A grant, as its holder knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Under which key its record lies.
    pub key: String,
    /// The attempt that it was granted to.
    pub owner: String,
    /// What each write and effect of the holder carries.
    pub fencing_token: u64,
    /// How long each renewal lasts.
    pub ttl: Duration,
    /// When it was granted, on the store's time, milliseconds.
    pub granted_ms: i64,
    /// From when on others may take it, on the store's time, milliseconds.
    pub expires_ms: i64,
    /// The boot that the times belong to.
    pub boot: Arc<str>,
}

impl Lease {
    /// Whether the holder must begin nothing more: a tenth of the TTL (at most 5 s) before the lease can
    /// be taken over. Counted from when the request for it was sent, not from when the grant came.
    #[must_use]
    pub fn is_past_deadline(&self, now: &Uptime) -> bool {
        self.boot != now.boot || now.ms >= self.expires_ms.saturating_sub(margin_ms(self.ttl))
    }

    /// When it was last prolonged, on the store's time, milliseconds.
    #[must_use]
    pub fn renewed_ms(&self) -> i64 {
        self.expires_ms.saturating_sub(millis(self.ttl))
    }

    /// Whether progress should now renew it: a third of the TTL has passed, and another TTL still ends
    /// within `cap` of the grant.
    #[must_use]
    pub fn is_due(&self, now: &Uptime, cap: Duration) -> bool {
        let due = now.ms >= self.renewed_ms().saturating_add(millis(self.ttl) / 3);
        let ends_ms = now.ms.saturating_add(millis(self.ttl));
        due && ends_ms <= self.granted_ms.saturating_add(millis(cap))
    }

    /// How long the holder may go on without progress: `limit` since it was last prolonged, and never
    /// past its deadline.
    #[must_use]
    pub fn allowance(&self, now: &Uptime, limit: Duration) -> Duration {
        let passed = u64::try_from(now.ms.saturating_sub(self.renewed_ms())).unwrap_or(0);
        self.remaining(now).min(limit.saturating_sub(Duration::from_millis(passed)))
    }

    /// How long until [`Lease::is_past_deadline`]; zero when it is past.
    #[must_use]
    pub fn remaining(&self, now: &Uptime) -> Duration {
        if self.is_past_deadline(now) {
            return Duration::ZERO;
        }
        let ms = self.expires_ms.saturating_sub(margin_ms(self.ttl)).saturating_sub(now.ms);
        Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    }
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquisition {
    /// It is ours.
    Granted(Lease),
    /// Another attempt holds it. No error: whoever asked has nothing to do.
    Denied {
        /// When it runs out unless it is renewed.
        holder_expires_in: Duration,
    },
}

/// What came of giving a lease back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// It is free.
    Done,
    /// It was no longer ours; nothing was changed.
    NotHeld,
}

/// What came of a fenced commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FencedCommit {
    /// Everything was written while the lease was ours.
    Done {
        /// The version that all written records now have.
        version: u64,
    },
    /// An expectation of the caller was not met; nothing was written.
    Conflict {
        /// The first key whose expectation failed.
        key: String,
    },
    /// The lease is no longer ours; nothing was written.
    Fenced,
}

/// Why a lease could not be had, kept or used.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lease has run out or is another's.
    #[error("the lease is lost")]
    Lost,
    /// An expectation of what was to be written along was not met; nothing was written.
    #[error("a record to be written with the lease has changed: {key}")]
    Conflict {
        /// The key whose expectation failed.
        key: String,
    },
    /// Others changed the record on every try; nothing was written.
    #[error("the lease's record changed on every try")]
    Contended,
}

impl LeaseError {
    /// Whether the failed call certainly had no effect.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Store(error) => error.is_definite(),
            Self::Lost | Self::Conflict { .. } | Self::Contended => true,
        }
    }
}

/// All leases of a store.
#[derive(Clone, Debug)]
pub struct Leases {
    store: Arc<dyn Store>,
}

impl Leases {
    /// Leases in this store, on its time.
    #[must_use]
    pub fn new(store: &Arc<dyn Store>) -> Self {
        Self { store: store.clone() }
    }

    /// Asks for the lease under `key`. `owner` is fresh for each attempt; the same owner asking again gets
    /// the grant that it already has, so a lost reply does no harm.
    pub async fn acquire(&self, key: &str, owner: &str, ttl: Duration) -> Result<Acquisition, LeaseError> {
        self.acquire_with(key, owner, ttl, &|_| Transaction::new()).await
    }

    /// As [`Leases::acquire`]; what `also` makes of the fencing token is written in the same transaction.
    pub async fn acquire_with(
        &self,
        key: &str,
        owner: &str,
        ttl: Duration,
        also: &(dyn Fn(u64) -> Transaction + Send + Sync),
    ) -> Result<Acquisition, LeaseError> {
        let mut unanswered = None;
        for _ in 0..TRIES {
            // Read before anything is sent: the grant must seem shorter to its holder, never longer.
            let now = self.store.time();
            let found = self.store.get(key).await?;
            let token = match next_token(found.as_ref(), owner, &now) {
                Next::Held(record) => return Ok(granted(key, owner, ttl, &record, &now)),
                Next::Denied { expires_ms } => {
                    let ms = u64::try_from(expires_ms.saturating_sub(now.ms)).unwrap_or(0);
                    return Ok(Acquisition::Denied { holder_expires_in: Duration::from_millis(ms) });
                }
                Next::Free { token } => token,
            };
            let record = LeaseRecord {
                format: FORMAT.to_owned(),
                owner: Some(owner.to_owned()),
                fencing_token: token,
                granted_ms: now.ms,
                expires_ms: now.ms.saturating_add(millis(ttl)),
                boot: now.boot.to_string(),
            };
            match self.replace(key, found.as_ref(), &record, also(token)).await {
                Ok(Replaced::Done) => return Ok(granted(key, owner, ttl, &record, &now)),
                Ok(Replaced::Changed) => {}
                // The write may have happened: the next reading tells.
                Err(error) if !error.is_definite() => unanswered = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(unanswered.unwrap_or(LeaseError::Contended))
    }

    /// Prolongs a lease by its TTL from now. [`LeaseError::Lost`] if it ran out or is another's.
    pub async fn renew(&self, lease: &Lease) -> Result<Lease, LeaseError> {
        self.renew_with(lease, &Transaction::new()).await
    }

    /// As [`Leases::renew`]; `also` is written in the same transaction, once.
    pub async fn renew_with(&self, lease: &Lease, also: &Transaction) -> Result<Lease, LeaseError> {
        let mut unanswered: Option<(Option<u64>, LeaseError)> = None;
        for _ in 0..TRIES {
            let now = self.store.time();
            let found = self.store.get(&lease.key).await?;
            let Some(mut record) = current(lease, found.as_ref()).filter(|r| r.holder(&now).is_some()) else {
                return Err(LeaseError::Lost);
            };
            let version = found.as_ref().map(|found| found.version);
            // Still ours, yet changed since the renewal that nobody answered: it happened.
            if unanswered.as_ref().is_some_and(|(before, _)| *before != version) {
                return Ok(Lease { expires_ms: record.expires_ms, ..lease.clone() });
            }
            // A renewal never shortens a lease, whatever the order in which renewals arrive.
            let expires_ms = record.expires_ms.max(now.ms.saturating_add(millis(lease.ttl)));
            record.expires_ms = expires_ms;
            match self.replace(&lease.key, found.as_ref(), &record, also.clone()).await {
                Ok(Replaced::Done) => return Ok(Lease { expires_ms, ..lease.clone() }),
                Ok(Replaced::Changed) => {}
                Err(error) if !error.is_definite() => unanswered = Some((version, error)),
                Err(error) => return Err(error),
            }
        }
        Err(unanswered.map_or(LeaseError::Contended, |(_, error)| error))
    }

    /// Gives a lease back. Changes nothing if it is no longer ours.
    pub async fn release(&self, lease: &Lease) -> Result<Release, LeaseError> {
        self.release_with(lease, &Transaction::new()).await
    }

    /// As [`Leases::release`]; `also` is written in the same transaction, and only with it.
    pub async fn release_with(&self, lease: &Lease, also: &Transaction) -> Result<Release, LeaseError> {
        let mut unanswered = None;
        for _ in 0..TRIES {
            let found = self.store.get(&lease.key).await?;
            let Some(mut record) = current(lease, found.as_ref()) else {
                let freed = found.as_ref().and_then(|found| LeaseRecord::decode(&found.value)).is_some_and(
                    |record| record.owner.is_none() && record.fencing_token == lease.fencing_token,
                );
                let ours = unanswered.is_some() && freed;
                return Ok(if ours { Release::Done } else { Release::NotHeld });
            };
            record.owner = None;
            record.expires_ms = 0;
            match self.replace(&lease.key, found.as_ref(), &record, also.clone()).await {
                Ok(Replaced::Done) => return Ok(Release::Done),
                Ok(Replaced::Changed) => {}
                Err(error) if !error.is_definite() => unanswered = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(unanswered.unwrap_or(LeaseError::Contended))
    }

    /// Commits `transaction` only while the lease's record still carries this owner and token, and only
    /// before it runs out: how a holder that was paused too long is kept from writing.
    pub async fn commit_fenced(
        &self,
        lease: &Lease,
        transaction: Transaction,
    ) -> Result<FencedCommit, LeaseError> {
        for _ in 0..TRIES {
            let now = self.store.time();
            let found = self.store.get(&lease.key).await?;
            let held = current(lease, found.as_ref()).is_some_and(|record| record.holder(&now).is_some());
            let Some(found) = found.filter(|_| held) else {
                return Ok(FencedCommit::Fenced);
            };
            let mut fenced = transaction.clone();
            fenced.expects.insert(0, (lease.key.clone(), Expect::Version(found.version)));
            match self.store.commit(fenced).await? {
                Commit::Done { version } => return Ok(FencedCommit::Done { version }),
                // Renewed, released or taken over since it was read: look again.
                Commit::Conflict { key } if key == lease.key => {}
                Commit::Conflict { key } => return Ok(FencedCommit::Conflict { key }),
            }
        }
        Err(LeaseError::Contended)
    }

    async fn replace(
        &self,
        key: &str,
        found: Option<&Record>,
        record: &LeaseRecord,
        also: Transaction,
    ) -> Result<Replaced, LeaseError> {
        let unchanged = found.map_or(Expect::Absent, |found| Expect::Version(found.version));
        let mut transaction = Transaction::new().expect(key, unchanged).put(key, record.encode()?);
        transaction.expects.extend(also.expects);
        transaction.writes.extend(also.writes);
        match self.store.commit(transaction).await? {
            Commit::Done { .. } => Ok(Replaced::Done),
            Commit::Conflict { key: changed } if changed == key => Ok(Replaced::Changed),
            Commit::Conflict { key } => Err(LeaseError::Conflict { key }),
        }
    }
}

enum Replaced {
    Done,
    Changed,
}

enum Next {
    Held(LeaseRecord),
    Denied { expires_ms: i64 },
    Free { token: u64 },
}

fn next_token(found: Option<&Record>, owner: &str, now: &Uptime) -> Next {
    let Some(found) = found else {
        return Next::Free { token: 1 };
    };
    let Some(record) = LeaseRecord::decode(&found.value) else {
        // The record is damaged and its token unknown. Each grant was a commit of its own and versions
        // only grow, so no token that was ever granted is above the version of this record.
        return Next::Free { token: found.version.saturating_add(1) };
    };
    match record.holder(now) {
        Some(holder) if holder == owner => Next::Held(record),
        Some(_) => Next::Denied { expires_ms: record.expires_ms },
        None => Next::Free { token: record.fencing_token.saturating_add(1) },
    }
}

fn current(lease: &Lease, found: Option<&Record>) -> Option<LeaseRecord> {
    found.and_then(|found| LeaseRecord::decode(&found.value)).filter(|record| {
        record.owner.as_deref() == Some(&*lease.owner)
            && record.fencing_token == lease.fencing_token
            && *record.boot == *lease.boot
    })
}

fn granted(key: &str, owner: &str, ttl: Duration, record: &LeaseRecord, now: &Uptime) -> Acquisition {
    Acquisition::Granted(Lease {
        key: key.to_owned(),
        owner: owner.to_owned(),
        fencing_token: record.fencing_token,
        ttl,
        granted_ms: record.granted_ms,
        expires_ms: record.expires_ms,
        boot: now.boot.clone(),
    })
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn margin_ms(ttl: Duration) -> i64 {
    (millis(ttl) / 10).min(5_000)
}

#[cfg(test)]
mod tests;
