//! Faults in how the token endpoint is asked and believed, put on at the transport and the clock.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    app::port::{HttpRequest, HttpResponse, Transport, TransportError},
    clock::{Clock, ManualClock, Uptime},
    subject::{fault::Assembly, seam::RecordingNotifier},
};

type Answer = Result<HttpResponse, TransportError>;

/// What the app under a fault makes of an exchange with the token endpoint.
#[async_trait]
trait Distortion: Send + Sync + 'static {
    async fn exchange(&self, below: &dyn Transport, request: HttpRequest) -> Answer;
}

/// Puts a distortion between the app and the token endpoint; every other request passes untouched.
struct Distorted<D> {
    below: Arc<dyn Transport>,
    token_url: String,
    distortion: D,
}

impl<D> fmt::Debug for Distorted<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Distorted")
    }
}

#[async_trait]
impl<D: Distortion> Transport for Distorted<D> {
    async fn send(&self, request: HttpRequest) -> Answer {
        if request.url == self.token_url {
            self.distortion.exchange(self.below.as_ref(), request).await
        } else {
            self.below.send(request).await
        }
    }
}

fn distort(assembly: &mut Assembly<'_>, distortion: impl Distortion) {
    let below = assembly.ports.transport.clone();
    let token_url = assembly.ports.settings.token_url.clone();
    assembly.ports.transport = Arc::new(Distorted { below, token_url, distortion });
}

struct OutageRefuses;

#[async_trait]
impl Distortion for OutageRefuses {
    async fn exchange(&self, below: &dyn Transport, request: HttpRequest) -> Answer {
        match below.send(request).await {
            Ok(answer) if answer.status < 429 => Ok(answer),
            _ => Ok(HttpResponse {
                status: 403,
                headers: vec![],
                body: json!({ "error": "invalid_grant" }).to_string().into_bytes(),
            }),
        }
    }
}

pub(super) fn outage_taken_for_refusal(assembly: &mut Assembly<'_>) {
    distort(assembly, OutageRefuses);
}

/// The refresh tokens that are out of use, by what stands in their requests.
#[derive(Default)]
struct GivenUp(Mutex<HashSet<String>>);

#[async_trait]
impl Distortion for GivenUp {
    async fn exchange(&self, below: &dyn Transport, request: HttpRequest) -> Answer {
        let sent = request.body.as_ref().map(|body| body["refresh_token"].to_string()).unwrap_or_default();
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&sent) {
            return Err(TransportError::NotSent("the token was sent before".to_owned()));
        }
        let answer = below.send(request).await;
        let whole = answer
            .as_ref()
            .is_ok_and(|a| a.status >= 300 || serde_json::from_slice::<Value>(&a.body).is_ok());
        if !whole {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(sent);
        }
        answer
    }
}

pub(super) fn lost_reply_given_up(assembly: &mut Assembly<'_>) {
    distort(assembly, GivenUp::default());
}

struct OneCircuit {
    clock: ManualClock,
    shut_until_ms: Mutex<i64>,
}

#[async_trait]
impl Distortion for OneCircuit {
    async fn exchange(&self, below: &dyn Transport, request: HttpRequest) -> Answer {
        if self.clock.uptime().ms < *self.shut_until_ms.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(TransportError::NotSent("the token endpoint is left alone".to_owned()));
        }
        let answer = below.send(request).await;
        if answer.as_ref().map_or(true, |a| a.status >= 429) {
            let until = self.clock.uptime().ms + 300_000;
            *self.shut_until_ms.lock().unwrap_or_else(PoisonError::into_inner) = until;
        }
        answer
    }
}

pub(super) fn shared_circuit(assembly: &mut Assembly<'_>) {
    let clock = assembly.stage.clock.clone();
    distort(assembly, OneCircuit { clock, shut_until_ms: Mutex::new(0) });
}

struct WaitsOn(ManualClock);

#[async_trait]
impl Distortion for WaitsOn {
    async fn exchange(&self, below: &dyn Transport, request: HttpRequest) -> Answer {
        let answer = below.send(request).await;
        if matches!(answer, Err(TransportError::Lost(_))) {
            // Longer than the platform lets any job run.
            self.0.sleep(Duration::from_secs(3600)).await;
        }
        answer
    }
}

pub(super) fn hang_without_limit(assembly: &mut Assembly<'_>) {
    distort(assembly, WaitsOn(assembly.stage.clock.clone()));
}

struct ScopesBelieved(String);

#[async_trait]
impl Distortion for ScopesBelieved {
    async fn exchange(&self, below: &dyn Transport, request: HttpRequest) -> Answer {
        let mut answer = below.send(request).await?;
        if let Ok(mut grant) = serde_json::from_slice::<Value>(&answer.body)
            && grant.get("scope").is_some()
        {
            grant["scope"] = self.0.as_str().into();
            answer.body = grant.to_string().into_bytes();
        }
        Ok(answer)
    }
}

pub(super) fn scopes_unchecked(assembly: &mut Assembly<'_>) {
    let asked = assembly.ports.settings.scopes.join(" ");
    distort(assembly, ScopesBelieved(asked));
}

struct Announces(RecordingNotifier);

#[async_trait]
impl Distortion for Announces {
    async fn exchange(&self, below: &dyn Transport, request: HttpRequest) -> Answer {
        let tenant = request.tenant.clone();
        let answer = below.send(request).await?;
        if answer.status == 200 {
            self.0.say(&tenant, "token_refreshed", "The access was renewed.");
        }
        Ok(answer)
    }
}

pub(super) fn chatty_refresh(assembly: &mut Assembly<'_>) {
    distort(assembly, Announces(RecordingNotifier::new(assembly.stage.clone())));
}

/// Keeps the `Authorization` of the tenant before for one request.
struct StaleHeader {
    below: Arc<dyn Transport>,
    last: Mutex<Option<(String, SecretString)>>,
}

impl fmt::Debug for StaleHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaleHeader")
    }
}

#[async_trait]
impl Transport for StaleHeader {
    async fn send(&self, mut request: HttpRequest) -> Answer {
        if let Some(own) = request.bearer.clone() {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let before = last.replace((request.tenant.clone(), own));
            if let Some((tenant, stale)) = before
                && tenant != request.tenant
            {
                request.bearer = Some(stale);
            }
        }
        self.below.send(request).await
    }
}

pub(super) fn token_of_another_tenant(assembly: &mut Assembly<'_>) {
    let below = assembly.ports.transport.clone();
    assembly.ports.transport = Arc::new(StaleHeader { below, last: Mutex::default() });
}

/// A clock on which nobody waits.
#[derive(Debug)]
struct Impatient(Arc<dyn Clock>);

#[async_trait]
impl Clock for Impatient {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn uptime(&self) -> Uptime {
        self.0.uptime()
    }

    async fn sleep(&self, duration: Duration) {
        // Turns of a sweep are fractions of a second apart; what an outage asks for is longer, and is kept.
        if duration >= Duration::from_secs(2) {
            self.0.sleep(duration).await;
        }
    }

    async fn deadline(&self, duration: Duration) {
        self.0.deadline(duration).await;
    }
}

pub(super) fn sweep_without_spread(assembly: &mut Assembly<'_>) {
    assembly.ports.clock = Arc::new(Impatient(assembly.ports.clock.clone()));
}
