//! Common Test Report Format (<https://ctrf.io>), 0.x and 1.x. Takes the report's own `flaky`, never guesses one.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use super::{Gathered, TestCase, TestFormat, TestOutcome, TestReport};
use crate::import::{Excerpt, ImportError, Many, Source, document};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    report_format: Option<String>,
    spec_version: Option<String>,
    generated_by: Option<String>,
    results: Results,
}

#[derive(Deserialize)]
struct Results {
    summary: Summary,
    #[serde(default)]
    environment: Option<Environment>,
    tests: Many<Test>,
}

#[derive(Deserialize)]
struct Environment {
    commit: Option<String>,
}

#[derive(Deserialize)]
struct Summary {
    tests: u64,
    failed: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    name: String,
    status: String,
    duration: Option<f64>,
    #[serde(default)]
    suite: Names,
    file_path: Option<String>,
    #[serde(default)]
    flaky: Option<bool>,
    #[serde(default)]
    message: Excerpt,
}

/// One name in 0.x, a list of them in 1.x.
#[derive(Default)]
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a suite's name or a list of names")
            }
            fn visit_unit<E>(self) -> Result<Names, E> {
                Ok(Names::default())
            }
            fn visit_str<E>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Names, A::Error> {
                let mut all = vec![];
                while let Some(name) = names.next_element()? {
                    all.push(name);
                }
                Ok(Names(all))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// Reads one document.
pub(super) fn read(source: &mut Source<'_>) -> Result<TestReport, ImportError> {
    let report: Report = document(source)?;
    let refused = |what: String| ImportError::file(source.path(), what);
    if let Some(other) = report.report_format.filter(|format| format != "CTRF") {
        return Err(refused(format!("says that its format is `{other}`: expected `CTRF`")));
    }
    match report.spec_version.as_deref().map(|version| version.split('.').next().unwrap_or_default()) {
        None | Some("0" | "1") => {}
        Some(_) => {
            return Err(refused("is of a CTRF version that is not known: expected 0.x or 1.x".to_owned()));
        }
    }
    let mut gathered = Gathered::new(TestFormat::Ctrf);
    if report.generated_by.is_some_and(|tool| tool.contains("vitest-ctrf")) {
        let note =
            "this reporter leaves out a file of tests that did not load: only the runner's exit code tells";
        gathered.note(note.to_owned());
    }
    if let Some(commit) = report.results.environment.and_then(|environment| environment.commit) {
        gathered.commit(&commit);
    }
    for test in report.results.tests.0 {
        gathered.push(case(test).map_err(refused)?).map_err(refused)?;
    }
    let (summary, counted) = (report.results.summary, gathered.cases.len() as u64);
    gathered.declares(summary.tests, counted);
    if summary.failed > gathered.failing {
        let shown = gathered.failing;
        gathered.incomplete(format!("declares {} failed tests, shows {shown}", summary.failed));
    }
    Ok(gathered.finish())
}

fn case(test: Test) -> Result<TestCase, String> {
    let outcome = match test.status.as_str() {
        "passed" if test.flaky == Some(true) => TestOutcome::Flaky,
        "passed" => TestOutcome::Passed,
        "failed" => TestOutcome::Failed,
        "skipped" | "pending" => TestOutcome::Skipped,
        // The format's word for whatever is none of these.
        "other" => TestOutcome::Errored,
        other => return Err(format!("has a test with the status `{other}`, which is not known")),
    };
    // Some reporters repeat the test's whole name there.
    let path: Vec<_> = test.suite.0.into_iter().filter(|suite| *suite != test.name).collect();
    let (suite, class) = match test.file_path {
        Some(file) if path.first() == Some(&file) => (file, path[1..].join(" › ")),
        Some(file) => (file, path.join(" › ")),
        None => (path.join(" › "), String::new()),
    };
    Ok(TestCase {
        suite,
        class,
        name: test.name,
        occurrence: 1,
        outcome,
        duration_ms: test.duration.filter(|duration| *duration >= 0.0),
        message: Some(test.message.0).filter(|text| !text.is_empty()),
    })
}
