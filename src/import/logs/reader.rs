//! Reads the files of one log, one after another, as one log: what counts are its entries, not where it was cut.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    BATCH_LIMIT, Compiled, HEAD, ImportError, LINE_LIMIT, LogFields, LogFormat, LogReport, Of, Reading,
    Source, raw::RawLines, recognise,
};
use crate::import::Place;

/// A log that is read file by file.
pub struct LogReader<'a> {
    of: Of,
    fields: &'a LogFields,
    reading: Option<Reading>,
    bytes: u64,
    hashes: Vec<String>,
    bounds: Option<(Timestamp, Timestamp)>,
}

impl<'a> LogReader<'a> {
    /// A log of which no file is read yet.
    #[must_use]
    pub fn new(of: Of, fields: &'a LogFields) -> Self {
        Self { of, fields, reading: None, bytes: 0, hashes: vec![], bounds: None }
    }

    /// Counts entries alone that were written after `from`, up to and with `to`. One without a time is left out, and
    /// [`LogReport::written`] says that there are such.
    #[must_use]
    pub fn within(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.bounds = Some((from, to));
        self
    }

    /// Reads the next file; says what it is, its SHA-256 and its size.
    ///
    /// # Errors
    ///
    /// As [`super::read`]; or the file is of another format than those before it.
    pub fn read(&mut self, source: &mut Source<'_>) -> Result<(LogFormat, String, u64), ImportError> {
        let path = source.path().to_owned();
        let head = source.head(HEAD)?;
        let format = recognise(&path, &head)?;
        // A log that was just rotated is empty, and of any format.
        let is_empty = head.trim_ascii().is_empty();
        let known = self.reading.as_ref().map(|reading| (reading.format, reading.lines));
        let empty_files = self.reading.as_ref().map_or(0, |reading| reading.empty_files);
        let reading = match (self.reading.take(), known) {
            (Some(_), Some((known, lines))) if lines > 0 && known != format && !is_empty => {
                let (known, found) = (known.word(), format.word());
                return Err(ImportError::file(&path, format!("is {found}, the files before it are {known}")));
            }
            (Some(reading), Some((_, lines))) if lines > 0 || is_empty => reading,
            _ => {
                let compiled = Compiled::of(self.fields).map_err(|what| ImportError::file(&path, what))?;
                let mut reading = Reading::new(format, compiled);
                reading.empty_files = empty_files;
                if let Some((from, to)) = self.bounds {
                    reading.times.within(from, to);
                }
                reading
            }
        };
        let reading = self.reading.insert(reading);
        let before = reading.lines;
        let limit = if reading.format == LogFormat::Otlp { BATCH_LIMIT } else { LINE_LIMIT };
        let mut lines = RawLines::new(source.rewound()?, limit);
        loop {
            match lines.next_line() {
                Ok(Some(raw)) => reading.line(&raw),
                Ok(None) => break,
                Err(error) => {
                    let at = Place::Line(reading.lines - before + 1);
                    return Err(ImportError::at(&path, at, format!("cannot be read: {error}")));
                }
            }
        }
        reading.end_file();
        let (bytes, sha256) = lines.whole();
        self.bytes += bytes;
        self.hashes.push(sha256.clone());
        Ok((reading.format, sha256, bytes))
    }

    /// What the log says; `None` when no file of it was read.
    #[must_use]
    pub fn report(self) -> Option<LogReport> {
        let sha256 = match self.hashes.as_slice() {
            [one] => one.clone(),
            several => hex::encode(Sha256::digest(several.concat())),
        };
        let mut report = self.reading?.report(self.of, self.bytes, sha256);
        let has_lines = report.notes.iter().chain(&report.amiss).any(|what| what.contains("first line "));
        if self.hashes.len() > 1 && has_lines {
            report
                .notes
                .push(format!("lines are counted through all {} files of the log", self.hashes.len()));
        }
        Some(report)
    }
}
