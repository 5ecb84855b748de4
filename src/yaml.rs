//! A checked reader of YAML: the only user of the parser. Refuses what is too big or too deep before parsing,
//! and says where a file is wrong. Never maps something unknown to a default.

use std::{
    collections::HashSet,
    fmt, fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor},
};

use crate::spelling::{in_words, nearest, suggestion};

const LARGEST_BYTES: u64 = 1 << 20;
const DEEPEST: usize = 64;

/// Why a file gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum YamlError {
    /// The file could not be read.
    #[error("cannot read {path}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file's content is wrong.
    #[error("{path}{place}: {reason}{snippet}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// `:line:column`, or nothing.
        place: String,
        /// What is wrong, with the path of the key.
        reason: String,
        /// The line as it stands in the file, on a line of its own, or nothing.
        snippet: String,
    },
}

impl YamlError {
    /// Something is wrong that no line shows.
    #[must_use]
    pub fn placeless(path: &Path, reason: String) -> Self {
        Self::Invalid { path: path.into(), place: String::new(), reason, snippet: String::new() }
    }
}

/// The bytes of a file, up to a little more than what [`parse`] takes.
///
/// # Errors
/// The file cannot be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>, YamlError> {
    let unreadable = |source| YamlError::Unreadable { path: path.into(), source };
    let mut bytes = vec![];
    // Opening a pipe that nobody writes to would wait for ever.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(std::io::Error::other("it is no regular file")));
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Reads a text; `path` is its name in errors. `None` when it says nothing: blank lines and comments alone.
///
/// # Errors
/// The text is over 1 MiB, is not UTF-8, is nested too deep, or is not what `T` is.
pub fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<Option<T>, YamlError> {
    let invalid = |line: usize, column: usize, reason: String, text: &str| YamlError::Invalid {
        path: path.into(),
        place: if line > 0 { format!(":{line}:{column}") } else { String::new() },
        reason,
        snippet: snippet(text, line),
    };
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(invalid(0, 0, "the file is larger than 1 MiB".into(), ""));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        invalid(line, 1, "the file is not UTF-8".into(), "")
    })?;
    if let Some(line) = too_deep(text) {
        let reason = format!("the file is nested deeper than {DEEPEST} levels");
        return Err(invalid(line, 1, reason, ""));
    }
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(None);
    }
    serde_yaml::from_str(text).map(Some).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        let (reason, found) = explained(&error.to_string(), text);
        let (line, column) = found.unwrap_or((line, column));
        invalid(line, column, reason, text)
    })
}

/// Any value without a key that stands twice in one mapping. Read a file as this first when `T` passes over
/// keys that it does not know: there the parser would not tell.
#[derive(Clone, Copy, Debug)]
pub struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value whose keys are texts")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            // A reader that passes over what it does not know would lose what is merged.
            if key == "<<" {
                return Err(A::Error::custom("merge keys (`<<`) are not supported"));
            }
            if keys.contains(&key) {
                return Err(A::Error::custom(format!("duplicate key `{key}`")));
            }
            keys.insert(key);
            map.next_value::<Self>()?;
        }
        Ok(self)
    }
}

/// The line at which brackets or indentation nest too deep. The parser would take minutes to find out.
fn too_deep(text: &str) -> Option<usize> {
    for (number, line) in (1..).zip(text.lines()) {
        let dashes =
            line.split(' ').take_while(|part| part.is_empty() || *part == "-").filter(|part| *part == "-");
        if dashes.count() > DEEPEST {
            return Some(number);
        }
    }
    // Brackets in strings and comments count too: no honest file has so many open at once.
    let (mut line, mut depth) = (1, 0_usize);
    for byte in text.bytes() {
        match byte {
            b'\n' => line += 1,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(line);
        }
    }
    None
}

/// The parser's words with the nearest key; and where a duplicate key stands, which it does not tell.
fn explained(message: &str, text: &str) -> (String, Option<(usize, usize)>) {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let bare = message.rsplit_once(" at line ").map_or(message, |(bare, _)| bare);
    if let (true, [key, known @ ..]) = (bare.contains("unknown field"), quoted.as_slice()) {
        let near = nearest(key, known.iter().copied());
        return (format!("{bare}{}", suggestion(near.as_deref())), None);
    }
    if let (true, [variant, known @ ..]) = (bare.contains("unknown variant"), quoted.as_slice()) {
        let near = nearest(variant, known.iter().copied());
        return (format!("{bare}{}", suggestion(near.as_deref())), None);
    }
    if let Some(key) = bare.split("duplicate field `").nth(1).or_else(|| bare.split("duplicate key `").nth(1))
    {
        let key = key.trim_end_matches('`');
        let named = |line: &str| line.trim_start().trim_start_matches("- ").starts_with(&format!("{key}:"));
        let lines: Vec<usize> =
            (1..).zip(text.lines()).filter(|(_, line)| named(line)).map(|(number, _)| number).collect();
        // With more than two, which of them clash is not known.
        let at = if lines.len() == 2 { lines.last().map(|line| (*line, 1)) } else { None };
        return (format!("duplicate key `{key}`"), at);
    }
    (in_words(bare), None)
}

fn snippet(text: &str, line: usize) -> String {
    let Some(found) = line.checked_sub(1).and_then(|index| text.lines().nth(index)) else {
        return String::new();
    };
    let shown: String = found.chars().filter(|letter| !letter.is_control()).take(160).collect();
    if shown.trim().is_empty() { String::new() } else { format!("\n  {line:>4} | {shown}") }
}

#[cfg(test)]
mod tests;
