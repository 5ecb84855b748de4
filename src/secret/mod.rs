//! Secrets that lie in a tree or in a diff: the rules, the search, what is allowed. A finding tells the place, the
//! kind and a fingerprint; the secret itself is in no value that leaves this module.

mod allow;
mod content;
mod drawn;
mod encoded;
mod escaped;
mod found;
mod layer;
mod rule;
mod staged;
mod tree;

use std::{borrow::Cow, fmt, ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Regex, RegexBuilder};
use sha2::{Digest as _, Sha256};

pub use allow::{ALLOW_FILE, AllowError, Allowance, Allowances};
use encoded::Encoding;
pub use found::{Allowed, Finding, LeftOut, Search, Spot, hide_names};
pub use rule::Rule;
use rule::{RULES, Shape};
pub use staged::{StagedError, staged};
pub use tree::{search, search_allowing};

/// Bytes of a private key that are looked at behind its first line.
const LONGEST_KEY: usize = 16 << 10;
/// Letters that the body of the smallest private key (Ed25519, PKCS #8) has.
const SHORTEST_KEY: usize = 60;
/// Letters of base64 in a row that code around a key's first line does not have.
const LONG_LINE: usize = 40;

/// Something that looks like a secret, within a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What found it.
    pub rule: &'static Rule,
    /// Where it stands in the text, in bytes; of an encoded one, all that is encoded with it.
    pub at: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
    /// What may be shown of it.
    pub shown: Redacted,
}

/// What may be shown of a secret. Reads as `ghp_… (40 letters, fingerprint 0123456789ab)`, and says when it is encoded:
/// letters and fingerprint are then those of the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Redacted {
    beginning: String,
    letters: usize,
    /// The first 12 hexadecimal digits of its SHA-256.
    pub fingerprint: String,
    encoding: Option<Encoding>,
}

impl Redacted {
    /// Of a short secret less than four letters are shown: at most every fourth.
    fn of(secret: &[u8], encoding: Option<Encoding>) -> Self {
        let beginning: String =
            String::from_utf8_lossy(secret).chars().take((secret.len() / 4).min(4)).collect();
        let printable = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
        Self {
            beginning: beginning.chars().map(printable).collect(),
            letters: secret.len(),
            fingerprint: hex::encode(&Sha256::digest(secret)[..6]),
            encoding,
        }
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { beginning, letters, fingerprint, encoding } = self;
        let how = encoding.map(|encoding| format!(", {encoding}")).unwrap_or_default();
        write!(f, "{beginning}… ({letters} letters, fingerprint {fingerprint}{how})")
    }
}

/// A pattern that is compiled when a text first needs it.
type Pattern = LazyLock<Option<Regex>, Box<dyn FnOnce() -> Option<Regex> + Send>>;

/// The patterns of [`RULES`], in their order.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let pattern = |rule: &'static Rule| -> Pattern {
        LazyLock::new(Box::new(|| RegexBuilder::new(rule.pattern).unicode(false).build().ok()))
    };
    RULES.iter().map(pattern).collect()
});

/// The keywords of all rules, and the rule of each.
static KEYWORDS: LazyLock<Option<(AhoCorasick, Vec<usize>)>> = LazyLock::new(|| {
    let each =
        || RULES.iter().enumerate().flat_map(|(at, rule)| rule.keywords.iter().map(move |word| (at, *word)));
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
    let words = builder.build(each().map(|(_, word)| word)).ok()?;
    Some((words, each().map(|(at, _)| at).collect()))
});

/// The secrets of a file, in their order. `name` is the file's name: some rules hold for files of settings alone.
#[must_use]
pub fn find(name: &str, text: &[u8]) -> Vec<Sighting> {
    sightings(text, |shape| shape != Shape::Setting || is_settings(name))
}

/// The secrets that their own form gives away, of what is no text: a name says nothing there.
fn forms(bytes: &[u8]) -> Vec<Sighting> {
    sightings(bytes, Shape::stands_alone)
}

fn sightings(text: &[u8], wanted: impl Fn(Shape) -> bool) -> Vec<Sighting> {
    let mut found = layer::with_encoded(plain(text, wanted), text);
    found.sort_by_key(|seen| seen.at.start);
    let (mut line, mut counted) = (1, 0);
    let sighting = |Seen { at, rule, shown }: Seen| {
        line += text[counted..at.start].iter().filter(|byte| **byte == b'\n').count();
        counted = at.start;
        Sighting { rule, line, shown, at }
    };
    found.into_iter().map(sighting).collect()
}

