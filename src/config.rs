//! `gonogo.yaml`: finds it, and says where a setting is wrong. Never maps something unknown to a default.

mod blank;
mod protected;
mod release;
mod schema;
mod subject;
mod values;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

pub use release::{Change, Coverage, Logs, Metrics, Release, Tests};
pub use schema::schema;
pub use subject::{Program, Protocol, Subject};
pub use values::Seconds;

use crate::{
    evidence::{Issue, Policy, Severity},
    yaml::{self, YamlError},
};

/// The name that is looked for.
pub const FILE_NAME: &str = "gonogo.yaml";

/// Settings of a run, their paths made relative to the file's folder.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is judged; without it, what lies in the folder.
    #[serde(deserialize_with = "subject::named")]
    #[schemars(schema_with = "schema::subject")]
    pub subject: Option<Subject>,
    /// The file that keeps what the released version is.
    pub baseline: Option<PathBuf>,
    /// Folders of feature files; without any, the built-in features.
    pub features: Vec<PathBuf>,
    /// Where reports go.
    pub out: Option<PathBuf>,
    /// Scenarios at once.
    #[serde(deserialize_with = "values::jobs")]
    #[schemars(schema_with = "schema::jobs")]
    pub jobs: Option<usize>,
    /// Limits for metrics.
    #[serde(deserialize_with = "values::thresholds")]
    #[schemars(schema_with = "schema::thresholds")]
    pub thresholds: crate::evidence::Thresholds,
    /// Severity by tag, in the file's order; never softer than the tag's name says.
    #[serde(deserialize_with = "values::severities")]
    #[schemars(schema_with = "schema::severities")]
    pub severities: Vec<(String, Severity)>,
    /// The severity of what no issue and no tag names.
    pub default_severity: Option<Severity>,
    /// Issues that scenarios settle; the severity of `SEV-n-…` is the one in the id.
    #[serde(deserialize_with = "values::issues")]
    #[schemars(schema_with = "schema::issues")]
    pub issues: Vec<Issue>,
    /// What the invariants go by.
    pub invariants: Invariants,
    /// What of a Forge app only its team knows.
    pub forge: Forge,
    /// Time limits.
    pub timeouts: Timeouts,
    /// What a release rests on beside the scenarios.
    pub release: Option<Release>,
}

/// What of a Forge app only its team knows.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Forge {
    /// The call of a resolver that lists in pages.
    pub listing: Option<Listing>,
    /// Why the app has none.
    #[serde(deserialize_with = "values::reason")]
    #[schemars(schema_with = "schema::reason")]
    pub without_listing: Option<String>,
}

/// A call that lists in pages, and the names that it uses.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// The name of the call.
    pub call: String,
    /// The answer's field that holds the items.
    #[serde(default = "Listing::items")]
    pub items: String,
    /// The answer's field that tells whether more follow.
    #[serde(default = "Listing::has_more")]
    pub has_more: String,
    /// The answer's field that holds the cursor of the next page.
    #[serde(default = "Listing::next_cursor")]
    pub next_cursor: String,
    /// The payload's field for the page size.
    #[serde(default = "Listing::limit")]
    pub limit: String,
    /// The payload's field for the cursor.
    #[serde(default = "Listing::cursor")]
    pub cursor: String,
}

impl Listing {
    fn items() -> String {
        "items".to_owned()
    }

    fn has_more() -> String {
        "hasMore".to_owned()
    }

    fn next_cursor() -> String {
        "nextCursor".to_owned()
    }

    fn limit() -> String {
        "limit".to_owned()
    }

    fn cursor() -> String {
        "cursor".to_owned()
    }
}

/// What the invariants go by.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Invariants {
    /// Words that state a judgement, beside those of the built-in list.
    #[serde(deserialize_with = "values::words")]
    #[schemars(schema_with = "schema::words")]
    pub judging_words: Vec<String>,
    /// Hosts that the app may reach beside Jira; `*.` covers what is below a domain.
    #[serde(deserialize_with = "values::hosts")]
    #[schemars(schema_with = "schema::hosts")]
    pub egress: Vec<String>,
}

/// Time limits in seconds, fractions included.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq)]
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
pub type ConfigError = YamlError;

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
        Self::read_as(path, &yaml::bytes(path)?)
    }

    /// Reads a configuration file as if these were its bytes: as another commit has it, for instance.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn read_as(path: &Path, bytes: &[u8]) -> Result<Self, ConfigError> {
        let mut config = Self::parse(path, bytes)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.features.iter_mut().for_each(|features| *features = folder.join(&*features));
        config.out = config.out.map(|out| folder.join(out));
        config.baseline = config.baseline.map(|baseline| folder.join(baseline));
        if let Some(release) = &mut config.release {
            release.below(folder);
        }
        if let Some(Subject::Program(program)) = &mut config.subject {
            program.dir = if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.to_owned();
        }
        Ok(config)
    }

    /// Reads a configuration's text; `path` is its name in errors.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ConfigError> {
        let config: Self = yaml::parse(path, bytes)?.unwrap_or_default();
        config.checked().map_err(|reason| YamlError::placeless(path, reason))?;
        let written = yaml::parse::<serde_json::Value>(path, bytes)?.unwrap_or_default();
        match blank::complaint(&written) {
            Some(complaint) => Err(YamlError::placeless(path, complaint)),
            None => Ok(config),
        }
    }

    fn checked(&self) -> Result<(), String> {
        if self.forge.listing.is_some() && self.forge.without_listing.is_some() {
            return Err("forge: `listing` and `without_listing` exclude each other".to_owned());
        }
        if let Some(complaint) = self.release.as_ref().and_then(Release::complaint) {
            return Err(complaint);
        }
        let of_release = self.release.iter().flat_map(|release| &release.issues);
        if let Some(twice) = of_release.clone().find(|one| self.issues.iter().any(|issue| issue.id == one.id))
        {
            return Err(format!("release.issues: {} stands in `issues`, too", twice.id));
        }
        for (tag, severity) in &self.severities {
            let issue = self.issues.iter().chain(of_release.clone()).find(|issue| issue.id == *tag);
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
        let named = self.issues.iter().chain(self.release.iter().flat_map(|release| &release.issues));
        let built_in = |id: &str| issues.iter().find(|issue| issue.id == id).map(|issue| issue.severity);
        // What gonogo brings along is never weighed less.
        let named: Vec<Issue> = named
            .map(|issue| Issue {
                severity: built_in(&issue.id).map_or(issue.severity, |own| own.min(issue.severity)),
                ..issue.clone()
            })
            .collect();
        issues.retain(|known| named.iter().all(|named| named.id != known.id));
        issues.extend(named);
        issues.sort_by(|a, b| a.id.cmp(&b.id));
        let mut severities = base.severities;
        severities.retain(|(tag, _)| self.severities.iter().all(|(named, _)| named != tag));
        severities.extend(self.severities.iter().cloned());
        let mut judging_words = base.judging_words;
        let added = self.invariants.judging_words.iter().filter(|word| !judging_words.contains(word));
        judging_words.extend(added.cloned().collect::<Vec<_>>());
        let without = self.forge.without_listing.iter();
        Policy {
            judging_words,
            set_aside: without.map(|reason| ("the listing".to_owned(), reason.clone())).collect(),
            egress: base.egress.into_iter().chain(self.invariants.egress.iter().cloned()).collect(),
            thresholds: self.thresholds.clone(),
            issues,
            severities,
            default_severity: self.default_severity.unwrap_or(base.default_severity),
            remarks: base.remarks,
        }
    }
}

#[cfg(test)]
mod tests;
