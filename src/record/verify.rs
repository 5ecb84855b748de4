//! Verifies a record, offline: every byte of it, every signature, and the verdict, which is made again from the
//! evidence. Says what it found in three words and never more than was shown. Writes nothing.

mod files;
mod seals;

use std::path::Path;

use jiff::Timestamp;

use super::{
    AllowedSigners, BLOBS, PublicKey, RecordError, Revoked,
    again::of_evidence,
    entry::{Decision, Event},
    ledger::{LEDGER, Ledger},
    read_regular, rollout,
    sign_off::{SignOff, Standing, approvals, last_verdict, standings},
};
use crate::judge::{Judgement, Override, Since};

/// What the row of the verdict tells of.
pub(super) const VERDICT_ROW: &str = "verdict";

/// A larger report is none of ours. Bytes.
pub(super) const LARGEST_REPORT: u64 = 256 << 20;

/// What whoever verifies takes for granted.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The key that seals records; without it nobody says whose the seal is.
    pub key: Option<&'a PublicKey>,
    /// Who may sign; without it nobody says whose the sign-offs are.
    pub allowed: Option<&'a AllowedSigners>,
    /// Whose keys count no more.
    pub revoked: &'a Revoked,
    /// The record that this one names as the one before.
    pub predecessor: Option<&'a Path>,
    /// When keys must be good.
    pub at: Timestamp,
}

/// What one thing comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// It is what it says.
    Verified,
    /// The record has nothing of the kind, and does not say that it has.
    Absent,
    /// It cannot be told from what is given.
    NotShown,
    /// It is not what it says.
    Failed,
}

impl Finding {
    /// As the table shows it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Absent => "none",
            Self::NotShown => "not shown",
            Self::Failed => "FAILED",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What.
    pub what: String,
    /// What it comes to.
    pub finding: Finding,
    /// Why; where it failed, the file and the line.
    pub detail: String,
}

/// Before the role or the item in what a row is about.
const SIGN_OFF: &str = "sign-off: ";

impl Row {
    /// Whether it shows that the record itself is not sound. A sign-off that does not count spoils nothing else.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.finding == Finding::Failed && !self.what.starts_with(SIGN_OFF)
    }
}

/// What a record comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Everything that was looked at.
    pub rows: Vec<Row>,
    /// The verdict that the record states, if it states one. Worth as much as the rows.
    pub verdict: Option<String>,
    /// The verdict of the record before, as this one states it.
    pub previous: Option<String>,
    /// Who lets the release through in spite of the verdict, and why.
    pub overridden: Option<String>,
}

impl Report {
    /// The worst of the rows; a record is verified when this is [`Finding::Verified`].
    #[must_use]
    pub fn finding(&self) -> Finding {
        let worst = self.rows.iter().map(|row| row.finding).max();
        // What is not there, and not said to be there, takes nothing away.
        match worst {
            Some(Finding::Verified | Finding::Absent) => Finding::Verified,
            Some(worst) => worst,
            None => Finding::NotShown,
        }
    }

    pub(super) fn add(&mut self, what: impl Into<String>, finding: Finding, detail: impl Into<String>) {
        self.rows.push(Row { what: what.into(), finding, detail: detail.into() });
    }

    /// A row that is verified by a result's good half, and failed by its bad one.
    fn take(&mut self, what: &str, result: Result<String, String>) {
        match result {
            Ok(detail) => self.add(what, Finding::Verified, detail),
            Err(detail) => self.add(what, Finding::Failed, detail),
        }
    }
}

/// Verifies the record in a folder.
#[must_use]
pub fn verify(record: &Path, trust: &Trust<'_>) -> Report {
    let mut report = Report::default();
    let ledger = match Ledger::read(record) {
        Ok(ledger) => ledger,
        Err(error) => {
            report.add("ledger", Finding::Failed, error.to_string());
            report.take("files", files::check(record, None));
            report.add(VERDICT_ROW, Finding::NotShown, "without its ledger a record says nothing");
            return report;
        }
    };
    report.take("ledger", order(&ledger).map(|()| summary(&ledger)));
    report.take("files", files::check(record, Some(&ledger)));
    let (finding, detail) = again(record, &ledger, trust).unwrap_or_else(|why| (Finding::Failed, why));
    report.add(VERDICT_ROW, finding, detail);
    rolled_out(record, &ledger, trust, &mut report);
    seals::check(record, &ledger, trust, &mut report);
    predecessor(&ledger, trust, &mut report);
    signed(record, &ledger, trust, &mut report);
    report.verdict = last_verdict(&ledger);
    report
}

