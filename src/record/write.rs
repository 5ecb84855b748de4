//! Writes a record: whole or not at all, with the one that stood there as its predecessor. Adds to it later
//! what the evidence comes to anew. Never changes a line that is written.

mod before;

pub use before::taken_over;

use std::{
    fs::{self, File},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use before::{Before, before};

use super::{
    AllowedSigners, BLOBS, CHECKPOINT, KEY, RecordError, Revoked, SVR, SealingKey, VERDICT,
    again::judged,
    canonical,
    checkpoint::Checkpoint,
    dsse,
    entry::{Event, Evidence, Imported, Opened, Predecessor, Verdict, Waiver},
    ledger::{Appender, LEDGER, Ledger, replace},
    read_regular, sha256,
    sign_off::{Carried, opened},
    statement,
    sweep::{sweep, tidied, unsealed},
    verify::{self, LARGEST_REPORT, Row, Trust},
};
use crate::{
    evidence::{
        self,
        file::{EvidenceError, Reader},
    },
    judge::Judgement,
    report::{self, Look},
};

/// Behind a record's name: the record that stood there before.
const EARLIER: &str = "earlier";
/// Of a record that is being written.
const PARTIAL: &str = "partial";

/// What a record is made of.
#[derive(Debug)]
pub struct Contents<'a> {
    /// The evidence file. Its header names release, commit and waivers.
    pub evidence: &'a Path,
    /// What it is, by who judged it.
    pub sealed: Evidence,
    /// The imported files, each with where it lies now.
    pub imported: &'a [(Imported, PathBuf)],
    /// The record before, where it is named and none stands in this one's place.
    pub before: Option<Predecessor>,
}

impl Contents<'_> {
    /// What the record is of, and the lines of all that the release rests on.
    fn told(&self, key: Option<String>) -> Result<(Opened, Vec<Event>), RecordError> {
        let unreadable = |error: EvidenceError| RecordError::Unsound {
            place: self.evidence.display().to_string(),
            what: error.to_string(),
        };
        let release = Reader::open(self.evidence).map_err(unreadable)?.header().release.clone();
        let imported = self.imported.iter().map(|(file, _)| Event::Imported(file.clone()));
        let waivers = release.iter().flat_map(|release| &release.waivers).map(|waiver| {
            let evidence::Waiver { id, check, reason, owner, expires } = waiver.clone();
            Event::Waiver(Waiver { check, expires: expires.to_string(), id, owner, reason })
        });
        let events = [Event::Evidence(self.sealed.clone())].into_iter().chain(imported).chain(waivers);
        let opened = Opened {
            commit: release.as_ref().and_then(|release| release.commit.clone()),
            key,
            release: release.as_ref().map(|release| release.version.clone()),
        };
        Ok((opened, events.collect()))
    }
}

/// What evidence comes to.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// The verdict's word.
    pub verdict: &'a str,
    /// The exit code of the run.
    pub exit_code: u8,
    /// The JSON report.
    pub report: &'a [u8],
    /// What is accepted beside what the evidence says was accepted when it was recorded.
    pub accepted: &'a [String],
}

/// A record that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The ledger's RFC 6962 root, hex.
    pub root: String,
    /// How many lines it has.
    pub size: u64,
    /// Why the record that stood there is not named as the predecessor; what was there lies beside it.
    pub complaint: Option<String>,
}

