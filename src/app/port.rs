//! The ports of the reference app: everything that it needs from outside, and the plain implementations
//! that a production assembly uses. Faults are planted by wrapping a port, never inside the app.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use crate::{clock::Clock, store::Store};

/// A tenant: one installation of the app on one Jira site. Any text, however hostile.
pub type TenantId = String;

/// Everything that the app needs from outside.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Where the app keeps its records.
    pub store: Arc<dyn Store>,
    /// The worker's own clock.
    pub clock: Arc<dyn Clock>,
    /// How HTTP requests leave.
    pub transport: Arc<dyn Transport>,
    /// How the app speaks to people. Silent in normal operation.
    pub notifier: Arc<dyn Notifier>,
    /// How a snapshot's content becomes its hash.
    pub hasher: Arc<dyn ContentHasher>,
    /// How parts become a key.
    pub keys: Arc<dyn KeyEncoder>,
    /// How a position in a listing becomes a cursor.
    pub cursors: Arc<dyn CursorSealer>,
    /// How facts become sentences.
    pub wording: Arc<dyn Wording>,
    /// Fresh ids: owners of leases, ids of events.
    pub ids: Arc<dyn IdSource>,
    /// Where telemetry events go once they are written; must not block and cannot fail the job.
    pub telemetry: Arc<dyn TelemetryListener>,
    /// Settings, each with a default: the app works after one install and nothing else.
    pub settings: Settings,
}

/// A request as it leaves the app.
#[derive(Clone)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Absolute.
    pub url: String,
    /// Sent as `Authorization: Bearer …`.
    pub bearer: Option<SecretString>,
    /// Sent as JSON. May hold secrets, so it is never printed.
    pub body: Option<Value>,
    /// How long to wait for the whole answer, on the worker's clock.
    pub timeout: Duration,
    /// For whom the app sends it.
    pub tenant: TenantId,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} for {:?}", self.method, self.url, self.tenant)
    }
}

/// An answer as it came.
#[derive(Clone)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body. May hold secrets, so it is never printed.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The first header of this (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {} ({} bytes)", self.status, self.body.len())
    }
}

/// Why no whole answer came.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransportError {
    /// The request certainly did not reach the server.
    #[error("cannot connect: {0}")]
    NotSent(String),
    /// The request may have been carried out: connection lost, half a body, time limit.
    #[error("no whole answer: {0}")]
    Lost(String),
}

impl TransportError {
    /// Whether the request certainly had no effect.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        matches!(self, Self::NotSent(_))
    }
}

/// Sends HTTP requests.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends one request, once. Any status is an answer; retrying is the caller's business.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// Something that a person must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The tenant must give its consent again: its refresh token was refused for good.
    ConsentNeeded,
    /// The token endpoint granted more than was asked for; the token was not accepted.
    ScopeRefused,
    /// A routine event. The plain notifier says nothing about it.
    Routine(String),
}

/// Speaks to people.
#[async_trait]
pub trait Notifier: Send + Sync + fmt::Debug {
    /// Tells about `notice` if it is worth a person's time.
    async fn notify(&self, tenant: &str, notice: Notice);
}

/// Turns a snapshot's content into its hash.
pub trait ContentHasher: Send + Sync + fmt::Debug {
    /// Lower-case hex. Equal content hashes equal, whatever the order of its fields.
    fn hash(&self, content: &Value, taken_at: Timestamp) -> String;
}

/// Turns parts into a key that no other parts share.
pub trait KeyEncoder: Send + Sync + fmt::Debug {
    /// `family` is a constant such as `snapshot_lock`; parts may hold anything. Keys of one family and
    /// equal leading parts share a prefix ([`KeyEncoder::prefix`]).
    fn key(&self, family: &str, parts: &[&str]) -> String;

    /// What all keys start with whose leading parts are these.
    fn prefix(&self, family: &str, parts: &[&str]) -> String;
}

/// Seals a position into an opaque, authenticated cursor.
pub trait CursorSealer: Send + Sync + fmt::Debug {
    /// A cursor for `position` that opens only for the same tenant and query.
    fn seal(&self, tenant: &str, query: &str, position: &str) -> String;

