//! The rollout in a record: decides under the record's lock, on what the ledger says alone, and adds what was decided
//! with the files that it rests on. Whoever verifies decides all of it again from the same files.

use std::{fs, path::Path};

use jiff::Timestamp;

use super::{
    AllowedSigners, BLOBS, CHECKPOINT, RecordError, Revoked, SealingKey,
    checkpoint::Checkpoint,
    entry::Event,
    ledger::{LEDGER, Ledger, replace},
    read_regular, sha256,
    verify::{self, Finding, Trust},
    write::{open_with, seal_again},
};
use crate::{
    evidence::file::Reader,
    rollout::{Answer, Data, Decided, File, Plan, Refused, When, rule},
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
        replay(record, appender.ledger()).map_err(refused)?;
        seal_again(record, &appender, Some(key))?;
    }
    sound(record, call, now).map_err(refused)?;
    let ledger = appender.ledger();
    let plan = plan(record, ledger).map_err(refused)?;
    let answer = decide(&plan, ledger, ledger.entries().len(), call.files, when);
    let answer = answer.map_err(|why| refused(why.to_string()))?;
    if let Answer::New(decided) = &answer {
        for (file, named) in call.files.iter().zip(&decided.files) {
            replace(&record.join(BLOBS).join(&named.sha256), &file.bytes)?;
        }
        appender.append(Event::Rollout(decided.clone()), now)?;
        seal_again(record, &appender, call.key)?;
    }
    Ok(answer)
}

/// What follows from the ledger's first `seen` lines.
fn decide(plan: &Plan, ledger: &Ledger, seen: usize, files: &[File], when: When) -> Result<Answer, Refused> {
    let (mut past, mut let_out, mut floor) = (vec![], Err("it has no verdict".to_owned()), Timestamp::MIN);
    for entry in ledger.entries().iter().take(seen) {
        match &entry.event {
            Event::Rollout(decided) => past.push(decided.clone()),
            Event::Verdict(verdict) => {
                let_out = match verdict.exit_code {
                    0 => Ok(()),
                    code => Err(format!("its verdict is {}, exit code {code}", verdict.verdict)),
                };
                floor = floor.max(entry.ts);
            }
            _ => {}
        }
        // A rehearsal's lines are of two clocks.
        floor = if when.rehearsed { floor } else { floor.max(entry.ts) };
    }
    if when.at < floor {
        return Err(Refused::ClockSetBack { at: when.at, last: floor });
    }
    let data = Data::read(files, when.at);
    let let_out = match &let_out {
        Ok(()) => Ok(()),
        Err(why) => Err(why.as_str()),
    };
    rule(plan, &past, let_out, &data, when)
}

fn plan(record: &Path, ledger: &Ledger) -> Result<Plan, String> {
    let evidence = ledger.evidence().ok_or("the ledger names no evidence")?;
    let reader =
        Reader::open(record.join(BLOBS).join(&evidence.sha256)).map_err(|error| error.to_string())?;
    let release = reader.header().release.as_ref();
    Plan::of(release.ok_or("the evidence is of no release: expected `release` in gonogo.yaml")?)
}

/// Decides everything again that a ledger says was decided; answers with the last decision and how many there are.
pub(super) fn replay(record: &Path, ledger: &Ledger) -> Result<Option<(Decided, usize)>, String> {
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
        let when = When { at: stated.to, rehearsed: stated.rehearsed };
        match decide(plan, ledger, index, &files, when) {
            Err(why) => return Err(at(format!("says {}, but {why}", stated.decision.word()))),
            Ok(Answer::Again(_)) => {
                return Err(at(format!("says {} where nothing was to decide", stated.decision.word())));
            }
            Ok(Answer::New(found)) if found != *stated => {
                let (said, came) = (told(stated), told(&found));
                return Err(at(format!("says {said}, its data come to {came}: {}", found.why.join("; "))));
            }
            Ok(Answer::New(_)) => {}
        }
        (last, count) = (Some(stated.clone()), count + 1);
    }
    Ok(last.map(|last| (last, count)))
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
        let is_failed = row.finding == Finding::Failed && !row.is_sign_off();
        let is_open = row.what == verify::VERDICT_ROW && row.finding != Finding::Verified;
        if is_failed || is_open {
            return Err(format!("the record cannot be gone on from: {}: {}", row.what, row.detail));
        }
    }
    Ok(())
}

/// Whether the last line is a decision on these very files that nobody sealed.
fn is_unsealed_since(record: &Path, ledger: &Ledger, call: &Call<'_>) -> bool {
    let Some(Event::Rollout(last)) = ledger.entries().last().map(|entry| &entry.event) else { return false };
    let sealed = read_regular(&record.join(CHECKPOINT), 1 << 14).ok().and_then(|bytes| {
        let key = call.key?.public();
        Checkpoint::open(std::str::from_utf8(&bytes).ok()?, &key).ok()
    });
    let is_next = sealed.is_some_and(|sealed| {
        let behind = ledger.entries().iter().filter(|entry| entry.seq >= sealed.size);
        let own = behind.filter(|entry| !matches!(entry.event, Event::SignOff(_) | Event::BreakGlass(_)));
        own.count() == 1 && ledger.root_at(sealed.size) == Some(sealed.root)
    });
    let given = call.files.iter().map(|file| (file.kind, file.named().sha256));
    let named = last.files.iter().map(|named| (named.kind, named.sha256.clone()));
    let (mut given, mut named): (Vec<_>, Vec<_>) = (given.collect(), named.collect());
    given.sort();
    named.sort();
    is_next && given == named
}

/// Removes what a call left that ended before its line was added: bodies that no line names, and files half written.
fn sweep(record: &Path, ledger: &Ledger) -> Result<(), RecordError> {
    let named: std::collections::BTreeSet<&str> =
        ledger.entries().iter().flat_map(|entry| entry.event.blobs()).collect();
    let is_hash = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    for (folder, has_bodies) in [(record.join(BLOBS), true), (record.to_owned(), false)] {
        let io = |source| RecordError::Io { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_partial = name.ends_with(".partial");
            let is_orphan = has_bodies && is_hash(&name) && !named.contains(name.as_str());
            if (is_partial || is_orphan) && entry.file_type().map_err(io)?.is_file() {
                fs::remove_file(entry.path()).map_err(io)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
