//! The reference app as a subject: assembled per worker on the scenario's ground, every port behind a
//! recording seam, a planted fault (if any) on top. Calls are recorded from outside.

use std::{
    convert::Infallible, fmt::Display, future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration,
};

use async_trait::async_trait;
use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::{
    CallError, Consent, Stage, Subject, WORKING_FOR,
    character::{BASELINE, Character, scope},
    fault::{Assembly, Fault},
    reported_ending,
    seam::{
        NumberedIds, RecordingListener, RecordingNotifier, RecordingStore, RecordingTransport, names_in_text,
    },
    trigger::{Handler, PlainHandler},
};
use crate::{
    app::{
        App, Ports,
        drift::DriftQuery,
        idempotency::{GATE_VARIABLE, set_gate},
        plain::{CanonicalHasher, FactualWording, PlainKeys, SealedCursors},
        port::{Settings, TelemetryListener},
        schedule::Job,
        snapshot::SnapshotType,
        token::Token,
    },
    baseline::Baseline,
    clock::{Clock, SkewedClock},
    evidence::{Ending, Fact, Source},
};

/// How long the platform lets a scheduled job run, on the scenario's clock.
const JOB_LIMIT: Duration = Duration::from_secs(900);

/// How one worker differs from the others.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// How far its wall clock is ahead of the true time, in milliseconds.
    pub clock_ahead_ms: i64,
    /// What its environment sets the feature gate to; `None` is no variable.
    pub idempotency: Option<bool>,
    /// Who listens to its telemetry; `None` leaves the recording seam.
    pub telemetry: Option<Arc<dyn TelemetryListener>>,
    /// How large a page it asks of Jira; `None` leaves the default.
    pub jira_page_size: Option<usize>,
}

/// One worker of the reference app.
#[derive(Debug)]
pub struct Reference {
    app: App,
    stage: Stage,
    worker: String,
    character: Character,
    handler: Arc<dyn Handler>,
}

impl Reference {
    /// Starts a worker on the scenario's ground.
    #[must_use]
    pub fn start(stage: &Stage, worker: &str, difference: &Difference, planted: Option<&Fault>) -> Arc<Self> {
        let mut character = Character::of_reference_app();
        let mut ports = ports(stage, worker, difference);
        let mut handler: Arc<dyn Handler> = Arc::new(PlainHandler);
        if let Some(fault) = planted {
            let (ports, character, handler) = (&mut ports, &mut character, &mut handler);
            (fault.plant)(&mut Assembly { ports, character, handler, stage, worker });
        }
        let (app, stage, worker) = (App::new(ports), stage.clone(), worker.to_owned());
        Arc::new(Self { app, stage, worker, character, handler })
    }

    /// The app itself, for steps about one of its parts.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The worker's name.
    #[must_use]
    pub fn worker(&self) -> &str {
        &self.worker
    }

    /// The scopes that the app asks an administrator for.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.app.ports().settings.scopes
    }

    /// Records what the app says it is.
    pub fn record_manifest(&self) {
        let character = &self.character;
        let scopes = character.scopes.iter().map(|name| scope(name)).collect();
        self.record(Fact::ManifestRead {
            scopes,
            modules: character.modules.clone(),
            egress: character.egress.clone(),
            settings: character.required_settings.clone(),
        });
    }

    /// Records the baseline that ships with the reference app: what its released version is.
    ///
    /// # Errors
    /// When the baseline cannot be read.
    pub fn record_baseline(&self) -> Result<(), String> {
        self.record(Baseline::parse(BASELINE.as_bytes())?.fact());
        Ok(())
    }

    /// Runs `call` for a tenant, from outside: a panic is the app's death, not the gate's.
    pub async fn for_tenant<T>(
        &self,
        tenant: Option<&str>,
        call: impl Future<Output = T> + Send,
    ) -> Result<T, CallError> {
        let guarded = AssertUnwindSafe(call).catch_unwind();
        WORKING_FOR.scope(tenant.map(str::to_owned), guarded).await.map_err(|payload| {
            let text = payload.downcast_ref::<String>().cloned();
            let text = text.or_else(|| payload.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            CallError::Died(text.unwrap_or_else(|| "a panic without a message".to_owned()))
        })
    }

    fn record(&self, fact: Fact) {
        self.stage.recorder.record(Source::Subject, fact);
    }
}