    /// The position, or why the cursor is not accepted.
    fn open(&self, tenant: &str, query: &str, cursor: &str) -> Result<String, CursorError>;
}

/// Why a cursor is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Not a cursor at all, or cut short.
    #[error("the cursor is malformed or truncated")]
    Malformed,
    /// Of a format that this version no longer reads.
    #[error("the cursor has a format of another version; start again from the first page")]
    StaleFormat,
    /// Forged, or made for another tenant or query.
    #[error("the cursor was not issued for this tenant and query")]
    Foreign,
}

/// Turns a drift event into a sentence of facts.
pub trait Wording: Send + Sync + fmt::Debug {
    /// For instance `field "Team" was added`. Names from the site stand in double quotes.
    fn drift(&self, change: &str, entity: &str, name: &str) -> String;
}

/// Makes ids.
pub trait IdSource: Send + Sync + fmt::Debug {
    /// A fresh id: never the same twice, on no worker.
    fn fresh(&self) -> String;

    /// A number in `0..bound`, for jitter.
    fn jitter(&self, bound: u64) -> u64;
}

/// Hears telemetry events after they are written. It is called on the job's own task and must return at once;
/// one that has to wait puts the event into a queue of its own.
pub trait TelemetryListener: Send + Sync + fmt::Debug {
    /// One event, as stored.
    fn heard(&self, event: &Value);
}

/// The app's settings. Every one has a default.
#[derive(Clone)]
pub struct Settings {
    /// Base of Jira's gateway; `/ex/jira/{cloudId}/rest/api/3/…` follows.
    pub gateway_url: String,
    /// The token endpoint.
    pub token_url: String,
    /// OAuth client.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: SecretString,
    /// Scopes that the app asks for and accepts.
    pub scopes: Vec<String>,
    /// Key of the cursors' authentication.
    pub cursor_key: SecretString,
    /// Lifetime of a snapshot lock. Default 90 s.
    pub lock_ttl: Duration,
    /// Time limit of a job, below the lock's TTL. Default 60 s.
    pub job_limit: Duration,
    /// Longest time that renewals may keep one lock. Default 15 min.
    pub lock_cap: Duration,
    /// Lifetime of a job's lease. Default 60 s.
    pub lease_ttl: Duration,
    /// How far ahead the proactive refresh looks. Default 24 h.
    pub refresh_horizon: Duration,
    /// How often the proactive refresh runs. Default 12 h.
    pub refresh_cadence: Duration,
    /// Limit on one HTTP call. Default 30 s.
    pub http_timeout: Duration,
    /// Tries per request to Jira, the first included. Default 4.
    pub http_attempts: u32,
    /// Page size asked of Jira. Default 100.
    pub jira_page_size: usize,
    /// Most pages followed in one listing before the server is called endless. Default 10,000.
    pub page_cap: usize,
    /// Whether jobs run under leases and an operation log. Default on.
    pub idempotency: bool,
    /// Why the gate is off although nobody said so; goes into every report of a job.
    pub gate_complaint: Option<String>,
}

impl Settings {
    /// Settings for a platform at these addresses, everything else at its default.
    #[must_use]
    pub fn new(
        gateway_url: String,
        token_url: String,
        client_id: String,
        client_secret: SecretString,
    ) -> Self {
        Self {
            gateway_url,
            token_url,
            client_id,
            client_secret,
            scopes: ["read:jira-work", "read:jira-user", "offline_access"].map(str::to_owned).to_vec(),
            cursor_key: SecretString::from("a key for one run, replaced by the assembly"),
            lock_ttl: Duration::from_secs(90),
            job_limit: Duration::from_secs(60),
            lock_cap: Duration::from_secs(15 * 60),
            lease_ttl: Duration::from_secs(60),
            refresh_horizon: Duration::from_secs(24 * 3600),
            refresh_cadence: Duration::from_secs(12 * 3600),
            http_timeout: Duration::from_secs(30),
            http_attempts: 4,
            jira_page_size: 100,
            page_cap: 10_000,
            idempotency: true,
            gate_complaint: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("gateway_url", &self.gateway_url)
            .field("token_url", &self.token_url)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
