//! The rollout in a record: decides under the record's lock, on what the ledger says alone, and adds what was decided
//! with the files that it rests on. Whoever verifies decides all of it again from the same files.

use std::{collections::BTreeSet, path::Path};

use jiff::Timestamp;

use super::{
    AllowedSigners, BLOBS, RecordError, Revoked, SealingKey,
    again::judged_of,
    entry::{Event, Verdict},
    ledger::{Appender, LEDGER, Ledger, replace},
    read_regular, sha256,
    sweep::{sweep, tidied, unsealed},
    verify::{self, Finding, Trust},
    write::{open_with, seal_again},
};
use crate::{
    evidence::file::Reader,
    judge::ACCEPT_BREAK_GLASS,
    rollout::{Answer, Data, Decided, Decision, File, OUT_NO_MORE, Plan, Refused, When, rule},
};

/// No file of a step is larger. Bytes.
pub const LARGEST_DATA: u64 = 256 << 20;

/// How a call of a rollout is to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The files that are given.
    pub files: &'a [File],
    /// Who may sign: the verdict that lets the release out rests on them.
    pub allowed: Option<&'a AllowedSigners>,
    /// Whose keys count no more.
    pub revoked: &'a Revoked,
    /// The key that sealed the record.
    pub key: Option<&'a SealingKey>,
    /// A made-up time, to rehearse.
    pub rehearsed_at: Option<Timestamp>,
}

/// What follows in a record's rollout; adds it, unless it was decided before. `now` is asked once nobody else can add.
///
/// # Errors
/// The record is not sound, another adds to it, it was sealed with another key, or nothing can be decided: then nothing
/// is added.
pub fn roll_out(
    record: &Path,
    call: &Call<'_>,
    now: impl FnOnce() -> Timestamp,
) -> Result<Answer, RecordError> {
    let mut appender = open_with(record, call.key)?;
    let now = now();
    sweep(record, appender.ledger())?;
    let when = When { at: call.rehearsed_at.unwrap_or(now), rehearsed: call.rehearsed_at.is_some() };
    let refused = |what: String| RecordError::Unsound { place: "the rollout".to_owned(), what };
    if let (Some(key), true) = (call.key, is_unsealed_since(record, appender.ledger(), call)) {
        // The line is this very call's: it ended between ledger and seal.
        replay(record, appender.ledger(), call.allowed, call.revoked).map_err(refused)?;
        seal_again(record, &mut appender, Some(key))?;
    }
    sound(record, call, now).map_err(refused)?;
    let ledger = appender.ledger();
    let plan = plan(record, ledger).map_err(refused)?;
    let lines = ledger.entries().len();
    let let_out = let_out(record, ledger, lines, (call.allowed, call.revoked), now);
    let answer = decide(&plan, ledger, lines, &let_out, call.files, when);
    let answer = answer.map_err(|why| refused(why.to_string()))?;
    if let Answer::New(decided) = &answer {
        let added = add(record, &mut appender, decided, call, now);
        tidied(record, added)?;
    }
    Ok(answer)
}

fn add(
    record: &Path,
    appender: &mut Appender,
    decided: &Decided,
    call: &Call<'_>,
    now: Timestamp,
) -> Result<(), RecordError> {
    for (file, named) in call.files.iter().zip(&decided.files) {
        replace(&record.join(BLOBS).join(&named.sha256), &file.bytes)?;
    }
    appender.append(Event::Rollout(decided.clone()), now)?;
    seal_again(record, appender, call.key)
}

/// What follows from the ledger's first `seen` lines, when the release may go out or not for this reason.
fn decide(
    plan: &Plan,
    ledger: &Ledger,
    seen: usize,
    let_out: &Result<(), String>,
    files: &[File],
    when: When,
) -> Result<Answer, Refused> {
    let (mut past, mut floor) = (vec![], Timestamp::MIN);
    for entry in ledger.entries().iter().take(seen) {
        match &entry.event {
            Event::Rollout(decided) => past.push(decided.clone()),
            Event::Verdict(_) => floor = floor.max(entry.ts),
            _ => {}
        }
        // A rehearsal's lines are of two clocks.
        floor = if when.rehearsed { floor } else { floor.max(entry.ts) };
    }
    if when.at < floor {
        return Err(Refused::ClockSetBack { at: when.at, last: floor });
    }
    let data = Data::read(files, when.at);
    let mut answer = rule(plan, &past, let_out.as_ref().copied().map_err(String::as_str), &data, when)?;
    if let Answer::New(decided @ Decided { decision: Decision::Begin, .. }) = &mut answer {
        decided.why.extend(overridden(ledger, seen));
    }
    Ok(answer)
}

