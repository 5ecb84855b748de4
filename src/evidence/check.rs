//! What a release rests on beside the scenarios: test results, coverage, the change, logs, metrics, secrets. What
//! was read of each, as facts; whether that is enough is the judge's to say.
#![allow(
    missing_docs,
    reason = "the fields of a fact are named for what they hold; each variant says the rest"
)]

use serde::{Deserialize, Serialize};

use super::Severity;

/// A check as the policy has it, before anything is read. Each has a log of its own behind the scenarios'.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedCheck {
    /// What names it in waivers and reports: `tests/unit`, `secrets`.
    pub id: String,
    /// What it is about, in a line.
    pub title: String,
    pub kind: CheckKind,
    /// What it weighs when it fails.
    pub severity: Severity,
}

/// What kind of thing is read for a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// Results of a test suite, with those of the released version.
    Tests,
    /// Which of the changed lines the tests ran.
    Coverage,
    /// What the commit changes.
    Change,
    /// What the deployed app wrote.
    Logs,
    /// What was measured of the deployed app.
    Metrics,
    /// Secrets committed in the tree.
    Secrets,
    /// The record of the version that is out.
    Previous,
}

impl CheckKind {
    /// The word used in files and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Tests => "tests",
            Self::Coverage => "coverage",
            Self::Change => "change",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
            Self::Secrets => "secrets",
            Self::Previous => "previous",
        }
    }
}

/// Whether something is of the version to be released or of the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// The version to be released.
    Now,
    /// The version that is out.
    Before,
}

/// How a test ended, as its runner's file tells; from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// It ran and passed.
    Passed,
    /// It failed, was run again and passed, and the file says so.
    Flaky,
    /// It did not run, or its failure is one that its author awaits.
    Skipped,
    /// It ran and failed.
    Failed,
    /// It could not run, or broke: a suite that did not load, a set-up that failed, a run that ended within it.
    Errored,
}

impl TestOutcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Passed, Self::Flaky, Self::Skipped, Self::Failed, Self::Errored];

    /// The word used in files and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Flaky => "flaky",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Errored => "errored",
        }
    }

    /// Whether it failed or errored.
    #[must_use]
    pub fn is_failing(self) -> bool {
        matches!(self, Self::Failed | Self::Errored)
    }

    /// Whether it passed, at once or in the end.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Passed | Self::Flaky)
    }
}

/// What was read for a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CheckFact {
    /// A file was read. `stale` says why it cannot be of this commit.
    FileRead { of: Of, path: String, sha256: String, bytes: u64, format: String, stale: Option<String> },
    /// Something that the policy names cannot be read, or not as a whole.
    NotRead { what: String },
    /// Something about a file that does not change what it says.
    Noted { what: String },
    /// A test has a result.
    TestEnded { of: Of, id: String, outcome: TestOutcome },
    /// Lines of a file that the change adds and the tests could run.
    LinesRun { file: String, changed: u64, run: u64 },
    /// The commit that is to be released.
    CommitRead { commit: String, base: Option<String>, dirty: Vec<String> },
    /// A file that the commit changes.
    FileChanged { file: String, change: Change, added: u64, removed: u64, test: bool },
    /// Going back from the commit to its base was tried in a scratch clone. `clean` when the commands lead to the
    /// base's tree; `conflicts` are the files, or why not.
    RollbackRehearsed { commands: Vec<String>, clean: bool, conflicts: Vec<String> },
    /// Something was measured; without samples there is no value.
    Measured { of: Of, name: String, value: Option<f64>, unit: String, samples: u64 },
    /// A kind of error that the log shows, its changing parts taken out.
    PatternSeen { template: String, now: u64, before: u64 },
    /// Something that looks like a secret; `shown` is redacted.
    SecretSeen { rule: String, place: String, shown: String },
    /// A tree was searched for secrets.
    TreeSearched { files: u64, bytes: u64, left_out: u64 },
    /// The record of the version that is out, every byte of it as its ledger says.
    RecordRead { release: Option<String>, root: String, size: u64, verdict: String },
    /// A record further back, as the evidence of the record of the version that is out tells of it; the newest first.
    EarlierRecord { release: Option<String>, root: String, verdict: String },
}

/// What a commit does to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Added,
    Modified,
    Removed,
    Renamed,
}
