//! Tokens of all tenants: what opens Jira now, and how it is renewed. One refresh at a time per tenant, over
//! all processes; an outage changes nothing; a refusal counts only for the token that was really sent.

mod error;
mod exchange;
pub mod stored;
pub mod sweep;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use self::exchange::{Exchange, exchange};
use super::{
    client::retry,
    lease::{Acquisition, FencedCommit, Lease, LeaseError, Leases},
    port::{Notice, Ports},
};
use crate::store::{Expect, Transaction};

pub use error::TokenError;
pub use stored::{Consent, Intent, StoredToken, Token};
pub use sweep::{Sweep, SweepOutcome};

/// A token this close to its end is renewed before it is used (less for tokens that live shorter).
const LONGEST_HEADROOM: SignedDuration = SignedDuration::from_mins(5);
/// How often a new pair is brought to the store before it is left to the intent and its sweeper.
const SAVE_TRIES: usize = 4;

/// What opens Jira, and which pair it belongs to.
#[derive(Clone)]
pub struct Bearer {
    /// Goes into the `Authorization` header.
    pub access_token: SecretString,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Which pair: what [`Tokens::refresh_from`] compares with.
    pub version: u64,
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bearer of pair {}", self.version)
    }
}

/// What one try at a refresh came to.
enum Attempt {
    /// This call renewed the pair.
    Renewed(Bearer),
    /// Somebody else had renewed it.
    Adopted(Bearer),
    /// Somebody else is renewing it.
    Busy,
}

/// All tenants' tokens.
#[derive(Clone, Debug)]
pub struct Tokens {
    ports: Arc<Ports>,
    leases: Leases,
}

// A token with the version of the record that it was read from.
struct Loaded {
    stored: StoredToken,
    record: u64,
}

impl Loaded {
    fn bearer(&self) -> Bearer {
        Bearer {
            access_token: self.stored.token.access_token.clone(),
            expires_at: self.stored.token.expires_at,
            version: self.stored.version,
        }
    }
}

impl Tokens {
    /// Tokens in this assembly's store.
    #[must_use]
    pub fn new(ports: Arc<Ports>) -> Self {
        let leases = Leases::new(&ports.store);
        Self { ports, leases }
    }

    /// Where a tenant's token lies.
    #[must_use]
    pub fn key(ports: &Ports, tenant: &str) -> String {
        ports.keys.key("token", &[tenant])
    }

    /// A tenant's token as it is stored.
    pub async fn stored(&self, tenant: &str) -> Result<StoredToken, TokenError> {
        Ok(self.load(tenant).await?.stored)
    }

    /// What opens Jira for the tenant, renewed first if it has ended or is about to.
    pub async fn bearer(&self, tenant: &str) -> Result<Bearer, TokenError> {
        let loaded = self.load(tenant).await?;
        let now = self.ports.clock.now();
        let alive = now < loaded.stored.token.expires_at;
        match loaded.stored.consent {
            Consent::Needed => return Err(TokenError::ConsentNeeded),
            Consent::TooBroad if alive => return Ok(loaded.bearer()),
            Consent::TooBroad => return Err(TokenError::ScopeRefused),
            Consent::Given => {}
        }
        // A refresh that is under way or was left half done is for its worker or the sweeper to finish.
        let unfinished = loaded.stored.intent.is_some();
        if alive && (unfinished || now < renewal_due(&loaded.stored)) {
            return Ok(loaded.bearer());
        }
        match self.refresh_from(tenant, loaded.stored.version).await {
            Err(error) if alive && error.is_passing() => Ok(loaded.bearer()),
            answer => answer,
        }
    }

    /// A pair other than number `seen`: the one that somebody else has got meanwhile, or a new one.
    pub async fn refresh_from(&self, tenant: &str, seen: u64) -> Result<Bearer, TokenError> {
        let patience = self.ports.settings.lease_ttl.saturating_add(self.ports.settings.http_timeout);
        let renewed = async {
            loop {
                match self.attempt(tenant, seen).await? {
                    Attempt::Renewed(bearer) | Attempt::Adopted(bearer) => return Ok(bearer),
                    Attempt::Busy => self.ports.clock.breathe().await,
                }
            }
        };
        tokio::select! {
            biased;
            answer = renewed => answer,
            () = self.ports.clock.deadline(patience) => Err(TokenError::Busy),
        }
    }

