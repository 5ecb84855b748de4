//! What is allowed to look like a secret: the file `.gonogo-secrets-allow`, and a comment on the line or on the one
//! above it. Each with a reason; what allows everything is refused.

use std::{collections::BTreeSet, fs, io, path::Path, path::PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::{Redacted, Sighting, holds};

/// The file in the top folder of what is searched. Each line: a fingerprint or a pattern of paths, then the reason.
pub const ALLOW_FILE: &str = ".gonogo-secrets-allow";
/// In a comment, followed by the reason.
const MARK: &[u8] = b"gonogo:allow-secret";
const LARGEST_BYTES: u64 = 1 << 20;
const LONGEST_REASON: usize = 200;

/// Why the allow-list cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{ALLOW_FILE}{}: {what}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct AllowError {
    /// The line, from 1, when it is about one.
    pub line: Option<usize>,
    /// What is wrong, a lowercase phrase.
    pub what: String,
}

/// What the allow-list of a tree allows.
#[derive(Debug, Default)]
pub struct Allowance {
    entries: Vec<Entry>,
    used: BTreeSet<usize>,
}

#[derive(Debug)]
struct Entry {
    line: usize,
    what: What,
    reason: String,
}

#[derive(Debug)]
enum What {
    Fingerprint(String),
    Paths(GlobMatcher),
}

impl Allowance {
    /// Reads the allow-list of a folder; none is an empty one.
    ///
    /// # Errors
    /// It is no regular file, cannot be read, or a line is not as it must be.
    pub fn of(folder: &Path) -> Result<Self, AllowError> {
        let path = folder.join(ALLOW_FILE);
        let file = |what: String| AllowError { line: None, what };
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(file(format!("cannot be read: {error}"))),
            Ok(metadata) if !metadata.is_file() => return Err(file("is no regular file".into())),
            Ok(metadata) if metadata.len() > LARGEST_BYTES => return Err(file("is too large".into())),
            Ok(_) => {}
        }
        Self::parse(&fs::read_to_string(&path).map_err(|error| file(format!("cannot be read: {error}")))?)
    }

    /// Reads the text of an allow-list.
    ///
    /// # Errors
    /// A line without a reason, or with a pattern that is none or that every path matches.
    pub fn parse(text: &str) -> Result<Self, AllowError> {
        let mut entries = vec![];
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |what: String| AllowError { line: Some(at + 1), what };
            let (what, reason) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let Some(reason) = reason_of(reason) else {
                return Err(wrong("a reason must follow, as in `0123456789ab key of a test site`".into()));
            };
            entries.push(Entry { line: at + 1, what: What::parse(what).map_err(wrong)?, reason });
        }
        Ok(Self { entries, used: BTreeSet::new() })
    }

    /// Why a secret may stand where it does, if it may.
    pub(super) fn reason(&mut self, path: &str, shown: &Redacted) -> Option<String> {
        let (at, entry) = self.entries.iter().enumerate().find(|(_, entry)| entry.fits(path, Some(shown)))?;
        self.used.insert(at);
        Some(entry.reason.clone())
    }

    /// Why a file that cannot be searched may be there, if it may.
    pub(super) fn reason_of_file(&mut self, path: &str) -> Option<String> {
        let (at, entry) = self.entries.iter().enumerate().find(|(_, entry)| entry.fits(path, None))?;
        self.used.insert(at);
        Some(entry.reason.clone())
    }

    /// The lines that allowed nothing.
    pub(super) fn unused(&self) -> Vec<usize> {
        let each = self.entries.iter().enumerate().filter(|(at, _)| !self.used.contains(at));
        each.map(|(_, entry)| entry.line).collect()
    }
}

impl Entry {
    /// Whether it is about this path, or about the secret in it.
    fn fits(&self, path: &str, shown: Option<&Redacted>) -> bool {
        match &self.what {
            What::Fingerprint(fingerprint) => shown.is_some_and(|shown| *fingerprint == shown.fingerprint),
            What::Paths(paths) => paths.is_match(path),
        }
    }
}

