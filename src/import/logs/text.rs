//! A line that is no JSON: plain text with its level as a word near its beginning, logfmt, and what `forge logs`
//! prints. What is no entry of its own (a stack, an object over several lines) belongs to the entry before.

use std::borrow::Cow;

use super::{class, entry::Entry, level};

/// What a line of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An entry.
    Entry,
    /// It belongs to the entry before it.
    More,
    /// Nothing, or a heading.
    Blank,
}

/// How lines begin within a stack, though they are not indented: of Java, Python and Rust.
const INNER: [&str; 5] = [
    "Caused by",
    "During handling of the above exception",
    "The above exception was the direct cause",
    "note: run with `RUST_BACKTRACE",
    "stack backtrace:",
];
/// Keys before a level, as logfmt has them.
const LEVEL_KEYS: [&str; 7] = ["level", "lvl", "severity", "sev", "loglevel", "log_level", "log.level"];
/// Words from the beginning among which a level is looked for.
const LEVEL_WORDS: usize = 6;

/// A line without terminal colours.
pub(super) fn colourless(line: &str) -> Cow<'_, str> {
    if memchr::memchr(0x1b, line.as_bytes()).is_none() {
        return Cow::Borrowed(line);
    }
    let mut parts = line.split('\u{1b}');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.strip_prefix('[').and_then(|rest| rest.find(|c: char| c.is_ascii_alphabetic()));
        text.push_str(end.and_then(|end| part.get(end + 2..)).unwrap_or(part));
    }
    Cow::Owned(text)
}

/// `LEVEL time invocation message`, or `LEVEL time message` below `invocation: …`. Of the rest, what is within an object
/// or a stack continues, unless it begins with a level as an entry does; any other line is an entry as [`plain`] has it.
pub(super) fn forge(line: &str, has_before: bool, levels: &[String], entry: &mut Entry) -> Kind {
    if line.trim().is_empty() || is_invocation(line) {
        return Kind::Blank;
    }
    let Some((level, time, message)) = forge_parts(line) else {
        let first = line.split_whitespace().next().unwrap_or_default();
        let has_level = is_upper(first) && level::named(first).is_some();
        let is_more = has_before && is_inner(line) && !has_level;
        return if is_more { Kind::More } else { plain(line, has_before, levels, entry) };
    };
    entry.level = Some(level);
    entry.time.push_str(time);
    entry.message.push_str(message);
    Kind::Entry
}

/// Whether a line can only come from `forge logs`.
pub(super) fn is_forge(line: &str) -> bool {
    let has_invocation = |rest: &str| rest.len() > 36 && is_uuid(&rest.as_bytes()[..36]);
    match forge_parts(line) {
        Some((_, time, _)) => {
            let rest = line.split_once(time).map_or("", |(_, rest)| rest.trim_start());
            time.contains('T') && has_invocation(rest)
        }
        None => is_invocation(line),
    }
}

fn is_invocation(line: &str) -> bool {
    line.strip_prefix("invocation: ").is_some_and(|id| is_uuid(id.trim().as_bytes()))
}

fn forge_parts(line: &str) -> Option<(u8, &str, &str)> {
    let (word, rest) = line.split_once(' ')?;
    let is_padded = word.len() >= 7 || line.get(7..8) == Some(" ");
    let level = level::named(word).filter(|_| is_padded && is_upper(word))?;
    let (time, rest) = rest.trim_start().split_once(' ')?;
    let clock = time.rsplit('T').next().unwrap_or(time);
    let is_time = clock.ends_with('Z') && clock.as_bytes().get(2) == Some(&b':') && clock.len() >= 9;
    let id = rest.split_once(' ').filter(|(id, _)| is_uuid(id.as_bytes()));
    is_time.then(|| (level, time, id.map_or(rest, |(_, message)| message)))
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A line of any other text; `has_before` says whether there is an entry that it could continue, `levels` names
/// fields with a level, beside the usual.
pub(super) fn plain(line: &str, has_before: bool, levels: &[String], entry: &mut Entry) -> Kind {
    if line.trim().is_empty() {
        return Kind::Blank;
    }
    let (found, message) = level_of(line, levels);
    if has_before && is_inner(line) && found.is_none() {
        return Kind::More;
    }
    entry.level = found;
    entry.time.push_str(time_of(line));
    entry.message.push_str(message);
    Kind::Entry
}

/// Whether a line is of a stack or of an object over several lines, by its beginning.
fn is_inner(line: &str) -> bool {
    line.starts_with([' ', '\t', '}', ']', ')']) || INNER.iter().any(|start| line.starts_with(start))
}

/// The level among the first words of a line, and what follows it. A word in small letters is one only where it is
/// marked as such: `[error]`, `error:`, `level=error`.
fn level_of<'a>(line: &'a str, levels: &[String]) -> (Option<u8>, &'a str) {
    let mut rest = line;
    for _ in 0..LEVEL_WORDS {
        rest = rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let named = |key: &str| LEVEL_KEYS.contains(&key) || levels.iter().any(|level| level.as_str() == key);
        let key = word.split_once('=').filter(|(key, _)| named(key)).map(|(_, value)| value);
        let bare =
            key.unwrap_or(word).trim_matches(['[', ']', '(', ')', '<', '>', '|', '"', '\'', ',', ':', '-']);
        let is_marked = key.is_some() || word.starts_with(['[', '<', '(']) || word.ends_with(':');
        if let Some(level) = level::named(bare).filter(|_| is_marked || is_upper(bare)) {
            return (Some(level), behind.trim_start());
        }
        rest = behind;
    }
    (None, line)
}

fn is_upper(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// What runtimes print when they give up, and what names a class of errors: that is an error where no level says what
/// it is.
pub(super) fn tells_of_crash(text: &str) -> bool {
    let text = text.trim_start();
    const SIGNS: [&str; 7] = [
        "Uncaught",
        "Unhandled",
        "Traceback (most recent call last)",
        "Segmentation fault",
        "Exception in thread",
        "panic:",
        "[UnhandledPromiseRejection",
    ];
    SIGNS.iter().any(|sign| text.starts_with(sign)) || text.contains("panicked at") || class::is_named(text)
}

/// The time among the first words of a line, as it stands there; empty without.
fn time_of(line: &str) -> &str {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | ',' | 'T' | 'Z' | '+' | ' ');
    let head: String = line.chars().take(80).collect();
    let is_date = |at: &usize| {
        let bytes = &line.as_bytes()[*at..];
        let digits = |range: std::ops::Range<usize>| {
            bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
        };
        digits(0..4)
            && bytes.get(4) == Some(&b'-')
            && digits(5..7)
            && bytes.get(7) == Some(&b'-')
            && digits(8..10)
    };
    let starts = std::iter::once(0).chain(head.match_indices([' ', '[', '=', '"']).map(|(at, _)| at + 1));
    let Some(start) = starts.take(12).find(is_date) else { return "" };
    let text = &line[start..];
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    text[..end].trim_end_matches([' ', ':', ',', '.', '-'])
}
