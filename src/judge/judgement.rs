//! The judgement that every report draws: data alone. Cannot be read back, so no file can pose as a verdict.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Course, Fix, Metric, Override, ReleaseResult, Verdict};
use crate::evidence::{Outcome, Severity};

/// Everything that the evidence comes to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "gonogo report", deny_unknown_fields)]
pub struct Judgement {
    /// Always `gonogo.report/1`.
    pub schema: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The exit code of the run: 0 (GO, or what the caller accepts), 1 (NO-GO), 3 (GO after fixes), 4 (UNDECIDED).
    pub exit_code: u8,
    /// Who lets the release through in spite of the verdict, which stays what it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<Override>,
    /// The verdict that stood in the output folder before.
    pub previous_verdict: Option<String>,
    /// What was judged.
    pub subject: String,
    /// The seed of the mocked Jira's data.
    pub seed: u64,
    /// When the run began, RFC 3339, UTC.
    pub started_at: String,
    /// Scenarios by outcome.
    pub counts: Counts,
    /// What would make it GO: the shortest list. Empty only for an UNCONDITIONAL GO.
    pub blockers: Vec<Blocker>,
    /// The same by what takes it away, with the verdict then. Follows from the rest and is drawn for people alone.
    #[serde(skip)]
    pub to_go: Vec<Fix>,
    /// The invariants, in their fixed order.
    pub invariants: Vec<InvariantResult>,
    /// The policy's issues, in its order.
    pub issues: Vec<IssueResult>,
    /// Counts per feature, in plan order.
    pub suites: Vec<Suite>,
    /// Every planned scenario, in plan order.
    pub scenarios: Vec<ScenarioResult>,
    /// What happened in the first scenarios that show something amiss.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub courses: Vec<Course>,
    /// What the release rests on beside the scenarios, where its policy file tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseResult>,
    /// Measured under the scenarios' faults; they inform and decide nothing.
    pub metrics: Vec<Metric>,
    /// What to do now.
    pub next_steps: Vec<String>,
    /// What a deployment asks for, as far as the evidence tells.
    pub checklist: Vec<CheckItem>,
    /// How to go back.
    pub rollback: Vec<String>,
    /// What to watch once deployed.
    pub post_deploy: Vec<PostDeploy>,
    /// What the caller accepts with exit code 0 beside a GO.
    pub accepted: Vec<String>,
    /// Where the policy departs from gonogo's own, in words: what softens a judgement is said.
    pub policy: Vec<String>,
    /// The evidence that was judged.
    pub evidence: EvidenceSummary,
    /// Who recorded it.
    pub tool: Tool,
}

impl Judgement {
    /// The verdict as people are told it: its word, and beside it who overrides it.
    #[must_use]
    pub fn told(&self) -> String {
        let by = self.overridden.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        match by.is_empty() {
            true => self.verdict.word().to_owned(),
            false => format!("{}, overridden by {by}", self.verdict),
        }
    }
}

/// Scenarios by outcome; together they are `planned`.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[allow(missing_docs, reason = "each field is an outcome's word")]
#[schemars(deny_unknown_fields)]
pub struct Counts {
    /// How many scenarios the plan has.
    pub planned: usize,
    pub passed: usize,
    pub failed: usize,
    pub flaky: usize,
    pub undefined: usize,
    pub ambiguous: usize,
    pub pending: usize,
    pub timed_out: usize,
    pub panicked: usize,
    pub empty: usize,
    pub not_run: usize,
}

impl Counts {
    pub(super) fn of(planned: usize, scenarios: &[ScenarioResult]) -> Self {
        let mut counts = Self { planned, ..Self::default() };
        for scenario in scenarios {
            *match scenario.outcome {
                Outcome::Passed => &mut counts.passed,
                Outcome::Failed => &mut counts.failed,
                Outcome::Flaky => &mut counts.flaky,
                Outcome::Undefined => &mut counts.undefined,
                Outcome::Ambiguous => &mut counts.ambiguous,
                Outcome::Pending => &mut counts.pending,
                Outcome::TimedOut => &mut counts.timed_out,
                Outcome::Panicked => &mut counts.panicked,
                Outcome::Empty => &mut counts.empty,
                Outcome::NotRun => &mut counts.not_run,
            } += 1;
        }
        counts
    }

    /// Scenarios that neither passed nor failed.
    #[must_use]
    pub fn undecided(&self) -> usize {
        self.planned.saturating_sub(self.passed + self.failed)
    }
}

/// How one scenario ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ScenarioResult {
    /// `<feature file>:<line>`.
    pub id: String,
    /// The feature's title.
    pub feature: String,
    /// The scenario's title.
    pub name: String,
    /// Tags without `@`.
    pub tags: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it weighs when it fails.
    pub severity: Severity,
    /// Real time it took.
    pub duration_ms: u64,
    /// Why it did not pass.
    pub error: Option<String>,
}

