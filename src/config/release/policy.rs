//! What the section `release` comes to: the checks that it asks for, and the policy that goes into the evidence.

use super::{ChecklistItem, Logs, Metrics, NamedObjective, NamedWaiver, Release, SignOff, Tests};
use crate::evidence::{
    Budgeted, CheckKind, Limits, ManualItem, Objective, PlannedCheck, Release as Policy, Role, Rollout,
    Severity, Thresholds, Waiver,
};

/// What the log of a deployed app must show when the file does not say.
fn usual(thresholds: &Thresholds, compared: bool) -> Vec<Objective> {
    let objective = |metric: &str, at_least, at_most, growth_percent| Objective {
        metric: metric.to_owned(),
        at_least,
        at_most,
        growth_percent,
        budget: None,
    };
    let mut usual = vec![
        objective("token refresh success", Some(thresholds.refresh_success_percent), None, None),
        objective("lock contention", None, Some(thresholds.lock_contention_percent), None),
        objective("page latency p95", None, Some(thresholds.page_p95_ms), None),
        objective("memory growth", None, Some(10.0), None),
    ];
    if compared {
        usual.push(objective("error rate", None, None, Some(0.0)));
    }
    usual
}

fn objective(named: &NamedObjective) -> Objective {
    let budgeted = |(good, total): (&String, &String)| Budgeted {
        good: good.clone(),
        total: total.clone(),
        target_percent: named.target_percent.unwrap_or_default(),
        window_days: named.window_days.unwrap_or_default(),
    };
    Objective {
        metric: named.metric.clone(),
        at_least: named.at_least,
        at_most: named.at_most,
        growth_percent: named.growth_percent,
        budget: named.good.as_ref().zip(named.total.as_ref()).map(budgeted),
    }
}

impl Release {
    /// The checks that it asks for, in the order in which they are read.
    #[must_use]
    pub fn checks(&self) -> Vec<PlannedCheck> {
        let check = |kind: CheckKind, id: String, title: String, severity: Option<Severity>| PlannedCheck {
            id,
            title,
            kind,
            severity: severity.unwrap_or(Severity::Sev2),
        };
        let mut checks = vec![];
        if self.previous.is_some() {
            let title = "The record of the version that is out".to_owned();
            checks.push(check(CheckKind::Previous, "previous".into(), title, None));
        }
        if self.change.is_some() {
            checks.push(check(
                CheckKind::Change,
                "change".into(),
                "The commit and what it changes".into(),
                None,
            ));
        }
        for Tests { id, title, severity, .. } in &self.tests {
            let title = title.clone().unwrap_or_else(|| format!("Tests: {id}"));
            checks.push(check(CheckKind::Tests, format!("tests/{id}"), title, *severity));
        }
        if let Some(coverage) = &self.coverage {
            let title = "Coverage of the changed lines".to_owned();
            checks.push(check(CheckKind::Coverage, "coverage".into(), title, coverage.severity));
        }
        if self.secrets {
            let title = "Secrets in the tree".to_owned();
            checks.push(check(CheckKind::Secrets, "secrets".into(), title, Some(Severity::Sev1)));
        }
        for Logs { id, severity, .. } in &self.logs {
            checks.push(check(CheckKind::Logs, format!("logs/{id}"), format!("Logs: {id}"), *severity));
        }
        for Metrics { id, severity, .. } in &self.metrics {
            checks.push(check(
                CheckKind::Metrics,
                format!("metrics/{id}"),
                format!("Metrics: {id}"),
                *severity,
            ));
        }
        checks
    }

    /// The policy that goes into the evidence.
    #[must_use]
    pub fn policy(&self, commit: Option<String>, thresholds: &Thresholds) -> Policy {
        let own =
            |objectives: &[NamedObjective]| -> Vec<Objective> { objectives.iter().map(objective).collect() };
        let of_logs = self.logs.iter().map(|logs| {
            let objectives = match logs.objectives.as_slice() {
                [] => usual(thresholds, !logs.before.is_empty()),
                named => own(named),
            };
            (format!("logs/{}", logs.id), objectives)
        });
        let of_metrics =
            self.metrics.iter().map(|metrics| (format!("metrics/{}", metrics.id), own(&metrics.objectives)));
        let limits = Limits::default();
        let role = |sign_off: &SignOff| Role {
            name: sign_off.role.clone(),
            needed: sign_off.needed.unwrap_or(1),
            members: sign_off.members.clone(),
        };
        let item = |item: &ChecklistItem| ManualItem {
            id: item.id.clone(),
            stage: item.stage,
            title: item.title.clone(),
            members: item.members.clone(),
        };
        let waiver = |waiver: &NamedWaiver| Waiver {
            id: waiver.id.clone(),
            check: waiver.check.clone(),
            reason: waiver.reason.trim().to_owned(),
            owner: waiver.owner.clone(),
            expires: waiver.expires,
        };
        Policy {
            version: self.version.clone(),
            commit,
            checks: self.checks(),
            limits: Limits {
                pass_rate_percent: self.pass_rate_percent.unwrap_or(limits.pass_rate_percent),
                changed_lines_percent: self.coverage.as_ref().map(|coverage| coverage.changed_lines_percent),
                objectives: of_logs.chain(of_metrics).collect(),
            },
            roles: self.sign_offs.iter().map(role).collect(),
            items: self.checklist.iter().map(item).collect(),
            waivers: self.waivers.iter().map(waiver).collect(),
            rollout: self.rollout(),
        }
    }

    /// How it goes out; without a canary of its own, by gonogo's.
    pub(super) fn rollout(&self) -> Rollout {
        Rollout {
            deployment: self.deployment.clone(),
            rollback: self.rollback.clone(),
            canary: if self.rollout.is_empty() { Rollout::usual_canary() } else { self.rollout.clone() },
            post_deploy: self.post_deploy.clone(),
        }
    }
}
