//! Service level objectives over the telemetry: a threshold, a window, and what is left of the error
//! budget. Without data nothing is met.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Indicator {
    /// Jobs that ended, and of these those that did not fail.
    JobsEndWell,
    /// Times that a worker took a job, and of these those that were no takeover after a crash.
    LeasesWithoutCrash,
    /// Operations that were started in the window, and of these those that are completed.
    OperationsComplete,
}

/// An objective.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slo {
    /// For instance `jobs end well`.
    pub name: String,
    /// What is counted.
    pub indicator: Indicator,
    /// How much of it must be good, in percent.
    pub threshold_percent: f64,
    /// How far back it is counted.
    pub window: Duration,
}

/// Whether an objective was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attainment {
    /// At or above the threshold.
    Met,
    /// Below the threshold.
    Missed,
    /// Nothing to count in the window.
    NoData,
}

/// What an objective comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SloReport {
    /// The objective.
    pub slo: Slo,
    /// Whether it was met.
    pub attainment: Attainment,
    /// How many were counted.
    pub total: u64,
    /// How many of them were not good.
    pub bad: u64,
    /// Good ones in percent; `None` without data.
    pub good_percent: Option<f64>,
    /// How many may be bad among so many.
    pub budget: f64,
    /// What is left of the budget; negative when it is overdrawn.
    pub budget_left: f64,
}

/// The objectives of the reference app, over 30 days.
#[must_use]
pub fn standard() -> Vec<Slo> {
    let window = Duration::from_secs(30 * 24 * 3600);
    let slo = |name: &str, indicator, threshold_percent| Slo {
        name: name.to_owned(),
        indicator,
        threshold_percent,
        window,
    };
    vec![
        slo("jobs end well", Indicator::JobsEndWell, 99.0),
        slo("leases without crash", Indicator::LeasesWithoutCrash, 99.0),
        slo("operations complete", Indicator::OperationsComplete, 99.9),
    ]
}

impl Slo {
    /// Counts `events` of the window that ends at `now`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage needs no more than 53 bits")]
    pub fn report(&self, events: &[Value], now: Timestamp) -> SloReport {
        let (total, bad) = self.count(events, now);
        let budget = total as f64 * (100.0 - self.threshold_percent) / 100.0;
        let good_percent = (total > 0).then(|| 100.0 * (total - bad) as f64 / total as f64);
        let attainment = match good_percent {
            None => Attainment::NoData,
            Some(percent) if percent >= self.threshold_percent => Attainment::Met,
            Some(_) => Attainment::Missed,
        };
        let budget_left = budget - bad as f64;
        SloReport { slo: self.clone(), attainment, total, bad, good_percent, budget, budget_left }
    }

    fn count(&self, events: &[Value], now: Timestamp) -> (u64, u64) {
        let within = |event: &&Value| {
            let at = event["at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
            at.is_some_and(|at| {
                let age = now.as_millisecond().saturating_sub(at.as_millisecond());
                u64::try_from(age).is_ok_and(|age| Duration::from_millis(age) < self.window)
            })
        };
        let named = |name: &'static str| {
            events.iter().filter(within).filter(move |event| event["event"].as_str() == Some(name))
        };
        let many = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let ended = |word: &'static str| {
            many(named("job_state_changed").filter(|event| event["details"]["to"] == word).count())
        };
        match self.indicator {
            Indicator::JobsEndWell => {
                let failed = ended("failed");
                (ended("succeeded") + ended("skipped") + failed, failed)
            }
            Indicator::LeasesWithoutCrash => {
                let total = many(named("job_leased").count());
                (total, many(named("crash_recovery_event").count()).min(total))
            }
            Indicator::OperationsComplete => {
                let keys = |name| -> std::collections::BTreeSet<&str> {
                    named(name).filter_map(|event| event["details"]["idempotency_key"].as_str()).collect()
                };
                let (started, completed) = (keys("operation_started"), keys("operation_completed"));
                (many(started.len()), many(started.difference(&completed).count()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ended(count: usize, to: &str, at: &str) -> Vec<Value> {
        vec![json!({"event": "job_state_changed", "at": at, "details": {"to": to}}); count]
    }

    #[test]
    fn an_objective_is_met_missed_or_without_data_and_its_budget_runs_down() {
        let now: Timestamp = "2026-02-01T00:00:00Z".parse().expect("a time");
        let (inside, outside) = ("2026-01-31T00:00:00Z", "2025-12-01T00:00:00Z");
        let slo = &standard()[0];
        let rows = [
            (0, 0, Attainment::NoData, 0.0, 0.0),
            (100, 0, Attainment::Met, 1.0, 1.0),
            (99, 1, Attainment::Met, 1.0, 0.0),
            (98, 2, Attainment::Missed, 1.0, -1.0),
            (0, 1, Attainment::Missed, 0.01, -0.99),
        ];
        for (good, bad, attainment, budget, left) in rows {
            let mut events = ended(good, "succeeded", inside);
            events.extend(ended(bad, "failed", inside));
            events.extend(ended(5, "failed", outside));
            events.extend(ended(5, "running", inside));
            events.push(json!("damage"));
            let report = slo.report(&events, now);
            assert_eq!(report.attainment, attainment, "{good} {bad}");
            assert!((report.budget - budget).abs() < 1e-9, "{report:?}");
            assert!((report.budget_left - left).abs() < 1e-9, "{report:?}");
        }
    }
}
