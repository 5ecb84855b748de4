//! Figures over all logs. What is held against a threshold is taken from logs without provoked trouble alone,
//! because a scenario that provokes refusals says nothing about how often they come. They inform and decide
//! nothing.

use schemars::JsonSchema;
use serde::Serialize;

use crate::evidence::{Effect, Fact, Observation, Thresholds};

/// On which side of its threshold a metric should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Not above it.
    AtMost,
    /// Not below it.
    AtLeast,
}

/// How a metric compares with its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricOutcome {
    /// On the right side.
    Within,
    /// On the wrong side.
    Beyond,
    /// Nothing was measured; that is neither.
    NoData,
    /// A count, without a threshold.
    Counted,
}

impl MetricOutcome {
    /// As reports write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Beyond => "beyond",
            Self::NoData => "no data",
            Self::Counted => "counted",
        }
    }
}

/// A figure over all scenarios.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Metric {
    /// What was measured.
    pub name: String,
    /// In what: `%`, `ms`, or empty for a count.
    pub unit: String,
    /// The figure; absent when there is no data.
    pub value: Option<f64>,
    /// The threshold of the policy.
    pub threshold: Option<f64>,
    /// On which side of the threshold the value should be.
    pub bound: Option<Bound>,
    /// How the two compare.
    pub outcome: MetricOutcome,
}

/// Running counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    lock_granted: u64,
    lock_denied: u64,
    tokens_refreshed: u64,
    refreshes_refused: u64,
    reads: u64,
    writes: u64,
    pages: u64,
    applied: u64,
    replays: u64,
}

impl Tally {
    pub(super) fn take(&mut self, observations: &[Observation]) {
        let fair = !observations.iter().any(|o| is_trouble(&o.fact));
        for observation in observations {
            *match &observation.fact {
                Fact::LockGranted { .. } if fair => &mut self.lock_granted,
                Fact::LockDenied { .. } if fair => &mut self.lock_denied,
                Fact::TokenIssued { rotation: 1.., .. } if fair => &mut self.tokens_refreshed,
                Fact::TokenRefused { .. } if fair => &mut self.refreshes_refused,
                Fact::RequestAnswered { effect: Effect::Read, .. } => &mut self.reads,
                Fact::RequestAnswered { effect: Effect::Write, .. } => &mut self.writes,
                Fact::PageServed { .. } => &mut self.pages,
                Fact::EffectApplied { .. } => &mut self.applied,
                Fact::TelemetryEmitted { event, .. } if event == "idempotency_replay" => &mut self.replays,
                _ => continue,
            } += 1;
        }
    }

    pub(super) fn metrics(&self, thresholds: &Thresholds) -> Vec<Metric> {
        let attempts = self.lock_granted + self.lock_denied;
        let refreshes = self.tokens_refreshed + self.refreshes_refused;
        vec![
            count("lock attempts", attempts),
            count("lock attempts denied", self.lock_denied),
            held(
                "lock contention",
                "%",
                percent(self.lock_denied, attempts),
                Bound::AtMost,
                thresholds.lock_contention_percent,
            ),
            count("tokens refreshed", self.tokens_refreshed),
            count("refreshes refused", self.refreshes_refused),
            held(
                "refresh success",
                "%",
                percent(self.tokens_refreshed, refreshes),
                Bound::AtLeast,
                thresholds.refresh_success_percent,
            ),
            // Scenarios run in driven time: only a deployment can tell how long a page takes.
            held("page served, 95th percentile", "ms", None, Bound::AtMost, thresholds.page_p95_ms),
            count("requests that read", self.reads),
            count("requests that write", self.writes),
            count("pages served", self.pages),
            count("effects applied", self.applied),
            count("operations replayed", self.replays),
        ]
    }
}

/// Whether a scenario provoked something, rather than watched normal operation.
fn is_trouble(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::FaultInjected { .. }
            | Fact::DamageDone { .. }
            | Fact::WorkerPaused { .. }
            | Fact::WorkerCrashed { .. }
            | Fact::UserActed { .. }
    )
}

#[expect(clippy::cast_precision_loss, reason = "a report's figure, far below 2^53")]
fn count(name: &str, count: u64) -> Metric {
    Metric {
        name: name.to_owned(),
        unit: String::new(),
        value: Some(count as f64),
        threshold: None,
        bound: None,
        outcome: MetricOutcome::Counted,
    }
}

fn held(name: &str, unit: &str, value: Option<f64>, bound: Bound, threshold: f64) -> Metric {
    let outcome = match (value, bound) {
        (None, _) => MetricOutcome::NoData,
        (Some(value), Bound::AtMost) if value <= threshold => MetricOutcome::Within,
        (Some(value), Bound::AtLeast) if value >= threshold => MetricOutcome::Within,
        (Some(_), _) => MetricOutcome::Beyond,
    };
    let (name, unit, threshold, bound) = (name.to_owned(), unit.to_owned(), Some(threshold), Some(bound));
    Metric { name, unit, value, threshold, bound, outcome }
}

/// To two places, so that it reads the same everywhere.
#[expect(clippy::cast_precision_loss, reason = "a report's figure, far below 2^53")]
fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 * 10_000.0 / whole as f64).round() / 100.0)
}
