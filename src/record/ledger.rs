//! `ledger.jsonl` and `head`: one canonical line per entry under a hash chain, and how many there are with
//! their root. Verifies the bytes on disk, never a spelling of its own; never rewrites a line.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    RecordError, canonical,
    entry::{Entry, Event, Evidence, VERSION, Verdict},
    merkle::{self, Hash},
    read_regular, sha256,
};

/// The entries' file.
pub const LEDGER: &str = "ledger.jsonl";
/// How many entries there are, and their root.
pub const HEAD: &str = "head";
/// What `prev` holds on the first line.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// A larger ledger is none of ours: a release has tens of entries. Bytes.
const LARGEST: u64 = 64 << 20;

/// What `head` holds: with it, a change in the last line is found too, and told from a change in `head`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// SHA-256 of the last line.
    last: String,
    /// RFC 6962, hex.
    root: String,
    size: u64,
}

/// A whole ledger.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    leaves: Vec<Hash>,
    last: String,
}

impl Ledger {
    /// Reads the ledger of a record: every line, the chain, and what `head` says of both.
    ///
    /// # Errors
    /// A file cannot be read, or the line at which it is not what was written.
    pub fn read(record: &Path) -> Result<Self, RecordError> {
        let text = read_regular(&record.join(LEDGER), LARGEST)?;
        let head = read_regular(&record.join(HEAD), 1 << 10)?;
        Self::of(&text, &head)
    }

    /// The same of a ledger's text and its head.
    ///
    /// # Errors
    /// As [`Ledger::read`].
    pub fn of(text: &[u8], head: &[u8]) -> Result<Self, RecordError> {
        let head: Result<Head, _> = canonical::from_bytes(head.strip_suffix(b"\n").unwrap_or_default());
        let lines = lines(text)?;
        let mut ledger = Self { last: GENESIS.to_owned(), ..Self::default() };
        for (index, line) in lines.iter().enumerate() {
            let entry: Entry =
                canonical::from_bytes(line).map_err(|error| broken(index, &error.to_string()))?;
            if entry.v != VERSION {
                return Err(broken(index, &format!("unknown version {}; expected {VERSION}", entry.v)));
            }
            if entry.seq != index as u64 {
                let what = format!("entry {} stands where entry {index} is due", entry.seq);
                return Err(broken(index, &what));
            }
            if entry.prev != ledger.last {
                let next = lines.get(index + 1).map(|next| canonical::from_bytes::<Entry>(next));
                let kept = match next {
                    Some(next) => next.is_ok_and(|next| next.prev == sha256(line)),
                    None => head.as_ref().is_ok_and(|head| head.last == sha256(line)),
                };
                // What the line behind vouches for was not changed: it is the line before.
                let changed = if kept { index.saturating_sub(1) } else { index };
                return Err(broken(changed, "the chain is broken: this line was changed"));
            }
            ledger.push(entry, line);
        }
        let head = head.map_err(|error| unsound(HEAD, &error.to_string()))?;
        ledger.compare(&head)?;
        Ok(ledger)
    }

    fn compare(&self, head: &Head) -> Result<(), RecordError> {
        let Head { last, root, size } = head;
        let found = self.head();
        if *size > self.size() {
            let what = format!("{} entries, but {HEAD} says {size}: the ledger was cut", self.size());
            return Err(unsound(LEDGER, &what));
        }
        if *size < self.size() {
            let root = self.root_at(*size).map(hex::encode);
            let line = usize::try_from(*size).unwrap_or(usize::MAX);
            return Err(match root.as_ref() == Some(&head.root) {
                true => broken(line, "this line was added without being recorded in `head`"),
                false => unsound(HEAD, "neither size nor root are the ledger's"),
            });
        }
        match (*last == found.last, *root == found.root) {
            (true, true) => Ok(()),
            (false, false) => Err(broken(self.entries.len().saturating_sub(1), "this line was changed")),
            _ => Err(unsound(HEAD, "it was changed: the ledger's lines agree with each other")),
        }
    }

    fn push(&mut self, entry: Entry, line: &[u8]) {
        self.entries.push(entry);
        self.leaves.push(merkle::leaf(line));
        self.last = sha256(line);
    }

    fn head(&self) -> Head {
        Head { last: self.last.clone(), root: hex::encode(self.root()), size: self.size() }
    }

    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the record's evidence is.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.entries.iter().find_map(|entry| match &entry.event {
            Event::Evidence(evidence) => Some(evidence),
            _ => None,
        })
    }

    /// The last verdict, with its entry.
    #[must_use]
    pub fn verdict(&self) -> Option<(&Entry, &Verdict)> {
        self.entries.iter().rev().find_map(|entry| match &entry.event {
            Event::Verdict(verdict) => Some((entry, verdict)),
            _ => None,
        })
    }

    /// How many entries there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The RFC 6962 root over all entries.
    #[must_use]
    pub fn root(&self) -> Hash {
        merkle::root(&self.leaves)
    }

    /// The root when there were `size` entries; `None` when there never were so many.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        let size = usize::try_from(size).ok()?;
        self.leaves.get(..size).map(merkle::root)
    }

    /// The proof that the entry at `seq` is among all; `None` beyond the last.
    #[must_use]
    pub fn inclusion(&self, seq: u64) -> Option<Vec<Hash>> {
        merkle::inclusion(&self.leaves, usize::try_from(seq).ok()?)
    }
}

/// A ledger that is being added to, by this process alone.
#[derive(Debug)]
pub struct Appender {
    record: PathBuf,
    file: File,
    ledger: Ledger,
    /// Bytes of the ledger that `head` counts.
    counted: u64,
    /// Locked. The file stays: removing it would let two hold "the" lock.
    _lock: File,
}

