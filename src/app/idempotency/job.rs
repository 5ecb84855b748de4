//! A job: what is to be done once, and its record, which outlives every lease.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::state::State;
use crate::app::{plain::canonical_hash, port::TenantId};

/// The format that is written, and the only one that is read.
pub const FORMAT: &str = "gonogo.job/1";

/// What is to be done once.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// For whom.
    pub tenant: TenantId,
    /// For instance `daily_snapshot`.
    pub job_type: String,
    /// The window that it is done for, for instance `2026-01-01`.
    pub window: String,
    /// Everything else that makes it another job.
    pub inputs: Value,
}

impl Plan {
    /// SHA-256 of the canonical JSON of tenant, job type, window and inputs, in hex.
    #[must_use]
    pub fn job_id(&self) -> String {
        canonical_hash(&json!([self.tenant, self.job_type, self.window, self.inputs]))
    }
}

/// A job as the store keeps it, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobRecord {
    /// [`FORMAT`].
    pub format: String,
    /// [`Plan::job_id`].
    pub id: String,
    /// For whom.
    pub tenant: TenantId,
    /// As planned.
    pub job_type: String,
    /// As planned.
    pub window: String,
    /// As planned: enough to run the job again after a crash.
    pub inputs: Value,
    /// Where it stands.
    pub state: State,
    /// How many workers have taken it.
    pub attempt: u64,
    /// Fencing token of the last of them; 0 before the first.
    pub fencing_token: u64,
    /// What its work returned.
    pub result: Option<Value>,
    /// Why it failed or was skipped.
    pub reason: Option<String>,
    /// Number of its next telemetry event.
    pub next_event: u64,
}

impl JobRecord {
    /// A job as planned, untouched by any worker.
    #[must_use]
    pub fn planned(plan: &Plan) -> Self {
        Self {
            format: FORMAT.to_owned(),
            id: plan.job_id(),
            tenant: plan.tenant.clone(),
            job_type: plan.job_type.clone(),
            window: plan.window.clone(),
            inputs: plan.inputs.clone(),
            state: State::Planned,
            attempt: 0,
            fencing_token: 0,
            result: None,
            reason: None,
            next_event: 0,
        }
    }

    /// The plan that it came from.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan {
            tenant: self.tenant.clone(),
            job_type: self.job_type.clone(),
            window: self.window.clone(),
            inputs: self.inputs.clone(),
        }
    }

    /// Reads a stored record; `None` if it is none of this format.
    #[must_use]
    pub fn decode(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value).ok().filter(|record: &Self| record.format == FORMAT)
    }

    /// The record's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        json!(self).to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_the_same_exactly_when_all_that_makes_them_is() {
        let plan = |tenant: &str, job_type: &str, window: &str, inputs: Value| Plan {
            tenant: tenant.to_owned(),
            job_type: job_type.to_owned(),
            window: window.to_owned(),
            inputs,
        };
        let ids = [
            plan("a", "b", "c", json!({"x": 1})).job_id(),
            plan("ab", "", "c", json!({"x": 1})).job_id(),
            plan("a", "bc", "", json!({"x": 1})).job_id(),
            plan("a", "b", "c", json!({"x": 2})).job_id(),
            plan("a", "b", "c", json!(null)).job_id(),
        ];
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id), "{index}");
        }
        let parsed = |text| serde_json::from_str::<Value>(text).expect("JSON");
        let one = plan("a", "b", "c", parsed(r#"{"x":1,"y":2}"#));
        let other = plan("a", "b", "c", parsed(r#"{"y":2.0,"x":1}"#));
        assert_eq!(one.job_id(), other.job_id());
    }

    #[test]
    fn a_record_of_another_format_is_rejected() {
        let plan = Plan { tenant: "a".into(), job_type: "b".into(), window: "c".into(), inputs: json!(1) };
        let mut record = JobRecord::planned(&plan);
        assert_eq!(JobRecord::decode(&record.encode()).as_ref(), Some(&record));
        record.format = "gonogo.job/2".to_owned();
        assert_eq!(JobRecord::decode(&record.encode()), None);
        assert_eq!(JobRecord::decode(b"damage"), None);
    }
}
