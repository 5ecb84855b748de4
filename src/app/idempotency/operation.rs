//! Operations: the side effects of a job, each logged before and after under a key of its own. What is
//! completed is replayed; what was only started is resumed if the sink can tell, else reported.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    JobError,
    attempt::{JobRun, Kept},
    telemetry::Event,
};
use crate::{
    app::{lease::FencedCommit, plain::canonical_hash},
    store::{Expect, Record, Transaction},
};

/// The format that is written, and the only one that is read.
pub const FORMAT: &str = "gonogo.operation/1";

/// What a sink can be relied on for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guarantee {
    /// It refuses a fencing token older than one that it has seen. It does not recognise keys, so an
    /// effect that was started before a crash cannot be told from one that was not.
    Fenced,
    /// It recognises the idempotency key and carries out each key once.
    Idempotent,
    /// Its effect lies in the app's own store and is committed together with the log.
    Transactional,
    /// None of these.
    Neither,
}

impl Guarantee {
    /// Whether an effect that may have happened can be asked for again without happening twice.
    #[must_use]
    pub fn can_resume(self) -> bool {
        matches!(self, Self::Idempotent | Self::Transactional)
    }

    /// How often an effect happens, as telemetry reports it.
    #[must_use]
    pub fn delivery(self) -> &'static str {
        if self.can_resume() { "exactly_once" } else { "at_least_once" }
    }
}

/// What a sink did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// What is replayed to whoever asks again.
    pub result: Value,
    /// The effect itself, if the sink is transactional; empty otherwise.
    pub writes: Transaction,
}

impl Applied {
    /// An effect that the sink has carried out by itself.
    #[must_use]
    pub fn with(result: Value) -> Self {
        Self { result, writes: Transaction::new() }
    }
}

/// Why a sink did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// Certainly nothing happened.
    #[error("the sink refused: {0}")]
    Refused(String),
    /// Certainly nothing happened: it has seen a newer fencing token.
    #[error("the sink has seen a newer fencing token")]
    Fenced,
    /// It may or may not have happened.
    #[error("the sink did not answer: {0}")]
    Lost(String),
}

impl SinkError {
    /// Whether the effect certainly did not happen.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        !matches!(self, Self::Lost(_))
    }
}

/// Where effects go.
#[async_trait]
pub trait Sink: Send + Sync + std::fmt::Debug {
    /// What it can be relied on for.
    fn guarantee(&self) -> Guarantee;

    /// Carries out one effect. The token is `None` when the gate is off.
    async fn apply(
        &self,
        idempotency_key: &str,
        fencing_token: Option<u64>,
        input: &Value,
    ) -> Result<Applied, SinkError>;
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Its effect may have happened.
    Started,
    /// The same, asked for again.
    Resumed,
    /// Its effect happened and its result is known.
    Completed,
}

/// An operation as the store keeps it, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationRecord {
    /// [`FORMAT`].
    pub format: String,
    /// The job that it belongs to.
    pub job: String,
    /// Its name within the job.
    pub operation: String,
    /// What the sink recognises it by.
    pub idempotency_key: String,
    /// Hash of its input: the same operation with another input is a conflict.
    pub input_hash: String,
    /// Where it stands.
    pub progress: Progress,
    /// Fencing token of the attempt that wrote this.
    pub fencing_token: u64,
    /// What the sink is relied on for.
    pub guarantee: Guarantee,
    /// What the sink answered.
    pub result: Value,
}

impl OperationRecord {
    /// Reads a stored record; `None` if it is none of this format.
    #[must_use]
    pub fn decode(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value).ok().filter(|record: &Self| record.format == FORMAT)
    }

    fn encode(&self) -> Vec<u8> {
        json!(self).to_string().into_bytes()
    }

    fn details(&self) -> Value {
        json!({
            "operation": self.operation,
            "idempotency_key": self.idempotency_key,
            "progress": self.progress,
            "delivery": self.guarantee.delivery(),
        })
    }
}

impl JobRun {
    /// The key by which a sink recognises an operation of this job, on every attempt.
    #[must_use]
    pub fn idempotency_key(&self, operation: &str) -> String {
        canonical_hash(&json!([self.plan.job_id(), operation]))
    }

