//! libtest's JSON lines and nextest's `libtest-json-plus`: events of suites and tests. A test that started and never
//! ended is errored; a suite that never ended keeps the report from counting as whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{CASE_LIMIT, Events, Gathered, TestCase, TestFormat, TestOutcome, TestReport, read_events};
use crate::import::{Excerpt, ImportError, Source};

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    event: Option<String>,
    name: Option<String>,
    exec_time: Option<f64>,
    #[serde(default)]
    stdout: Excerpt,
    #[serde(default)]
    message: Excerpt,
    #[serde(default)]
    reason: Excerpt,
    test_count: Option<u64>,
    failed: Option<u64>,
    nextest: Option<Nextest>,
}

#[derive(Deserialize)]
struct Nextest {
    #[serde(rename = "crate")]
    package: String,
    test_binary: String,
}

/// What is known of one test binary; nextest writes it as several suites.
#[derive(Default)]
struct Binary {
    declared: u64,
    ended: BTreeSet<String>,
}

struct Reading {
    gathered: Gathered,
    binaries: BTreeMap<String, Binary>,
    /// The suite that is open: its binary, whether nextest wrote it, and failures before it.
    suite: Option<(String, bool, u64)>,
    suites: u64,
    running: BTreeSet<(String, String)>,
    other_lines: u64,
}

/// Reads all events.
pub(super) fn read(source: &mut Source<'_>) -> Result<TestReport, ImportError> {
    let gathered = Gathered::new(TestFormat::Libtest);
    let (binaries, running) = (BTreeMap::new(), BTreeSet::new());
    read_events(source, Reading { gathered, binaries, suite: None, suites: 0, running, other_lines: 0 })
}

impl Events for Reading {
    type Event = Event;
    const OF: &str = "libtest";

    fn gathered(&mut self) -> &mut Gathered {
        &mut self.gathered
    }

    fn other_line(&mut self, text: &str) -> Result<(), String> {
        self.other_lines += u64::from(!text.is_empty());
        Ok(())
    }

    fn take(&mut self, event: Event) -> Result<(), String> {
        match (event.kind.as_str(), event.event.as_deref()) {
            ("suite", Some("started")) => self.suite_started(&event),
            ("suite", Some("ok" | "failed")) => self.suite_ended(&event)?,
            ("test", Some("started")) => {
                let (suite, name, _) = self.named(&event)?;
                self.running.insert((suite, name));
                if self.running.len() > CASE_LIMIT {
                    return Err(format!("has more than {CASE_LIMIT} tests at once"));
                }
            }
            // A warning that a test takes long; its end follows.
            ("test", Some("timeout")) | ("report", _) => {}
            ("test" | "bench", _) => self.ended(event)?,
            (kind, event) => {
                return Err(format!(
                    "has an event `{kind}` `{}`, which is not known",
                    event.unwrap_or_default()
                ));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<TestReport, String> {
        if let Some((binary, ..)) = &self.suite {
            self.gathered.incomplete(format!("is cut off: {binary} never ended"));
        }
        for (suite, name) in std::mem::take(&mut self.running) {
            self.gathered.push(TestCase {
                suite,
                class: String::new(),
                name,
                occurrence: 1,
                outcome: TestOutcome::Errored,
                duration_ms: None,
                message: Some("started and never ended".to_owned()),
            })?;
        }
        for (name, binary) in &self.binaries {
            let ended = binary.ended.len() as u64;
            if ended < binary.declared {
                let why = format!("{name} declares {} tests, shows {ended}", binary.declared);
                self.gathered.incomplete(why);
            }
        }
        if self.other_lines > 0 {
            self.gathered.note(format!("{} lines are no events", self.other_lines));
        }
        Ok(self.gathered.finish())
    }
}

impl Reading {
    fn suite_started(&mut self, event: &Event) {
        if self.suite.is_some() {
            self.gathered.incomplete("has a suite that starts within another");
        }
        self.suites += 1;
        let binary = match &event.nextest {
            Some(nextest) => format!("{}::{}", nextest.package, nextest.test_binary),
            None => format!("suite {}", self.suites),
        };
        let declared = &mut self.binaries.entry(binary.clone()).or_default().declared;
        *declared = (*declared).max(event.test_count.unwrap_or_default());
        self.suite = Some((binary, event.nextest.is_some(), self.gathered.failing));
    }

    fn suite_ended(&mut self, event: &Event) -> Result<(), String> {
        let Some((_, _, before)) = self.suite.take() else {
            return Err("has the end of a suite that never started".to_owned());
        };
        let shown = self.gathered.failing - before;
        if event.failed.unwrap_or_default() > shown
            || (event.event.as_deref() == Some("failed") && shown == 0)
        {
            self.gathered
                .incomplete(format!("has a suite that failed, but shows {shown} failed tests in it"));
        }
        Ok(())
    }

    /// Suite, name and attempt of a test.
    fn named(&self, event: &Event) -> Result<(String, String, u32), String> {
        let name = event.name.clone().ok_or("has an event of a test without a name")?;
        let Some((binary, is_nextest, _)) = &self.suite else {
            return Err("has a test outside a suite".to_owned());
        };
        if !is_nextest {
            // Which binary it is, libtest does not say; its place in the file is no name that lasts.
            return Ok((String::new(), name, 1));
        }
        let name = name.split_once('$').map_or(name.as_str(), |(_, name)| name).to_owned();
        let attempt = name.rsplit_once('#').and_then(|(name, n)| Some((name.to_owned(), n.parse().ok()?)));
        let (name, attempt) = attempt.unwrap_or((name, 1));
        Ok((binary.clone(), name, attempt))
    }

    fn ended(&mut self, event: Event) -> Result<(), String> {
        let (suite, name, attempt) = self.named(&event)?;
        let outcome = match event.event.as_deref() {
            Some("ok") if attempt > 1 => TestOutcome::Flaky,
            Some("ok") => TestOutcome::Passed,
            None if event.kind == "bench" => TestOutcome::Passed,
            Some("failed") => TestOutcome::Failed,
            Some("ignored") => TestOutcome::Skipped,
            other => {
                return Err(format!(
                    "has a test that came to `{}`, which is not known",
                    other.unwrap_or_default()
                ));
            }
        };
        self.running.remove(&(suite.clone(), name.clone()));
        if let Some(binary) = self.suite.as_ref().and_then(|(binary, ..)| self.binaries.get_mut(binary)) {
            binary.ended.insert(name.clone());
        }
        let said = [event.message.0, event.reason.0, event.stdout.0];
        self.gathered.push(TestCase {
            suite,
            class: String::new(),
            name,
            occurrence: 1,
            outcome,
            duration_ms: event.exec_time.map(|seconds| seconds * 1000.0),
            message: said
                .into_iter()
                .find(|text| !text.is_empty())
                .filter(|_| outcome != TestOutcome::Passed),
        })
    }
}
