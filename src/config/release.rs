//! The section `release` of `gonogo.yaml`: what a release rests on beside the scenarios, who must sign, what is let
//! pass. What is named here is asked for; what is not named is not.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::evidence::{
    CheckKind, Limits, ManualItem, Objective, PlannedCheck, Release as Policy, Role, Severity, Stage, Waiver,
};

/// The least that a reason says.
const SHORTEST_REASON: usize = 10;

/// What a release rests on beside the scenarios.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The version to be released.
    pub version: String,
    /// The folder of the record of the version that is out: its verdict and its root become part of this one's.
    #[serde(default)]
    pub previous: Option<PathBuf>,
    /// Results of test suites.
    #[serde(default)]
    pub tests: Vec<Tests>,
    /// Tests that pass, of those that ran, at least; percent, 97 without it.
    #[serde(default)]
    pub pass_rate_percent: Option<f64>,
    /// Coverage of the lines that the change adds.
    #[serde(default)]
    pub coverage: Option<Coverage>,
    /// What the commit changes, read from git.
    #[serde(default)]
    pub change: Option<Change>,
    /// Logs of the deployed app.
    #[serde(default)]
    pub logs: Vec<Logs>,
    /// Metrics of the deployed app.
    #[serde(default)]
    pub metrics: Vec<Metrics>,
    /// Whether the tree is searched for committed secrets.
    #[serde(default)]
    pub secrets: bool,
    /// Who must sign.
    #[serde(default)]
    pub sign_offs: Vec<SignOff>,
    /// What a person does and signs.
    #[serde(default)]
    pub checklist: Vec<ChecklistItem>,
    /// What is let pass for a while.
    #[serde(default)]
    pub waivers: Vec<NamedWaiver>,
}

/// Results of a test suite.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Tests {
    /// What names the suite.
    pub id: String,
    /// Its title in reports.
    #[serde(default)]
    pub title: Option<String>,
    /// Globs of result files, below the folder of `gonogo.yaml`.
    pub files: Vec<String>,
    /// Globs of the result files of the version that is out.
    #[serde(default)]
    pub before: Vec<String>,
    /// What a failure weighs; SEV-2 without it. A regression stops the release whatever stands here.
    #[serde(default)]
    pub severity: Option<Severity>,
}

/// Coverage of the changed lines.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Globs of lcov or cobertura files.
    pub files: Vec<String>,
    /// Changed lines that run, at least. Percent.
    pub changed_lines_percent: f64,
    /// What a failure weighs; SEV-2 without it.
    #[serde(default)]
    pub severity: Option<Severity>,
}

/// What the commit changes.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The commit, tag or branch that is out; without it, the newest tag before the commit.
    #[serde(default)]
    pub base: Option<String>,
}

/// Logs of the deployed app.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// What names them.
    pub id: String,
    /// Globs of log files.
    pub files: Vec<String>,
    /// Globs of the log files of the version that is out.
    #[serde(default)]
    pub before: Vec<String>,
    /// What the log must show; without it, gonogo's own objectives.
    #[serde(default)]
    pub objectives: Vec<NamedObjective>,
    /// What a failure weighs; SEV-2 without it.
    #[serde(default)]
    pub severity: Option<Severity>,
}

/// Metrics of the deployed app.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// What names them.
    pub id: String,
    /// Globs of files: Prometheus text, OpenMetrics, or what its query API answers.
    pub files: Vec<String>,
    /// Globs of the files of the version that is out.
    #[serde(default)]
    pub before: Vec<String>,
    /// What they must show.
    pub objectives: Vec<NamedObjective>,
    /// What a failure weighs; SEV-2 without it.
    #[serde(default)]
    pub severity: Option<Severity>,
}

/// What a metric must show.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct NamedObjective {
    /// The metric, as its file names it; of Prometheus with its labels, `errors_total{job="app"}`.
    pub metric: String,
    /// The least that it may show.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// The most that it may show.
    #[serde(default)]
    pub at_most: Option<f64>,
    /// The most that it may have grown against the version that is out. Percent.
    #[serde(default)]
    pub growth_percent: Option<f64>,
}

/// A role that must sign.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SignOff {
    /// For instance `Engineering Lead`.
    pub role: String,
    /// How many people of it; one without it.
    #[serde(default)]
    pub needed: Option<u32>,
    /// The principals of `allowed_signers` that may sign for it; without any, all of them.
    #[serde(default)]
    pub members: Vec<String>,
}

/// Something that a person does and signs.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ChecklistItem {
    /// What names it in `gonogo sign --item`.
    pub id: String,
    /// When it is due.
    pub stage: Stage,
    /// What is to be done.
    pub title: String,
    /// The principals of `allowed_signers` that may sign for it; without any, all of them.
    #[serde(default)]
    pub members: Vec<String>,
}

