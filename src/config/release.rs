//! The section `release` of `gonogo.yaml`: what a release rests on beside the scenarios, who must sign, what is let
//! pass. What is named here is asked for; what is not named is not.

mod complaint;
mod policy;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{schema, values};
use crate::{
    evidence::{CanaryStep, Issue, PostDeployCheck, Severity, Stage, Step},
    import::logs::LogFields,
};

/// What a release rests on beside the scenarios.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The version to be released.
    pub version: String,
    /// The folder of the record of the version that is out: its verdict and its root become part of this one's.
    #[serde(default)]
    pub previous: Option<PathBuf>,
    /// What the release settles, as issues of the policy: beside `issues`, with what was wrong and what was done.
    #[serde(default, deserialize_with = "values::issues")]
    #[schemars(schema_with = "schema::issues")]
    pub issues: Vec<Issue>,
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
    /// What is done to deploy.
    #[serde(default)]
    pub deployment: Vec<Step>,
    /// What is done to go back.
    #[serde(default)]
    pub rollback: Vec<Step>,
    /// The canary; 5, 25, 50 and 100 percent without it.
    #[serde(default)]
    pub rollout: Vec<CanaryStep>,
    /// What is looked at once the version is out.
    #[serde(default)]
    pub post_deploy: Vec<PostDeployCheck>,
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
    /// Globs of log files: read one after another as one log, in the order of their names.
    pub files: Vec<String>,
    /// Globs of the log files of the version that is out.
    #[serde(default)]
    pub before: Vec<String>,
    /// How what is counted is told, where the team's log tells it otherwise than gonogo expects.
    #[serde(default)]
    pub fields: Option<LogFields>,
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
    /// Globs of files: Prometheus text, OpenMetrics, or what its query API answers; a series stands in one of them.
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
    /// For an error budget, in place of limits: the metric that counts the good.
    #[serde(default)]
    pub good: Option<String>,
    /// The metric that counts all.
    #[serde(default)]
    pub total: Option<String>,
    /// How much of all must be good. Percent.
    #[serde(default)]
    pub target_percent: Option<f64>,
    /// Over how many days it was counted.
    #[serde(default)]
    pub window_days: Option<u32>,
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

impl Release {
    /// Makes the paths that are no globs relative to the file's folder.
    pub(super) fn below(&mut self, folder: &Path) {
        self.previous = self.previous.take().map(|previous| folder.join(previous));
    }
}