/// The lock's file; empty.
pub const LOCK: &str = ".lock";

impl Appender {
    /// Starts a ledger in a folder that has none.
    ///
    /// # Errors
    /// There is one, or the folder cannot be written.
    pub fn create(record: &Path) -> Result<Self, RecordError> {
        let lock = locked(record)?;
        let path = record.join(LEDGER);
        let file = File::options().append(true).create_new(true).open(&path);
        let file = file.map_err(|source| RecordError::Io { path, source })?;
        let ledger = Ledger { last: GENESIS.to_owned(), ..Ledger::default() };
        Ok(Self { record: record.to_owned(), file, ledger, counted: 0, _lock: lock })
    }

    /// Opens a whole ledger; one that is not whole is never added to. The one line that a killed call added and `head`
    /// never counted is taken back: nobody was told that it stands there.
    ///
    /// # Errors
    /// It is not whole, somebody else adds to it, or it cannot be written.
    pub fn open(record: &Path) -> Result<Self, RecordError> {
        let lock = locked(record)?;
        roll_back(record)?;
        let ledger = Ledger::read(record)?;
        let path = record.join(LEDGER);
        let file = File::options().append(true).open(&path);
        let file = file.and_then(|file| Ok((file.metadata()?.len(), file)));
        let (counted, file) = file.map_err(|source| RecordError::Io { path, source })?;
        Ok(Self { record: record.to_owned(), file, ledger, counted, _lock: lock })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// The event has no canonical form, or the disk is full: then the ledger is again what `head` counts.
    pub fn append(&mut self, event: Event, ts: Timestamp) -> Result<(), RecordError> {
        let prev = self.ledger.last.clone();
        let entry = Entry { event, prev, seq: self.ledger.size(), ts, v: VERSION };
        let mut line = canonical::to_bytes(&entry).map_err(|error| unsound(LEDGER, &error.to_string()))?;
        line.push(b'\n');
        let written = self.file.write_all(&line);
        written
            .inspect_err(|_| self.take_back())
            .map_err(|source| RecordError::Io { path: self.record.join(LEDGER), source })?;
        line.pop();
        self.ledger.push(entry, &line);
        Ok(())
    }

    /// The ledger as it is now.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Takes back what `head` does not count: left there, it would look like a line that somebody else added.
    fn take_back(&self) {
        // What cannot be taken back is found by whoever reads it.
        let _ = self.file.set_len(self.counted).and_then(|()| self.file.sync_all());
    }

    /// Makes what was added durable, and counts it.
    ///
    /// # Errors
    /// The disk refuses: then what was added since the last time is taken back.
    pub fn commit(&mut self) -> Result<(), RecordError> {
        self.count().inspect_err(|_| self.take_back())?;
        self.counted = self.file.metadata().map_or(self.counted, |found| found.len());
        Ok(())
    }

    fn count(&self) -> Result<(), RecordError> {
        let synced = self.file.sync_all();
        synced.map_err(|source| RecordError::Io { path: self.record.join(LEDGER), source })?;
        let mut head =
            canonical::to_bytes(&self.ledger.head()).map_err(|error| unsound(HEAD, &error.to_string()))?;
        head.push(b'\n');
        replace(&self.record.join(HEAD), &head)
    }
}

/// Writes a file whole, or leaves what was there.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let partial = path.with_extension("partial");
    let written = File::create(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path));
    written.map_err(|source| {
        // Left there, it would be a file that belongs to no record.
        let _ = fs::remove_file(&partial);
        RecordError::Io { path: path.to_owned(), source }
    })
}

/// The lock ends with the process, however that ends.
/// Takes back one line, whole or torn, behind those that `head` counts. More than one is nothing that a call leaves.
fn roll_back(record: &Path) -> Result<(), RecordError> {
    let path = record.join(LEDGER);
    let text = read_regular(&path, LARGEST)?;
    let head = read_regular(&record.join(HEAD), 1 << 10)?;
    let Ok(counted) = canonical::from_bytes::<Head>(head.strip_suffix(b"\n").unwrap_or_default()) else {
        return Ok(());
    };
    let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let Some(end) =
        usize::try_from(counted.size).ok().and_then(|size| ends.clone().nth(size.checked_sub(1)?))
    else {
        return Ok(());
    };
    let is_one = !text[end..].is_empty() && ends.filter(|at| *at > end).all(|at| at == text.len());
    if is_one && Ledger::of(&text[..end], &head).is_ok() {
        let file = File::options().write(true).open(&path);
        let cut = file.and_then(|file| file.set_len(end as u64).and_then(|()| file.sync_all()));
        cut.map_err(|source| RecordError::Io { path, source })?;
    }
    Ok(())
}

fn locked(record: &Path) -> Result<File, RecordError> {
    let path = record.join(LOCK);
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let locked = open.and_then(|lock| match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(io::Error::other("another gonogo is adding to the record")),
        Err(fs::TryLockError::Error(error)) => Err(error),
    });
    locked.map_err(|source| RecordError::Io { path, source })
}

fn lines(text: &[u8]) -> Result<Vec<&[u8]>, RecordError> {
    let Some(whole) = text.strip_suffix(b"\n") else {
        let line = text.split(|byte| *byte == b'\n').count();
        let what = if text.is_empty() { "the ledger is empty" } else { "the last line was torn: no newline" };
        return Err(broken(line - 1, what));
    };
    Ok(whole.split(|byte| *byte == b'\n').collect())
}

fn broken(index: usize, what: &str) -> RecordError {
    unsound(&format!("{LEDGER}:{}", index + 1), what)
}

fn unsound(place: &str, what: &str) -> RecordError {
    RecordError::Unsound { place: place.to_owned(), what: what.to_owned() }
}
