//! Grants and tokens: rotation, the leeway, revocation of families. Tokens follow from the seed, so they are
//! kept as fingerprints only.

use std::collections::HashMap;

use jiff::Timestamp;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// How long an access token lives (Atlassian: one hour).
pub(super) const ACCESS_LIFE_MS: i64 = 3_600_000;
/// How long a spent refresh token may be sent again.
pub(super) const LEEWAY_MS: i64 = 600_000;
const IDLE_MS: i64 = 90 * 86_400_000;
const ABSOLUTE_MS: i64 = 365 * 86_400_000;

/// The OAuth client of every tenant's app.
pub(super) const CLIENT_ID: &str = "gonogo-mock-client";

/// The first 12 hex digits of a token's SHA-256: how tokens appear in journal and evidence.
#[must_use]
pub fn fingerprint(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    hex::encode(&digest[..6])
}

/// What an app gets when a tenant consents.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The tenant who consented.
    pub tenant: String,
    /// Id of its site at the gateway.
    pub cloud_id: String,
    /// Id of the app's installation there (`forge-proxy-authorization: … installationId=`).
    pub installation_id: String,
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: SecretString,
    /// Bearer token for one hour.
    pub access_token: SecretString,
    /// Works once.
    pub refresh_token: SecretString,
    /// What was granted.
    pub scopes: Vec<String>,
    /// When the access token ends.
    pub expires_at: Timestamp,
}

/// An access token as the platform knows it.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub family: usize,
    pub expires_ms: i64,
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug)]
struct Refresh {
    family: usize,
    issued_ms: i64,
    spent_ms: Option<i64>,
}

/// One consent and all tokens that came of it.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub name: String,
    /// The tenants whose sites it reaches; the first one consented.
    pub tenants: Vec<usize>,
    pub scopes: Vec<String>,
    consented_ms: i64,
    revoked: bool,
    rotation: u64,
}

/// A pair of tokens fresh from the platform, in clear; it goes into one reply and nowhere else.
pub(super) struct Pair {
    pub access: String,
    pub refresh: String,
    pub family: usize,
    pub rotation: u64,
    pub scopes: Vec<String>,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pair").field("family", &self.family).field("rotation", &self.rotation).finish()
    }
}

/// Why a refresh token was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Unknown,
    Expired,
    /// Sent again after the leeway; the family is revoked by it.
    Reused(usize),
    Revoked,
}

#[derive(Debug)]
pub(super) struct Accounts {
    seed: u64,
    pub families: Vec<Family>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
}

impl Accounts {
    pub fn new(seed: u64) -> Self {
        Self { seed, families: vec![], access: HashMap::new(), refresh: HashMap::new() }
    }

    fn text(&self, kind: &str, family: usize, rotation: u64) -> String {
        let digest = Sha256::digest(format!("{kind}/{}/{family}/{rotation}", self.seed));
        format!("mock-{kind}-{}", &hex::encode(digest)[..40])
    }

    pub fn client_secret(&self) -> SecretString {
        self.text("client-secret", 0, 0).into()
    }

    /// A new consent of a tenant.
    pub fn consent(&mut self, tenant: usize, scopes: Vec<String>, now_ms: i64) -> Pair {
        let family = self.families.len();
        self.families.push(Family {
            name: format!("family-{family}"),
            tenants: vec![tenant],
            scopes,
            consented_ms: now_ms,
            revoked: false,
            rotation: 0,
        });
        self.issue(family, 0, now_ms)
    }

    fn issue(&mut self, family: usize, rotation: u64, now_ms: i64) -> Pair {
        let scopes = self.families[family].scopes.clone();
        let (access, refresh) =
            (self.text("access", family, rotation), self.text("refresh", family, rotation));
        let expires_ms = now_ms + ACCESS_LIFE_MS;
        self.access.insert(fingerprint(&access), Access { family, expires_ms, scopes: scopes.clone() });
        self.refresh.insert(fingerprint(&refresh), Refresh { family, issued_ms: now_ms, spent_ms: None });
        Pair { access, refresh, family, rotation, scopes }
    }

    /// The first pair of the tenant's latest consent, and when that was.
    pub fn first_pair(&self, tenant: usize) -> Option<(Pair, Timestamp)> {
        let (number, family) =
            self.families.iter().enumerate().rev().find(|(_, f)| f.tenants.first() == Some(&tenant))?;
        let pair = Pair {
            access: self.text("access", number, 0),
            refresh: self.text("refresh", number, 0),
            family: number,
            rotation: 0,
            scopes: family.scopes.clone(),
        };
        Some((pair, Timestamp::from_millisecond(family.consented_ms).ok()?))
    }

    /// Spends a refresh token. Within the leeway a spent one works again and issues one more pair.
    pub fn rotate(&mut self, refresh_token: &str, now_ms: i64) -> Result<Pair, Refusal> {
        let key = fingerprint(refresh_token);
        let known = self.refresh.get(&key).cloned().ok_or(Refusal::Unknown)?;
        let family = &mut self.families[known.family];
        if family.revoked {
            return Err(Refusal::Revoked);
        }
        if known.spent_ms.is_some_and(|spent| now_ms - spent > LEEWAY_MS) {
            family.revoked = true;
            return Err(Refusal::Reused(known.family));
        }
        if now_ms - known.issued_ms > IDLE_MS || now_ms - family.consented_ms > ABSOLUTE_MS {
            return Err(Refusal::Expired);
        }
        family.rotation += 1;
        let rotation = family.rotation;
        if let Some(refresh) = self.refresh.get_mut(&key) {
            refresh.spent_ms.get_or_insert(now_ms);
        }
        Ok(self.issue(known.family, rotation, now_ms))
    }

