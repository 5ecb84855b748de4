//! What the released version of an app is: scopes, hosts, operations, samples of its records. Gathered from
//! recorded evidence, kept in a file, and recorded again beside the next version; compares nothing.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    evidence::{
        Fact, Observation, Outcome,
        file::{EvidenceError, Next, Reader},
        is_jira,
    },
    spelling::in_words,
};

/// The version of the file's format. Readers reject any other.
pub const FORMAT: &str = "gonogo.baseline/1";
/// The largest baseline that is read.
const LARGEST_BYTES: u64 = 16 << 20;

/// What the released version is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// [`FORMAT`].
    pub format: String,
    /// OAuth scopes of its manifest.
    pub scopes: Vec<String>,
    /// Modules of its manifest, each `type:key`.
    pub modules: Vec<String>,
    /// Hosts that its manifest allows.
    pub egress: Vec<String>,
    /// Settings that must be given before it works.
    pub settings: Vec<String>,
    /// Operations of Jira that it used.
    pub jira_operations: Vec<String>,
    /// Its own operations, each with the names of the fields in its answers.
    pub operations: Vec<(String, Vec<String>)>,
    /// Formats of its stored records.
    pub record_formats: Vec<String>,
    /// One record of each format, as it stored it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<Record>,
    /// How its scenarios ended: id and outcome.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<(String, Outcome)>,
}

/// A sample of what the released version stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its key.
    pub key: String,
    /// What keys of its kind have in common ([`format_of`]).
    pub format: String,
    /// What lay there.
    pub value: Value,
}

/// Why there is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file cannot be read.
    #[error("cannot read the baseline {path}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{path} is no baseline: {reason}; record one with `gonogo baseline DIR`", path = path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The evidence that it was to be gathered from.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// The file cannot be read, is larger than 16 MiB, or is no baseline of this format.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let unreadable = |source| BaselineError::Unreadable { path: path.to_owned(), source };
        let unsound = |reason| BaselineError::Unsound { path: path.to_owned(), reason };
        let found = fs::metadata(path).map_err(unreadable)?;
        if !found.is_file() {
            return Err(unsound("it is no file".to_owned()));
        }
        if found.len() > LARGEST_BYTES {
            return Err(unsound("it is larger than 16 MiB".to_owned()));
        }
        Self::parse(&fs::read(path).map_err(unreadable)?).map_err(unsound)
    }

    /// Reads a baseline's text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let baseline: Self = serde_json::from_slice(bytes).map_err(|error| in_words(&error.to_string()))?;
        if baseline.format != FORMAT {
            return Err(format!("its format is {:?}, expected {FORMAT:?}", baseline.format));
        }
        Ok(baseline)
    }

    /// Gathers what recorded evidence shows of an app.
    ///
    /// # Errors
    /// The evidence cannot be read, or is not whole and unchanged.
    pub fn gather(evidence: &Path) -> Result<Self, BaselineError> {
        let mut reader = Reader::open(evidence)?;
        let mut gathered = Gathered::default();
        let mut log = vec![];
        while let Next::Log = reader.next_log(&mut log)? {
            gathered.take(&log);
        }
        Ok(gathered.into_baseline())
    }

    /// The fact that this is the released version.
    #[must_use]
    pub fn fact(&self) -> Fact {
        Fact::BaselineRead {
            scopes: self.scopes.clone(),
            modules: self.modules.clone(),
            egress: self.egress.clone(),
            settings: self.settings.clone(),
            jira_operations: self.jira_operations.clone(),
            operations: self.operations.clone(),
            record_formats: self.record_formats.clone(),
        }
    }
}