/// The ports of a worker, each behind its recording seam.
fn ports(stage: &Stage, worker: &str, difference: &Difference) -> Ports {
    let clock: Arc<dyn Clock> = match difference.clock_ahead_ms {
        0 => Arc::new(stage.clock.clone()),
        ahead_ms => Arc::new(SkewedClock { inner: stage.clock.clone(), ahead_ms }),
    };
    let mut settings = Settings::new(
        stage.gateway_url.clone(),
        stage.token_url.clone(),
        stage.client_id.clone(),
        stage.client_secret.clone(),
    );
    let gate = difference.idempotency.map(|on| if on { "on" } else { "off" });
    set_gate(&mut settings, |name| gate.filter(|_| name == GATE_VARIABLE).map(str::to_owned));
    if let Some(size) = difference.jira_page_size {
        settings.jira_page_size = size;
    }
    Ports {
        store: RecordingStore::new(stage.clone(), worker),
        clock,
        transport: Arc::new(RecordingTransport::new(stage.clone())),
        notifier: Arc::new(RecordingNotifier::new(stage.clone())),
        hasher: Arc::new(CanonicalHasher),
        keys: Arc::new(PlainKeys),
        cursors: Arc::new(SealedCursors::new(settings.cursor_key.clone())),
        wording: Arc::new(FactualWording),
        ids: Arc::new(NumberedIds::new(&stage.starts.identity(worker), stage.seed)),
        telemetry: difference
            .telemetry
            .clone()
            .unwrap_or_else(|| Arc::new(RecordingListener::new(stage.clone()))),
        settings,
    }
}

#[async_trait]
impl Subject for Reference {
    async fn describe(&self) -> Vec<(String, Vec<String>)> {
        self.character.operations.clone()
    }

    async fn install(&self, tenant: &str, consent: Consent) -> Result<Value, CallError> {
        self.record(Fact::Installed { tenant: tenant.to_owned(), settings: vec![] });
        let now = self.stage.clock.now();
        let lifetime = SignedDuration::from_secs(consent.expires_in_s);
        let token = Token {
            access_token: consent.access_token,
            refresh_token: consent.refresh_token,
            expires_at: now.saturating_add(lifetime).unwrap_or(Timestamp::MAX),
            token_type: "Bearer".to_owned(),
            scope: consent.scopes,
            created_at: now,
        };
        let installations = self.app.installations();
        self.answer("install", Some(tenant), installations.install(tenant, &consent.cloud_id, token)).await
    }

    async fn uninstall(&self, tenant: &str) -> Result<Value, CallError> {
        self.record(Fact::Uninstalled { tenant: tenant.to_owned() });
        let installations = self.app.installations();
        let call = async {
            installations.uninstall(tenant).await.map(|()| serde_json::json!({ "removed": tenant }))
        };
        self.answer("uninstall", Some(tenant), call).await
    }

    async fn run_job(&self, job: &str, tenant: Option<&str>) -> Result<Value, CallError> {
        let known = Job::named(job).ok_or_else(|| CallError::Unknown(job.to_owned()))?;
        let (job, tenant_id, worker) = (job.to_owned(), tenant.map(str::to_owned), self.worker.clone());
        self.record(Fact::JobStarted {
            job: job.clone(),
            tenant: tenant_id.clone(),
            worker: worker.clone(),
            trigger: "scheduled".to_owned(),
        });
        let call = async { Ok::<_, Infallible>(self.handler.run(&self.app, known, tenant).await) };
        let answer = tokio::select! {
            answer = self.answer("run_job", tenant, call) => Some(answer),
            () = self.stage.clock.deadline(JOB_LIMIT) => None,
        };
        let report = answer.as_ref().and_then(|a| a.as_ref().ok()).cloned().unwrap_or_default();
        let ending = match &answer {
            None => Ending::Hung,
            Some(Err(_)) => Ending::Threw,
            Some(Ok(_)) => reported_ending(&report),
        };
        self.record(Fact::JobEnded { job, tenant: tenant_id, worker, ending, report });
        answer.unwrap_or_else(|| Err(CallError::Died("the job did not end".to_owned())))
    }

