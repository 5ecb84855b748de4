//! Stand-ins for tests: a platform that answers as told and remembers what it was asked, and a notifier that
//! remembers what it was told.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    App,
    plain::{CanonicalHasher, FactualWording, PlainKeys, SealedCursors, SilentListener, UuidIds},
    port::{HttpRequest, HttpResponse, Notice, Notifier, Ports, Settings, Transport, TransportError},
    rehearsal::Barrier,
    token::Token,
};
use crate::{clock::ManualClock, store::Store};

/// What the platform does with a request.
pub enum Does {
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    Lose,
    RefuseConnection,
    Hang,
    Panic,
    /// Waits at the barrier, then does the other thing.
    Hold(Arc<Barrier>, Box<Does>),
}

pub fn ok(body: Value) -> Does {
    Does::Answer(200, Vec::new(), body.to_string().into_bytes())
}

pub fn status(status: u16, body: Value) -> Does {
    Does::Answer(status, Vec::new(), body.to_string().into_bytes())
}

pub fn retry_after(code: u16, value: &str) -> Does {
    Does::Answer(code, vec![("retry-after", value.to_owned())], b"{}".to_vec())
}

pub fn granted(number: u64) -> Does {
    ok(json!({
        "access_token": format!("access-{number}"),
        "refresh_token": format!("refresh-{number}"),
        "expires_in": 3600,
        "token_type": "Bearer",
        "scope": "read:jira-work offline_access",
    }))
}

/// A request as the platform saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub url: String,
    pub method: &'static str,
    pub bearer: Option<String>,
    pub body: Value,
    pub tenant: String,
    pub at_ms: i64,
}

impl Seen {
    pub fn is_refresh(&self) -> bool {
        self.url == TOKEN_URL
    }
}

pub const TOKEN_URL: &str = "http://auth.test/oauth/token";

type Script = Box<dyn Fn(&Seen, usize) -> Does + Send + Sync>;

/// A platform. `script` gets the request and how many like it (refreshes, or others) came before.
pub struct Platform {
    clock: ManualClock,
    seen: Mutex<Vec<Seen>>,
    script: Script,
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Platform")
    }
}

impl Platform {
    pub fn new(
        clock: &ManualClock,
        script: impl Fn(&Seen, usize) -> Does + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { clock: clock.clone(), seen: Mutex::default(), script: Box::new(script) })
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("the log").clone()
    }

    pub fn refreshes(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(Seen::is_refresh).collect()
    }

    pub fn reads(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| !seen.is_refresh()).collect()
    }
}

#[async_trait]
impl Transport for Platform {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let seen = Seen {
            url: request.url,
            method: request.method,
            bearer: request.bearer.map(|bearer| bearer.expose_secret().to_owned()),
            body: request.body.unwrap_or(Value::Null),
            tenant: request.tenant,
            at_ms: crate::clock::Clock::uptime(&self.clock).ms,
        };
        let before = {
            let mut log = self.seen.lock().expect("the log");
            let before = log.iter().filter(|other| other.is_refresh() == seen.is_refresh()).count();
            log.push(seen.clone());
            before
        };
        let mut does = (self.script)(&seen, before);
        loop {
            match does {
                Does::Answer(status, headers, body) => {
                    let headers = headers.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
                    return Ok(HttpResponse { status, headers, body });
                }
                Does::Lose => return Err(TransportError::Lost("reset".to_owned())),
                Does::RefuseConnection => return Err(TransportError::NotSent("refused".to_owned())),
                Does::Hang => {
                    crate::clock::Clock::deadline(&self.clock, request.timeout).await;
                    return Err(TransportError::Lost("time limit".to_owned()));
                }
                Does::Panic => panic!("the transport panics"),
                Does::Hold(barrier, then) => {
                    barrier.hold().await;
                    does = *then;
                }
            }
        }
    }
}

/// Remembers notices.
#[derive(Debug, Default)]
pub struct Ear(Mutex<Vec<(String, Notice)>>);

impl Ear {
    pub fn heard(&self) -> Vec<(String, Notice)> {
        self.0.lock().expect("the notices").clone()
    }
}

#[async_trait]
impl Notifier for Ear {
    async fn notify(&self, tenant: &str, notice: Notice) {
        self.0.lock().expect("the notices").push((tenant.to_owned(), notice));
    }
}

pub fn settings() -> Settings {
    Settings::new("http://gateway.test".to_owned(), TOKEN_URL.to_owned(), "client".to_owned(), "hush".into())
}

/// A worker over a shared store, platform and ear, with settings as changed.
pub fn worker(
    clock: &ManualClock,
    store: &Arc<dyn Store>,
    platform: &Arc<Platform>,
    ear: &Arc<Ear>,
    change: impl FnOnce(&mut Settings),
) -> App {
    let mut settings = settings();
    change(&mut settings);
    App::new(Ports {
        store: store.clone(),
        clock: Arc::new(clock.clone()),
        transport: platform.clone(),
        notifier: ear.clone(),
        hasher: Arc::new(CanonicalHasher),
        keys: Arc::new(PlainKeys),
        cursors: Arc::new(SealedCursors::new(settings.cursor_key.clone())),
        wording: Arc::new(FactualWording),
        ids: Arc::new(UuidIds),
        telemetry: Arc::new(SilentListener),
        settings,
    })
}

/// The first pair of a tenant: ends `lives` after noon.
pub fn token(lives: Duration) -> Token {
    let noon: jiff::Timestamp = "2026-01-01T12:00:00Z".parse().expect("a time");
    Token {
        access_token: "access-0".into(),
        refresh_token: "refresh-0".into(),
        expires_at: noon + lives,
        token_type: "Bearer".to_owned(),
        scope: vec!["read:jira-work".to_owned(), "offline_access".to_owned()],
        created_at: noon,
    }
}
