//! The record of the version that is out, as `release.previous` names it: verified, and taken as what the new record
//! goes on from, with the releases that it goes on from itself. What does not verify is said and names no predecessor.

use std::path::Path;

use super::super::{now, record_in};
use crate::{
    evidence::{
        CheckFact, Fact,
        file::{EvidenceError, Next, Reader},
    },
    record::{
        BLOBS, Revoked,
        entry::{Event, Predecessor},
        ledger::Ledger,
        verify::{self, Finding, Trust},
    },
};

/// Releases that are looked back upon.
const EARLIER_LIMIT: usize = 50;

/// What the record in a folder below `root` says, if every byte of it is what its ledger says.
pub(super) fn facts(root: &Path, dir: &Path) -> Vec<CheckFact> {
    let record = record_in(dir);
    let revoked = Revoked::default();
    let trust = Trust { key: None, allowed: None, revoked: &revoked, predecessor: None, at: now() };
    let report = verify::verify(&record, &trust);
    // Nothing of the machine goes into the evidence.
    let within = |text: &str| text.replace(&format!("{}/", root.display()), "");
    let shown = within(&dir.display().to_string());
    let of = |wanted: Finding| {
        let rows = report.rows.iter().filter(move |row| row.finding == wanted);
        rows.map(|row| within(&format!("{}: {}", row.what, row.detail)))
    };
    if let Some(first) = of(Finding::Failed).next() {
        return vec![CheckFact::NotRead { what: format!("the record in {shown} does not verify: {first}") }];
    }
    let ledger = match Ledger::read(&record) {
        Ok(ledger) => ledger,
        Err(error) => return vec![CheckFact::NotRead { what: within(&error.to_string()) }],
    };
    let Some((_, verdict)) = ledger.verdict() else {
        return vec![CheckFact::NotRead { what: format!("the record in {shown} holds no verdict") }];
    };
    let opened = ledger.entries().first().map(|entry| &entry.event);
    let release = match opened {
        Some(Event::Opened(opened)) => opened.release.clone(),
        _ => None,
    };
    let (root, size, verdict) = (hex::encode(ledger.root()), ledger.size(), verdict.verdict.clone());
    let read = CheckFact::RecordRead { release, root, size, verdict };
    let open = of(Finding::NotShown).map(|what| CheckFact::Noted { what: format!("not shown: {what}") });
    // The evidence is what the ledger says, or the record would not have verified.
    let evidence = ledger.evidence().map(|evidence| record.join(BLOBS).join(&evidence.sha256));
    let earlier = match evidence.as_deref().map_or(Ok(vec![]), earlier) {
        Ok(earlier) => earlier,
        Err(error) => vec![CheckFact::NotRead { what: within(&error.to_string()) }],
    };
    open.chain([read]).chain(earlier).collect()
}

/// The releases before the one of this evidence, as its own check of them tells; the newest first.
fn earlier(evidence: &Path) -> Result<Vec<CheckFact>, EvidenceError> {
    let mut reader = Reader::open(evidence)?;
    let (mut earlier, mut log) = (vec![], vec![]);
    while reader.next_log(&mut log)? == Next::Log {
        earlier.extend(log.drain(..).filter_map(|observation| match observation.fact {
            Fact::CheckSaw(CheckFact::RecordRead { release, root, verdict, .. }) => {
                Some(CheckFact::EarlierRecord { release, root, verdict })
            }
            Fact::CheckSaw(fact @ CheckFact::EarlierRecord { .. }) => Some(fact),
            _ => None,
        }));
    }
    earlier.truncate(EARLIER_LIMIT);
    Ok(earlier)
}

/// What a new record names as the one before.
pub(super) fn predecessor<'a>(mut facts: impl Iterator<Item = &'a CheckFact>) -> Option<Predecessor> {
    facts.find_map(|fact| match fact {
        CheckFact::RecordRead { root, size, verdict, .. } => {
            Some(Predecessor { root: root.clone(), size: *size, verdict: verdict.clone() })
        }
        _ => None,
    })
}
