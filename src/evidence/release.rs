//! What a release must show beside the scenarios, as its policy file says. Part of the evidence's header, so that
//! nobody needs the policy file to judge again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PlannedCheck, Rollout};

/// What a release decision rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The version to be released.
    pub version: String,
    /// The commit to be released; what is read must be of it. `None` outside a repository.
    pub commit: Option<String>,
    /// The checks, in the order of their logs.
    pub checks: Vec<PlannedCheck>,
    /// Limits of the checks.
    pub limits: Limits,
    /// Who must sign.
    pub roles: Vec<Role>,
    /// What a person does and signs, by the stage of the release.
    pub items: Vec<ManualItem>,
    /// What is let pass for a while.
    pub waivers: Vec<Waiver>,
    /// How it goes out, and how to go back.
    #[serde(default)]
    pub rollout: Rollout,
}

/// Limits of the checks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Tests that pass, of those that ran, at least. Percent.
    pub pass_rate_percent: f64,
    /// Changed lines that the tests run, at least. Percent; `None` asks for none.
    pub changed_lines_percent: Option<f64>,
    /// Objectives for what is measured, by the check's id and the metric's name.
    pub objectives: BTreeMap<String, Vec<Objective>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pass_rate_percent: 97.0, changed_lines_percent: None, objectives: BTreeMap::new() }
    }
}

/// A service level objective: what a metric must show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The metric's name.
    pub metric: String,
    /// The least that it may show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The most that it may show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// The most by which it may have grown against the version before. Percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth_percent: Option<f64>,
    /// In place of limits: what share must be good, and so what may be spent on the bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budgeted>,
}

/// An objective with an error budget: what of all may be bad within a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgeted {
    /// The metric that counts the good, as its file names it.
    pub good: String,
    /// The metric that counts all.
    pub total: String,
    /// How much of all must be good. Percent.
    pub target_percent: f64,
    /// Over how many days.
    pub window_days: u32,
}

impl Objective {
    /// The name under which is measured what is left of its error budget.
    #[must_use]
    pub fn budget_left(&self) -> String {
        format!("{}: error budget left", self.metric)
    }
}

/// A role that must sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// For instance `Engineering Lead`.
    pub name: String,
    /// How many people of it must sign.
    pub needed: u32,
    /// Who may sign for it, by the principals of `allowed_signers`; empty lets any of them.
    pub members: Vec<String>,
}

/// When in a release something is done.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before anything is deployed.
    PreDeploy,
    /// On the staging site.
    Staging,
    /// In production.
    Production,
    /// After it is out.
    PostDeploy,
}

impl Stage {
    /// The stages, in their order.
    pub const ALL: [Self; 4] = [Self::PreDeploy, Self::Staging, Self::Production, Self::PostDeploy];

    /// As reports for people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PreDeploy => "pre-deploy verification",
            Self::Staging => "staging",
            Self::Production => "production",
            Self::PostDeploy => "post-deploy validation",
        }
    }
}

/// Something that a person does and signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManualItem {
    /// What names it when it is signed.
    pub id: String,
    /// When it is due.
    pub stage: Stage,
    /// What is to be done, in a line.
    pub title: String,
    /// Who may sign for it, by the principals of `allowed_signers`; empty lets any of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

/// Something found that is let pass for a while: a release with one in force is GO (after fixes) at best.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// What names the waiver.
    pub id: String,
    /// The check, scenario or issue that it covers; an invariant cannot be waived.
    pub check: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when it holds.
    pub expires: Timestamp,
}