    /// Grants more than was consented to, in this pair alone.
    pub fn widen(&mut self, mut pair: Pair, scopes: &[String]) -> Pair {
        pair.scopes.extend_from_slice(scopes);
        if let Some(access) = self.access.get_mut(&fingerprint(&pair.access)) {
            access.scopes = pair.scopes.clone();
        }
        pair
    }

    /// Makes a spent refresh token good again: the reply held no new one.
    pub fn unspend(&mut self, refresh_token: &str) {
        if let Some(refresh) = self.refresh.get_mut(&fingerprint(refresh_token)) {
            refresh.spent_ms = None;
        }
    }

    /// To whom a refresh token was issued, whatever became of it.
    pub fn owner_of_refresh(&self, refresh_token: &str) -> Option<usize> {
        let family = self.refresh.get(&fingerprint(refresh_token))?.family;
        self.families[family].tenants.first().copied()
    }

    /// The access token with this fingerprint, expired or not.
    pub fn access(&self, fingerprint: &str) -> Option<&Access> {
        self.access.get(fingerprint)
    }

    /// The tenant takes its consent back: refresh tokens die, and access tokens too.
    pub fn withdraw(&mut self, tenant: usize) -> Vec<String> {
        let mut withdrawn = vec![];
        for (number, family) in self.families.iter_mut().enumerate() {
            if family.tenants.first() == Some(&tenant) && !family.revoked {
                family.revoked = true;
                withdrawn.push(family.name.clone());
                self.access.retain(|_, access| access.family != number);
            }
        }
        withdrawn
    }

    /// Ends the tenant's access tokens before their time; refresh tokens stay.
    pub fn expire_access(&mut self, tenant: usize) {
        let families = &self.families;
        let mine = |access: &Access| families[access.family].tenants.first() == Some(&tenant);
        for access in self.access.values_mut().filter(|access| mine(access)) {
            access.expires_ms = i64::MIN;
        }
    }

    /// Every token ever issued, in clear, for a test that greps outputs for them.
    pub fn issued(&self) -> Vec<SecretString> {
        let of_family = |(number, family): (usize, &Family)| {
            (0..=family.rotation).flat_map(move |rotation| {
                ["access", "refresh"].map(|kind| SecretString::from(self.text(kind, number, rotation)))
            })
        };
        let mut all: Vec<SecretString> = self.families.iter().enumerate().flat_map(of_family).collect();
        all.push(self.client_secret());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted() -> (Accounts, Pair) {
        let mut accounts = Accounts::new(1);
        let pair = accounts.consent(0, vec!["read:jira-work".into()], 0);
        (accounts, pair)
    }

    #[test]
    fn a_refresh_token_works_again_within_the_leeway_and_kills_its_family_after_it() {
        let (mut accounts, first) = granted();
        let second = accounts.rotate(&first.refresh, 0).expect("a pair");
        assert!(accounts.rotate(&first.refresh, LEEWAY_MS).is_ok());
        assert_eq!(accounts.rotate(&first.refresh, LEEWAY_MS + 1).err(), Some(Refusal::Reused(0)));
        assert_eq!(accounts.rotate(&second.refresh, LEEWAY_MS + 1).err(), Some(Refusal::Revoked));
    }

    #[test]
    fn a_refresh_token_ends_after_ninety_idle_days_and_its_family_after_a_year() {
        let (mut accounts, first) = granted();
        assert_eq!(accounts.rotate(&first.refresh, IDLE_MS + 1).err(), Some(Refusal::Expired));
        let mut token = first.refresh;
        for month in 1..=12 {
            token = accounts.rotate(&token, month * 30 * 86_400_000).expect("a pair").refresh;
        }
        assert_eq!(accounts.rotate(&token, ABSOLUTE_MS + 1).err(), Some(Refusal::Expired));
    }

    #[test]
    fn equal_seeds_issue_equal_tokens_and_every_one_of_them_is_listed() {
        use secrecy::ExposeSecret;
        let (mut accounts, first) = granted();
        assert_eq!(first.access, granted().1.access);
        let second = accounts.rotate(&first.refresh, 0).expect("a pair");
        let issued: Vec<String> = accounts.issued().iter().map(|t| t.expose_secret().to_owned()).collect();
        for token in [first.access, first.refresh, second.access, second.refresh] {
            assert!(issued.contains(&token));
        }
    }

    #[test]
    fn withdrawing_consent_leaves_other_tenants_alone() {
        let (mut accounts, mine) = granted();
        let other = accounts.consent(1, vec![], 0);
        assert_eq!(accounts.withdraw(0), ["family-0"]);
        assert!(accounts.access(&fingerprint(&mine.access)).is_none());
        assert!(accounts.access(&fingerprint(&other.access)).is_some());
        assert!(accounts.rotate(&other.refresh, 1).is_ok());
    }
}
