//! The documents of a release, drawn from a record that was judged: one kind, one file; one format, one file. Says what
//! is shown and by what, names what is missing as a gap, and never says more than the verdict.

mod deployment;
mod facts;
mod format;
mod implementation;
mod part;
mod summary;
mod verification;

pub use facts::{Changed, ChangedFile, Facts, Rehearsal};
pub use format::{Format, formats, schema};

use schemars::JsonSchema;
use serde::Serialize;

use crate::judge::{Judgement, Verdict};

/// The version of [`Document`]'s form.
pub const SCHEMA: &str = "gonogo.document/1";

/// A document of a release, before it has a format. Its texts are as the evidence has them: each format makes them
/// harmless in its own way.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "gonogo document", deny_unknown_fields)]
pub struct Document {
    /// Always `gonogo.document/1`.
    pub schema: String,
    /// What it is about.
    pub kind: Kind,
    /// The verdict first, then what the document is and of what.
    pub title: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What the verdict means for whoever releases, in a sentence.
    pub standing: String,
    /// Where it was drawn from, by name and value.
    pub source: Vec<(String, String)>,
    /// Its parts.
    pub sections: Vec<Section>,
}

/// A part of a document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

impl Section {
    fn new(title: &str, blocks: Vec<Block>) -> Self {
        Self { title: title.to_owned(), blocks }
    }
}

/// Something that a section says.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// Something that is missing: not told, not asked for, or not shown.
    Gap(String),
    /// Items in no order.
    List(Vec<String>),
    /// What is done, in this order.
    Steps(Vec<Step>),
    /// A table.
    Table(Table),
    /// Commands, as they are typed.
    Code(Vec<String>),
}

/// Something that is done.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Step {
    /// What is done, in a line.
    pub text: String,
    /// The commands that do it.
    pub commands: Vec<String>,
    /// What belongs to it.
    pub details: Vec<String>,
}

/// A table; every row has as many cells as there are heads.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Heads of the columns.
    pub heads: Vec<String>,
    /// The rows; the first cell names the row.
    pub rows: Vec<Vec<String>>,
}

/// A table; where there is nothing to show, the gap that says so.
fn table(caption: &str, heads: &[&str], rows: Vec<Vec<String>>, without: &str) -> Block {
    if rows.is_empty() {
        return Block::Gap(without.to_owned());
    }
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    Block::Table(Table { caption: caption.to_owned(), heads, rows })
}

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The decision, and what it rests on.
    Summary,
    /// What was shown, by what, and how to verify it.
    Verification,
    /// What was changed and settled.
    Implementation,
    /// How it goes out, and how to go back.
    Deployment,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Summary, Self::Verification, Self::Implementation, Self::Deployment];

    /// As the command line names it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Verification => "verification",
            Self::Implementation => "implementation",
            Self::Deployment => "deployment",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Summary => "Release summary",
            Self::Verification => "Verification report",
            Self::Implementation => "Implementation report",
            Self::Deployment => "Deployment plan",
        }
    }
}

/// Everything that a document may tell.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What the evidence comes to, with the sign-offs that count.
    pub judgement: &'a Judgement,
    /// What the evidence tells beside that.
    pub facts: &'a Facts,
    /// The record that it lies in.
    pub source: &'a Source,
}

/// The record that a document is drawn from, as its ledger tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// RFC 6962 root of its ledger, hex.
    pub root: String,
    /// How many lines its ledger has.
    pub size: u64,
    /// The key that seals it: SHA-256 of its SPKI DER, hex.
    pub sealed_by: Option<String>,
    /// Whether that key is the one that was expected; `None` when none was given.
    pub is_expected_key: bool,
    /// The last verdict that it states, and when it was added.
    pub stated: (String, String),
    /// The verdict of the record before it.
    pub previous: Option<String>,
    /// SHA-256 of the file of those who may sign; `None` when none was given, so that no sign-off counts.
    pub signers: Option<String>,
    /// How many sign-offs its ledger holds.
    pub sign_offs: usize,
    /// When the keys of those who signed had to be good; RFC 3339, UTC.
    pub at: String,
    /// What `gonogo rollout` decided and its ledger holds, the oldest first.
    pub rollout: Vec<Played>,
}

impl Source {
    /// That the release was rolled back since; whatever the verdict was, it is not out any more.
    fn taken_back(&self) -> Option<String> {
        let last = self.rollout.last().filter(|last| last.is_taken_back)?;
        Some(format!("ROLLED BACK at {}, whatever the verdict was: {}. ", last.at, last.why.join("; ")))
    }
}

/// A decision about the rollout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// When; RFC 3339, UTC.
    pub at: String,
    /// The word for it; a rehearsal says so.
    pub decision: String,
    /// Whether it took the new version back from all.
    pub is_taken_back: bool,
    /// How much may have the new version from then on. Percent.
    pub percent: u64,
    /// Why, a sentence each.
    pub why: Vec<String>,
}

/// The fewest changes that would make it GO, in order.
#[must_use]
pub fn to_go(judgement: &Judgement) -> Vec<Step> {
    part::decision::fixes(judgement)
}

/// Writes a document.
#[must_use]
pub fn draw(kind: Kind, told: &Told<'_>) -> Document {
    let sections = match kind {
        Kind::Summary => summary::sections(told),
        Kind::Verification => verification::sections(told),
        Kind::Implementation => implementation::sections(told),
        Kind::Deployment => deployment::sections(told),
    };
    let judgement = told.judgement;
    let of = match &judgement.release {
        Some(release) => format!("{}, version {}", judgement.subject, release.version),
        None => judgement.subject.clone(),
    };
    Document {
        schema: SCHEMA.to_owned(),
        kind,
        title: format!("{}: {}, {of}", judgement.told(), kind.title()),
        verdict: judgement.verdict,
        standing: told.source.taken_back().unwrap_or_default() + &part::decision::standing(judgement),
        source: part::source::lines(told),
        sections,
    }
}

#[cfg(test)]
mod tests;
