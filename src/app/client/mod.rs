//! The Jira client of one tenant: reads, retries, refreshes an expired token once. Nothing in it can write:
//! it knows `GET` and a closed list of `POST`s that only read.

pub mod listing;
pub mod retry;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::Value;

use self::retry::{Admission, Circuits};
use super::{
    port::{HttpRequest, HttpResponse, Ports, TransportError},
    token::{Bearer, TokenError, Tokens},
};

pub use listing::{Listing, PageStyle};

/// Why Jira could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no usable token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No whole answer came, however often it was asked for.
    #[error("jira did not answer {path}: {cause}")]
    Unanswered {
        /// Path of the request.
        path: String,
        /// What happened to the last try.
        cause: TransportError,
    },
    /// Jira asks for silence for longer than this call may last, or kept asking for it.
    #[error("jira asks to wait before {path} is read again")]
    RateLimited {
        /// Path of the request.
        path: String,
        /// What was asked for, if anything.
        retry_after: Option<Duration>,
    },
    /// Jira failed on its own side, however often it was asked.
    #[error("jira failed with status {status} on {path}")]
    Unavailable {
        /// Path of the request.
        path: String,
        /// The last status.
        status: u16,
    },
    /// Jira does not answer this tenant for now; nothing was sent.
    #[error("jira has failed too often for this tenant and is left alone for a while")]
    CircuitOpen,
    /// Jira refused: asking again would not help.
    #[error("jira refused {path} with status {status}")]
    Refused {
        /// Path of the request.
        path: String,
        /// The status.
        status: u16,
    },
    /// An answer came that is not what the operation answers with.
    #[error("jira answered {path} with something unreadable: {what}")]
    Malformed {
        /// Path of the request.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// A listing gave a cursor that it had given before.
    #[error("the listing {path} repeats a cursor")]
    RepeatedCursor {
        /// Path of the listing.
        path: String,
    },
    /// A listing gave a page that it had given before.
    #[error("the listing {path} repeats a page")]
    RepeatedPage {
        /// Path of the listing.
        path: String,
    },
    /// A listing has more pages than anything real.
    #[error("the listing {path} has not ended after {pages} pages")]
    Endless {
        /// Path of the listing.
        path: String,
        /// How many were read.
        pages: usize,
    },
}

impl ClientError {
    /// Whether Jira was certainly not asked, or refused. The client only reads, so nothing changes
    /// either way.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Token(error) => error.is_definite(),
            Self::Unanswered { cause, .. } => cause.is_definite(),
            _ => true,
        }
    }

    /// Whether the same call may succeed later without anybody's doing.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Token(error) => error.is_passing(),
            Self::Unanswered { .. }
            | Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::CircuitOpen
            | Self::Malformed { .. } => true,
            _ => false,
        }
    }
}

/// A `POST` that only reads. There is no other in the client.
#[derive(Clone, Debug)]
pub enum ReadPost {
    /// `POST /search/jql` with this body.
    SearchJql(Value),
    /// `POST /search/approximate-count` with this body.
    ApproximateCount(Value),
}

/// One read.
#[derive(Clone, Debug)]
pub enum Read {
    /// `GET` of a path below `/rest/api/3/`, with query parameters.
    Get(String, Vec<(String, String)>),
    /// A `POST` that only reads.
    Post(ReadPost),
}

impl Read {
    fn path(&self) -> &str {
        match self {
            Self::Get(path, _) => path,
            Self::Post(ReadPost::SearchJql(_)) => "search/jql",
            Self::Post(ReadPost::ApproximateCount(_)) => "search/approximate-count",
        }
    }
}

/// Reads one tenant's site through the gateway, in the tenant's name.
#[derive(Clone, Debug)]
pub struct JiraClient {
    ports: Arc<Ports>,
    circuits: Arc<Circuits>,
    tokens: Tokens,
    tenant: String,
    cloud_id: String,
}

// What one try came to, when it is not an answer.
enum Trouble {
    Passing { error: ClientError, asked: Option<Duration> },
    MaybeExpired { status: u16 },
    Final(ClientError),
}

impl JiraClient {
    /// A client for the tenant's site with this cloud id.
    #[must_use]
    pub fn new(ports: Arc<Ports>, circuits: Arc<Circuits>, tenant: &str, cloud_id: &str) -> Self {
        let tokens = Tokens::new(ports.clone());
        Self { ports, circuits, tokens, tenant: tenant.to_owned(), cloud_id: cloud_id.to_owned() }
    }

    /// The whole answer to a `GET` of `path` (below `/rest/api/3/`).
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, ClientError> {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.read(&Read::Get(path.to_owned(), query)).await
    }

    /// About how many issues match, by `POST /search/approximate-count`.
    pub async fn count(&self, jql: &str) -> Result<u64, ClientError> {
        let read = Read::Post(ReadPost::ApproximateCount(serde_json::json!({ "jql": jql })));
        let answer = self.read(&read).await?;
        answer["count"].as_u64().ok_or_else(|| ClientError::Malformed {
            path: read.path().to_owned(),
            what: "there is no count".to_owned(),
        })
    }

    /// A listing, read one page at a time.
    #[must_use]
    pub fn list(&self, path: &str, query: &[(&str, &str)], style: PageStyle) -> Listing {
        Listing::new(self.clone(), path, query, style)
    }

