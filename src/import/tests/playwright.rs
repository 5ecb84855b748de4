//! Playwright's `json` reporter: suites within suites, one result per test and project. Takes Playwright's own word
//! for what is flaky and what was awaited.

use serde::Deserialize;

use super::{Gathered, TestCase, TestFormat, TestOutcome, TestReport};
use crate::import::{Excerpt, ImportError, Many, Source, document};

#[derive(Deserialize)]
struct Run {
    #[serde(default)]
    config: Option<Config>,
    suites: Many<Suite>,
    #[serde(default)]
    errors: Many<Failure>,
    stats: Stats,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    git_commit: Option<Commit>,
    #[serde(default)]
    ci: Option<Ci>,
}

/// What is called so may also be another team's own.
#[derive(Deserialize)]
#[serde(untagged)]
enum Commit {
    Told { hash: String },
    Bare(String),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ci {
    Told {
        #[serde(rename = "commitHash")]
        commit_hash: String,
    },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    expected: u64,
    #[serde(default)]
    unexpected: u64,
    #[serde(default)]
    flaky: u64,
    #[serde(default)]
    skipped: u64,
}

#[derive(Deserialize)]
struct Suite {
    title: String,
    #[serde(default)]
    specs: Many<Spec>,
    #[serde(default)]
    suites: Many<Suite>,
}

#[derive(Deserialize)]
struct Spec {
    title: String,
    tests: Many<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    status: String,
    #[serde(default)]
    project_name: String,
    results: Many<Attempt>,
}

#[derive(Deserialize)]
struct Attempt {
    status: Option<String>,
    duration: Option<f64>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    message: Excerpt,
}

/// Reads one document.
pub(super) fn read(source: &mut Source<'_>) -> Result<TestReport, ImportError> {
    let run: Run = document(source)?;
    let refused = |what: String| ImportError::file(source.path(), what);
    let mut gathered = Gathered::new(TestFormat::Playwright);
    let metadata = run.config.and_then(|config| config.metadata);
    if let Some(metadata) = metadata {
        if let Some(Commit::Told { hash } | Commit::Bare(hash)) = metadata.git_commit {
            gathered.commit(&hash);
        }
        if let Some(Ci::Told { commit_hash }) = metadata.ci {
            gathered.commit(&commit_hash);
        }
    }
    let mut open: Vec<(Vec<String>, Suite)> = vec![];
    open.extend(run.suites.0.into_iter().rev().map(|suite| (vec![], suite)));
    while let Some((mut above, suite)) = open.pop() {
        above.push(suite.title);
        for spec in suite.specs.0 {
            for test in spec.tests.0 {
                gathered.push(case(&above, &spec.title, test).map_err(refused)?).map_err(refused)?;
            }
        }
        open.extend(suite.suites.0.into_iter().rev().map(|suite| (above.clone(), suite)));
    }
    let counted = gathered.cases.len() as u64;
    for error in run.errors.0 {
        gathered
            .push(named("", "", "(the run itself)", TestOutcome::Errored, error.message))
            .map_err(refused)?;
    }
    let stats = &run.stats;
    let told = [stats.expected, stats.unexpected, stats.flaky, stats.skipped];
    let told = told.into_iter().fold(0_u64, u64::saturating_add);
    gathered.declares(told, counted);
    if stats.unexpected > gathered.failing {
        let shown = gathered.failing;
        gathered.incomplete(format!("declares {} failed tests, shows {shown}", stats.unexpected));
    }
    Ok(gathered.finish())
}

fn case(above: &[String], title: &str, test: Test) -> Result<TestCase, String> {
    let was_interrupted =
        test.results.0.iter().any(|attempt| attempt.status.as_deref() == Some("interrupted"));
    let outcome = match test.status.as_str() {
        _ if was_interrupted => TestOutcome::Errored,
        "expected" => TestOutcome::Passed,
        "flaky" => TestOutcome::Flaky,
        "unexpected" => TestOutcome::Failed,
        "skipped" => TestOutcome::Skipped,
        other => return Err(format!("has a test with the status `{other}`, which is not known")),
    };
    let duration_ms = test.results.0.last().and_then(|attempt| attempt.duration);
    let error = test.results.0.into_iter().find_map(|attempt| attempt.error);
    let name = match test.project_name.as_str() {
        "" => title.to_owned(),
        project => format!("{title} [{project}]"),
    };
    let suite = above.first().cloned().unwrap_or_default();
    let class = above.get(1..).unwrap_or_default().join(" › ");
    let message = error.map(|error| error.message).unwrap_or_default();
    Ok(TestCase { duration_ms, ..named(&suite, &class, &name, outcome, message) })
}

fn named(suite: &str, class: &str, name: &str, outcome: TestOutcome, message: Excerpt) -> TestCase {
    TestCase {
        suite: suite.to_owned(),
        class: class.to_owned(),
        name: name.to_owned(),
        occurrence: 1,
        outcome,
        duration_ms: None,
        message: Some(message.0).filter(|text| !text.is_empty()),
    }
}
