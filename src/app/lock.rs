//! The snapshot lock: one worker at a time makes the snapshot of a tenant, type and window. It does not
//! deduplicate; a record that outlives it does.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::{Timestamp, ToSpan, civil::Weekday, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    lease::{Acquisition, Bounded, FencedCommit, Lease, LeaseError, LeaseRecord, Leases, bounded},
    port::Ports,
};
use crate::store::Transaction;

/// The family of the lock's keys.
pub const FAMILY: &str = "snapshot_lock";

/// How often a snapshot of this kind is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotType {
    /// One per UTC day.
    Daily,
    /// One per week, from Monday, UTC.
    Weekly,
}

impl SnapshotType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Daily, Self::Weekly];

    /// `daily` or `weekly`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// The type of this word; `None` for any other word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The day on which the window of `at` starts, UTC, as an RFC 3339 date: the day itself, or the
    /// Monday on or before it.
    #[must_use]
    pub fn window_start(self, at: Timestamp) -> String {
        let day = at.to_zoned(TimeZone::UTC).date();
        let back = match self {
            Self::Daily => 0,
            Self::Weekly => i64::from(day.weekday().since(Weekday::Monday)),
        };
        // The earliest date that exists may have no Monday before it; it starts its own week.
        day.checked_sub(back.days()).unwrap_or(day).to_string()
    }
}

/// What is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window<'a> {
    /// Whose snapshot.
    pub tenant: &'a str,
    /// Which kind.
    pub snapshot_type: SnapshotType,
    /// From [`SnapshotType::window_start`].
    pub window_start: &'a str,
}

/// How often the lock was asked for and taken by another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contention {
    /// How often it was asked for and the store answered.
    pub attempts: u64,
    /// How often another held it.
    pub denied: u64,
}

impl Contention {
    /// Denied per attempt, in percent; `None` without attempts.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage needs no more than 53 bits")]
    pub fn percent(self) -> Option<f64> {
        (self.attempts > 0).then(|| 100.0 * self.denied as f64 / self.attempts as f64)
    }
}

/// How work under the lock ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locked<T> {
    /// It ran; its own result says how.
    Ran(T),
    /// SKIPPED: another worker holds the lock. No error.
    Skipped {
        /// When the other's lock runs out unless it is renewed.
        holder_expires_in: Duration,
    },
    /// It panicked. The lock was released.
    Panicked(String),
    /// It made no progress within the job's limit and was stopped. The lock was released.
    OutOfTime,
}

/// The snapshot locks of one worker.
#[derive(Debug)]
pub struct SnapshotLock {
    ports: Arc<Ports>,
    leases: Leases,
    attempts: AtomicU64,
    denied: AtomicU64,
}

impl SnapshotLock {
    /// Locks in the store of these ports.
    #[must_use]
    pub fn new(ports: &Arc<Ports>) -> Self {
        Self {
            ports: ports.clone(),
            leases: Leases::new(&ports.store),
            attempts: AtomicU64::new(0),
            denied: AtomicU64::new(0),
        }
    }

    /// Under which key the lock of a window lies.
    #[must_use]
    pub fn key(&self, window: Window<'_>) -> String {
        let parts = [window.tenant, window.snapshot_type.word(), window.window_start];
        self.ports.keys.key(FAMILY, &parts)
    }

    /// How often this worker was denied so far.
    #[must_use]
    pub fn contention(&self) -> Contention {
        Contention {
            attempts: self.attempts.load(Ordering::Relaxed),
            denied: self.denied.load(Ordering::Relaxed),
        }
    }

    /// Takes the lock of a window, as a new attempt.
    pub async fn acquire(&self, window: Window<'_>) -> Result<Acquisition, LeaseError> {
        let owner = self.ports.ids.fresh();
        let asked = self.leases.acquire(&self.key(window), &owner, self.ports.settings.lock_ttl).await?;
        self.attempts.fetch_add(1, Ordering::Relaxed);
        if matches!(asked, Acquisition::Denied { .. }) {
            self.denied.fetch_add(1, Ordering::Relaxed);
        }
        Ok(asked)
    }

    /// When the lock that somebody holds runs out unless it is renewed; `None` if it is free. Takes nothing
    /// and counts as no attempt.
    pub async fn holder_expires_in(&self, window: Window<'_>) -> Result<Option<Duration>, LeaseError> {
        let found = self.ports.store.get(&self.key(window)).await?;
        let now = self.ports.store.time();
        let held = found.and_then(|found| LeaseRecord::decode(&found.value));
        let held = held.filter(|held| held.holder(&now).is_some());
        let left_ms = held.map(|held| u64::try_from(held.expires_ms.saturating_sub(now.ms)).unwrap_or(0));
        Ok(left_ms.map(Duration::from_millis))
    }

    /// Runs `work` under the lock and releases it whatever becomes of the work: returned, failed,
    /// panicked or out of time. An error means that the lock could not be asked for; the work did not run.
    pub async fn with_lock<T, F>(
        &self,
        window: Window<'_>,
        work: impl FnOnce(Held) -> F,
    ) -> Result<Locked<T>, LeaseError>
    where
        F: Future<Output = T>,
    {
        let lease = match self.acquire(window).await? {
            Acquisition::Granted(lease) => lease,
            Acquisition::Denied { holder_expires_in } => return Ok(Locked::Skipped { holder_expires_in }),
        };
        let held = Held {
            leases: self.leases.clone(),
            ports: self.ports.clone(),
            lease: Arc::new(Mutex::new(lease)),
        };
        let limit = self.ports.settings.job_limit;
        let allowance = || held.lease().allowance(&self.ports.store.time(), limit);
        let running = held.clone();
        let ended = bounded(&*self.ports.clock, allowance, async move { work(running).await }).await;
        if let Err(error) = self.leases.release(&held.lease()).await {
            // The work is done and the lease runs out by itself: nothing to fail for.
            tracing::debug!(%error, "the snapshot lock was not released");
        }
        Ok(match ended {
            Bounded::Returned(result) => Locked::Ran(result),
            Bounded::Panicked(message) => Locked::Panicked(message),
            Bounded::OutOfTime => Locked::OutOfTime,
        })
    }
}

/// The lock as its holder's work has it. Clones are the same lock.
#[derive(Clone, Debug)]
pub struct Held {
    leases: Leases,
    ports: Arc<Ports>,
    lease: Arc<Mutex<Lease>>,
}

impl Held {
    /// The lease as last renewed.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What each write and effect carries.
    #[must_use]
    pub fn fencing_token(&self) -> u64 {
        self.lease().fencing_token
    }

    /// Tells that the work got on: renews the lock once a third of its TTL has passed, up to
    /// `lock_cap` after the grant. [`LeaseError::Lost`] tells the work to stop.
    pub async fn progress(&self) -> Result<(), LeaseError> {
        let lease = self.lease();
        let now = self.ports.store.time();
        if lease.is_due(&now, self.ports.settings.lock_cap) {
            let renewed = self.leases.renew(&lease).await?;
            *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
            return Ok(());
        }
        if lease.is_past_deadline(&now) { Err(LeaseError::Lost) } else { Ok(()) }
    }

    /// Commits only while the lock is ours.
    pub async fn commit(&self, transaction: Transaction) -> Result<FencedCommit, LeaseError> {
        self.leases.commit_fenced(&self.lease(), transaction).await
    }
}

#[cfg(test)]
mod tests;
