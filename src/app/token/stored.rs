//! A tenant's token, as the app holds it and as the store keeps it. The store's record holds the secrets in
//! the clear (encrypt the store's disk); nothing else ever shows them, `Debug` included.

use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// The format that is written, and the only one that is read.
pub const FORMAT: &str = "gonogo.token/1";

/// A token pair as the platform grants it.
#[derive(Clone)]
pub struct Token {
    /// Opens Jira.
    pub access_token: SecretString,
    /// Gets the next pair, once.
    pub refresh_token: SecretString,
    /// When the access token ends, UTC.
    pub expires_at: Timestamp,
    /// `Bearer`.
    pub token_type: String,
    /// What was granted.
    pub scope: Vec<String>,
    /// When a person gave the consent that the pair goes back to.
    pub created_at: Timestamp,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_at", &self.expires_at)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Whether a tenant's token may be refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// It may.
    Given,
    /// The platform refused the refresh token for good; a person must consent again.
    Needed,
    /// The platform granted more than was asked for; a person must consent again to less.
    TooBroad,
}

/// A refresh that was begun: written before the request leaves, gone with the new pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// When the refresh token was first sent. The platform forgives a repetition for ten minutes.
    pub at: Timestamp,
}

/// What the store knows of a tenant's token.
#[derive(Clone, Debug)]
pub struct StoredToken {
    /// Whose it is.
    pub tenant: String,
    /// The pair.
    pub token: Token,
    /// Grows with each new pair.
    pub version: u64,
    /// Whether it may be refreshed.
    pub consent: Consent,
    /// When the pair was granted.
    pub refreshed_at: Timestamp,
    /// A refresh under way, or one that a crash or a lost answer left.
    pub intent: Option<Intent>,
    /// Until when the token endpoint asked for silence.
    pub quiet_until: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    tenant: String,
    access_token: String,
    refresh_token: String,
    expires_at: Timestamp,
    token_type: String,
    scope: Vec<String>,
    created_at: Timestamp,
    version: u64,
    consent: Consent,
    refreshed_at: Timestamp,
    intent: Option<Intent>,
    quiet_until: Option<Timestamp>,
}

impl StoredToken {
    /// The first record of a tenant, or of a tenant that consented again: `version` is above any earlier.
    #[must_use]
    pub fn installed(tenant: &str, token: Token, version: u64, now: Timestamp) -> Self {
        Self {
            tenant: tenant.to_owned(),
            token,
            version,
            consent: Consent::Given,
            refreshed_at: now,
            intent: None,
            quiet_until: None,
        }
    }

    /// As the store keeps it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let wire = Wire {
            format: FORMAT.to_owned(),
            tenant: self.tenant.clone(),
            access_token: self.token.access_token.expose_secret().to_owned(),
            refresh_token: self.token.refresh_token.expose_secret().to_owned(),
            expires_at: self.token.expires_at,
            token_type: self.token.token_type.clone(),
            scope: self.token.scope.clone(),
            created_at: self.token.created_at,
            version: self.version,
            consent: self.consent,
            refreshed_at: self.refreshed_at,
            intent: self.intent,
            quiet_until: self.quiet_until,
        };
        // Text, numbers and times alone: there is nothing in it that JSON cannot hold.
        serde_json::to_vec(&wire).unwrap_or_default()
    }

    /// Reads a stored record; `None` if it is damaged or of another format.
    #[must_use]
    pub fn decode(value: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(value).ok()?;
        (wire.format == FORMAT).then(|| Self {
            tenant: wire.tenant,
            token: Token {
                access_token: wire.access_token.into(),
                refresh_token: wire.refresh_token.into(),
                expires_at: wire.expires_at,
                token_type: wire.token_type,
                scope: wire.scope,
                created_at: wire.created_at,
            },
            version: wire.version,
            consent: wire.consent,
            refreshed_at: wire.refreshed_at,
            intent: wire.intent,
            quiet_until: wire.quiet_until,
        })
    }
}

/// Those of the granted scopes that the app did not ask for, or that do more than read.
#[must_use]
pub fn excess<'a>(granted: &'a [String], asked: &[String]) -> Vec<&'a str> {
    let reads =
        |scope: &str| scope == "offline_access" || scope == "validate:jql:jira" || scope.starts_with("read:");
    granted.iter().filter(|scope| !asked.contains(scope) || !reads(scope)).map(String::as_str).collect()
}
