//! `vitest --reporter=json` and `jest --json`: one shape, two sets of words. A file of tests that did not load is an
//! errored case, for it is in no count of tests.

use serde::Deserialize;

use super::{Gathered, TestCase, TestFormat, TestOutcome, TestReport};
use crate::import::{Excerpt, ImportError, Many, Source, document};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    num_total_tests: u64,
    #[serde(default)]
    num_failed_tests: u64,
    #[serde(default)]
    num_runtime_error_test_suites: u64,
    success: Option<bool>,
    #[serde(default)]
    was_interrupted: bool,
    test_results: Many<Suite>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suite {
    name: String,
    status: String,
    #[serde(default)]
    message: Excerpt,
    assertion_results: Many<Assertion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(default)]
    ancestor_titles: Many<String>,
    title: String,
    status: String,
    duration: Option<f64>,
    #[serde(default)]
    failure_messages: Many<Excerpt>,
    #[serde(default)]
    retry_reasons: Many<Excerpt>,
    invocations: Option<u64>,
}

/// Reads one document.
pub(super) fn read(source: &mut Source<'_>, format: TestFormat) -> Result<TestReport, ImportError> {
    let run: Run = document(source)?;
    let refused = |what: String| ImportError::file(source.path(), what);
    let mut gathered = Gathered::new(format);
    let mut unloaded = 0;
    for suite in run.test_results.0 {
        let before = gathered.failing;
        for assertion in suite.assertion_results.0 {
            gathered.push(case(&suite.name, assertion).map_err(refused)?).map_err(refused)?;
        }
        match suite.status.as_str() {
            "passed" | "skipped" | "pending" | "todo" | "focused" | "disabled" => {}
            "failed" if gathered.failing > before => {}
            // No test of it failed, so it broke around them.
            "failed" => {
                unloaded += 1;
                gathered.push(broken(suite.name, suite.message)).map_err(refused)?;
            }
            other => {
                return Err(refused(format!(
                    "has a file of tests with the status `{other}`, which is not known"
                )));
            }
        }
    }
    let counted = gathered.cases.len() as u64 - unloaded;
    gathered.declares(run.num_total_tests, counted);
    if run.num_failed_tests > gathered.failing {
        let shown = gathered.failing;
        gathered.incomplete(format!("declares {} failed tests, shows {shown}", run.num_failed_tests));
    }
    if run.num_runtime_error_test_suites > unloaded {
        let told = run.num_runtime_error_test_suites;
        gathered.incomplete(format!("declares {told} files that did not load, shows {unloaded}"));
    }
    if run.was_interrupted {
        gathered.incomplete("tells of an interrupted run");
    }
    if run.success == Some(false) && gathered.failing == 0 {
        gathered.incomplete("says that the run did not succeed, but shows no failure");
    }
    Ok(gathered.finish())
}

fn case(suite: &str, assertion: Assertion) -> Result<TestCase, String> {
    let was_repeated = assertion.invocations.is_some_and(|times| times > 1)
        || !assertion.retry_reasons.0.is_empty()
        || !assertion.failure_messages.0.is_empty();
    let outcome = match assertion.status.as_str() {
        "passed" if was_repeated => TestOutcome::Flaky,
        "passed" => TestOutcome::Passed,
        "failed" => TestOutcome::Failed,
        "skipped" | "pending" | "todo" | "disabled" => TestOutcome::Skipped,
        other => return Err(format!("has a test with the status `{other}`, which is not known")),
    };
    let mut messages = assertion.failure_messages.0.into_iter().chain(assertion.retry_reasons.0);
    Ok(TestCase {
        suite: suite.to_owned(),
        class: assertion.ancestor_titles.0.join(" › "),
        name: assertion.title,
        occurrence: 1,
        outcome,
        duration_ms: assertion.duration.filter(|duration| *duration >= 0.0),
        message: messages.next().map(|text| text.0).filter(|text| !text.is_empty()),
    })
}

fn broken(suite: String, message: Excerpt) -> TestCase {
    TestCase {
        suite,
        class: String::new(),
        name: "(the file itself)".to_owned(),
        occurrence: 1,
        outcome: TestOutcome::Errored,
        duration_ms: None,
        message: Some(message.0).filter(|text| !text.is_empty()),
    }
}
