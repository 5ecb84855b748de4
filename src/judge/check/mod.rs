//! What the checks of a release come to: one kind, one file; a pure function of a check's log. A check that shows
//! nothing is undecided, whatever it is about.

mod change;
mod coverage;
mod measured;
mod previous;
mod secrets;
mod tests;

use schemars::JsonSchema;
use serde::Serialize;

use crate::evidence::{CheckFact, CheckKind, Fact, Observation, Of, PlannedCheck, Release, Severity};

/// How a check of the release ended. Only `Passed` is green.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// Everything was read, and it is within its limits.
    Passed,
    /// What was read is beyond a limit.
    Failed,
    /// Something was not read, or says nothing.
    Undecided,
}

impl CheckOutcome {
    /// As reports write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Undecided => "undecided",
        }
    }
}

/// A figure of a check.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Figure {
    /// What was measured or counted.
    pub name: String,
    /// The value with its unit; absent when there is no data.
    pub value: Option<String>,
    /// What it should be.
    pub limit: Option<String>,
}

/// What a check comes to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CheckResult {
    /// What names it.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// What kind of thing was read.
    pub kind: CheckKind,
    /// What it weighs when it fails.
    pub severity: Severity,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// Why.
    pub reason: String,
    /// Whether something of it was not shown, whatever else was: a failure hides nothing.
    pub incomplete: bool,
    /// What was measured and counted.
    pub figures: Vec<Figure>,
    /// What a reader must know one by one: regressions, tests that are gone, places of secrets.
    pub items: Vec<Item>,
    /// The files that were read, each with its SHA-256.
    pub files: Vec<FileSeen>,
    /// The releases before this one, the newest first; of a check of the record before alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastRelease>,
    /// The waiver that covers it.
    pub waived_by: Option<String>,
}

/// One of a check's items.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Item {
    /// What kind of item it is, for instance `regression`.
    pub kind: String,
    /// The item.
    pub text: String,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FileSeen {
    /// Where it lay, as the policy names it.
    pub path: String,
    /// Of its bytes, in hex.
    pub sha256: String,
    /// What it was read as.
    pub format: String,
}

/// A release that went out before, as the records tell of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PastRelease {
    /// Its version, if its policy named one.
    pub version: Option<String>,
    /// What its record states.
    pub verdict: String,
    /// Of its ledger, in hex.
    pub root: String,
}

/// What a kind of check says of its log.
#[derive(Debug, Default)]
struct Finding {
    /// What is beyond a limit, the gravest first.
    failed: Vec<String>,
    /// What was not shown.
    missing: Vec<String>,
    /// It stops a release whatever the check weighs.
    stops: bool,
    /// What is said when nothing is amiss.
    shown: String,
    figures: Vec<Figure>,
    items: Vec<Item>,
    history: Vec<PastRelease>,
}

impl Finding {
    fn item(&mut self, kind: &str, text: impl Into<String>) {
        self.items.push(Item { kind: kind.to_owned(), text: text.into() });
    }

    fn figure(&mut self, name: &str, value: Option<String>, limit: Option<String>) {
        self.figures.push(Figure { name: name.to_owned(), value, limit });
    }
}

