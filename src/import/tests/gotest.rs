//! `go test -json`: events of packages and tests, with lines between them that are no events. A package that fails
//! without a failed test, or that does not build, is an errored case; one that never ends keeps the report from
//! counting as whole.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    CASE_LIMIT, Events, Gathered, TestCase, TestFormat, TestOutcome, TestReport, message, read_events,
};
use crate::import::{ImportError, MESSAGE_LIMIT, Source};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    package: Option<String>,
    import_path: Option<String>,
    test: Option<String>,
    elapsed: Option<f64>,
    output: Option<String>,
}

/// A package between its first event and its last.
#[derive(Default)]
struct Package {
    failing: u64,
    output: String,
    running: BTreeMap<String, String>,
    is_panicking: bool,
}

struct Reading {
    gathered: Gathered,
    open: BTreeMap<String, Package>,
    build: BTreeMap<String, String>,
    other_lines: u64,
    cached: u64,
}

/// Reads all events.
pub(super) fn read(source: &mut Source<'_>) -> Result<TestReport, ImportError> {
    let gathered = Gathered::new(TestFormat::GoTest);
    let (open, build) = (BTreeMap::new(), BTreeMap::new());
    read_events(source, Reading { gathered, open, build, other_lines: 0, cached: 0 })
}

impl Events for Reading {
    type Event = Event;
    const OF: &str = "`go test -json`";

    fn gathered(&mut self) -> &mut Gathered {
        &mut self.gathered
    }

    /// What the go command itself prints: `FAIL package [build failed]`, or a compiler's words.
    fn other_line(&mut self, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        self.other_lines += 1;
        let mut words = text.split_whitespace();
        match (words.next(), words.next()) {
            (Some("FAIL"), Some(package)) => {
                let package = package.to_owned();
                self.broken(&package, text.to_owned())
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, event: Event) -> Result<(), String> {
        if let Some(package) = event.import_path.filter(|_| event.package.is_none()) {
            return self.built(&event.action, package, &event.output.unwrap_or_default());
        }
        let package = event.package.ok_or("has an event without a package")?;
        match (event.action.as_str(), event.test) {
            ("bench", Some(test)) => self.test_ended(package, test, "pass", event.elapsed),
            ("start" | "run" | "pause" | "cont" | "attr" | "artifacts", test) => self.started(package, test),
            ("output", test) => {
                self.output(package, test, &event.output.unwrap_or_default());
                Ok(())
            }
            (action @ ("pass" | "fail" | "skip"), Some(test)) => {
                self.test_ended(package, test, action, event.elapsed)
            }
            (action @ ("pass" | "fail" | "skip"), None) => self.package_ended(package, action),
            (other, _) => Err(format!("has the action `{other}`, which is not known")),
        }
    }

    fn finish(mut self) -> Result<TestReport, String> {
        for (name, mut package) in std::mem::take(&mut self.open) {
            self.gathered.incomplete(format!("is cut off, or the run was: {name} never ended"));
            self.never_ended(&name, &mut package)?;
        }
        if self.other_lines > 0 {
            self.gathered.note(format!("{} lines are no events", self.other_lines));
        }
        if self.cached > 0 {
            self.gathered
                .note(format!("{} packages were not run: their results are from Go's cache", self.cached));
        }
        Ok(self.gathered.finish())
    }
}

impl Reading {
    fn broken(&mut self, package: &str, why: String) -> Result<(), String> {
        self.gathered.push(TestCase {
            suite: package.to_owned(),
            class: String::new(),
            name: "(the package itself)".to_owned(),
            occurrence: 1,
            outcome: TestOutcome::Errored,
            duration_ms: None,
            message: message(&why),
        })
    }

    fn started(&mut self, package: String, test: Option<String>) -> Result<(), String> {
        let open = self.open.entry(package).or_default();
        if let Some(test) = test {
            open.running.entry(test).or_default();
        }
        match open.running.len().max(self.open.len()) > CASE_LIMIT {
            true => Err(format!("has more than {CASE_LIMIT} tests at once")),
            false => Ok(()),
        }
    }

    /// Go from 1.24 on tells of the build by events of their own.
    fn built(&mut self, action: &str, package: String, output: &str) -> Result<(), String> {
        match action {
            "build-output" => {
                keep(self.build.entry(package).or_default(), output);
                Ok(())
            }
            "build-fail" => {
                let why = self.build.remove(&package).unwrap_or_else(|| "did not build".to_owned());
                self.broken(&package, why)
            }
            other => Err(format!("has the action `{other}`, which is not known")),
        }
    }

    fn output(&mut self, package: String, test: Option<String>, output: &str) {
        let open = self.open.entry(package).or_default();
        open.is_panicking |= output.starts_with("panic: ");
        match test {
            // What is printed after a test's end does not open it again.
            Some(test) => {
                if let Some(kept) = open.running.get_mut(&test) {
                    keep(kept, output);
                }
            }
            None => {
                self.cached += u64::from(output.starts_with("ok ") && output.contains("(cached)"));
                keep(&mut open.output, output);
            }
        }
    }

    fn test_ended(
        &mut self,
        suite: String,
        name: String,
        action: &str,
        elapsed: Option<f64>,
    ) -> Result<(), String> {
        let open = self.open.entry(suite.clone()).or_default();
        let output = open.running.remove(&name).unwrap_or_default();
        let outcome = match action {
            "pass" => TestOutcome::Passed,
            "skip" => TestOutcome::Skipped,
            _ => TestOutcome::Failed,
        };
        open.failing += u64::from(outcome.is_failing());
        self.gathered.push(TestCase {
            suite,
            class: String::new(),
            name,
            occurrence: 1,
            outcome,
            duration_ms: elapsed.map(|seconds| seconds * 1000.0),
            message: message(&output).filter(|_| outcome != TestOutcome::Passed),
        })
    }

    fn package_ended(&mut self, name: String, action: &str) -> Result<(), String> {
        let mut package = self.open.remove(&name).unwrap_or_default();
        if package.is_panicking {
            let note = format!("{name} panicked: tests that were to follow are not listed");
            self.gathered.note(note);
        }
        self.never_ended(&name, &mut package)?;
        if action == "fail" && package.failing == 0 {
            self.broken(&name, package.output)?;
        }
        Ok(())
    }

    fn never_ended(&mut self, suite: &str, package: &mut Package) -> Result<(), String> {
        for (name, output) in std::mem::take(&mut package.running) {
            package.failing += 1;
            self.gathered.push(TestCase {
                suite: suite.to_owned(),
                class: String::new(),
                name,
                occurrence: 1,
                outcome: TestOutcome::Errored,
                duration_ms: None,
                message: message(&format!("started and never ended\n{output}")),
            })?;
        }
        Ok(())
    }
}

/// Keeps the beginning of what is printed.
fn keep(kept: &mut String, output: &str) {
    if kept.len() < MESSAGE_LIMIT {
        kept.extend(output.chars().take(MESSAGE_LIMIT));
    }
}
