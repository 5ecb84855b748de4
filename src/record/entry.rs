//! What a ledger's lines hold. A line names what it tells of by SHA-256; the bodies lie in `blobs`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::rollout::Decided;

/// The version of a line's form. Readers reject any other.
pub const VERSION: u64 = 1;

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What was added.
    pub event: Event,
    /// SHA-256 of the line before, without its newline; of the first, 64 zeros.
    pub prev: String,
    /// Its place, from 0.
    pub seq: u64,
    /// When it was added, by the machine's clock. Order comes from `seq` alone.
    pub ts: Timestamp,
    /// [`VERSION`].
    pub v: u64,
}

/// What a record can hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// The first line: what the record is of, and who seals it.
    Opened(Opened),
    /// The record before this one.
    Predecessor(Predecessor),
    /// The evidence file.
    Evidence(Evidence),
    /// A file that the evidence was imported from.
    Imported(Imported),
    /// A waiver in force.
    Waiver(Waiver),
    /// What the evidence came to.
    Verdict(Verdict),
    /// A sign-off of a record before: to be seen, never to count.
    Carried(Signed),
    /// A person's decision.
    SignOff(Signed),
    /// A person lets a release through whose verdict does not.
    BreakGlass(Signed),
    /// What was decided about the rollout.
    Rollout(Decided),
}

/// What a record is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The commit that is judged, 40 or 64 hex digits, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// SHA-256 of the sealing key's SPKI DER; none in a record that nobody signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The release's version, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
}

/// The record before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predecessor {
    /// Its RFC 6962 root, hex.
    pub root: String,
    /// How many lines its ledger had.
    pub size: u64,
    /// The last verdict in it.
    pub verdict: String,
}

/// The evidence file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// How many observations it holds.
    pub observations: u64,
    /// Of the whole file; its name in `blobs`.
    pub sha256: String,
}

/// An imported file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// The commit it belongs to, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What it was read as.
    pub format: String,
    /// Where it lay, as the configuration names it.
    pub path: String,
    /// Its name in `blobs`.
    pub sha256: String,
}

/// A waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// What is waived.
    pub check: String,
    /// RFC 3339, with its time zone.
    pub expires: String,
    /// Its name.
    pub id: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// What was accepted beside what the evidence says was accepted when it was recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    /// The exit code of the run.
    pub exit_code: u64,
    /// SHA-256 of the JSON report; its name in `blobs`.
    pub sha256: String,
    /// The verdict's word.
    pub verdict: String,
}

/// A signed statement of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// What was decided.
    pub decision: Decision,
    /// The signing key: `SHA256:…`, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// The item of the checklist that was done; of a role's decision, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Who signed.
    pub principal: String,
    /// As what; empty for an item of the checklist.
    pub role: String,
    /// SHA-256 of the signature; its name in `blobs`.
    pub signature: String,
    /// SHA-256 of what was signed; its name in `blobs`.
    pub statement: String,
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Release.
    Approve,
    /// Do not release.
    Reject,
    /// Release in spite of the verdict.
    BreakGlass,
}

impl Decision {
    /// As files and the command line write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::BreakGlass => "break_glass",
        }
    }
}

impl Event {
    /// What of the release the line adds, by name: what a sign-off rests on. `None` for what people say of it.
    #[must_use]
    pub fn input(&self) -> Option<(String, String)> {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        match self {
            Self::Evidence(evidence) => Some(("evidence".to_owned(), evidence.sha256.clone())),
            Self::Imported(file) => {
                let content = format!("{} {} {}", file.sha256, file.format, text(&file.commit));
                Some((file.path.clone(), content))
            }
            Self::Waiver(waiver) => {
                let content = format!("{} until {}: {}", waiver.check, waiver.expires, waiver.reason);
                Some((format!("waiver {}", waiver.id), content))
            }
            Self::Opened(_)
            | Self::Predecessor(_)
            | Self::Verdict(_)
            | Self::Carried(_)
            | Self::SignOff(_)
            | Self::BreakGlass(_)
            | Self::Rollout(_) => None,
        }
    }

    /// The blobs that the line names.
    #[must_use]
    pub fn blobs(&self) -> Vec<&str> {
        match self {
            Self::Evidence(evidence) => vec![&evidence.sha256],
            Self::Imported(file) => vec![&file.sha256],
            Self::Verdict(verdict) => vec![&verdict.sha256],
            Self::Carried(signed) | Self::SignOff(signed) | Self::BreakGlass(signed) => {
                vec![&signed.statement, &signed.signature]
            }
            Self::Rollout(decided) => decided.files.iter().map(|file| file.sha256.as_str()).collect(),
            Self::Opened(_) | Self::Predecessor(_) | Self::Waiver(_) => vec![],
        }
    }
}
