//! The nine telemetry events. Each is written in the transaction of the transition that it tells of, and
//! handed on only afterwards; nobody who listens can fail the job.

use std::panic::AssertUnwindSafe;

use serde_json::{Value, json};

use super::job::JobRecord;
use crate::{
    app::port::Ports,
    store::{Range, StoreError, Transaction},
};

/// The family of the events' keys: tenant, job, number.
pub const FAMILY: &str = "telemetry";

/// What an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A job became known.
    JobPlanned,
    /// A worker took a job.
    JobLeased,
    /// A job went from one state to another.
    JobStateChanged,
    /// A worker that got on prolonged its lease.
    LeaseRenewed,
    /// A worker gave its lease back.
    LeaseReleased,
    /// An operation began, or began again.
    OperationStarted,
    /// An operation's result was logged.
    OperationCompleted,
    /// A worker took over a job that another left unfinished.
    CrashRecoveryEvent,
    /// A result was given again instead of being made again.
    IdempotencyReplay,
}

impl Event {
    /// All nine.
    pub const ALL: [Self; 9] = [
        Self::JobPlanned,
        Self::JobLeased,
        Self::JobStateChanged,
        Self::LeaseRenewed,
        Self::LeaseReleased,
        Self::OperationStarted,
        Self::OperationCompleted,
        Self::CrashRecoveryEvent,
        Self::IdempotencyReplay,
    ];

    /// The event's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::JobPlanned => "job_planned",
            Self::JobLeased => "job_leased",
            Self::JobStateChanged => "job_state_changed",
            Self::LeaseRenewed => "lease_renewed",
            Self::LeaseReleased => "lease_released",
            Self::OperationStarted => "operation_started",
            Self::OperationCompleted => "operation_completed",
            Self::CrashRecoveryEvent => "crash_recovery_event",
            Self::IdempotencyReplay => "idempotency_replay",
        }
    }
}

/// Adds events to a transaction and counts them on `job`, which must be written in the same one: its
/// version is what keeps two writers from using one number. Returns the events as written.
pub(super) fn tell(
    ports: &Ports,
    job: &mut JobRecord,
    events: &[(Event, Value)],
    mut transaction: Transaction,
) -> (Transaction, Vec<Value>) {
    let at = ports.clock.now().to_string();
    let mut told = Vec::with_capacity(events.len());
    for (event, details) in events {
        let body = json!({
            "event": event.word(),
            "at": at,
            "tenant": job.tenant,
            "job": job.id,
            "job_type": job.job_type,
            "window": job.window,
            "number": job.next_event,
            "attempt": job.attempt,
            "fencing_token": job.fencing_token,
            "details": details,
        });
        // Padded to the digits of the largest number, so that key order is the order of events.
        let number = format!("{:020}", job.next_event);
        let key = ports.keys.key(FAMILY, &[&job.tenant, &job.id, &number]);
        transaction = transaction.put(key, body.to_string());
        job.next_event += 1;
        told.push(body);
    }
    (transaction, told)
}

/// Hands events that were written to the listener; its panic is its own affair.
pub(super) fn hand_on(ports: &Ports, events: &[Value]) {
    for event in events {
        let heard = std::panic::catch_unwind(AssertUnwindSafe(|| ports.telemetry.heard(event)));
        if heard.is_err() {
            tracing::debug!("a telemetry listener panicked");
        }
    }
}

/// The stored events of a tenant, each job's in its order, jobs by their id.
pub async fn stored(ports: &Ports, tenant: &str) -> Result<Vec<Value>, StoreError> {
    let prefix = ports.keys.prefix(FAMILY, &[tenant]);
    let mut events = Vec::new();
    let mut after = None;
    loop {
        let range = Range { prefix: prefix.clone(), after: after.take(), limit: 500 };
        let records = ports.store.scan(range).await?;
        let Some(last) = records.last() else {
            return Ok(events);
        };
        after = Some(last.key.clone());
        // A damaged event is left out: telemetry must not fail who reads it.
        events.extend(records.iter().filter_map(|record| serde_json::from_slice(&record.value).ok()));
    }
}