/// Judges the log of a check, which has this place among the checks; `None` when it is not a check's.
pub(super) fn judge(release: &Release, place: usize, log: &[Observation]) -> Option<CheckResult> {
    let Some(Fact::CheckPlanned(planned)) = log.first().map(|first| &first.fact) else { return None };
    if release.checks.get(place) != Some(planned) {
        let missing = vec!["the log is of another check than the policy has here".to_owned()];
        return Some(conclude(planned, Finding { missing, ..Finding::default() }, &[]));
    }
    let facts: Vec<&CheckFact> = log
        .iter()
        .filter_map(|observation| match &observation.fact {
            Fact::CheckSaw(fact) => Some(fact),
            _ => None,
        })
        .collect();
    let mut finding = match planned.kind {
        CheckKind::Tests => tests::judge(&facts, &release.limits),
        CheckKind::Coverage => coverage::judge(&facts, &release.limits),
        CheckKind::Change => change::judge(&facts),
        CheckKind::Logs | CheckKind::Metrics => measured::judge(&facts, planned, &release.limits),
        CheckKind::Secrets => secrets::judge(&facts),
        CheckKind::Previous => previous::judge(&facts),
    };
    finding.missing.extend(read_as_both(&facts));
    for fact in &facts {
        match fact {
            CheckFact::NotRead { what } => finding.missing.push(what.clone()),
            CheckFact::FileRead { path, stale: Some(why), .. } => {
                finding.missing.push(format!("{path}: {why}"))
            }
            CheckFact::Noted { what } => finding.item("note", what),
            _ => {}
        }
    }
    Some(conclude(planned, finding, &facts))
}

/// One file that is of now and of before compares a version with itself.
fn read_as_both(facts: &[&CheckFact]) -> Option<String> {
    let of = |wanted: Of| {
        facts.iter().filter_map(move |fact| match fact {
            CheckFact::FileRead { of, path, sha256, .. } if *of == wanted => Some((path, sha256)),
            _ => None,
        })
    };
    let mut pairs = of(Of::Now).flat_map(|now| of(Of::Before).map(move |before| (now, before)));
    let ((now, _), (before, _)) = pairs.find(|(now, before)| now.1 == before.1)?;
    Some(format!("{now} and {before}, the file of the released version, hold the same bytes"))
}

fn conclude(planned: &PlannedCheck, finding: Finding, facts: &[&CheckFact]) -> CheckResult {
    let Finding { failed, missing, stops, shown, figures, items, history } = finding;
    let outcome = match (failed.is_empty(), missing.is_empty()) {
        (false, _) => CheckOutcome::Failed,
        (true, false) => CheckOutcome::Undecided,
        (true, true) => CheckOutcome::Passed,
    };
    let incomplete = !missing.is_empty();
    let amiss = failed.into_iter().chain(missing).collect::<Vec<_>>().join("; ");
    let reason = if outcome == CheckOutcome::Passed { shown } else { amiss };
    let files = facts.iter().filter_map(|fact| match fact {
        CheckFact::FileRead { path, sha256, format, .. } => {
            Some(FileSeen { path: path.clone(), sha256: sha256.clone(), format: format.clone() })
        }
        _ => None,
    });
    CheckResult {
        id: planned.id.clone(),
        title: planned.title.clone(),
        kind: planned.kind,
        severity: if stops { Severity::Sev1 } else { planned.severity },
        outcome,
        reason,
        incomplete,
        figures,
        items,
        files: files.collect(),
        history,
        waived_by: None,
    }
}

/// A figure with two places behind the point, or as many as keep it from looking whole, and without zeros that say
/// nothing: what is just below a limit is not shown as the limit.
fn number(value: f64) -> String {
    let drawn = |places: usize| format!("{value:.places$}");
    let looks_whole = |text: &String| text.trim_end_matches('0').ends_with('.');
    let exact = (2..=6).map(drawn).find(|text| value.fract() == 0.0 || !looks_whole(text));
    let text = exact.unwrap_or_else(|| drawn(2));
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn with_unit(value: f64, unit: &str) -> String {
    let gap = if unit.is_empty() { "" } else { " " };
    format!("{}{gap}{unit}", number(value))
}

/// `1 test`, `2 tests`.
fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod figures {
    use super::number;

    #[test]
    fn what_is_just_below_a_limit_is_not_shown_as_the_limit() {
        for (value, shown) in [
            (29_999.0 / 300.0, "99.997"),
            (100.0, "100"),
            (0.1 + 0.2, "0.3"),
            (2.005, "2.005"),
            (1.0 / 3.0, "0.33"),
            (0.000_2, "0.0002"),
            (-0.0, "0"),
        ] {
            assert_eq!(number(value), shown, "{value}");
        }
    }
}
