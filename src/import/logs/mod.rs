//! What a deployed app wrote: JSON lines of any logger, OpenTelemetry's batches, plain text, `forge logs`. Read as a
//! stream, however large. Counts and says what cannot be counted; never guesses a level and never drops a line.

use std::path::Path;

use jiff::Timestamp;

use super::{ImportError, Source};
use crate::evidence::Of;

mod class;
mod entry;
mod facts;
mod fields;
mod json;
mod level;
mod otlp;
mod raw;
mod reader;
mod tally;
mod telling;
mod template;
mod text;
mod time;

#[cfg(test)]
mod broken;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unlevelled;
#[cfg(test)]
mod unseen;

use entry::Entry;
use fields::Compiled;
pub use fields::LogFields;
use json::Keys;
use raw::Raw;
pub use reader::LogReader;
use tally::Tally;
pub use template::Kinds;
pub use time::Written;

/// Bytes of a line that are read; the rest is cut.
pub const LINE_LIMIT: usize = 1 << 20;
/// The same where a line is a batch of entries.
const BATCH_LIMIT: usize = 64 << 20;
/// Bytes that show what a log is.
const HEAD: u64 = 64 << 10;

/// What a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line: pino, winston, tracing and others.
    Json,
    /// OTLP/JSON, one batch a line.
    Otlp,
    /// What `forge logs` prints, flat or by invocation.
    Forge,
    /// Any other text.
    Plain,
}

impl LogFormat {
    /// The word used in files and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Json => "json lines",
            Self::Otlp => "otlp",
            Self::Forge => "forge logs",
            Self::Plain => "plain text",
        }
    }
}

/// What a log says.
#[derive(Clone, Debug, PartialEq)]
pub struct LogReport {
    /// Whose log it is.
    pub of: Of,
    /// What the file is.
    pub format: LogFormat,
    /// The size of its files.
    pub bytes: u64,
    /// SHA-256 of what was read, in lowercase hex; of several files, of their hashes one after another.
    pub sha256: String,
    /// Lines of its files.
    pub lines: u64,
    /// Entries: a batch has many, a stack is part of one.
    pub entries: u64,
    /// Entries with a level.
    pub levelled: u64,
    /// Entries at error or above.
    pub errors: u64,
    /// When the first entry with a time was written.
    pub first: Option<Timestamp>,
    /// When the last entry with a time was written.
    pub last: Option<Timestamp>,
    /// When the last entries of its files were written, the earliest and the latest of them.
    pub ended: Option<(Timestamp, Timestamp)>,
    /// When the entries were written that count, where the log is read within bounds.
    pub written: Option<Written>,
    /// Tokens that were refreshed, and those that were not.
    pub refreshes: (u64, u64),
    /// Attempts at a lock, and those of them that were refused.
    pub locks: (u64, u64),
    /// The time in milliseconds that 95 of 100 pages did not exceed, and how many pages there were. A thousandth too
    /// large at most, never too small.
    pub page_p95_ms: (Option<f64>, u64),
    /// By how many percent memory grew from the first tenth of its samples to the last, and how many samples there
    /// were.
    pub memory_growth: (Option<f64>, u64),
    /// Kinds of errors.
    pub kinds: Kinds,
    /// Why the log, or a part of it, cannot be judged by.
    pub amiss: Vec<String>,
    /// What is odd about the log and changes nothing of what it says.
    pub notes: Vec<String>,
}

/// Reads a log; what it is shows in its content.
///
/// # Errors
///
/// The file cannot be read, is compressed, is UTF-16 or one JSON document, or `fields` makes no sense.
pub fn read(path: &Path, of: Of, fields: &LogFields) -> Result<LogReport, ImportError> {
    read_source(&mut Source::open(path)?, of, fields)
}

/// The same of an open file.
///
/// # Errors
///
/// As [`read`].
pub fn read_source(source: &mut Source<'_>, of: Of, fields: &LogFields) -> Result<LogReport, ImportError> {
    let mut reader = LogReader::new(of, fields);
    reader.read(source)?;
    reader.report().ok_or_else(|| ImportError::file(source.path(), "was not read"))
}