    async fn create_snapshot(
        &self,
        tenant: &str,
        snapshot_type: &str,
        locked: bool,
    ) -> Result<Value, CallError> {
        let kind = SnapshotType::of_word(snapshot_type);
        let kind = kind.ok_or_else(|| CallError::Unknown(format!("{snapshot_type} snapshot")))?;
        if locked {
            let call = self.app.create_snapshot_with_lock(tenant, kind);
            self.answer("create_snapshot_with_lock", Some(tenant), call).await
        } else {
            self.answer("create_snapshot", Some(tenant), self.app.create_snapshot(tenant, kind)).await
        }
    }

    async fn list_drift(
        &self,
        tenant: &str,
        limit: Option<i64>,
        cursor: Option<&str>,
    ) -> Result<Value, CallError> {
        let call = self.app.list_drift(tenant, DriftQuery::default(), limit, cursor);
        let answer = self.answer("list_drift", Some(tenant), call).await;
        if let Ok(page) = &answer {
            self.record_page(tenant, page);
        }
        answer
    }

    async fn token_state(&self, tenant: &str) -> Result<Value, CallError> {
        let tokens = self.app.tokens();
        let call = async {
            tokens.stored(tenant).await.map(|stored| {
                serde_json::json!({
                    "expires_at": stored.token.expires_at.to_string(),
                    "scope": stored.token.scope,
                    "consent": stored.consent,
                    "version": stored.version,
                })
            })
        };
        self.for_tenant(Some(tenant), call).await?.map_err(|e| CallError::Refused(e.to_string()))
    }
}

impl Reference {
    /// Runs an operation of the app and records that, and with which fields, it answered. An operation that
    /// the app does not describe is one that it does not have; so it is with the fields of an answer.
    async fn answer<T: Serialize, E: Display>(
        &self,
        operation: &str,
        tenant: Option<&str>,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<Value, CallError> {
        let described = self.character.operations.iter().find(|(name, _)| name == operation);
        let Some((_, described)) = described else {
            self.record_answer(operation, None);
            return Err(CallError::Unknown(operation.to_owned()));
        };
        let outcome = self.for_tenant(tenant, call).await?;
        let answer = outcome.map_err(|error| CallError::Refused(error.to_string()))?;
        let mut value = serde_json::to_value(answer).map_err(|e| CallError::Refused(e.to_string()))?;
        if let Some(fields) = value.as_object_mut() {
            fields.retain(|name, _| described.contains(name));
        }
        self.record_answer(operation, Some(&value));
        Ok(value)
    }

    fn record_answer(&self, operation: &str, value: Option<&Value>) {
        let fields = value.and_then(Value::as_object).map(|o| o.keys().cloned().collect());
        self.record(Fact::OperationAnswered {
            operation: operation.to_owned(),
            answered: value.is_some(),
            fields: fields.unwrap_or_default(),
        });
    }

    fn record_page(&self, tenant: &str, page: &Value) {
        let items = page["items"].as_array().cloned().unwrap_or_default();
        let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
        self.record(Fact::PageServed {
            tenant: tenant.to_owned(),
            listing: "drift".to_owned(),
            limit: page["limit"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default(),
            items: items.iter().map(|item| text(item, "id")).collect(),
            has_more: page["has_more"].as_bool().unwrap_or_default(),
            next_cursor: !page["next_cursor"].is_null(),
        });
        for item in &items {
            let shown = text(item, "text");
            self.record(Fact::TextShown {
                tenant: tenant.to_owned(),
                surface: "drift listing".to_owned(),
                carries: self.stage.canaries.carried_by(shown.as_bytes()),
                text: shown,
                quoted: names_in_text(&text(item, "name")),
            });
        }
    }
}