/// Who broke the glass for a release that goes out by an accepted override.
fn overridden(ledger: &Ledger, seen: usize) -> Option<String> {
    let verdict = stated(ledger, seen).ok()?;
    let broke = ledger.entries().iter().take(seen).filter_map(|entry| match &entry.event {
        Event::BreakGlass(signed) => Some(signed.principal.as_str()),
        _ => None,
    });
    let by: BTreeSet<&str> = broke.collect();
    let is_accepted = verdict.accepted.iter().any(|word| word == ACCEPT_BREAK_GLASS) && !by.is_empty();
    let by = by.into_iter().collect::<Vec<_>>().join(", ");
    is_accepted.then(|| format!("its verdict is {}; the break-glass of {by} was accepted", verdict.verdict))
}

/// Whether the verdict among the first `seen` lines lets the release out.
fn stated(ledger: &Ledger, seen: usize) -> Result<&Verdict, String> {
    let verdict = ledger.entries().iter().take(seen).rev().find_map(|entry| match &entry.event {
        Event::Verdict(verdict) => Some(verdict),
        _ => None,
    });
    let verdict = verdict.ok_or("it has no verdict")?;
    match verdict.exit_code {
        0 => Ok(verdict),
        code => Err(format!("its verdict is {}, exit code {code}", verdict.verdict)),
    }
}

/// Whether the release may go out by its verdict, and still by what people signed in the first `seen` lines: who
/// rejects it behind the verdict stops it, too.
fn let_out(
    record: &Path,
    ledger: &Ledger,
    seen: usize,
    (allowed, revoked): (Option<&AllowedSigners>, &Revoked),
    at: Timestamp,
) -> Result<(), String> {
    let verdict = stated(ledger, seen)?;
    let is_signed = |event: &Event| matches!(event, Event::SignOff(_) | Event::BreakGlass(_));
    if allowed.is_none() && ledger.entries().iter().take(seen).any(|entry| is_signed(&entry.event)) {
        return Err("whose its sign-offs are takes a file of allowed signers".to_owned());
    }
    let judged = judged_of(record, ledger, seen as u64, (allowed, revoked), &verdict.accepted, at);
    let judged = judged.map_err(|error| error.to_string())?;
    match judged.exit_code {
        0 => Ok(()),
        code => Err(format!(
            "its verdict was {}, with what is signed and good by now it is {}, exit code {code}",
            verdict.verdict,
            judged.verdict.word()
        )),
    }
}

fn plan(record: &Path, ledger: &Ledger) -> Result<Plan, String> {
    let evidence = ledger.evidence().ok_or("the ledger names no evidence")?;
    let reader =
        Reader::open(record.join(BLOBS).join(&evidence.sha256)).map_err(|error| error.to_string())?;
    let release = reader.header().release.as_ref();
    Plan::of(release.ok_or("the evidence is of no release: expected `release` in gonogo.yaml")?)
}

/// Decides everything again that a ledger says was decided; answers with the last decision and how many there are.
pub(super) fn replay(
    record: &Path,
    ledger: &Ledger,
    allowed: Option<&AllowedSigners>,
    revoked: &Revoked,
) -> Result<Option<(Decided, usize)>, String> {
    let (mut last, mut count, mut known) = (None, 0, None);
    for (index, entry) in ledger.entries().iter().enumerate() {
        let Event::Rollout(stated) = &entry.event else { continue };
        let at = |what: String| format!("{LEDGER}:{}: {what}", index + 1);
        let plan = match &mut known {
            Some(plan) => plan,
            none => none.insert(plan(record, ledger).map_err(at)?),
        };
        if !stated.rehearsed && stated.to != entry.ts {
            return Err(at(format!(
                "it says that it was decided at {}, and was added at {}",
                stated.to, entry.ts
            )));
        }
        let files = files(record, stated).map_err(at)?;
        let again = |let_out: &_| same_again(plan, ledger, index, let_out, &files, stated);
        let by = |revoked: &Revoked| match allowed {
            // Nobody can say whose the sign-offs are: that the verdict stands on them is said in its own row.
            None => self::stated(ledger, index).map(drop),
            Some(_) => let_out(record, ledger, index, (allowed, revoked), entry.ts),
        };
        again(&by(revoked))
            // A key may have been revoked since.
            .or_else(|why| again(&by(&Revoked::default())).map_err(|_| why))
            // A reason to hold that cannot be told again is believed: it lets nothing out.
            .or_else(|why| {
                held_for(stated).map_or(Err(why.clone()), |held| again(&Err(held)).map_err(|_| why))
            })
            .map_err(at)?;
        (last, count) = (Some(stated.clone()), count + 1);
    }
    Ok(last.map(|last| (last, count)))
}