/// What keys of one kind have in common: numbers, dates and ids stand as `#`.
#[must_use]
pub fn format_of(key: &str) -> String {
    static UUID: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").ok());
    let key = UUID.as_ref().map_or(Cow::Borrowed(key), |uuid| uuid.replace_all(key, "0"));
    let mut format = String::new();
    let is_id = |part: &str| {
        part.bytes().any(|b| b.is_ascii_digit())
            && (part.bytes().all(|b| b.is_ascii_digit())
                || part.len() >= 8 && part.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    for part in key.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let end = &part[word.len()..];
        format.push_str(if is_id(word) { "#" } else { word });
        format.push_str(end);
    }
    while let Some(shorter) = ["#-#", "#:#", "#.#"].iter().find(|run| format.contains(**run)) {
        format = format.replace(shorter, "#");
    }
    format
}

/// What the logs read so far show.
#[derive(Debug, Default)]
struct Gathered {
    baseline: Baseline,
    jira_operations: BTreeSet<String>,
    operations: BTreeMap<String, BTreeSet<String>>,
    records: BTreeMap<String, Record>,
}

impl Gathered {
    fn take(&mut self, log: &[Observation]) {
        let mut id = String::new();
        for observation in log {
            match &observation.fact {
                Fact::ScenarioPlanned(planned) => id.clone_from(&planned.id),
                Fact::ScenarioEnded { outcome, .. } => self.baseline.scenarios.push((id.clone(), *outcome)),
                Fact::ManifestRead { scopes, modules, egress, settings } => {
                    self.baseline.scopes = scopes.iter().map(|scope| scope.name.clone()).collect();
                    self.baseline.modules.clone_from(modules);
                    self.baseline.egress.clone_from(egress);
                    self.baseline.settings.clone_from(settings);
                }
                Fact::RequestAnswered { operation, .. } if is_jira(operation) => {
                    self.jira_operations.insert(operation.clone());
                }
                Fact::OperationAnswered { operation, answered: true, fields } => {
                    let fields: BTreeSet<String> = fields.iter().cloned().collect();
                    // What every answer has; a field that comes and goes is no promise.
                    let known = self.operations.entry(operation.clone());
                    known.and_modify(|known| known.retain(|field| fields.contains(field))).or_insert(fields);
                }
                Fact::RecordSampled { key, value, .. } => {
                    let format = format_of(key);
                    let record = Record { key: key.clone(), format: format.clone(), value: value.clone() };
                    self.records.insert(format, record);
                }
                _ => {}
            }
        }
    }

    fn into_baseline(self) -> Baseline {
        let operations =
            self.operations.into_iter().map(|(name, fields)| (name, fields.into_iter().collect()));
        Baseline {
            format: FORMAT.to_owned(),
            jira_operations: self.jira_operations.into_iter().collect(),
            operations: operations.collect(),
            record_formats: self.records.keys().cloned().collect(),
            records: self.records.into_values().collect(),
            ..self.baseline
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_one_kind_have_one_format() {
        for (key, expected) in [
            ("snapshot:2026-01-05", "snapshot:#"),
            ("snapshot:latest", "snapshot:latest"),
            ("drift:000012:project", "drift:#:project"),
            ("lock:6f1c1b2e-7d6b-4c36-9d9c-0a6f0a7d8f11", "lock:#"),
            ("v2", "v2"),
            ("deadbeef", "deadbeef"),
        ] {
            assert_eq!(format_of(key), expected, "{key}");
        }
    }

    #[test]
    fn a_baseline_of_another_format_or_with_another_key_is_refused() {
        let good = Baseline { format: FORMAT.to_owned(), ..Baseline::default() };
        let text = serde_json::to_string(&good).expect("json");
        assert_eq!(Baseline::parse(text.as_bytes()), Ok(good));
        for (from, to, says) in [
            ("baseline/1", "baseline/2", "expected \"gonogo.baseline/1\""),
            ("\"egress\"", "\"agress\"", "unknown field `agress`"),
            ("\"scopes\":[],", "", "missing field `scopes`"),
            ("\"scopes\":[]", "\"scopes\":3", "expected a list, found `3`"),
        ] {
            let error = Baseline::parse(text.replace(from, to).as_bytes()).expect_err(to);
            assert!(error.contains(says), "{error}");
        }
    }
}