    /// Carries a read through: refreshes an expired token once, tries again what passes, and never before
    /// Jira allows it. The whole call ends within the job's limit.
    pub async fn read(&self, read: &Read) -> Result<Value, ClientError> {
        let ends_ms = self.uptime_ms().saturating_add(millis(self.ports.settings.job_limit));
        let mut failed = 0;
        let mut may_refresh = true;
        loop {
            self.admitted(read, ends_ms).await?;
            let bearer = self.tokens.bearer(&self.tenant).await?;
            match self.attempt(read, &bearer, ends_ms).await {
                Ok(answer) => {
                    self.circuits.answered(&self.tenant);
                    return Ok(answer);
                }
                Err(Trouble::MaybeExpired { .. }) if may_refresh => {
                    may_refresh = false;
                    self.tokens.refresh_from(&self.tenant, bearer.version).await?;
                }
                Err(Trouble::MaybeExpired { status }) => {
                    return Err(ClientError::Refused { path: read.path().to_owned(), status });
                }
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Passing { error, asked }) => {
                    failed += 1;
                    self.circuits.failed(&self.tenant, self.uptime_ms(), asked);
                    let wait = retry::wait(asked, failed, self.ports.ids.as_ref());
                    if failed >= self.ports.settings.http_attempts
                        || self.uptime_ms().saturating_add(millis(wait)) >= ends_ms
                    {
                        return Err(error);
                    }
                    self.ports.clock.sleep(wait).await;
                }
            }
        }
    }

    // Waits while the site has asked for silence, if the call lasts that long.
    async fn admitted(&self, read: &Read, ends_ms: i64) -> Result<(), ClientError> {
        loop {
            let now_ms = self.uptime_ms();
            match self.circuits.admit(&self.tenant, now_ms) {
                Admission::Now => return Ok(()),
                Admission::Open => return Err(ClientError::CircuitOpen),
                Admission::After(wait) if now_ms.saturating_add(millis(wait)) >= ends_ms => {
                    let path = read.path().to_owned();
                    return Err(ClientError::RateLimited { path, retry_after: Some(wait) });
                }
                Admission::After(wait) => self.ports.clock.sleep(wait).await,
            }
        }
    }

    async fn attempt(&self, read: &Read, bearer: &Bearer, ends_ms: i64) -> Result<Value, Trouble> {
        let request = self.request(read, bearer, ends_ms).map_err(Trouble::Final)?;
        let path = read.path().to_owned();
        let answer = match self.ports.transport.send(request).await {
            Ok(answer) => answer,
            Err(cause) => {
                let error = ClientError::Unanswered { path, cause };
                return Err(Trouble::Passing { error, asked: None });
            }
        };
        match answer.status {
            200..=299 => serde_json::from_slice(&answer.body).map_err(|_| {
                // Half a body that a proxy made whole: as good as lost, and a read may be repeated.
                let what = "it is not JSON".to_owned();
                Trouble::Passing { error: ClientError::Malformed { path, what }, asked: None }
            }),
            status if retry::is_passing(status) => {
                let asked = retry::retry_after(&answer, self.ports.clock.now());
                let error = if status == 429 {
                    ClientError::RateLimited { path, retry_after: asked }
                } else {
                    ClientError::Unavailable { path, status }
                };
                Err(Trouble::Passing { error, asked })
            }
            status if maybe_expired(&answer, bearer, self.ports.clock.now()) => {
                Err(Trouble::MaybeExpired { status })
            }
            status => Err(Trouble::Final(ClientError::Refused { path, status })),
        }
    }

    fn request(&self, read: &Read, bearer: &Bearer, ends_ms: i64) -> Result<HttpRequest, ClientError> {
        let gateway = self.ports.settings.gateway_url.trim_end_matches('/');
        let base = format!("{gateway}/ex/jira/{}/rest/api/3/{}", self.cloud_id, read.path());
        let unfit = |what: String| ClientError::Malformed { path: read.path().to_owned(), what };
        let mut url = reqwest::Url::parse(&base).map_err(|error| unfit(error.to_string()))?;
        let (method, body) = match read {
            Read::Get(_, query) => {
                if !query.is_empty() {
                    url.query_pairs_mut().extend_pairs(query);
                }
                ("GET", None)
            }
            Read::Post(ReadPost::SearchJql(body) | ReadPost::ApproximateCount(body)) => {
                ("POST", Some(body.clone()))
            }
        };
        let left_ms = u64::try_from(ends_ms.saturating_sub(self.uptime_ms())).unwrap_or(0).max(1);
        Ok(HttpRequest {
            method,
            url: url.into(),
            bearer: Some(bearer.access_token.clone()),
            body,
            timeout: self.ports.settings.http_timeout.min(Duration::from_millis(left_ms)),
            tenant: self.tenant.clone(),
        })
    }

    fn uptime_ms(&self) -> i64 {
        self.ports.clock.uptime().ms
    }
}

// The gateway says 401 for an expired token, and sometimes 403 or 404. A scope that does not match is 401
// as well, and no refresh helps it.
fn maybe_expired(answer: &HttpResponse, bearer: &Bearer, now: Timestamp) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let scope_mismatch = body["message"].as_str().is_some_and(|text| text.contains("scope"));
    match answer.status {
        401 => !scope_mismatch,
        403 | 404 => now >= bearer.expires_at || (body["code"] == 401 && !scope_mismatch),
        _ => false,
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