/// Something found that is let pass for a while.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct NamedWaiver {
    /// What names it.
    pub id: String,
    /// The check, scenario or issue that it covers.
    pub check: String,
    /// Why, in words.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when it holds, with its time zone: `2026-12-31T23:59:59Z`.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires: Timestamp,
}

/// What the log of a deployed app must show when the file does not say.
fn usual(thresholds: &crate::evidence::Thresholds, compared: bool) -> Vec<Objective> {
    let objective = |metric: &str, at_least, at_most, growth_percent| Objective {
        metric: metric.to_owned(),
        at_least,
        at_most,
        growth_percent,
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

impl Release {
    /// What is wrong with it, as `key: what was expected`.
    pub(super) fn complaint(&self) -> Option<String> {
        let mut ids = BTreeSet::new();
        let named = self.checks();
        if let Some(twice) = named.iter().find(|check| !ids.insert(&check.id)) {
            return Some(format!("release: {} is named twice", twice.id));
        }
        if self.version.trim().is_empty() {
            return Some("release.version: expected the version to be released".to_owned());
        }
        let percents =
            self.pass_rate_percent.into_iter().chain(self.coverage.iter().map(|c| c.changed_lines_percent));
        if let Some(percent) = percents.into_iter().find(|percent| !(0.0..=100.0).contains(percent)) {
            return Some(format!("release: expected a percentage from 0 to 100, found {percent}"));
        }
        let lists = self.tests.iter().map(|tests| (&tests.id, &tests.files));
        let lists = lists.chain(self.logs.iter().map(|logs| (&logs.id, &logs.files)));
        let coverage = "coverage".to_owned();
        let lists = lists.chain(self.coverage.iter().map(|named| (&coverage, &named.files)));
        let mut lists = lists.chain(self.metrics.iter().map(|metrics| (&metrics.id, &metrics.files)));
        if let Some((id, _)) = lists.find(|(_, files)| files.is_empty()) {
            return Some(format!("release, {id}: `files` is empty; expected at least one glob"));
        }
        if let Some(metrics) = self.metrics.iter().find(|metrics| metrics.objectives.is_empty()) {
            return Some(format!("release, {}: `objectives` is empty", metrics.id));
        }
        let objectives = self.logs.iter().flat_map(|logs| &logs.objectives);
        let objectives = objectives.chain(self.metrics.iter().flat_map(|metrics| &metrics.objectives));
        for objective in objectives {
            let NamedObjective { metric, at_least, at_most, growth_percent } = objective;
            let limits = [at_least, at_most, growth_percent];
            let limits: Vec<f64> = limits.into_iter().flatten().copied().collect();
            if limits.is_empty() || limits.iter().any(|limit| !limit.is_finite()) {
                return Some(format!(
                    "release, objective {metric}: expected a number at_least, at_most or growth_percent"
                ));
            }
        }
        self.people()
    }

    fn people(&self) -> Option<String> {
        let mut roles = BTreeSet::new();
        for SignOff { role, needed, members } in &self.sign_offs {
            if !roles.insert(role) {
                return Some(format!("release.sign_offs: role {role} is named twice"));
            }
            let needed = needed.unwrap_or(1);
            let people: BTreeSet<&String> = members.iter().collect();
            if needed == 0 || (!people.is_empty() && (people.len() as u64) < u64::from(needed)) {
                let count = people.len();
                return Some(format!("release.sign_offs, {role}: {needed} must sign, {count} may"));
            }
        }
        let mut items = BTreeSet::new();
        if let Some(twice) = self.checklist.iter().find(|item| !items.insert(&item.id)) {
            return Some(format!("release.checklist: {} is named twice", twice.id));
        }
        let mut waivers = BTreeSet::new();
        for waiver in &self.waivers {
            let id = &waiver.id;
            if !waivers.insert(id) {
                return Some(format!("release.waivers: {id} is named twice"));
            }
            if waiver.reason.trim().chars().count() < SHORTEST_REASON {
                return Some(format!("release.waivers, {id}: expected a reason in words"));
            }
            if waiver.owner.trim().is_empty() {
                return Some(format!("release.waivers, {id}: expected an owner"));
            }
        }
        None
    }

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
    pub fn policy(&self, commit: Option<String>, thresholds: &crate::evidence::Thresholds) -> Policy {
        let own = |objectives: &[NamedObjective]| -> Vec<Objective> {
            let objective = |named: &NamedObjective| Objective {
                metric: named.metric.clone(),
                at_least: named.at_least,
                at_most: named.at_most,
                growth_percent: named.growth_percent,
            };
            objectives.iter().map(objective).collect()
        };
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
        }
    }

    /// Makes the paths that are no globs relative to the file's folder.
    pub(super) fn below(&mut self, folder: &Path) {
        self.previous = self.previous.take().map(|previous| folder.join(previous));
    }
}