/// A secret before its line is counted.
struct Seen {
    at: Range<usize>,
    rule: &'static Rule,
    shown: Redacted,
}

/// What the rules of the `wanted` shapes find in a text as it stands there.
fn plain(text: &[u8], wanted: impl Fn(Shape) -> bool) -> Vec<Seen> {
    let mut found: Vec<Seen> = vec![];
    for at in candidates(text) {
        let rule = &RULES[at];
        if !wanted(rule.shape) {
            continue;
        }
        let Some(pattern) = PATTERNS.get(at).and_then(|pattern| pattern.as_ref()) else { continue };
        for captures in pattern.captures_iter(text) {
            let Some(value) = captures.get(1).or_else(|| captures.get(0)) else { continue };
            let value = match rule.shape {
                Shape::Key => key(rule, text, value.range()),
                _ => Some(value.range()),
            };
            let Some(at) = value.filter(|value| is_secret(rule, &text[value.clone()])) else { continue };
            // A token under its name is one secret, of the rule that says more.
            if !found.iter().any(|seen| seen.at.start < at.end && at.start < seen.at.end) {
                let shown = Redacted::of(&text[at.clone()], None);
                found.push(Seen { at, rule, shown });
            }
        }
    }
    found
}

/// Whether a text holds a secret that its own form gives away: such a text is shown to nobody.
#[must_use]
pub fn holds(text: &str) -> bool {
    find("", text.as_bytes()).iter().any(|sighting| sighting.rule.shape != Shape::Named)
}

/// A text with what looks like a secret put out of sight.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    let found = find("", text.as_bytes());
    if found.is_empty() {
        return text.into();
    }
    let (mut kept, mut from) = (String::new(), 0);
    for sighting in found {
        // Of several in one encoded run each is named.
        kept.push_str(&String::from_utf8_lossy(&text.as_bytes()[from..sighting.at.start.max(from)]));
        kept.push_str(&format!("[{}: {}]", sighting.rule.title, sighting.shown));
        from = sighting.at.end;
    }
    kept.push_str(&String::from_utf8_lossy(&text.as_bytes()[from..]));
    kept.into()
}

/// The rules whose keywords a text has, in their order.
fn candidates(text: &[u8]) -> Vec<usize> {
    let Some((words, rules)) = KEYWORDS.as_ref() else { return (0..RULES.len()).collect() };
    let mut named = vec![false; RULES.len()];
    for word in words.find_overlapping_iter(text) {
        named[rules[word.pattern().as_usize()]] = true;
    }
    (0..RULES.len()).filter(|at| named[*at]).collect()
}

fn is_secret(rule: &Rule, value: &[u8]) -> bool {
    let drawn = match rule.shape {
        Shape::Named | Shape::Setting => drawn::is_drawn(value),
        Shape::Token => true,
        // Its letters are checked where it is cut out.
        Shape::Key => return true,
    };
    drawn
        && !drawn::is_placeholder(value)
        && drawn::entropy(value) * 10.0 >= f64::from(rule.least_entropy_tenths)
}

/// The whole private key that begins with this line; `None` where a first line stands alone, as in code that looks
/// for one, or is followed by what is no key.
fn key(rule: &Rule, text: &[u8], first: Range<usize>) -> Option<Range<usize>> {
    let rest = &text[first.end..text.len().min(first.end + LONGEST_KEY)];
    let end = rest.windows(5).position(|window| window == b"-----").unwrap_or(rest.len());
    let mut letters: Vec<u8> = vec![];
    let mut longest = 0;
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    // A backslash begins a line's end as code writes it; its letter is none of the key's.
    for (at, piece) in rest[..end].split(|byte| *byte == b'\\').enumerate() {
        let piece = if at > 0 { piece.get(1..).unwrap_or_default() } else { piece };
        for run in piece.split(|byte| !is_letter(byte)).filter(|run| run.len() >= 16) {
            longest = longest.max(run.len());
            letters.extend(run);
        }
    }
    let real = longest >= LONG_LINE
        && letters.len() >= SHORTEST_KEY
        && letters.iter().any(u8::is_ascii_digit)
        && drawn::entropy(&letters) * 10.0 >= f64::from(rule.least_entropy_tenths)
        && !drawn::is_placeholder(&letters);
    real.then_some(first.start..first.end + end)
}

/// Whether values stand in a file of this name without quotation marks.
fn is_settings(name: &str) -> bool {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let ends = [".env", ".properties", ".ini", ".cfg", ".conf", ".toml", ".yml", ".yaml", ".npmrc", ".netrc"];
    name.starts_with(".env") || ends.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests;
