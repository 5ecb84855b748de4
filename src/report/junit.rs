//! JUnit XML in the dialect that the strict readers' schemas accept: a bare `testsuites`, properties first,
//! `system-out` and `system-err` last. What is undecided is an error, since a skipped test counts as green.

use std::{collections::BTreeMap, time::Duration};

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Look, brief, printable, told};
use crate::{
    evidence::Outcome,
    judge::{CheckOutcome, InvariantOutcome, Judgement, ReleaseResult, ScenarioResult, Verdict},
};

/// The suite of the verdict itself.
const VERDICT: &str = "gonogo.verdict";
/// A message shows so many characters.
const MESSAGE: usize = 4_000;

pub(super) fn render(judgement: &Judgement, _: &Look) -> Vec<u8> {
    let mut report = Report::unnamed();
    let mut suites = vec![verdict(judgement), invariants(judgement)];
    suites.extend(judgement.release.as_ref().map(checks));
    suites.extend(features(judgement));
    for (id, mut suite) in suites.into_iter().enumerate() {
        if suite.properties.is_empty() {
            // Strict readers want some.
            suite.add_property(Property::new("gonogo.verdict", judgement.verdict.word()));
        }
        suite.extra.insert("id".into(), id.to_string().into());
        suite.extra.insert("package".into(), "gonogo".into());
        suite.extra.insert("hostname".into(), "gonogo".into());
        // Strict readers want seconds and no zone.
        let second = judgement.started_at.get(..19).unwrap_or("1970-01-01T00:00:00");
        suite.extra.insert("timestamp".into(), second.into());
        let time = suite.test_cases.iter().filter_map(|case| case.time).sum();
        let by_hand = suite.name.as_str() == VERDICT && !judgement.overridden.is_empty();
        let said = if by_hand { told(judgement) } else { String::new() };
        suite.set_time(time).set_system_out(said).set_system_err("");
        report.add_test_suite(suite);
    }
    let mut bytes = vec![];
    // A buffer in memory takes every byte, and `printable` leaves no character that XML lacks.
    if report.serialize(&mut bytes).is_err() {
        bytes.clear();
    }
    bare(&String::from_utf8_lossy(&bytes)).into_bytes()
}

/// Strict readers take a `testsuites` without attributes alone; what they would say, each suite says.
fn bare(xml: &str) -> String {
    const ROOT: &str = "<testsuites";
    let root = xml.split_once(ROOT).and_then(|(head, rest)| {
        let (attributes, rest) = rest.split_once('>')?;
        let empty = if attributes.ends_with('/') { "/" } else { "" };
        Some(format!("{head}{ROOT}{empty}>{rest}"))
    });
    root.unwrap_or_else(|| xml.to_owned())
}

/// The verdict itself, so that no reader is green when it is not.
fn verdict(judgement: &Judgement) -> TestSuite {
    let mut suite = TestSuite::new(VERDICT);
    for (name, value) in [
        ("gonogo.verdict", judgement.verdict.word().to_owned()),
        ("gonogo.exit_code", judgement.exit_code.to_string()),
        ("gonogo.evidence.sha256", judgement.evidence.sha256.clone()),
        ("gonogo.accepted", judgement.accepted.join(",")),
    ] {
        suite.add_property(Property::new(name, brief(&value, MESSAGE)));
    }
    for by in &judgement.overridden {
        suite.add_property(Property::new("gonogo.overridden", brief(&by.to_string(), MESSAGE)));
    }
    let blockers: Vec<String> =
        judgement.blockers.iter().map(|b| format!("{}: {}", b.subject, b.message)).collect();
    let word = judgement.verdict.word();
    let status = match judgement.verdict {
        Verdict::Go(_) => TestCaseStatus::success(),
        // What is overridden is let through, and no success.
        _ if judgement.exit_code == 0 && judgement.overridden.is_empty() => TestCaseStatus::success(),
        Verdict::Undecided => unhappy(NonSuccessKind::Error, "Undecided", word, &blockers.join("; ")),
        Verdict::NoGo | Verdict::GoAfterFixes => {
            unhappy(NonSuccessKind::Failure, "Verdict", word, &blockers.join("; "))
        }
    };
    suite.add_test_case(case(&format!("verdict: {word}"), "gonogo.verdict", 0, status));
    suite
}