/// Why a decision says that the release goes out no more.
fn held_for(stated: &Decided) -> Option<String> {
    let held = stated.why.iter().filter(|_| stated.decision == Decision::Hold);
    held.filter_map(|why| why.strip_prefix(OUT_NO_MORE)).next_back().map(str::to_owned)
}

/// Whether a decision is the one that its files and the lines before it come to.
fn same_again(
    plan: &Plan,
    ledger: &Ledger,
    index: usize,
    let_out: &Result<(), String>,
    files: &[File],
    stated: &Decided,
) -> Result<(), String> {
    let when = When { at: stated.to, rehearsed: stated.rehearsed };
    let says = stated.decision.word();
    match decide(plan, ledger, index, let_out, files, when) {
        Err(why) => Err(format!("says {says}, but {why}")),
        Ok(Answer::Again(_)) => Err(format!("says {says} where nothing was to decide")),
        Ok(Answer::New(found)) if found != *stated => {
            let (said, came) = (told(stated), told(&found));
            Err(format!("says {said}, its data come to {came}: {}", found.why.join("; ")))
        }
        Ok(Answer::New(_)) => Ok(()),
    }
}

/// A decision in a few words.
pub(super) fn told(decided: &Decided) -> String {
    let Decided { decision, percent, step, steps, .. } = decided;
    format!("{} at step {step} of {steps}, {percent} %", decision.word())
}

/// The files that a decision names, from the record.
fn files(record: &Path, decided: &Decided) -> Result<Vec<File>, String> {
    let read = |named: &crate::rollout::Named| {
        let path = record.join(BLOBS).join(&named.sha256);
        let bytes = read_regular(&path, LARGEST_DATA).map_err(|error| error.to_string())?;
        if sha256(&bytes) != named.sha256 {
            return Err(format!("{BLOBS}/{} was changed", named.sha256));
        }
        Ok(File { kind: named.kind, path: named.path.clone(), bytes })
    };
    decided.files.iter().map(read).collect()
}

/// Whether a record can be gone on from: whole, and its verdict the one that its evidence comes to.
fn sound(record: &Path, call: &Call<'_>, now: Timestamp) -> Result<(), String> {
    let key = call.key.map(SealingKey::public);
    let trust =
        Trust { key: key.as_ref(), allowed: call.allowed, revoked: call.revoked, predecessor: None, at: now };
    let report = verify::verify(record, &trust);
    for row in &report.rows {
        let is_open = row.what == verify::VERDICT_ROW && row.finding != Finding::Verified;
        if row.is_broken() || is_open {
            return Err(format!("the record cannot be gone on from: {}: {}", row.what, row.detail));
        }
    }
    Ok(())
}

/// Whether the last line is a decision on these very files that nobody sealed.
fn is_unsealed_since(record: &Path, ledger: &Ledger, call: &Call<'_>) -> bool {
    let Some(Event::Rollout(last)) = ledger.entries().last().map(|entry| &entry.event) else { return false };
    let key = call.key.map(SealingKey::public);
    let is_next = matches!(unsealed(record, ledger, key.as_ref()), Some(Event::Rollout(_)));
    let given = call.files.iter().map(|file| (file.kind, file.named().sha256));
    let named = last.files.iter().map(|named| (named.kind, named.sha256.clone()));
    let (mut given, mut named): (Vec<_>, Vec<_>) = (given.collect(), named.collect());
    given.sort();
    named.sort();
    is_next && given == named
}

#[cfg(test)]
mod tests;
