//! Evidence from elsewhere, read from files: one format, one file.
//!
//! Importers read and say what is amiss; what it comes to is the judge's matter. Every reader is bounded: no file that
//! is no regular file, no text beyond its limit, no nesting beyond its limit, no entity that expands.

use std::{
    fmt,
    path::{Path, PathBuf},
};

mod branch;
pub mod change;
pub mod coverage;
mod find;
mod json;
mod lines;
pub mod logs;
pub mod metrics;
mod source;
pub mod tests;
mod tracked;
mod xml;

pub use branch::{Committed, file_at};
pub use find::find;
pub use json::{Excerpt, Many, document, root_keys};
pub use lines::{Line, Lines};
pub use source::Source;
pub use tracked::tracked;
pub use xml::{Element, XmlEvent, XmlReader};

/// Letters of a message that are kept; tools put whole logs there.
pub const MESSAGE_LIMIT: usize = 2_000;

/// Two clocks differ by so much and no more: what tells a later time than that is of a time to come.
const SKEW: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// Bytes of a name that are taken; a longer one is an error, for two names must not become one by a cut.
pub const NAME_LIMIT: usize = 64 * 1024;

/// Where in a file something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The line, from 1.
    Line(u64),
    /// The byte, from 0.
    Offset(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Offset(offset) => write!(f, "byte {offset}"),
        }
    }
}

/// Why a file cannot be taken as evidence: reads as `cannot import: FILE, line 3: …`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {what}", path.display(), at.map(|at| format!(", {at}")).unwrap_or_default())]
pub struct ImportError {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Where in the file, when it is about a place.
    pub at: Option<Place>,
    /// What is wrong and what was expected, a lowercase phrase.
    pub what: String,
}

impl ImportError {
    /// About the file as a whole.
    pub fn file(path: &Path, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), at: None, what: excerpt(&what.into()) }
    }

    /// About a place in the file.
    pub fn at(path: &Path, at: Place, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), at: Some(at), what: excerpt(&what.into()) }
    }
}

/// The beginning of a text without terminal colours and control characters, at most [`MESSAGE_LIMIT`] letters.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let text = text.trim();
    let mut kept = String::new();
    let mut letters = text.chars().peekable();
    for _ in 0..MESSAGE_LIMIT {
        let Some(mut letter) = letters.next() else { return kept };
        if letter == '\u{1b}' && letters.peek() == Some(&'[') {
            letters.by_ref().find(|c| c.is_ascii_alphabetic());
            continue;
        }
        if letter.is_control() && letter != '\n' && letter != '\t' {
            letter = '\u{fffd}';
        }
        kept.push(letter);
    }
    if letters.next().is_some() {
        kept.push('…');
    }
    kept
}
