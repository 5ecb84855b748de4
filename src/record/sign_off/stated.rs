//! What a person signs: the statement, and what of it is not what is there any more.

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        RecordError, canonical,
        entry::{Decision, Event, Opened},
        ledger::Ledger,
    },
    last_verdict,
};

/// The version of [`Statement`]'s form.
pub const SCHEMA: &str = "gonogo.sign-off/1";

/// What a person signs: canonical JSON, without a newline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The commit that is released, if the record knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What is decided.
    pub decision: Decision,
    /// What the decision rests on, by name: SHA-256 of evidence and imported files, waivers in words.
    pub inputs: BTreeMap<String, String>,
    /// The item of the checklist that was done; of a role's decision, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who decides.
    pub principal: String,
    /// The release's version, if the record knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// As what; empty for an item of the checklist.
    pub role: String,
    /// RFC 6962 root of the ledger that was seen, hex.
    pub root: String,
    /// [`SCHEMA`].
    pub schema: String,
    /// By the clock of whoever signs.
    pub signed_at: Timestamp,
    /// How many lines the ledger had.
    pub size: u64,
    /// The verdict that was seen; none before there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

/// Who decides what.
#[derive(Clone, Debug)]
pub struct Intent<'a> {
    /// As what; empty for an item of the checklist.
    pub role: &'a str,
    /// The item of the checklist that was done; for a role's decision, none.
    pub item: Option<&'a str>,
    /// Who.
    pub principal: &'a str,
    /// What.
    pub decision: Decision,
    /// In their own words; needed for all but an approval.
    pub note: Option<&'a str>,
}

impl Statement {
    /// The statement about a record as it is now.
    ///
    /// # Errors
    /// The record has no whole ledger, or the intent lacks what it needs.
    pub fn about(record: &Path, intent: &Intent<'_>, at: Timestamp) -> Result<Self, RecordError> {
        let ledger = Ledger::read(record)?;
        let refused = |what: &str| {
            Err(RecordError::Unsound { place: format!("a sign-off as {:?}", intent.role), what: what.into() })
        };
        if intent.role.trim().is_empty() == intent.item.is_none() {
            return refused("a sign-off is in a role or about an item of the checklist, and not in both");
        }
        if intent.item.is_some_and(|item| item.trim().is_empty()) || intent.principal.trim().is_empty() {
            return refused("item and principal must say something");
        }
        let note = intent.note.map(str::trim).filter(|note| !note.is_empty());
        if note.is_none() && intent.decision != Decision::Approve {
            return refused(&format!("to {} takes a reason: give a note", intent.decision.word()));
        }
        let verdict = last_verdict(&ledger);
        let opened = opened(&ledger);
        Ok(Self {
            commit: opened.commit,
            decision: intent.decision,
            inputs: inputs(&ledger),
            item: intent.item.map(str::to_owned),
            note: note.map(str::to_owned),
            principal: intent.principal.to_owned(),
            release: opened.release,
            role: intent.role.to_owned(),
            root: hex::encode(ledger.root()),
            schema: SCHEMA.to_owned(),
            signed_at: at,
            size: ledger.size(),
            verdict,
        })
    }

    /// The bytes that are signed.
    ///
    /// # Errors
    /// A record of more entries than a number can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, canonical::Inadmissible> {
        canonical::to_bytes(self)
    }

    /// Reads what was signed.
    ///
    /// # Errors
    /// In words, what it is not.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let statement: Self = canonical::from_bytes(bytes).map_err(|error| error.to_string())?;
        match statement.schema == SCHEMA {
            true => Ok(statement),
            false => Err(format!("unknown schema {:?}; expected {SCHEMA:?}", statement.schema)),
        }
    }
}

/// What of that which was signed is not what is there; `None` when all of it is. Only the lines before `seq`
/// can have been seen.
pub fn changed(ledger: &Ledger, statement: &Statement, seq: u64) -> Option<String> {
    let opened = opened(ledger);
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    for (what, signed, found) in
        [("commit", &statement.commit, &opened.commit), ("release", &statement.release, &opened.release)]
    {
        if signed != found {
            return Some(format!("signed for {what} {}, the record is of {}", text(signed), text(found)));
        }
    }
    let found = inputs(ledger);
    let told = differences(&statement.inputs, &found);
    if !told.is_empty() {
        return Some(format!("since it was signed, {}", told.join(", ")));
    }
    let root = ledger.root_at(statement.size).map(hex::encode);
    if statement.size > seq || root.as_ref() != Some(&statement.root) {
        return Some("it was signed for another record of the same inputs".to_owned());
    }
    None
}

/// What became of each input that is another one now, in words and by name.
pub fn differences(signed: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<&String> = signed.keys().chain(found.keys()).collect();
    names.retain(|name| signed.get(*name) != found.get(*name));
    names.sort();
    names.dedup();
    let told = names.into_iter().map(|name| {
        let how = match (signed.contains_key(name), found.contains_key(name)) {
            (true, true) => "changed",
            (true, false) => "is gone",
            _ => "was added",
        };
        format!("{name} {how}")
    });
    told.collect()
}

/// What the release rests on, by name; of two lines with one name, the later.
pub fn inputs(ledger: &Ledger) -> BTreeMap<String, String> {
    ledger.entries().iter().filter_map(|entry| entry.event.input()).collect()
}

/// What a record is of.
pub fn opened(ledger: &Ledger) -> Opened {
    match ledger.entries().first().map(|entry| &entry.event) {
        Some(Event::Opened(opened)) => opened.clone(),
        _ => Opened::default(),
    }
}