/// What a log is, by its beginning.
fn recognise(path: &Path, head: &[u8]) -> Result<LogFormat, ImportError> {
    let refused = |what: &str| Err(ImportError::file(path, what));
    if head.starts_with(&[0x1f, 0x8b]) || head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return refused("is compressed: expected the log as text");
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return refused("is UTF-16: expected UTF-8");
    }
    let head = String::from_utf8_lossy(head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head));
    let mut lines = head.lines().map(str::trim_end).filter(|line| !line.is_empty());
    if let Some(first @ ("{" | "[" | "[{")) = lines.clone().next() {
        let what =
            format!("begins with `{first}`: expected a log with one JSON object a line, not one document");
        return refused(&what);
    }
    let keys = Keys::of(&[], &[]);
    let is_json = |line: &str| {
        let mut entry = Entry::default();
        let is_whole = line.starts_with('{') && keys.read(line, &mut entry).is_ok();
        is_whole || (line.starts_with("{\"") && entry.level.is_some())
    };
    let mut has_forge = false;
    for line in lines.by_ref().take(200) {
        if otlp::is_batch(line) {
            return Ok(LogFormat::Otlp);
        }
        if is_json(line) {
            return Ok(LogFormat::Json);
        }
        has_forge |= text::is_forge(&text::colourless(line));
        if has_forge {
            return Ok(LogFormat::Forge);
        }
    }
    Ok(LogFormat::Plain)
}

/// Whether a line is an array of JSON, or begins as one of records.
fn is_array(line: &str) -> bool {
    let Some(rest) = line.trim().strip_prefix('[') else { return false };
    let is_whole = || serde_json::from_str::<Vec<serde::de::IgnoredAny>>(line);
    rest.trim_start().starts_with('{') || (rest.ends_with(']') && is_whole().is_ok_and(|all| !all.is_empty()))
}

/// Lines of one kind, and where the first of them stands.
#[derive(Default)]
struct Seen {
    count: u64,
    first: u64,
}

impl Seen {
    fn see(&mut self, line: u64) {
        if self.count == 0 {
            self.first = line;
        }
        self.count += 1;
    }
}

/// A log that is being read.
struct Reading {
    format: LogFormat,
    keys: Keys,
    tally: Tally,
    entry: Entry,
    times: time::Window,
    lines: u64,
    /// Lines that begin as JSON and are none.
    broken: Seen,
    /// Lines of text in a log of JSON.
    foreign: Seen,
    /// Lines that were cut, and those of them whose entry is lost.
    cut: Seen,
    lost: Seen,
    /// Lines that hold an array, whose records are not told apart.
    arrays: Seen,
    /// Batches without a record, or with parts that are not known.
    strange_batches: Seen,
    invalid: Seen,
    nul: Seen,
    is_last_open: bool,
    /// Files that end within a line that is broken by that.
    open_ends: u64,
    /// The next line is a file's first.
    is_first: bool,
    /// Entries of the file that is read, whether they count or not.
    of_file: u64,
    /// Files without any.
    empty_files: u64,
}

impl Reading {
    fn new(format: LogFormat, compiled: Compiled) -> Self {
        Self {
            format,
            keys: Keys::of(&compiled.levels, &compiled.names),
            tally: Tally::new(compiled),
            entry: Entry::default(),
            times: time::Window::default(),
            lines: 0,
            broken: Seen::default(),
            foreign: Seen::default(),
            cut: Seen::default(),
            lost: Seen::default(),
            arrays: Seen::default(),
            strange_batches: Seen::default(),
            invalid: Seen::default(),
            nul: Seen::default(),
            is_last_open: false,
            open_ends: 0,
            is_first: true,
            of_file: 0,
            empty_files: 0,
        }
    }

    /// A file is at its end; another may follow.
    fn end_file(&mut self) {
        self.open_ends += u64::from(std::mem::take(&mut self.is_last_open));
        self.is_first = true;
        self.empty_files += u64::from(std::mem::take(&mut self.of_file) == 0);
        self.times.end_file();
    }