/// Lines stand in the order in which a record is written.
fn order(ledger: &Ledger) -> Result<(), String> {
    let wrong = |line: usize, what: &str| Err(format!("{LEDGER}:{line}: {what}"));
    let (mut evidence, mut verdicts) = (0, 0);
    for (index, entry) in ledger.entries().iter().enumerate() {
        let line = index + 1;
        match &entry.event {
            Event::Opened(_) if index > 0 => return wrong(line, "a record is opened once"),
            Event::Opened(_) => {}
            Event::Carried(_) if evidence > 0 => {
                return wrong(line, "a sign-off of the record before stands behind the evidence");
            }
            _ if index == 0 => return wrong(line, "the first line does not open the record"),
            Event::Predecessor(_) if index != 1 => return wrong(line, "the record before is named first"),
            Event::Evidence(_) => evidence += 1,
            Event::Verdict(_) if evidence == 0 => return wrong(line, "a verdict stands before its evidence"),
            Event::Verdict(_) => verdicts += 1,
            Event::Rollout(_) if verdicts == 0 => return wrong(line, "a rollout stands before a verdict"),
            _ => {}
        }
        if evidence > 1 {
            return wrong(line, "a record has one evidence file");
        }
    }
    if verdicts == 0 { Err(format!("{LEDGER}: it holds no verdict")) } else { Ok(()) }
}

fn summary(ledger: &Ledger) -> String {
    format!("{} entries, root {}", ledger.size(), hex::encode(ledger.root()))
}

/// Judges the evidence again, with the sign-offs that were there, and holds the record's last verdict to it.
fn again(record: &Path, ledger: &Ledger, trust: &Trust<'_>) -> Result<(Finding, String), String> {
    let evidence = ledger.evidence().ok_or("the ledger names no evidence")?;
    let (entry, stated) = ledger.verdict().ok_or("the ledger holds no verdict")?;
    let line = entry.seq + 1;
    // At its own time: a key that was good then may have expired since.
    let sign_offs = standings(record, ledger, entry.seq, trust.allowed, trust.revoked, entry.ts);
    let since = Since { approvals: &approvals(&sign_offs), accepted: &stated.accepted, at: Some(entry.ts) };
    let judgement = of_evidence(record, &evidence.sha256, &since)?;
    if judgement.evidence.observations != evidence.observations {
        let (found, said) = (judgement.evidence.observations, evidence.observations);
        return Err(format!("the evidence holds {found} observations, {LEDGER} says {said}"));
    }
    let is_carried = |sign_off: &SignOff| matches!(sign_off.standing, Standing::Carried(_));
    if trust.allowed.is_none() && !sign_offs.iter().all(is_carried) {
        let detail =
            format!("{} rests on sign-offs; whose they are takes a file of allowed signers", stated.verdict);
        return Ok((Finding::NotShown, detail));
    }
    let (word, code) = (judgement.verdict.word(), u64::from(judgement.exit_code));
    if (word, code) != (stated.verdict.as_str(), stated.exit_code) {
        return Err(format!(
            "{LEDGER}:{line} says {} (exit code {}), the evidence comes to {word} (exit code {code})",
            stated.verdict, stated.exit_code
        ));
    }
    let note = compare(record, &stated.sha256, &judgement)?;
    let detail =
        format!("{word} (exit code {code}) again, from {} observations{note}", evidence.observations);
    Ok((Finding::Verified, detail))
}

/// Decides the rollout again, each step from its own files.
fn rolled_out(record: &Path, ledger: &Ledger, trust: &Trust<'_>, report: &mut Report) {
    let (finding, detail) = match rollout::replay(record, ledger, trust.allowed, trust.revoked) {
        Ok(None) => return,
        Err(why) => (Finding::Failed, why),
        Ok(Some((last, count))) => {
            let detail = format!("{} again, after {count} decisions", rollout::told(&last));
            match last.rehearsed {
                true => (Finding::NotShown, format!("a rehearsal at made-up times, no rollout: {detail}")),
                false => (Finding::Verified, detail),
            }
        }
    };
    report.add("rollout", finding, detail);
}

/// Holds the recorded report to the one that the evidence comes to now, byte for byte.
fn compare(record: &Path, name: &str, judgement: &Judgement) -> Result<String, String> {
    let path = record.join(BLOBS).join(name);
    let recorded = read_regular(&path, LARGEST_REPORT).map_err(|error| error.to_string())?;
    let drawn = super::drawn(judgement);
    if drawn == recorded {
        return Ok(String::new());
    }
    // Another version may tell more in its report; what decides was compared above.
    if judgement.tool.version != env!("CARGO_PKG_VERSION") {
        let (then, now) = (&judgement.tool.version, env!("CARGO_PKG_VERSION"));
        return Ok(format!(
            "; its report is drawn by gonogo {then}, not by this {now}, and was not compared"
        ));
    }
    let lines = drawn.split(|b| *b == b'\n').zip(recorded.split(|b| *b == b'\n'));
    let line = lines.take_while(|(drawn, recorded)| drawn == recorded).count() + 1;
    Err(format!("{BLOBS}/{name}:{line}: the report says something else than the evidence comes to"))
}

