//! `gonogo.yaml`: the only user of YAML. Finds it, refuses what is too big or too deep before parsing, and
//! says where a setting is wrong. Never maps something unknown to a default.

mod values;

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde::Deserialize;

pub use values::Seconds;

use crate::{
    evidence::{Issue, Policy, Severity},
    spelling::{nearest, suggestion},
};

/// The name that is looked for.
pub const FILE_NAME: &str = "gonogo.yaml";
const LARGEST_BYTES: u64 = 1 << 20;
const DEEPEST: usize = 64;

/// Settings of a run, their paths made relative to the file's folder.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is judged.
    pub subject: Subject,
    /// Folders of feature files; without any, the built-in features.
    pub features: Vec<PathBuf>,
    /// Where reports go.
    pub out: Option<PathBuf>,
    /// Scenarios at once.
    #[serde(deserialize_with = "values::jobs")]
    pub jobs: Option<usize>,
    /// Limits for metrics.
    #[serde(deserialize_with = "values::thresholds")]
    pub thresholds: crate::evidence::Thresholds,
    /// Severity by tag, in the file's order; never softer than the tag's name says.
    #[serde(deserialize_with = "values::severities")]
    pub severities: Vec<(String, Severity)>,
    /// The severity of what no issue and no tag names.
    pub default_severity: Option<Severity>,
    /// Issues that scenarios settle; the severity of `SEV-n-…` is the one in the id.
    #[serde(deserialize_with = "values::issues")]
    pub issues: Vec<Issue>,
    /// What the invariants go by.
    pub invariants: Invariants,
    /// Time limits.
    pub timeouts: Timeouts,
}

/// What is judged.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub enum Subject {
    /// The app that comes with gonogo.
    #[default]
    #[serde(rename = "reference")]
    Reference,
}

/// What the invariants go by.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Invariants {
    /// Words that state a judgement, beside those of the built-in list.
    #[serde(deserialize_with = "values::words")]
    pub judging_words: Vec<String>,
    /// Hosts that the app may reach beside Jira; `*.` covers what is below a domain.
    #[serde(deserialize_with = "values::hosts")]
    pub egress: Vec<String>,
}

/// Time limits in seconds, fractions included.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// For one step.
    pub step_s: Option<Seconds>,
    /// For one attempt at a scenario.
    pub scenario_s: Option<Seconds>,
    /// For the whole run.
    pub run_s: Option<Seconds>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {path}", path = path.display())]
    Unreadable {
        /// The configuration file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file's content is wrong.
    #[error("{path}{place}: {reason}{snippet}", path = path.display())]
    Invalid {
        /// The configuration file.
        path: PathBuf,
        /// `:line:column`, or nothing.
        place: String,
        /// What is wrong, with the path of the key.
        reason: String,
        /// The line as it stands in the file, on a line of its own, or nothing.
        snippet: String,
    },
}

impl Config {
    /// The configuration file that holds for `folder`: its own, or that of the nearest folder above.
    #[must_use]
    pub fn find(folder: &Path) -> Option<PathBuf> {
        folder.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// The file cannot be read, is over 1 MiB, is nested too deep, or holds what is not known.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.into(), source };
        let mut bytes = vec![];
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        let mut config = Self::parse(path, &bytes)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.features.iter_mut().for_each(|features| *features = folder.join(&*features));
        config.out = config.out.map(|out| folder.join(out));
        Ok(config)
    }

    /// Reads a configuration's text; `path` is its name in errors.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ConfigError> {
        let invalid = |line: usize, column: usize, reason: String, text: &str| ConfigError::Invalid {
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
            return Ok(Self::default());
        }
        let config: Self = serde_yaml::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
            let (reason, found) = explained(&error.to_string(), text);
            let (line, column) = found.unwrap_or((line, column));
            invalid(line, column, reason, text)
        })?;
        config.checked().map_err(|reason| invalid(0, 0, reason, ""))?;
        Ok(config)
    }

    fn checked(&self) -> Result<(), String> {
        for (tag, severity) in &self.severities {
            let issue = self.issues.iter().find(|issue| issue.id == *tag);
            if let Some(issue) = issue.filter(|issue| issue.severity < *severity) {
                let (expected, found) = (issue.severity.word(), severity.word());
                return Err(format!("severities.{tag}: expected {expected} or stricter, found {found}"));
            }
        }
        Ok(())
    }

    /// The policy that follows: `base`, with what this file says in its place.
    #[must_use]
    pub fn policy(&self, base: Policy) -> Policy {
        let mut issues = base.issues;
        issues.retain(|known| self.issues.iter().all(|named| named.id != known.id));
        issues.extend(self.issues.iter().cloned());
        issues.sort_by(|a, b| a.id.cmp(&b.id));
        let mut severities = base.severities;
        severities.retain(|(tag, _)| self.severities.iter().all(|(named, _)| named != tag));
        severities.extend(self.severities.iter().cloned());
        let mut judging_words = base.judging_words;
        let added = self.invariants.judging_words.iter().filter(|word| !judging_words.contains(word));
        judging_words.extend(added.cloned().collect::<Vec<_>>());
        Policy {
            judging_words,
            egress: base.egress.into_iter().chain(self.invariants.egress.iter().cloned()).collect(),
            thresholds: self.thresholds.clone(),
            issues,
            severities,
            default_severity: self.default_severity.unwrap_or(base.default_severity),
        }
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
        let only = "only the `reference` app can be judged by this version";
        return match bare.starts_with("subject") {
            true => (format!("subject: `{variant}` is not supported; {only}"), None),
            false => {
                let near = nearest(variant, known.iter().copied());
                (format!("{bare}{}", suggestion(near.as_deref())), None)
            }
        };
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
    (bare.to_owned(), None)
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
