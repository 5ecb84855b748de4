//! CTRF 1.0: the verdict, scenarios, invariants, checks and signatures as tests. CTRF knows no test that is
//! undecided; here it is one that failed, with its own word beside it, since anything else counts as green.

use jiff::Timestamp;
use serde::Serialize;

use super::{Look, brief, place_of, printable};
use crate::{
    evidence::Outcome,
    judge::{CheckOutcome, InvariantOutcome, Judgement, ReleaseResult, ScenarioResult},
};

/// A message shows so many characters.
const MESSAGE: usize = 4_000;
/// A scenario's name and its id show so many each.
const NAME: usize = 1_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    report_format: &'static str,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    generated_by: &'static str,
    results: Results,
}

#[derive(Serialize)]
struct Results {
    tool: Tool,
    summary: Summary,
    tests: Vec<Test>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Environment>,
    extra: Extra,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: String,
}

#[derive(Serialize)]
struct Summary {
    tests: usize,
    passed: usize,
    failed: usize,
    skipped: usize,
    pending: usize,
    other: usize,
    flaky: usize,
    start: i64,
    stop: i64,
}

#[derive(Serialize)]
struct Environment {
    commit: String,
}

/// What the judgement says as a whole.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extra {
    verdict: &'static str,
    exit_code: u8,
    evidence_sha256: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    name: String,
    status: &'static str,
    duration: u64,
    suite: [String; 1],
    raw_status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    flaky: bool,
}

impl Test {
    fn new(suite: &str, name: &str, passed: bool, word: &str, message: Option<&str>) -> Self {
        Self {
            name: some(name),
            status: if passed { "passed" } else { "failed" },
            duration: 0,
            suite: [some(suite)],
            raw_status: word.to_owned(),
            message: message.map(|message| brief(message, MESSAGE)),
            tags: vec![],
            file_path: None,
            line: None,
            flaky: false,
        }
    }
}

pub(super) fn render(judgement: &Judgement, _: &Look) -> Vec<u8> {
    let mut tests = vec![verdict(judgement)];
    tests.extend(judgement.invariants.iter().map(|invariant| {
        let holds = invariant.outcome == InvariantOutcome::Holds;
        let word = invariant.outcome.word();
        Test::new("invariants", &invariant.name, holds, word, Some(&invariant.reason))
    }));
    tests.extend(judgement.release.iter().flat_map(released));
    tests.extend(judgement.scenarios.iter().map(scenario));
    let begun = judgement.started_at.parse::<Timestamp>().ok();
    let took: u64 = judgement.suites.iter().map(|suite| suite.duration_ms).sum();
    let start = begun.map_or(0, Timestamp::as_millisecond);
    let passed = tests.iter().filter(|test| test.status == "passed").count();
    let report = Report {
        report_format: "CTRF",
        spec_version: "1.0.0",
        timestamp: begun.map(|begun| begun.to_string()),
        generated_by: "gonogo",
        results: Results {
            tool: Tool { name: "gonogo", version: printable(&judgement.tool.version) },
            summary: Summary {
                tests: tests.len(),
                passed,
                failed: tests.len() - passed,
                skipped: 0,
                pending: 0,
                other: 0,
                flaky: tests.iter().filter(|test| test.flaky).count(),
                start,
                stop: start.saturating_add_unsigned(took),
            },
            tests,
            environment: commit(judgement).map(|commit| Environment { commit }),
            extra: Extra {
                verdict: judgement.verdict.word(),
                exit_code: judgement.exit_code,
                evidence_sha256: printable(&judgement.evidence.sha256),
            },
        },
    };
    // Text, numbers and lists alone: nothing that fails to serialise.
    let mut bytes = serde_json::to_vec_pretty(&report).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The verdict itself, so that no reader is green when it is not.
fn verdict(judgement: &Judgement) -> Test {
    let word = judgement.verdict.word();
    let blockers: Vec<String> =
        judgement.blockers.iter().map(|b| format!("{}: {}", b.subject, b.message)).collect();
    let blockers = (!blockers.is_empty()).then(|| format!("{}: {}", judgement.told(), blockers.join("; ")));
    Test::new("verdict", &format!("verdict: {word}"), judgement.exit_code == 0, word, blockers.as_deref())
}

/// Checks and signatures. What is waived shows what it found; the waiver stands beside it.
fn released(release: &ReleaseResult) -> Vec<Test> {
    let checks = release.checks.iter().map(|check| {
        let passed = check.outcome == CheckOutcome::Passed;
        let waived = check.waived_by.as_ref().map_or(String::new(), |id| format!(" (waived by {id})"));
        let message = format!("{}{waived}", check.reason);
        Test::new("release", &check.title, passed, check.outcome.word(), Some(&message))
    });
    let signed = release.sign_offs.iter().chain(&release.items).map(|signed| {
        let word = if signed.is_signed() { "signed" } else { "open" };
        let who = signed.signed_by.iter().chain(&signed.void).cloned().collect::<Vec<_>>().join("; ");
        let who = (!who.is_empty()).then_some(who);
        Test::new("sign-offs", &signed.name, signed.is_signed(), word, who.as_deref())
    });
    checks.chain(signed).collect()
}

fn scenario(scenario: &ScenarioResult) -> Test {
    let place = place_of(&scenario.id);
    // One name may stand twice in a feature; with its place it is itself.
    let name = format!("{} ({})", brief(&scenario.name, NAME), brief(&scenario.id, NAME));
    Test {
        duration: scenario.duration_ms,
        tags: scenario.tags.iter().map(|tag| brief(tag, MESSAGE)).collect(),
        line: place.as_ref().map(|place| place.line),
        file_path: place.map(|place| printable(&place.path)),
        flaky: scenario.outcome == Outcome::Flaky,
        ..Test::new(
            &scenario.feature,
            &name,
            scenario.outcome == Outcome::Passed,
            scenario.outcome.word(),
            scenario.error.as_deref(),
        )
    }
}

fn commit(judgement: &Judgement) -> Option<String> {
    Some(brief(judgement.release.as_ref()?.commit.as_deref()?, MESSAGE))
}

/// No name may be empty.
fn some(text: &str) -> String {
    let text = brief(text, MESSAGE);
    if text.is_empty() { "?".to_owned() } else { text }
}