    fn line(&mut self, raw: &Raw<'_>) {
        self.lines += 1;
        let mut bytes = raw.bytes;
        if std::mem::take(&mut self.is_first) {
            bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        }
        if raw.is_cut {
            self.cut.see(self.lines);
        }
        // A file that was emptied while a process wrote to it begins with NULs.
        if bytes.first() == Some(&0) {
            self.nul.see(self.lines);
            let text = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
            bytes = &bytes[text..];
        }
        self.is_last_open = false;
        let broken = self.broken.count;
        match std::str::from_utf8(bytes) {
            Ok(line) => self.text(line, raw.is_cut),
            Err(_) => {
                // What a cut leaves of a letter is no fault of the file's.
                let is_whole =
                    !raw.is_cut || std::str::from_utf8(&bytes[..bytes.len().saturating_sub(3)]).is_err();
                if is_whole {
                    self.invalid.see(self.lines);
                }
                self.text(&String::from_utf8_lossy(bytes), raw.is_cut);
            }
        }
        self.is_last_open = !raw.is_ended && self.broken.count > broken;
    }

    fn text(&mut self, line: &str, is_cut: bool) {
        self.entry.clear();
        // Within an object that `forge logs` prints, one of its lines may begin as JSON.
        let is_within = self.format == LogFormat::Forge && line.starts_with([' ', '\t']);
        let is_json = line.trim_start().starts_with('{') && !is_within;
        if is_json && otlp::is_batch(line) {
            let (tally, times) = (&mut self.tally, &mut self.times);
            let read = otlp::read(line, &self.keys, &mut self.entry, |entry| {
                entry.settle_level();
                count(tally, times, entry);
            });
            match read {
                Ok(0) => self.strange_batches.see(self.lines),
                Ok(records) => self.of_file += records,
                Err(_) if is_cut => self.lost.see(self.lines),
                Err(error) if error.is_data() => self.strange_batches.see(self.lines),
                Err(_) => self.broken.see(self.lines),
            }
            return;
        }
        let is_indented = self.format == LogFormat::Plain && line.starts_with([' ', '\t']);
        if !is_within && !is_indented && is_array(line) {
            self.arrays.see(self.lines);
        }
        if is_json {
            let is_whole = self.keys.read(line, &mut self.entry).is_ok();
            // What came before the flaw holds: loggers put the level first.
            if is_whole || self.entry.level.is_some() {
                if is_cut {
                    self.entry.unread_values = 0;
                } else if !is_whole {
                    self.broken.see(self.lines);
                }
                self.finish();
                return;
            }
            self.entry.clear();
            if is_cut {
                self.lost.see(self.lines);
            } else if line.trim_start().starts_with("{\"") {
                self.broken.see(self.lines);
            }
        }
        self.plain(line);
    }

    fn plain(&mut self, line: &str) {
        let line = text::colourless(line);
        let has_before = self.tally.entries > 0;
        let kind = match self.format {
            LogFormat::Forge => text::forge(&line, has_before, self.tally.levels(), &mut self.entry),
            _ => text::plain(&line, has_before, self.tally.levels(), &mut self.entry),
        };
        let is_foreign = matches!(self.format, LogFormat::Json | LogFormat::Otlp);
        if kind != text::Kind::Blank && is_foreign {
            self.foreign.see(self.lines);
        }
        match kind {
            text::Kind::Entry => {
                self.tally.read_words(&mut self.entry);
                self.finish();
            }
            text::Kind::More if self.tally.entries == 0 => self.foreign.see(self.lines),
            text::Kind::More => self.tally.more(&line),
            text::Kind::Blank => {}
        }
    }

    fn finish(&mut self) {
        self.of_file += 1;
        self.entry.settle_level();
        count(&mut self.tally, &mut self.times, &self.entry);
    }
}

/// Counts an entry, where it is of a time that counts, and notes of which metrics it tells then.
fn count(tally: &mut Tally, times: &mut time::Window, entry: &Entry) {
    if !times.see(entry) {
        return tally.settle();
    }
    let before = tally.samples();
    tally.count(entry);
    for ((metric, now), (_, before)) in tally.samples().into_iter().zip(before) {
        if now > before {
            times.told(metric);
        }
    }
}