/// What all logs show of one invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvariantOutcome {
    /// Shown by a passed scenario, violated by none.
    Holds,
    /// Some scenario shows a violation.
    Violated,
    /// No passed scenario shows it.
    NotExercised,
}

impl InvariantOutcome {
    /// As reports for people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::NotExercised => "not exercised",
        }
    }
}

/// An invariant over all scenarios.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct InvariantResult {
    /// For instance `read_only_jira`.
    pub name: String,
    /// The rule in a sentence.
    pub statement: String,
    /// What the evidence shows.
    pub outcome: InvariantOutcome,
    /// Why.
    pub reason: String,
    /// The observations that show a violation; the first of them, when there are many.
    pub observations: Vec<Reference>,
}

impl InvariantResult {
    /// Whether it was seen broken.
    #[must_use]
    pub fn is_violated(&self) -> bool {
        self.outcome == InvariantOutcome::Violated
    }
}

/// Where an observation stands in the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Reference {
    /// The scenario's id.
    pub scenario: String,
    /// Place in that scenario's log.
    pub seq: u64,
}

/// Where an issue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssueStatus {
    /// It has scenarios and all passed.
    Settled,
    /// A scenario of it failed.
    Open,
    /// It has no scenario, or one that neither passed nor failed.
    Undecided,
}

impl IssueStatus {
    /// As reports write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Open => "open",
            Self::Undecided => "undecided",
        }
    }
}

/// One of the policy's issues.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct IssueResult {
    /// The tag that names it.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// What it weighs.
    pub severity: Severity,
    /// Where it stands.
    pub status: IssueStatus,
    /// How many scenarios settle it.
    pub scenarios: usize,
    /// What went wrong.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// What was done about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub solution: String,
    /// The tags and checks that settle it beside its own tag.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Those of them that no scenario and no check carries: nothing shows them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unshown: Vec<String>,
}

/// What kind of thing stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockerKind {
    /// An invariant is violated.
    InvariantViolated,
    /// Something is amiss in the app's files.
    FlawInFiles,
    /// A scenario failed.
    ScenarioFailed,
    /// A scenario neither passed nor failed.
    ScenarioUndecided,
    /// Scenarios were planned and never run.
    NotRun,
    /// Nothing was planned, or the plan is not covered.
    NothingPlanned,
    /// A filter left scenarios out.
    LeftOut,
    /// No passed scenario shows an invariant.
    InvariantNotExercised,
    /// A scenario's tag claims more than its log shows.
    ClaimUnmet,
    /// An issue has no scenario.
    IssueWithoutScenario,
    /// A check of the release failed.
    CheckFailed,
    /// A check of the release lacks something.
    CheckUndecided,
    /// A role has not signed.
    SignOffMissing,
    /// An item of the checklist is open.
    ItemOpen,
    /// Something is waived, or a waiver is out of place.
    Waiver,
}

/// Something that stands between this judgement and a GO.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Blocker {
    /// What kind of thing it is.
    pub kind: BlockerKind,
    /// The invariant, scenario or issue.
    pub subject: String,
    /// What it weighs, where it has a weight.
    pub severity: Option<Severity>,
    /// What is the matter.
    pub message: String,
    /// What would take it away.
    pub remedy: String,
}

/// Counts of one feature.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Suite {
    /// The feature's title.
    pub name: String,
    /// Scenarios in the plan.
    pub planned: usize,
    /// Scenarios that passed.
    pub passed: usize,
    /// Scenarios that failed.
    pub failed: usize,
    /// Scenarios that did neither.
    pub undecided: usize,
    /// Real time of all of them.
    pub duration_ms: u64,
}

/// How an item of the checklist stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// The evidence shows it.
    Done,
    /// The evidence shows the contrary.
    Open,
    /// The evidence does not tell.
    NotShown,
}

impl CheckStatus {
    /// As reports write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Open => "open",
            Self::NotShown => "not shown",
        }
    }
}

/// An item of the deployment checklist.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CheckItem {
    /// What must be so.
    pub item: String,
    /// Whether the evidence shows it.
    pub status: CheckStatus,
}

/// What to watch once deployed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PostDeploy {
    /// What to look at.
    pub check: String,
    /// What it should show.
    pub target: String,
}

/// The evidence that was judged.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct EvidenceSummary {
    /// SHA-256 of the whole file, in hex.
    pub sha256: String,
    /// How many observations it holds.
    pub observations: u64,
}

/// Who recorded the evidence.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Tool {
    /// Version of gonogo.
    pub version: String,
}