impl What {
    fn parse(text: &str) -> Result<Self, String> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self::Fingerprint(text.to_ascii_lowercase()));
        }
        // An allow-list that takes everything makes a check that cannot fail.
        if !text.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            return Err(format!("`{text}` is a pattern that names no path in particular"));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        glob.map(|glob| Self::Paths(glob.compile_matcher())).map_err(|error| {
            format!("expected a fingerprint of 12 hexadecimal digits or a pattern of paths: {}", error.kind())
        })
    }
}

/// The allow-lists that concern the files of a folder: its own and those above it, up to the top of the repository, each
/// with the paths below the folder that it lies in.
#[derive(Debug, Default)]
pub struct Allowances {
    lists: Vec<(PathBuf, Allowance)>,
}

impl Allowances {
    /// Reads them. One that is not as it must be allows nothing here; `gonogo secrets` says what is wrong with it.
    #[must_use]
    pub fn above(folder: &Path) -> Self {
        let Ok(folder) = fs::canonicalize(folder) else { return Self::default() };
        let is_top = |folder: &Path| fs::symlink_metadata(folder.join(".git")).is_ok();
        let top = folder.ancestors().position(is_top).unwrap_or(0);
        let list = |above: &Path| {
            let below = folder.strip_prefix(above).ok()?.to_owned();
            Some((below, Allowance::of(above).ok()?))
        };
        Self { lists: folder.ancestors().take(top + 1).filter_map(list).collect() }
    }

    /// Whether what was found in a file may stand there: `path` is below the folder, with `/`.
    #[must_use]
    pub fn allow(&self, path: &str, text: &[u8], sighting: &Sighting) -> bool {
        let fits = |entry: &Entry, path: &str| entry.fits(path, Some(&sighting.shown));
        matches!(comment(text, sighting.at.start), Comment::Allowed(_)) || self.any(path, fits)
    }

    /// Whether the file may hold any secret.
    #[must_use]
    pub fn allow_file(&self, path: &str) -> bool {
        self.any(path, |entry, path| entry.fits(path, None))
    }

    fn any(&self, path: &str, fits: impl Fn(&Entry, &str) -> bool) -> bool {
        self.lists.iter().any(|(below, list)| {
            let path = below.join(path).to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
            list.entries.iter().any(|entry| fits(entry, &path))
        })
    }
}

/// What a comment in the file says to a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Comment {
    /// Nothing.
    None,
    /// It is allowed, with this reason.
    Allowed(String),
    /// It would be allowed, but no reason is given.
    WithoutReason,
}

/// The comment on the line of a byte of the text, or on the line above.
pub(super) fn comment(text: &[u8], at: usize) -> Comment {
    let begin = |at: usize| text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let this = begin(at);
    let above = if this == 0 { None } else { Some(begin(this - 1)) };
    for begin in [Some(this), above].into_iter().flatten() {
        let end = text[begin..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| begin + end);
        let line = &text[begin..end];
        let Some(mark) = line.windows(MARK.len()).position(|window| window == MARK) else { continue };
        let reason = String::from_utf8_lossy(&line[mark + MARK.len()..]).into_owned();
        return reason_of(&reason).map_or(Comment::WithoutReason, Comment::Allowed);
    }
    Comment::None
}

/// A reason says something, and no secret.
fn reason_of(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches("*/").trim_end_matches("-->").trim_end_matches("--%>");
    let text = text.trim_start_matches([':', '-', '=', '—', '(', ' ']).trim();
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    if letters < 3 {
        return None;
    }
    if holds(text) {
        return Some("(its reason is not shown: it holds what looks like a secret)".into());
    }
    let printable = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    Some(text.chars().take(LONGEST_REASON).map(printable).collect())
}