    /// Renews the tenant's pair now, whatever its age. Joins a refresh that is under way.
    pub async fn refresh(&self, tenant: &str) -> Result<Bearer, TokenError> {
        let seen = self.load(tenant).await?.stored.version;
        self.refresh_from(tenant, seen).await
    }

    async fn attempt(&self, tenant: &str, seen: u64) -> Result<Attempt, TokenError> {
        let key = self.ports.keys.key("token_refresh", &[tenant]);
        let owner = self.ports.ids.fresh();
        match self.leases.acquire(&key, &owner, self.ports.settings.lease_ttl).await? {
            Acquisition::Granted(lease) => {
                let attempt = self.attempt_held(&lease, tenant, seen).await;
                // A lease that cannot be given back runs out by itself.
                let _ = self.leases.release(&lease).await;
                attempt
            }
            Acquisition::Denied { .. } => {
                let loaded = self.load(tenant).await?;
                refreshable(&loaded.stored)?;
                let changed = loaded.stored.version != seen;
                Ok(if changed { Attempt::Adopted(loaded.bearer()) } else { Attempt::Busy })
            }
        }
    }

    async fn attempt_held(&self, lease: &Lease, tenant: &str, seen: u64) -> Result<Attempt, TokenError> {
        // Read again under the lease: whoever held it before may have renewed the pair.
        let mut loaded = self.load(tenant).await?;
        if loaded.stored.version != seen {
            return Ok(Attempt::Adopted(loaded.bearer()));
        }
        refreshable(&loaded.stored)?;
        let now = self.ports.clock.now();
        if loaded.stored.quiet_until.is_some_and(|until| now < until) {
            return Err(TokenError::Outage { definite: true });
        }
        let inherited = loaded.stored.intent.is_some();
        if !inherited {
            loaded.stored.intent = Some(Intent { at: now });
            loaded.stored.quiet_until = None;
            if !self.save(lease, &mut loaded).await? {
                return Ok(Attempt::Busy);
            }
        }
        match self.exchanged(lease, &loaded.stored).await {
            Exchange::Granted(token) => self.renewed(lease, loaded, token).await,
            Exchange::TooBroad => {
                self.closed(lease, loaded, Consent::TooBroad, Notice::ScopeRefused).await?;
                Err(TokenError::ScopeRefused)
            }
            Exchange::Refused => {
                // Only the token that was sent is dead; another one may have come meanwhile.
                let current = self.load(tenant).await?;
                if current.record != loaded.record {
                    return Ok(Attempt::Adopted(current.bearer()));
                }
                self.closed(lease, current, Consent::Needed, Notice::ConsentNeeded).await?;
                Err(TokenError::ConsentNeeded)
            }
            Exchange::Misconfigured { status } => {
                loaded.stored.intent = loaded.stored.intent.filter(|_| inherited);
                let _ = self.save(lease, &mut loaded).await;
                Err(TokenError::Misconfigured { status })
            }
            Exchange::Outage { definite, asked } => {
                let used_up_for_sure_not = definite && !inherited;
                loaded.stored.intent = loaded.stored.intent.filter(|_| !used_up_for_sure_not);
                loaded.stored.quiet_until = asked.and_then(|asked| {
                    self.ports.clock.now().checked_add(SignedDuration::try_from(asked).ok()?).ok()
                });
                if used_up_for_sure_not || asked.is_some() {
                    let _ = self.save(lease, &mut loaded).await;
                }
                Err(TokenError::Outage { definite })
            }
        }
    }

    // Sends the same refresh token again, promptly, while the lease lasts: a late repetition would be
    // taken for theft.
    async fn exchanged(&self, lease: &Lease, stored: &StoredToken) -> Exchange {
        let settings = &self.ports.settings;
        let mut all_definite = true;
        let mut failed = 0;
        loop {
            let left = lease.remaining(&self.ports.store.time());
            if left.is_zero() {
                return Exchange::Outage { definite: all_definite, asked: None };
            }
            match exchange(&self.ports, stored, settings.http_timeout.min(left)).await {
                Exchange::Outage { definite, asked } => {
                    failed += 1;
                    all_definite &= definite;
                    let wait = retry::wait(asked, failed, self.ports.ids.as_ref());
                    if failed >= settings.http_attempts || wait >= lease.remaining(&self.ports.store.time()) {
                        return Exchange::Outage { definite: all_definite, asked };
                    }
                    self.ports.clock.sleep(wait).await;
                }
                settled => return settled,
            }
        }
    }

