//! The rollout of a release: a canary's steps as a state machine over what is measured of each. Pure: its state is
//! what was decided before, its time is given, its data are bytes. Deploys nothing and writes nothing.
//!
//! ```text
//! nothing ─begin─▶ step 1 ─promote─▶ step 2 … ─promote─▶ last step ─done─▶ out
//!                    │ ▲ hold          └──────────────────┘
//!                    └─┘         any step ─roll back─▶ over: nothing follows
//! ```
//!
//! A step is promoted only when each thing that is watched has data of the whole step, and none of it is beyond its
//! limit. What "the whole step" means is said in [`window`].

mod data;
mod machine;
mod plan;
mod weigh;
pub mod window;

#[cfg(test)]
mod tests;

pub use data::{Data, File};
pub use machine::{Answer, OUT_NO_MORE, Refused, When, rule};
pub use plan::{Asks, Plan, Step, Watched};

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was decided about a rollout, and on what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// What to do.
    pub decision: Decision,
    /// The files that it rests on; nothing counts twice, so the same files lead to the same answer.
    pub files: Vec<Named>,
    /// When the step began that was watched; for the first decision, when it was made.
    pub from: Timestamp,
    /// What was measured of what is watched.
    pub measured: Vec<Measured>,
    /// How much may have the new version from now on. Percent; 0 after a rollback.
    pub percent: u64,
    /// Whether the time was made up, to rehearse a rollout. A rehearsal is never a rollout.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rehearsed: bool,
    /// The step that this leads to, from 1; after a rollback, the one that was rolled back.
    pub step: u64,
    /// How many steps there are.
    pub steps: u64,
    /// When it was decided. A step begins when the one before it is promoted.
    pub to: Timestamp,
    /// Why, a sentence each.
    pub why: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// What to do with a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Give the new version to the first step.
    Begin,
    /// Give it to the next step.
    Promote,
    /// Change nothing: something was not shown yet.
    Hold,
    /// Take it back, from all: an objective is missed. Nothing follows.
    RollBack,
    /// It is out, and was watched. Nothing follows.
    Done,
}

impl Decision {
    /// As reports for people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN",
            Self::Promote => "PROMOTE",
            Self::Hold => "HOLD",
            Self::RollBack => "ROLL BACK",
            Self::Done => "DONE",
        }
    }

    /// Whether nothing can follow it.
    #[must_use]
    pub fn is_last(self) -> bool {
        matches!(self, Self::RollBack | Self::Done)
    }
}

/// A file that a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// What it was given as.
    pub kind: FileKind,
    /// Where it lay.
    pub path: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// What a file is given as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Metrics: an answer of Prometheus' query API, or OpenMetrics with times.
    Metrics,
    /// What the app wrote.
    Logs,
}

/// What was measured of one thing that is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// What names it.
    pub id: String,
    /// What it should show.
    pub limit: String,
    /// How many samples of the step say so.
    pub samples: u64,
    /// What it showed, by the sample that its limit likes least; none without data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// The file's name as it is recorded.
#[must_use]
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}