fn checks(release: &ReleaseResult) -> TestSuite {
    let mut suite = TestSuite::new("gonogo.release");
    for check in &release.checks {
        let waived = check.waived_by.as_ref().map_or(String::new(), |id| format!(" (waived by {id})"));
        let status = match check.outcome {
            CheckOutcome::Passed => TestCaseStatus::success(),
            // A waiver stands in the verdict; here the check shows what it found.
            CheckOutcome::Failed => {
                unhappy(NonSuccessKind::Failure, "CheckFailed", &format!("{}{waived}", check.reason), "")
            }
            CheckOutcome::Undecided => {
                unhappy(NonSuccessKind::Error, "CheckUndecided", &format!("{}{waived}", check.reason), "")
            }
        };
        suite.add_test_case(case(&check.title, "gonogo.release", 0, status));
    }
    for signed in release.sign_offs.iter().chain(&release.items) {
        let status = match signed.is_signed() {
            true => TestCaseStatus::success(),
            false => unhappy(
                NonSuccessKind::Error,
                "NotSigned",
                "nobody signed, or not enough",
                &signed.void.join("; "),
            ),
        };
        suite.add_test_case(case(&signed.name, "gonogo.release", 0, status));
    }
    suite
}

fn invariants(judgement: &Judgement) -> TestSuite {
    let mut suite = TestSuite::new("gonogo.invariants");
    for invariant in &judgement.invariants {
        let places: Vec<String> =
            invariant.observations.iter().map(|o| format!("{} #{}", o.scenario, o.seq)).collect();
        let status = match invariant.outcome {
            InvariantOutcome::Holds => TestCaseStatus::success(),
            InvariantOutcome::Violated => unhappy(
                NonSuccessKind::Failure,
                "InvariantViolated",
                &invariant.reason,
                &format!("observations: {}", places.join(", ")),
            ),
            InvariantOutcome::NotExercised => {
                unhappy(NonSuccessKind::Error, "InvariantNotExercised", &invariant.reason, "")
            }
        };
        suite.add_test_case(case(&invariant.name, "gonogo.invariants", 0, status));
    }
    suite
}

fn features(judgement: &Judgement) -> Vec<TestSuite> {
    let mut suites: Vec<TestSuite> =
        judgement.suites.iter().map(|suite| TestSuite::new(brief(&suite.name, MESSAGE))).collect();
    let places: BTreeMap<&str, usize> =
        judgement.suites.iter().enumerate().map(|(place, suite)| (suite.name.as_str(), place)).collect();
    for scenario in &judgement.scenarios {
        if let Some(suite) = places.get(scenario.feature.as_str()).and_then(|place| suites.get_mut(*place)) {
            // Of several tests with one name, readers show the first alone.
            let name = format!("{} ({})", brief(&scenario.name, MESSAGE), brief(&scenario.id, MESSAGE));
            let class = brief(&scenario.feature, MESSAGE);
            suite.add_test_case(case(&name, &class, scenario.duration_ms, status(scenario)));
        }
    }
    suites
}

fn status(scenario: &ScenarioResult) -> TestCaseStatus {
    let error = scenario.error.as_deref().unwrap_or_default();
    let message = format!("{} ({})", scenario.outcome.word(), scenario.severity.word());
    match scenario.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed => unhappy(NonSuccessKind::Failure, "ScenarioFailed", &message, error),
        _ => unhappy(NonSuccessKind::Error, "ScenarioUndecided", &message, error),
    }
}

fn unhappy(kind: NonSuccessKind, of: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(brief(message, MESSAGE)).set_type(of).set_description(brief(text, MESSAGE));
    status
}

fn case(name: &str, class: &str, duration_ms: u64, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(printable(name), status);
    case.set_classname(class).set_time(Duration::from_millis(duration_ms));
    case
}
