//! What was observed, in order; never what it means. An observation is a fact in the past tense, one log
//! per scenario. `fact` lists the facts, `recorder` takes them down, `file` keeps them under a hash chain.

mod check;
mod fact;
pub mod file;
mod mark;
mod policy;
mod recorder;
mod release;
mod rollout;
mod shard;

pub use check::{Change, CheckFact, CheckKind, Of, PlannedCheck, TestOutcome};
pub use fact::{Effect, Ending, Fact, FlawKind, Scope, is_jira};
pub use mark::Readings;
pub use policy::{Issue, Policy, Severity, Thresholds};
pub use recorder::Recorder;
pub use release::{Budgeted, Limits, ManualItem, Objective, Release, Role, Stage, Waiver};
pub use rollout::{CanaryStep, PostDeployCheck, Rollout, Step};
pub use shard::Shard;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the evidence file's format. Readers reject any other.
pub const FORMAT: &str = "gonogo.evidence/1";

/// One observed fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The scenario's number in the plan, from 0.
    pub scenario: usize,
    /// Its place in the scenario's log, from 0.
    pub seq: u64,
    /// Virtual time: what the scenario's clock said.
    pub at: Timestamp,
    /// Who saw it.
    pub source: Source,
    /// What was seen.
    pub fact: Fact,
}

/// Who saw an observation. None of them is the app itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The scenario's runner and its steps.
    Scenario,
    /// The mocked Jira.
    MockJira,
    /// The seam between the app and its store.
    Store,
    /// The driver of the app under test: what went in and came out.
    Subject,
    /// A reader of files from elsewhere.
    Import,
}

/// How a planned scenario ended. Only `Passed` is green.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every step ran and held.
    Passed,
    /// A step saw something else than it states.
    Failed,
    /// Passed, but only when tried again.
    Flaky,
    /// A step has no definition.
    Undefined,
    /// A step has more than one definition.
    Ambiguous,
    /// A step said that it cannot be judged yet.
    Pending,
    /// A step or the scenario outlived its time limit.
    TimedOut,
    /// A step, or the gate around it, panicked.
    Panicked,
    /// A scenario that states nothing (no `Then`), an outline without rows, a feature without scenarios.
    Empty,
    /// Planned, but never run.
    NotRun,
}

impl Outcome {
    /// The word used in files and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Flaky => "flaky",
            Self::Undefined => "undefined",
            Self::Ambiguous => "ambiguous",
            Self::Pending => "pending",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
            Self::Empty => "empty",
            Self::NotRun => "not_run",
        }
    }
}

/// A scenario as the plan has it, before anything runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// Stable identity: `<feature file>:<line>`.
    pub id: String,
    /// The feature's title.
    pub feature: String,
    /// The scenario's title; an outline's row carries its number.
    pub name: String,
    /// All tags that apply, the feature's included, without `@`.
    pub tags: Vec<String>,
    /// How many steps it has, the backgrounds' included: green is that each of them is shown to have passed.
    pub steps: usize,
}

/// The first line of an evidence file: everything beside the observations that the verdict rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// Version of the gonogo that recorded.
    pub tool: String,
    /// Wall-clock time of the run's start.
    pub started_at: Timestamp,
    /// What was judged: `reference app`, or what the configuration names.
    pub subject: String,
    /// The seed of the mocked Jira's data.
    pub seed: u64,
    /// How many scenarios were planned; each has a log in the file.
    pub planned: usize,
    /// How many scenarios a filter left out of the plan: what was left out was not shown.
    #[serde(default, skip_serializing_if = "is_none")]
    pub left_out: usize,
    /// Which part of the plan it is, where several machines share a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The verdict in the output folder before this run, if there was one.
    pub previous_verdict: Option<String>,
    /// Verdicts that the caller accepts with exit code 0 (`--accept`).
    pub accepted: Vec<String>,
    /// What the judgement goes by.
    pub policy: Policy,
    /// What the release rests on beside the scenarios, where the policy file tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
}

/// All observations of one scenario, in order: what an invariant judges.
#[derive(Clone, Copy, Debug)]
pub struct Log<'a> {
    /// What the judgement goes by.
    pub policy: &'a Policy,
    /// In the order in which they were made.
    pub observations: &'a [Observation],
}

impl Header {
    /// How many logs of scenarios, and behind them of checks, the file is due to hold.
    #[must_use]
    pub fn logs_due(&self) -> (usize, usize) {
        (self.planned, self.release.as_ref().map_or(0, |release| release.checks.len()))
    }
}

fn is_none(count: &usize) -> bool {
    *count == 0
}