    /// Does an operation once and returns its result, now or again.
    ///
    /// # Errors
    /// [`JobError::InputConflict`] if it is logged with another input; [`JobError::Indefinite`] if it may
    /// have happened and the sink cannot tell; [`JobError::Lost`] if the lease is no longer ours, in which
    /// case whoever holds it completes the operation.
    pub async fn run_operation(
        &self,
        operation: &str,
        input: &Value,
        sink: &dyn Sink,
    ) -> Result<Value, JobError> {
        let idempotency_key = self.idempotency_key(operation);
        let failed = |error| JobError::Sink { operation: operation.to_owned(), error };
        let Some(kept) = &self.kept else {
            let applied = sink.apply(&idempotency_key, None, input).await.map_err(failed)?;
            if !applied.writes.writes.is_empty() {
                self.commit(applied.writes).await?;
            }
            return Ok(applied.result);
        };
        let key = self.ports.keys.key("operation", &[&self.plan.tenant, &self.plan.job_id(), operation]);
        let found = self.ports.store.get(&key).await?;
        let mut record = OperationRecord {
            format: FORMAT.to_owned(),
            job: self.plan.job_id(),
            operation: operation.to_owned(),
            idempotency_key,
            input_hash: canonical_hash(input),
            progress: if found.is_some() { Progress::Resumed } else { Progress::Started },
            fencing_token: kept.lease().fencing_token,
            guarantee: sink.guarantee(),
            result: Value::Null,
        };
        if let Some(result) = self.replayed(kept, &key, found.as_ref(), &record).await? {
            return Ok(result);
        }
        let unchanged = found.map_or(Expect::Absent, |found| Expect::Version(found.version));
        let start = Transaction::new().expect(&key, unchanged).put(&key, record.encode());
        let started = self.log(kept, &start, Event::OperationStarted, record.details()).await?;
        // The log may have taken long: no effect begins when the lease is about to go.
        if kept.lease().is_past_deadline(&self.ports.store.time()) {
            return Err(JobError::Lost);
        }
        let applied = match sink.apply(&record.idempotency_key, self.fencing_token(), input).await {
            Ok(applied) => applied,
            Err(error) => {
                return Err(self.not_applied(&key, &record, error).await);
            }
        };
        record.progress = Progress::Completed;
        record.result = applied.result;
        let complete =
            if record.guarantee == Guarantee::Transactional { applied.writes } else { Transaction::new() };
        // Started again meanwhile, by this very attempt? Then that call completes it.
        let complete = complete.expect(&key, Expect::Version(started)).put(&key, record.encode());
        self.log(kept, &complete, Event::OperationCompleted, record.details()).await?;
        Ok(record.result)
    }

    /// The result, if it is logged; `None` if the operation is to be run.
    async fn replayed(
        &self,
        kept: &Kept,
        key: &str,
        found: Option<&Record>,
        asked: &OperationRecord,
    ) -> Result<Option<Value>, JobError> {
        let Some(found) = found else {
            return Ok(None);
        };
        let operation = asked.operation.clone();
        let Some(logged) = OperationRecord::decode(&found.value) else {
            // Damaged: it may have happened. A transactional effect may have been committed with it.
            let tells = asked.guarantee == Guarantee::Idempotent;
            return if tells { Ok(None) } else { Err(JobError::Indefinite { operation }) };
        };
        if logged.input_hash != asked.input_hash {
            return Err(JobError::InputConflict { operation });
        }
        if logged.progress != Progress::Completed {
            let tells = asked.guarantee.can_resume();
            return if tells { Ok(None) } else { Err(JobError::Indefinite { operation }) };
        }
        let unchanged = Transaction::new().expect(key, Expect::Version(found.version));
        self.log(kept, &unchanged, Event::IdempotencyReplay, logged.details()).await?;
        Ok(Some(logged.result))
    }

    async fn not_applied(&self, key: &str, record: &OperationRecord, error: SinkError) -> JobError {
        let operation = record.operation.clone();
        if error == SinkError::Fenced {
            return JobError::Lost;
        }
        if error.is_definite() && record.progress == Progress::Started {
            // It certainly did not happen: taken out of the log, so that it may be tried again. If this
            // fails, the log says too much, which errs on the safe side.
            let taken_out = self.commit(Transaction::new().delete(key)).await;
            if !matches!(taken_out, Ok(FencedCommit::Done { .. })) {
                tracing::debug!(operation, "a refused operation stays in the log as started");
            }
        }
        if error.is_definite() || record.guarantee.can_resume() {
            JobError::Sink { operation, error }
        } else {
            JobError::Indefinite { operation }
        }
    }
}
