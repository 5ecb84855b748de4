//! The sinks of the scenarios: what jobs act upon. Each records what it really did, whatever the job
//! believes, and lets workers be held just before and just after that.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    app::{
        idempotency::{Applied, Guarantee, Sink, SinkError},
        plain::PlainKeys,
        port::KeyEncoder,
    },
    evidence::{Fact, Source},
    store::Transaction,
    subject::{Stage, barrier::Action},
};

/// A sink that all workers of a scenario share.
#[derive(Debug)]
pub(super) struct SharedSink {
    pub name: String,
    pub guarantee: Guarantee,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Keys that it has carried out, with its answers.
    done: BTreeMap<String, Value>,
    newest_token: u64,
    trouble: VecDeque<SinkError>,
}

impl SharedSink {
    pub fn new(name: &str, guarantee: Guarantee) -> Arc<Self> {
        Arc::new(Self { name: name.to_owned(), guarantee, memory: Mutex::default() })
    }

    /// The next effect runs into `error`; if that is not definite, the effect happens all the same.
    pub fn trouble_ahead(&self, error: SinkError) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).trouble.push_back(error);
    }

    /// Under which key a transactional effect lies.
    pub fn effect_prefix(&self, tenant: &str) -> String {
        PlainKeys.prefix("effect", &[tenant, &self.name])
    }
}

/// The sink as one worker reaches it.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    pub sink: Arc<SharedSink>,
    pub stage: Stage,
    pub worker: String,
    pub tenant: String,
    /// Name of the operation that reaches for it.
    pub operation: String,
}

impl Reached {
    fn record(&self, is_applied: bool, key: &str, token: Option<u64>) {
        let (sink, tenant) = (self.sink.name.clone(), self.tenant.clone());
        let (worker, idempotency_key, fencing_token) =
            (self.worker.clone(), key.to_owned(), token.unwrap_or(0));
        let fact = if is_applied {
            Fact::EffectApplied { sink, tenant, worker, idempotency_key, fencing_token }
        } else {
            Fact::EffectRefused { sink, tenant, worker, idempotency_key, fencing_token }
        };
        self.stage.recorder.record(Source::Scenario, fact);
    }

    fn carried_out(&self, key: &str, token: Option<u64>, input: &Value) -> Result<Applied, SinkError> {
        let mut memory = self.sink.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let guarantee = self.sink.guarantee;
        if guarantee == Guarantee::Transactional {
            let key = format!("{}{key}", self.sink.effect_prefix(&self.tenant));
            let writes = Transaction::new().put(key, input.to_string());
            return Ok(Applied { result: json!({ "did": input }), writes });
        }
        if guarantee == Guarantee::Idempotent
            && let Some(answer) = memory.done.get(key)
        {
            return Ok(Applied::with(answer.clone()));
        }
        if guarantee == Guarantee::Fenced && token.is_some_and(|token| token < memory.newest_token) {
            self.record(false, key, token);
            return Err(SinkError::Fenced);
        }
        let trouble = memory.trouble.pop_front();
        if let Some(refused) = trouble.as_ref().filter(|trouble| trouble.is_definite()) {
            return Err(refused.clone());
        }
        memory.newest_token = memory.newest_token.max(token.unwrap_or(0));
        let answer = json!({ "did": input });
        memory.done.insert(key.to_owned(), answer.clone());
        self.record(true, key, token);
        trouble.map_or(Ok(Applied::with(answer)), Err)
    }
}

#[async_trait]
impl Sink for Reached {
    fn guarantee(&self) -> Guarantee {
        self.sink.guarantee
    }

    async fn apply(&self, key: &str, token: Option<u64>, input: &Value) -> Result<Applied, SinkError> {
        let place = format!("sink:{}", self.sink.name);
        self.stage.barriers.pass(&self.worker, Action::BeforeWrite, &place).await;
        // On the wire: it arrives whatever becomes of its sender.
        let (wire, key, input) = (self.clone(), key.to_owned(), input.clone());
        let arrival = tokio::task::spawn(async move {
            let effect = format!("effect {}", wire.operation);
            wire.stage.barriers.pass(&wire.worker, Action::BeforeWrite, &effect).await;
            wire.carried_out(&key, token, &input)
        });
        let answer = arrival.await.unwrap_or_else(|error| Err(SinkError::Lost(error.to_string())));
        self.stage.barriers.pass(&self.worker, Action::AfterWrite, &place).await;
        answer
    }
}