/// Writes a record in place of the one at `record`, which then lies beside it as `<name>.earlier`; where there
/// is none, that one is the predecessor. Without a key the record is unsigned, and says so.
///
/// # Errors
/// The disk refuses, or a file is not what was read: nothing stands in the record's place that did not before.
pub fn write(
    record: &Path,
    contents: &Contents<'_>,
    outcome: &Outcome<'_>,
    key: Option<&SealingKey>,
    at: Timestamp,
) -> Result<Written, RecordError> {
    let partial = beside(record, PARTIAL);
    remove(&partial)?;
    let (opened, events) = contents.told(key.map(|key| key.public().id()))?;
    let (before, complaint) = match before(record, opened.release.as_deref()) {
        Ok(before) => (before, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let before = before.or_else(|| contents.before.clone().map(Before::named));
    let of_before = before.iter().flat_map(|before| {
        let carried = before.carried.iter().map(|carried| Event::Carried(carried.signed.clone()));
        [Event::Predecessor(before.named.clone())].into_iter().chain(carried)
    });
    let lines: Vec<Event> = [Event::Opened(opened)].into_iter().chain(of_before).chain(events).collect();
    let carried = before.as_ref().map_or(&[][..], |before| &before.carried);
    let written = fill(&partial, contents, carried, lines, outcome, key, at).and_then(|written| {
        put_aside(record)?;
        rename(&partial, record)?;
        Ok(written)
    });
    if written.is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
    written.map(|(root, size)| Written { root, size, complaint })
}

/// Adds what the evidence comes to anew, once people have signed; seals the record again.
///
/// # Errors
/// The ledger is not whole, the disk refuses, or the record was sealed with another key (or none).
pub fn add_verdict(
    record: &Path,
    outcome: &Outcome<'_>,
    key: Option<&SealingKey>,
    at: Timestamp,
) -> Result<Written, RecordError> {
    let mut appender = open_with(record, key)?;
    verdict(record, &mut appender, outcome, at)?;
    seal(record, &mut appender, outcome.report, key)?;
    let ledger = appender.ledger();
    Ok(Written { root: hex::encode(ledger.root()), size: ledger.size(), complaint: None })
}

/// Opens a record's ledger to add to it with the key that sealed it, or with none where none did.
///
/// # Errors
/// The ledger is not whole, somebody else adds to it, or the record was sealed with another key (or none).
pub(super) fn open_with(record: &Path, key: Option<&SealingKey>) -> Result<Appender, RecordError> {
    let appender = Appender::open(record)?;
    let expected = opened(appender.ledger()).key;
    if expected != key.map(|key| key.public().id()) {
        let what = match (&expected, key) {
            (None, _) => {
                "it is unsigned, and its first line says so: a key cannot sign it afterwards".to_owned()
            }
            (Some(id), None) => format!("it is sealed with the key {id:.12}: what is added needs that key"),
            (Some(id), Some(_)) => format!("it is sealed with another key, {id:.12}"),
        };
        return Err(RecordError::Unsound { place: record.display().to_string(), what });
    }
    Ok(appender)
}

/// Counts what was added behind the last verdict, and signs it where there is a key.
///
/// # Errors
/// The disk refuses, or there is no verdict.
pub(super) fn seal_again(
    record: &Path,
    appender: &mut Appender,
    key: Option<&SealingKey>,
) -> Result<(), RecordError> {
    let name = appender.ledger().verdict().map(|(_, verdict)| verdict.sha256.clone()).unwrap_or_default();
    let report = read_regular(&record.join(BLOBS).join(name), LARGEST_REPORT)?;
    seal(record, appender, &report, key)
}

/// Judges a record's evidence again with what people signed and what is accepted by now, and adds what it comes to.
///
/// # Errors
/// As [`add_verdict`]; or the record is not sound: then nothing is added.
pub fn conclude(
    record: &Path,
    allowed: &AllowedSigners,
    revoked: &Revoked,
    accepted: &[String],
    key: Option<&SealingKey>,
    at: Timestamp,
) -> Result<Judgement, RecordError> {
    let mut appender = open_with(record, key)?;
    sweep(record, appender.ledger())?;
    sound(record, appender.ledger(), key, at)?;
    let judgement = judged(record, appender.ledger(), Some(allowed), revoked, accepted, at)?;
    let report = drawn(&judgement);
    let outcome = Outcome {
        verdict: judgement.verdict.word(),
        exit_code: judgement.exit_code,
        report: &report,
        accepted,
    };
    let added = verdict(record, &mut appender, &outcome, at);
    let added = added.and_then(|()| seal(record, &mut appender, &report, key));
    tidied(record, added).map(|()| judgement)
}

/// Whether a record is whole. Who may sign is not asked: what was signed is judged anew.
fn sound(record: &Path, ledger: &Ledger, key: Option<&SealingKey>, at: Timestamp) -> Result<(), RecordError> {
    let (key, revoked) = (key.map(SealingKey::public), Revoked::default());
    // A verdict before this one that ended between ledger and seal: it counts no more once this one is sealed.
    let is_open = matches!(unsealed(record, ledger, key.as_ref()), Some(Event::Verdict(_)));
    let is_seal = |row: &Row| is_open && [CHECKPOINT, VERDICT, SVR].contains(&row.what.as_str());
    let trust = Trust { key: key.as_ref(), allowed: None, revoked: &revoked, predecessor: None, at };
    let report = verify::verify(record, &trust);
    let broken = report.rows.iter().find(|row| row.is_broken() && !is_seal(row));
    broken.map_or(Ok(()), |row| {
        let what = format!("it is not sound: {}: {}", row.what, row.detail);
        Err(RecordError::Unsound { place: record.display().to_string(), what })
    })
}

/// The JSON report, as a record keeps it.
#[must_use]
pub fn drawn(judgement: &Judgement) -> Vec<u8> {
    let look = Look { width: 100, colour: false };
    // There is such a format; without it nothing would equal the report.
    report::format("json").map(|format| (format.render)(judgement, &look)).unwrap_or_default()
}

fn fill(
    record: &Path,
    contents: &Contents<'_>,
    carried: &[Carried],
    lines: Vec<Event>,
    outcome: &Outcome<'_>,
    key: Option<&SealingKey>,
    at: Timestamp,
) -> Result<(String, u64), RecordError> {
    let blobs = record.join(BLOBS);
    fs::create_dir_all(&blobs).map_err(|source| RecordError::Io { path: blobs.clone(), source })?;
    let mut appender = Appender::create(record)?;
    keep(contents.evidence, &blobs, &contents.sealed.sha256)?;
    for (file, place) in contents.imported {
        keep(place, &blobs, &file.sha256)?;
    }
    for Carried { signed, statement, signature, .. } in carried {
        replace(&blobs.join(&signed.statement), statement)?;
        replace(&blobs.join(&signed.signature), signature)?;
    }
    for event in lines {
        appender.append(event, at)?;
    }
    verdict(record, &mut appender, outcome, at)?;
    if let Some(key) = key {
        replace(&record.join(KEY), key.public().to_pem().as_bytes())?;
    }
    seal(record, &mut appender, outcome.report, key)?;
    Ok((hex::encode(appender.ledger().root()), appender.ledger().size()))
}

fn verdict(
    record: &Path,
    appender: &mut Appender,
    outcome: &Outcome<'_>,
    at: Timestamp,
) -> Result<(), RecordError> {
    let sha256 = sha256(outcome.report);
    replace(&record.join(BLOBS).join(&sha256), outcome.report)?;
    let exit_code = u64::from(outcome.exit_code);
    let (accepted, verdict) = (outcome.accepted.to_vec(), outcome.verdict.to_owned());
    appender.append(Event::Verdict(Verdict { accepted, exit_code, sha256, verdict }), at)
}

/// Counts what was added, and signs it where there is a key.
fn seal(
    record: &Path,
    appender: &mut Appender,
    report: &[u8],
    key: Option<&SealingKey>,
) -> Result<(), RecordError> {
    appender.commit()?;
    let Some(key) = key else { return Ok(()) };
    let ledger = appender.ledger();
    let told = statement::build(ledger, report);
    let told = told.map_err(|what| RecordError::Unsound { place: LEDGER.to_owned(), what })?;
    replace(&record.join(VERDICT), &dsse::seal(&told.verdict, key))?;
    match told.svr {
        Some(svr) => replace(&record.join(SVR), &dsse::seal(&svr, key))?,
        None => remove(&record.join(SVR))?,
    }
    let checkpoint = Checkpoint { size: ledger.size(), root: ledger.root() };
    replace(&record.join(CHECKPOINT), checkpoint.sign(key).as_bytes())
}

/// Copies a file to its place among the blobs, and holds it to its hash on the way.
fn keep(file: &Path, blobs: &Path, expected: &str) -> Result<(), RecordError> {
    let io = |source| RecordError::Io { path: file.to_owned(), source };
    if !fs::metadata(file).map_err(io)?.is_file() {
        return Err(io(io::Error::other("it is no regular file")));
    }
    let path = blobs.join(expected);
    let blob = |source| RecordError::Io { path: path.clone(), source };
    let (mut from, mut to) = (File::open(file).map_err(io)?, File::create(&path).map_err(blob)?);
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 17]);
    loop {
        let read = from.read(&mut buffer).map_err(io)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        to.write_all(&buffer[..read]).map_err(blob)?;
    }
    if hex::encode(hash.finalize()) == expected {
        return to.sync_all().map_err(blob);
    }
    let what = format!("it changed since it was read: its SHA-256 was {expected}");
    Err(RecordError::Unsound { place: file.display().to_string(), what })
}

/// Takes a record out of its place: whatever becomes of what runs now, it is not its record. The one that was put
/// aside before is lost; one that is not there leaves it.
///
/// # Errors
/// The folder cannot be written.
pub fn put_aside(record: &Path) -> Result<(), RecordError> {
    if !is_there(record) {
        return Ok(());
    }
    let earlier = beside(record, EARLIER);
    remove(&earlier)?;
    rename(record, &earlier)
}

fn is_there(path: &Path) -> bool {
    !fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn beside(record: &Path, ending: &str) -> PathBuf {
    let mut name = record.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    record.with_file_name(name)
}

fn rename(from: &Path, to: &Path) -> Result<(), RecordError> {
    fs::rename(from, to).map_err(|source| RecordError::Io { path: to.to_owned(), source })
}

/// Removes a file or a folder; one that is not there is removed.
fn remove(path: &Path) -> Result<(), RecordError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(RecordError::Io { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

impl From<canonical::Inadmissible> for RecordError {
    fn from(error: canonical::Inadmissible) -> Self {
        Self::Unsound { place: LEDGER.to_owned(), what: error.to_string() }
    }
}
