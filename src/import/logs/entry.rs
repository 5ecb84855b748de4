//! One entry of a log, whatever its format: how grave it is, when, what it says, and the fields that are counted.

use std::fmt::Display;

use super::{class, level, text};

/// One entry. The same one is filled again for each line, so that a log costs no allocation a line.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// On pino's scale; see [`level`].
    pub level: Option<u8>,
    /// A level that is none that is known.
    pub strange_level: Option<String>,
    /// When, as it stands there.
    pub time: String,
    /// When, as a number: seconds, milliseconds, microseconds or nanoseconds since 1970.
    pub epoch: Option<f64>,
    pub message: String,
    /// The event's name, where lines have one beside the message.
    pub event: String,
    /// What kind of error it was, and its own message.
    pub error_kind: String,
    pub error: String,
    /// The line of a stack that names what kind of error it was.
    pub stack: String,
    /// Codes of the error, each once, with blanks between.
    pub codes: String,
    /// Fields that are counted, by their place among the names.
    pub values: Vec<(usize, f64)>,
    /// Fields that should be counted and are no number.
    pub unread_values: u64,
}

/// Letters of codes that are kept.
const CODES_LIMIT: usize = 80;
/// Letters of a strange level that are kept.
const STRANGE_LIMIT: usize = 40;

impl Entry {
    /// Makes it as if nothing had been read.
    pub fn clear(&mut self) {
        (self.level, self.strange_level, self.epoch, self.unread_values) = (None, None, None, 0);
        for text in [
            &mut self.time,
            &mut self.message,
            &mut self.event,
            &mut self.error_kind,
            &mut self.error,
            &mut self.stack,
            &mut self.codes,
        ] {
            text.clear();
        }
        self.values.clear();
    }

    /// A level as it stands there. Of two the graver holds: JSON may have a key twice.
    pub fn set_level(&mut self, found: Option<u8>, text: impl Display) {
        match found {
            Some(_) => self.level = self.level.max(found),
            None => self.strange_level = Some(text.to_string().chars().take(STRANGE_LIMIT).collect()),
        }
    }

    /// A field that is counted.
    pub fn set_value(&mut self, name: usize, value: Option<f64>) {
        match value.filter(|value| value.is_finite() && *value >= 0.0) {
            Some(value) => self.values.push((name, value)),
            None => self.unread_values += 1,
        }
    }

    /// Takes an entry without a level for an error where it has one or its words tell of one. A level that stands there
    /// is the app's own word and holds, also one that is not known.
    pub fn settle_level(&mut self) {
        if self.level.is_none() && self.strange_level.is_none() {
            let has_error = !self.error.is_empty() || !self.error_kind.is_empty();
            let is_error = has_error || text::tells_of_crash(&self.message);
            self.level = is_error.then_some(level::ERROR);
        }
    }

    /// Whether it tells of an error.
    pub fn is_error(&self) -> bool {
        self.level.is_some_and(|level| level >= level::ERROR)
    }

    /// A code of the error, which is kept as it stands.
    pub fn add_code(&mut self, code: &str) {
        if self.codes.len() < CODES_LIMIT && !self.codes.split(' ').any(|known| known == code) {
            let sign = if self.codes.is_empty() { "" } else { " " };
            self.codes.extend([sign, code]);
        }
    }

    /// What an error says, each once: the message and the line of it that tells more, the error's kind, its own words
    /// with their line that tells more, and what its stack names.
    pub fn parts(&self) -> Vec<&str> {
        let message = if self.message.is_empty() { &self.event } else { &self.message };
        let further =
            [more(message), first_line(&self.error_kind), first_line(&self.error), more(&self.error)];
        let mut parts = vec![first_line(message)];
        for part in further.into_iter().chain([self.stack.as_str()]) {
            if !part.is_empty() && !parts.iter().any(|known| known.contains(part)) {
                parts.push(part);
            }
        }
        parts.retain(|part| !part.is_empty());
        parts
    }
}

fn first_line(text: &str) -> &str {
    text.trim_start().lines().next().unwrap_or_default().trim_end()
}

/// The line behind the first that names a class of errors; without one, the next line that is neither indented nor a
/// place in code.
fn more(text: &str) -> &str {
    let text = text.trim_start();
    let next = || {
        let mut lines = text.lines().skip(1).filter(|line| !line.trim().is_empty());
        lines.next().filter(|line| !line.starts_with(char::is_whitespace) && !class::is_frame(line))
    };
    class::line_of(text, 1).or_else(next).unwrap_or_default().trim()
}
