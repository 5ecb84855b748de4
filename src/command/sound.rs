//! A record that is to be read from: verified byte by byte first, then judged again with the sign-offs that count. What
//! is not sound is refused, so that nothing is drawn from it.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;

use super::{Refusal, record_in, signers::Signers};
use crate::{
    document::{Facts, Played, Source},
    judge::Judgement,
    record::{
        BLOBS, PublicKey,
        entry::Event,
        judged,
        ledger::Ledger,
        verify::{self, Trust},
    },
    rollout::{Decided, Decision},
};

/// Whom whoever reads trusts.
#[derive(Debug, Default)]
pub(super) struct Trusted {
    pub(super) signers: Signers,
    pub(super) key: Option<PublicKey>,
    pub(super) at: Option<Timestamp>,
}

/// A record, as it was found sound.
pub(super) struct Sound {
    pub(super) judgement: Judgement,
    pub(super) facts: Facts,
    pub(super) source: Source,
}

/// Reads the record in a folder.
pub(super) fn read(folder: &Path, trusted: &Trusted) -> Result<Sound, Refusal> {
    let record = record_in(folder);
    sound(&record, trusted)
        .with_context(|| format!("nothing is drawn from {}", record.display()))
        .map_err(Refusal::input)
}

fn sound(record: &Path, trusted: &Trusted) -> anyhow::Result<Sound> {
    let Trusted { signers: Signers { allowed, revoked, sha256 }, key, .. } = trusted;
    let ledger = Ledger::read(record)?;
    let entries = ledger.entries();
    let last = entries.last().ok_or_else(|| anyhow!("its ledger is empty"))?;
    let at = trusted.at.unwrap_or(last.ts);
    let trust = Trust { key: key.as_ref(), allowed: allowed.as_ref(), revoked, predecessor: None, at };
    let report = verify::verify(record, &trust);
    // A sign-off that does not count is told in the document.
    if let Some(row) = report.rows.iter().find(|row| row.is_broken()) {
        return Err(anyhow!("{}: {}", row.what, row.detail)).context("the record is not sound");
    }
    let accepted = ledger.verdict().map(|(_, stated)| stated.accepted.clone()).unwrap_or_default();
    let judgement = judged(record, &ledger, allowed.as_ref(), revoked, &accepted, at)?;
    let evidence = record.join(BLOBS).join(&judgement.evidence.sha256);
    let facts = Facts::read(&evidence)?;
    if facts.sha256 != judgement.evidence.sha256 {
        return Err(anyhow!("{} changed while it was read", evidence.display()));
    }
    let opened = entries.iter().find_map(|entry| match &entry.event {
        Event::Opened(opened) => Some(opened.clone()),
        _ => None,
    });
    let signed = |event: &Event| matches!(event, Event::SignOff(_) | Event::BreakGlass(_));
    let stated = ledger.verdict().map(|(entry, verdict)| (verdict.verdict.clone(), entry.ts.to_string()));
    let source = Source {
        root: hex::encode(ledger.root()),
        size: ledger.size(),
        sealed_by: opened.and_then(|opened| opened.key),
        is_expected_key: key.is_some(),
        stated: stated.unwrap_or_default(),
        previous: report.previous,
        signers: sha256.clone(),
        sign_offs: entries.iter().filter(|entry| signed(&entry.event)).count(),
        at: at.to_string(),
        rollout: entries.iter().filter_map(|entry| played(&entry.event)).collect(),
    };
    Ok(Sound { judgement, facts, source })
}

fn played(event: &Event) -> Option<Played> {
    let Event::Rollout(Decided { decision, percent, rehearsed, to, why, .. }) = event else { return None };
    let rehearsal = if *rehearsed { "REHEARSAL: " } else { "" };
    let is_taken_back = *decision == Decision::RollBack && !rehearsed;
    let word = format!("{rehearsal}{}", decision.word());
    Some(Played { at: to.to_string(), decision: word, is_taken_back, percent: *percent, why: why.clone() })
}