fn predecessor(ledger: &Ledger, trust: &Trust<'_>, report: &mut Report) {
    let named = ledger.entries().iter().find_map(|entry| match &entry.event {
        Event::Predecessor(before) => Some(before),
        _ => None,
    });
    report.previous = named.map(|before| before.verdict.clone());
    let what = "record before";
    match (named, trust.predecessor) {
        (None, None) => {}
        (None, Some(_)) => report.add(what, Finding::Failed, "this record names none"),
        (Some(before), None) => {
            let detail = format!("{} entries, root {}, verdict {}", before.size, before.root, before.verdict);
            report.add(what, Finding::Verified, format!("named: {detail}"));
        }
        (Some(before), Some(path)) => {
            let found = Ledger::read(path).map_err(|error: RecordError| error.to_string());
            report.take(
                what,
                found.and_then(|found| {
                    let root = found.root_at(before.size).map(hex::encode);
                    match root.as_ref() == Some(&before.root) {
                        true => Ok(format!("{} is the one that is named", path.display())),
                        false => Err(format!("{} is not the one that is named", path.display())),
                    }
                }),
            );
        }
    }
}

fn signed(record: &Path, ledger: &Ledger, trust: &Trust<'_>, report: &mut Report) {
    let sign_offs = standings(record, ledger, ledger.size(), trust.allowed, trust.revoked, trust.at);
    if sign_offs.is_empty() {
        report.add("sign-offs", Finding::Absent, "nobody signed");
    }
    for sign_off in &sign_offs {
        let SignOff { line, role, item, principal, decision, note, signed_at, fingerprint, standing } =
            sign_off;
        let when = signed_at.map(|when| format!(" at {when}")).unwrap_or_default();
        let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        let who = format!("{principal} ({fingerprint}) signed `{}`{when}{note}", decision.word());
        let (finding, detail) = match standing {
            Standing::Valid => (Finding::Verified, who.clone()),
            Standing::Superseded(by) => (Finding::Absent, format!("{who}; decided again in line {by}")),
            Standing::Carried(why) => (Finding::Absent, format!("void: {why}; {who}")),
            Standing::Void(why) => (Finding::Failed, format!("{LEDGER}:{line}: void: {why}; {who}")),
            Standing::Expired(when) => {
                (Finding::Failed, format!("{LEDGER}:{line}: the key was good until {when}; {who}"))
            }
            Standing::Unknown => {
                (Finding::NotShown, format!("{who}; whose key it is takes a file of allowed signers"))
            }
        };
        report.add(format!("{SIGN_OFF}{}", item.as_ref().unwrap_or(role)), finding, detail);
    }
    if sign_offs.iter().any(|s| s.decision == Decision::BreakGlass && s.standing == Standing::Valid) {
        report.overridden = overridden(record, ledger, &sign_offs);
    }
}

/// Who overrides the verdict. Whether they may is for the judge to say: the release names its roles.
fn overridden(record: &Path, ledger: &Ledger, sign_offs: &[SignOff]) -> Option<String> {
    let since = Since { approvals: &approvals(sign_offs), ..Since::default() };
    let judgement = of_evidence(record, &ledger.evidence()?.sha256, &since).ok()?;
    let by: Vec<String> = judgement.overridden.iter().map(Override::to_string).collect();
    (!by.is_empty()).then(|| by.join("; "))
}

/// Verifies a DSSE envelope alone, as a record holds it; the report's verdict is the one that it states.
#[must_use]
pub fn verify_envelope(envelope: &[u8], key: &PublicKey) -> Report {
    let mut report = Report::default();
    let opened = super::dsse::open(envelope, key).and_then(|payload| {
        let stated: serde_json::Value =
            serde_json::from_slice(&payload).map_err(|_| "its payload is not JSON".to_owned())?;
        let kind = stated["predicateType"].as_str().unwrap_or_default().to_owned();
        report.verdict = stated["predicate"]["verdict"].as_str().map(str::to_owned);
        report.previous = stated["predicate"]["predecessor"]["verdict"].as_str().map(str::to_owned);
        Ok(format!("signed by the key {:.12}, predicate {kind}", key.id()))
    });
    report.take("envelope", opened);
    report.add("evidence", Finding::Absent, "an envelope has none with it: the record has");
    report
}

#[cfg(test)]
mod tests;