    async fn renewed(&self, lease: &Lease, mut loaded: Loaded, token: Token) -> Result<Attempt, TokenError> {
        let seen = loaded.stored.version;
        let fresh = StoredToken {
            token,
            version: seen + 1,
            refreshed_at: self.ports.clock.now(),
            intent: None,
            quiet_until: None,
            ..loaded.stored.clone()
        };
        let mut unsaved = TokenError::Busy;
        for _ in 0..SAVE_TRIES {
            loaded.stored = fresh.clone();
            match self.save(lease, &mut loaded).await {
                Ok(true) => return Ok(Attempt::Renewed(loaded.bearer())),
                Ok(false) => {}
                Err(TokenError::Lease(LeaseError::Store(error))) => unsaved = error.into(),
                Err(error) => return Err(error),
            }
            // Changed, or no answer: it may lie there already, or somebody else's pair does.
            if let Ok(current) = self.load(&fresh.tenant).await {
                if current.stored.version != seen {
                    return Ok(Attempt::Renewed(current.bearer()));
                }
                loaded.record = current.record;
            }
        }
        // The intent is still there; the sweeper sends the old token again within the leeway.
        Err(unsaved)
    }

    // No more refreshes for this tenant, and one word to a person.
    async fn closed(
        &self,
        lease: &Lease,
        mut loaded: Loaded,
        consent: Consent,
        notice: Notice,
    ) -> Result<(), TokenError> {
        loaded.stored.consent = consent;
        loaded.stored.intent = None;
        let tenant = loaded.stored.tenant.clone();
        if !self.save(lease, &mut loaded).await? {
            return Err(TokenError::Busy);
        }
        self.ports.notifier.notify(&tenant, notice).await;
        Ok(())
    }

    // Whether the record was still the one that was read; then it now holds `loaded.stored`.
    async fn save(&self, lease: &Lease, loaded: &mut Loaded) -> Result<bool, TokenError> {
        let key = Self::key(&self.ports, &loaded.stored.tenant);
        let transaction =
            Transaction::new().expect(&key, Expect::Version(loaded.record)).put(&key, loaded.stored.encode());
        match self.leases.commit_fenced(lease, transaction).await? {
            FencedCommit::Done { version } => {
                loaded.record = version;
                Ok(true)
            }
            FencedCommit::Conflict { .. } => Ok(false),
            FencedCommit::Fenced => Err(LeaseError::Lost.into()),
        }
    }

    async fn load(&self, tenant: &str) -> Result<Loaded, TokenError> {
        let record = self.ports.store.get(&Self::key(&self.ports, tenant)).await?;
        let record = record.ok_or(TokenError::NotInstalled)?;
        let stored = StoredToken::decode(&record.value).filter(|stored| stored.tenant == tenant);
        Ok(Loaded { stored: stored.ok_or(TokenError::Damaged)?, record: record.version })
    }
}

fn refreshable(stored: &StoredToken) -> Result<(), TokenError> {
    match stored.consent {
        Consent::Given => Ok(()),
        Consent::Needed => Err(TokenError::ConsentNeeded),
        Consent::TooBroad => Err(TokenError::ScopeRefused),
    }
}

// From when on a token is renewed before use: five minutes, or a quarter of its life, ahead of its end,
// a little earlier or later per tenant so that tokens granted together are not renewed together.
fn renewal_due(stored: &StoredToken) -> Timestamp {
    let life = stored.token.expires_at.duration_since(stored.refreshed_at);
    let headroom = (life / 4).clamp(SignedDuration::ZERO, LONGEST_HEADROOM);
    let spread = Duration::try_from(headroom / 4).unwrap_or(Duration::ZERO);
    let later = SignedDuration::try_from(offset(&stored.tenant, spread)).unwrap_or(SignedDuration::ZERO);
    stored
        .token
        .expires_at
        .saturating_sub(headroom)
        .unwrap_or(Timestamp::MIN)
        .saturating_add(later)
        .unwrap_or(Timestamp::MAX)
}

/// Where within `spread` a tenant's turn comes: always the same, and even over all tenants.
#[must_use]
pub fn offset(tenant: &str, spread: Duration) -> Duration {
    let digest: [u8; 32] = Sha256::digest(tenant).into();
    let share = u64::from_be_bytes([0, 0, 0, 0, digest[0], digest[1], digest[2], digest[3]]);
    let spread_ms = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(((u128::from(spread_ms) * u128::from(share)) >> 32) as u64)
}
