//! What a judgement goes by: words, hosts, thresholds, severities, issues. Part of the evidence, so that
//! a verdict can be recomputed from the file alone.

use serde::{Deserialize, Serialize};

/// How much an open finding weighs. SEV-1 stops a release.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub enum Severity {
    /// Stops a release.
    #[serde(rename = "SEV-1")]
    Sev1,
    /// To be fixed; does not stop a release by itself.
    #[serde(rename = "SEV-2")]
    Sev2,
    /// Minor.
    #[serde(rename = "SEV-3")]
    Sev3,
    /// Cosmetic.
    #[serde(rename = "SEV-4")]
    Sev4,
}

impl Severity {
    /// `SEV-1` to `SEV-4`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sev1 => "SEV-1",
            Self::Sev2 => "SEV-2",
            Self::Sev3 => "SEV-3",
            Self::Sev4 => "SEV-4",
        }
    }
}

/// An issue that scenarios settle, by a tag of the same name (`@SEV-2-001`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// The tag without `@`.
    pub id: String,
    /// What it is about, in a line.
    pub title: String,
    /// What a failing scenario of it weighs.
    pub severity: Severity,
    /// What went wrong, for those who read the report.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// What was done about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub solution: String,
    /// What settles it beside its own tag: tags of scenarios, without `@`, and ids of checks. Each must be shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Issue {
    /// An issue that its own tag alone settles.
    #[must_use]
    pub fn new(id: &str, title: &str, severity: Severity) -> Self {
        let (id, title) = (id.to_owned(), title.to_owned());
        Self { id, title, severity, problem: String::new(), solution: String::new(), tags: vec![] }
    }
}

/// Limits that metrics are held against; a metric without data is not held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Denied lock attempts per attempt, at most. Percent.
    pub lock_contention_percent: f64,
    /// Tokens refreshed per refresh tried, at least. Percent.
    pub refresh_success_percent: f64,
    /// Time to serve a page, 95th percentile, at most. Milliseconds.
    pub page_p95_ms: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { lock_contention_percent: 1.0, refresh_success_percent: 99.0, page_p95_ms: 100.0 }
    }
}

/// What the judgement goes by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Words that state a judgement, a cause, a score or advice; whole words, any case.
    pub judging_words: Vec<String>,
    /// Hosts that the app may reach beside Jira.
    pub egress: Vec<String>,
    /// Limits for metrics.
    pub thresholds: Thresholds,
    /// The issues that scenarios settle.
    pub issues: Vec<Issue>,
    /// The severity of a tag that is no issue (`smoke` → SEV-3).
    pub severities: Vec<(String, Severity)>,
    /// What a scenario weighs that no issue and no severity names.
    pub default_severity: Severity,
    /// What the app is said not to have, each with the reason; its scenarios are not planned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<(String, String)>,
    /// What was other in the run than on the platform, in words; it changes no judgement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        let words = [
            "unhealthy",
            "healthy",
            "bad",
            "poor",
            "good",
            "best practice",
            "caused by",
            "because of",
            "root cause",
            "due to",
            "you should",
            "we recommend",
            "recommended",
            "consider",
            "must fix",
            "risk score",
            "health score",
            "misconfigured",
            "suspicious",
            "dangerous",
            "broken",
            "wrong",
            "warning",
            "critical",
            "problem",
            "anomaly",
        ];
        Self {
            judging_words: words.map(str::to_owned).to_vec(),
            egress: vec![],
            thresholds: Thresholds::default(),
            issues: vec![],
            severities: vec![],
            default_severity: Severity::Sev1,
            set_aside: vec![],
            remarks: vec![],
        }
    }
}

impl Policy {
    /// Where it departs from the default, in words; the issues stand in every report by themselves.
    #[must_use]
    pub fn departures(&self) -> Vec<String> {
        let own = Self::default();
        let Self {
            judging_words,
            egress,
            thresholds,
            issues: _,
            severities,
            default_severity,
            set_aside,
            remarks,
        } = self;
        let without = |words: &[String], others: &[String]| {
            let rest = words.iter().filter(|word| !others.contains(word));
            rest.map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
        };
        let added = without(judging_words, &own.judging_words);
        let left_out = without(&own.judging_words, judging_words);
        let hosts = egress.join(", ");
        let mut said = vec![];
        let mut say = |is: bool, what: String| is.then(|| said.push(what));
        say(!added.is_empty(), format!("judging words beside gonogo's own: {added}"));
        say(!left_out.is_empty(), format!("words that are not judged: {left_out}"));
        say(!hosts.is_empty(), format!("hosts that the app may reach: {hosts}"));
        for remark in remarks {
            say(true, remark.clone());
        }
        for (what, reason) in set_aside {
            say(true, format!("not judged, by the configuration: {what} ({reason})"));
        }
        for (tag, severity) in severities {
            say(true, format!("a failed scenario tagged @{tag} weighs {}", severity.word()));
        }
        say(
            *default_severity != own.default_severity,
            format!("a failed scenario without a severity weighs {}", default_severity.word()),
        );
        for (what, is, own) in [
            (
                "lock contention at most, percent",
                thresholds.lock_contention_percent,
                own.thresholds.lock_contention_percent,
            ),
            (
                "refresh success at least, percent",
                thresholds.refresh_success_percent,
                own.thresholds.refresh_success_percent,
            ),
            ("a page within, milliseconds", thresholds.page_p95_ms, own.thresholds.page_p95_ms),
        ] {
            say(is.total_cmp(&own).is_ne(), format!("{what}: {is}, not {own}"));
        }
        said
    }
}
