//! What kind of error an entry tells of: its words without what changes from one to the next. Numbers, ids, hex, quoted
//! texts, paths, addresses and times are taken out, and with them what could be a secret.
//!
//! The words are the message's first line, the error's kind (`err.type`, `err.name`) and its own first line, of each
//! text the further line that names a class of errors or else the next that is no place in code, and the class that a
//! stack begins with. Codes stand behind them as they are: `err.code`, and a `code` of letters. What `telling` knows
//! stays too: statuses of HTTP where they are none of a count, and quoted phrases that are the app's own. So two errors
//! are of one kind when they differ in what somebody typed, and of two when they differ in what a developer wrote.

use std::collections::BTreeMap;

use super::{entry::Entry, telling};

/// Kinds of errors that are told apart.
pub(super) const KIND_LIMIT: usize = 1_000;
/// Letters of a line that count.
const WORDS_LIMIT: usize = 2_000;
/// Letters of a kind that are kept.
const TEMPLATE_LIMIT: usize = 300;
/// Letters of a word with digits from which on it is an id.
const ID_LENGTH: usize = 16;

/// How often each kind of error was seen; what comes after the first [`KIND_LIMIT`] kinds is counted together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// By their templates.
    pub seen: BTreeMap<String, u64>,
    /// Errors of further kinds.
    pub others: u64,
}

impl Kinds {
    pub(super) fn count(&mut self, template: String) {
        if let Some(count) = self.seen.get_mut(&template) {
            *count += 1;
        } else if self.seen.len() < KIND_LIMIT {
            self.seen.insert(template, 1);
        } else {
            self.others += 1;
        }
    }
}

/// The kind of error that an entry tells of.
pub(super) fn kind(entry: &Entry) -> String {
    let mut kind = entry.parts().into_iter().map(template).collect::<Vec<_>>().join(": ");
    if !entry.codes.is_empty() {
        kind = format!("{kind} ({})", entry.codes).trim_start().to_owned();
    }
    kind
}

/// The same of one text.
#[must_use]
pub(super) fn template(words: &str) -> String {
    let end = words.char_indices().nth(WORDS_LIMIT).map_or(words.len(), |(at, _)| at);
    let words = words[..end].trim();
    let (mut at, mut kind) = (0, String::new());
    while let Some(letter) = words[at..].chars().next() {
        if kind.chars().count() > TEMPLATE_LIMIT {
            return kind.chars().take(TEMPLATE_LIMIT).chain(['…']).collect();
        }
        let (before, rest) = words.split_at(at);
        if let Some(length) = quoted(rest, before.chars().last().unwrap_or(' ')) {
            let is_own = telling::is_phrase(&rest[1..length - 1], before);
            kind.push_str(if is_own { &rest[..length] } else { "<text>" });
            at += length;
            continue;
        }
        let length = rest.find(is_sign).unwrap_or(rest.len());
        if length > 0 {
            put(&mut kind, &rest[..length], before, &rest[length..]);
            at += length;
            continue;
        }
        match letter.is_whitespace() || letter.is_control() {
            true if kind.ends_with(' ') => {}
            true => kind.push(' '),
            false => kind.push(letter),
        }
        at += letter.len_utf8();
    }
    kind.truncate(kind.trim_end().len());
    kind
}

/// What ends a word.
fn is_sign(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "()[]{}<>,;=|\"'`".contains(letter)
}

/// How long a quoted text is, with its quotes; an apostrophe within a word begins none.
fn quoted(rest: &str, before: char) -> Option<usize> {
    let quote = rest.chars().next().filter(|letter| "\"'`".contains(*letter) && !before.is_alphanumeric())?;
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        let behind = || rest[at + 1..].chars().next();
        if letter == quote && !is_escaped && !behind().is_some_and(char::is_alphanumeric) {
            return Some(at + 1);
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    None
}

/// Whether what comes behind these words is a secret: `password=` and the like, or a credential of a header.
fn is_secret(before: &str) -> bool {
    const KEYS: [&str; 8] =
        ["password", "passwd", "secret", "token", "authorization", "apikey", "api_key", "cookie"];
    if before.ends_with("Bearer ") || before.ends_with("Basic ") {
        return true;
    }
    let Some(key) = before.strip_suffix('=') else { return false };
    let key = key.rsplit(is_sign).next().unwrap_or_default().to_ascii_lowercase();
    KEYS.iter().any(|name| key.ends_with(name))
}

fn put(kind: &mut String, word: &str, before: &str, after: &str) {
    let bare = word.trim_end_matches(['.', ':', '!', '?']);
    let has_digit = bare.bytes().any(|byte| byte.is_ascii_digit());
    let behind = if bare.len() < word.len() { &word[bare.len()..] } else { after };
    let stands_for = if is_secret(before) {
        Some("<secret>")
    } else if has_digit && telling::is_code(bare, before, behind) {
        Some(bare)
    } else if bare.contains("://") {
        Some("<address>")
    } else if is_path(bare) {
        Some("<path>")
    } else if is_mail(bare) || (has_digit && is_id(bare)) {
        Some("<id>")
    } else {
        None
    };
    match stands_for {
        Some(name) => kind.push_str(name),
        None => push_without_numbers(kind, bare),
    }
    kind.push_str(&word[bare.len()..]);
}

fn is_path(word: &str) -> bool {
    let is_rooted = ["/", "./", "../", "~/", "file:"].iter().any(|start| word.starts_with(start));
    let is_drive = word.get(1..3) == Some(":\\") || word.get(1..3) == Some(":/");
    (is_rooted && word.len() > 1) || is_drive || word.matches(['/', '\\']).count() >= 2
}

fn is_mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

/// A word with digits that is an id as a whole: a key of an issue, hex, a UUID, or anything long.
fn is_id(word: &str) -> bool {
    let is_hex =
        word.strip_prefix("0x").unwrap_or(word).bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    // The letters of a time are no sign of an id.
    let has_letter = word.bytes().any(|byte| byte.is_ascii_alphabetic() && byte != b'T' && byte != b'Z');
    let is_issue = word.split_once('-').is_some_and(|(project, number)| {
        project.len() > 1
            && project.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    (is_hex && has_letter && word.len() >= 6) || is_issue || (has_letter && word.len() >= ID_LENGTH)
}

/// Each number as `#`; with its point, its colons and dashes, so that a time or a version is one.
fn push_without_numbers(kind: &mut String, word: &str) {
    let mut in_number = false;
    for letter in word.chars() {
        match letter {
            '0'..='9' if in_number => {}
            '0'..='9' => {
                kind.push('#');
                in_number = true;
            }
            '.' | ':' | '-' | '+' if in_number => {}
            'T' | 'Z' if in_number => {}
            _ => {
                kind.push(letter);
                in_number = false;
            }
        }
    }
}
