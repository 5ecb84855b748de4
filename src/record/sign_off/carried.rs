//! Sign-offs of the record before: they come into a new record of the same release as they are, so that nobody has
//! to miss them or what voided them. By their kind they never count.

use std::{collections::BTreeMap, path::Path};

use super::{
    super::{
        RecordError,
        entry::{Event, Opened, Signed},
        ledger::Ledger,
    },
    Statement, body, read,
    stated::{differences, opened},
};
use crate::judge::Approval;

/// A sign-off of the record before.
#[derive(Debug)]
pub(in super::super) struct Carried {
    /// As its line says it.
    pub signed: Signed,
    /// What was signed.
    pub statement: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    told: Statement,
}

impl Carried {
    /// As the judge takes it, for a record of this commit and these inputs.
    pub fn approval(&self, opened: &Opened, inputs: &BTreeMap<String, String>) -> Approval {
        Approval {
            role: self.signed.role.clone(),
            item: self.signed.item.clone(),
            principal: self.signed.principal.clone(),
            fingerprint: self.signed.fingerprint.clone(),
            at: Some(self.told.signed_at),
            void: Some(why(&self.told, opened, inputs)),
            rejects: false,
            overrides: None,
        }
    }
}

/// The sign-offs that a new record of `release` takes over: of each person the latest in each role and of each item,
/// so that they do not grow from run to run. Another release was not what they signed.
///
/// # Errors
/// One of them is not what its line says.
pub(in super::super) fn carried(
    record: &Path,
    ledger: &Ledger,
    release: Option<&str>,
) -> Result<Vec<Carried>, RecordError> {
    if opened(ledger).release.as_deref() != release {
        return Ok(vec![]);
    }
    let mut latest: Vec<(u64, &Signed)> = vec![];
    for entry in ledger.entries() {
        let (Event::SignOff(signed) | Event::BreakGlass(signed) | Event::Carried(signed)) = &entry.event
        else {
            continue;
        };
        let by = |signed: &Signed| (signed.principal.clone(), signed.role.clone(), signed.item.clone());
        latest.retain(|(_, earlier)| by(earlier) != by(signed));
        latest.push((entry.seq + 1, signed));
    }
    let take = |(line, signed): (u64, &Signed)| {
        let taken = read(record, signed).and_then(|(told, _)| {
            let (statement, signature) = (body(record, &signed.statement)?, body(record, &signed.signature)?);
            Ok(Carried { signed: signed.clone(), statement, signature, told })
        });
        let place = || format!("{}, the sign-off in line {line}", record.display());
        taken.map_err(|what| RecordError::Unsound { place: place(), what })
    };
    latest.into_iter().map(take).collect()
}

/// Why what was signed for a record before does not count in this one: every input that is another one, by name.
pub(super) fn why(statement: &Statement, opened: &Opened, inputs: &BTreeMap<String, String>) -> String {
    let mut told = vec![];
    if statement.commit != opened.commit {
        let text = |commit: &Option<String>| commit.clone().unwrap_or_else(|| "none".to_owned());
        told.push(format!("it was of commit {}", text(&statement.commit)));
    }
    let mut found = inputs.clone();
    let evidence = found.remove(EVIDENCE);
    // A file that differs by the commit alone is told by the commit.
    let of = |content: &str, commit: &Option<String>| -> Option<String> {
        Some(content.strip_suffix(commit.as_deref()?)?.to_owned())
    };
    for (name, content) in &mut found {
        let Some(signed) = statement.inputs.get(name) else { continue };
        let (then, now) = (of(signed, &statement.commit), of(content, &opened.commit));
        if then.is_some() && then == now {
            content.clone_from(signed);
        }
    }
    let mut signed = statement.inputs.clone();
    let is_another = signed.remove(EVIDENCE) != evidence;
    told.extend(differences(&signed, &found));
    if is_another {
        told.push("the evidence is another run's".to_owned());
    }
    match told.is_empty() {
        true => "signed a record before this one, of the same inputs".to_owned(),
        false => format!("signed a record before this one: {}", told.join(", ")),
    }
}

/// The evidence's name among the inputs.
const EVIDENCE: &str = "evidence";

#[cfg(test)]
mod tests;
