//! The verdict: the one place where a GO can be made. Sees results only, never evidence or reports.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::{
    InvariantOutcome, InvariantResult, IssueResult, IssueStatus, ReleaseResult, ScenarioResult, flaws::Flaw,
};
use crate::{
    evidence::{Outcome, Severity, Shard},
    invariant::RULES,
};

/// The value of `--accept` that turns [`Verdict::GoAfterFixes`] into exit code 0.
pub const ACCEPT_GO_AFTER_FIXES: &str = "go-after-fixes";

/// What the evidence comes to. Ordered by weight: a worse one beats a better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything planned was shown, and everything shown is right.
    Go(Unconditional),
    /// Everything was shown; what is wrong does not stop a release.
    GoAfterFixes,
    /// Nothing shown stops the release, but something was not shown.
    Undecided,
    /// Something shown stops the release.
    NoGo,
}

/// Proof that everything was shown; nobody else can make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unconditional(());

/// What a verdict rests on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis<'a> {
    pub(super) planned: usize,
    pub(super) scenarios: &'a [ScenarioResult],
    pub(super) invariants: &'a [InvariantResult],
    pub(super) issues: &'a [IssueResult],
    pub(super) flaws: &'a [Flaw],
    pub(super) unmet_claims: usize,
    pub(super) left_out: usize,
    pub(super) release: Option<&'a ReleaseResult>,
    pub(super) shard: Option<&'a Shard>,
}

/// Decides. NO-GO beats UNDECIDED beats GO (after fixes); a GO needs every single condition.
pub(super) fn decide(basis: &Basis<'_>) -> Verdict {
    let Basis { planned, scenarios, invariants, issues, flaws, unmet_claims, left_out, release, shard } =
        *basis;
    let violated = invariants.iter().any(|invariant| invariant.outcome == InvariantOutcome::Violated);
    let stops = scenarios
        .iter()
        .filter(|scenario| scenario.outcome == Outcome::Failed && scenario.severity == Severity::Sev1)
        .any(|scenario| !release.is_some_and(|release| release.waives(scenario)));
    let refused = release.is_some_and(ReleaseResult::stops);
    if violated || stops || refused || flaws.iter().any(Flaw::stops) {
        return Verdict::NoGo;
    }
    let judged = |scenario: &ScenarioResult| matches!(scenario.outcome, Outcome::Passed | Outcome::Failed);
    let holds = |invariant: &InvariantResult| invariant.outcome == InvariantOutcome::Holds;
    let shown = planned > 0
        && scenarios.len() == planned
        && scenarios.iter().all(judged)
        && !RULES.is_empty()
        && invariants.len() == RULES.len()
        && invariants.iter().all(holds)
        && issues.iter().all(|issue| issue.status != IssueStatus::Undecided)
        && flaws.is_empty()
        && unmet_claims == 0
        && left_out == 0
        && shard.is_none()
        && release.is_none_or(ReleaseResult::is_shown);
    if !shown {
        return Verdict::Undecided;
    }
    let passed = scenarios.iter().all(|scenario| scenario.outcome == Outcome::Passed);
    let clean = release.is_none_or(ReleaseResult::is_clean);
    if passed && clean && issues.iter().all(|issue| issue.status == IssueStatus::Settled) {
        Verdict::Go(Unconditional(()))
    } else {
        Verdict::GoAfterFixes
    }
}

impl Verdict {
    /// Every verdict's word, the best first.
    pub const WORDS: [&'static str; 4] = ["UNCONDITIONAL GO", "GO (after fixes)", "UNDECIDED", "NO-GO"];

    /// As files and reports write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        let [go, after_fixes, undecided, no_go] = Self::WORDS;
        match self {
            Self::Go(_) => go,
            Self::GoAfterFixes => after_fixes,
            Self::Undecided => undecided,
            Self::NoGo => no_go,
        }
    }

    /// The process's exit code, under what the caller accepts (`--accept`).
    pub(super) fn exit_code(self, accepted: &[String]) -> u8 {
        match self {
            Self::Go(_) => 0,
            Self::NoGo => 1,
            Self::GoAfterFixes if accepted.iter().any(|word| word == ACCEPT_GO_AFTER_FIXES) => 0,
            Self::GoAfterFixes => 3,
            Self::Undecided => 4,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl JsonSchema for Verdict {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Verdict".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::WORDS, "description": "What the evidence comes to." })
    }
}
