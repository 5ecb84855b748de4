//! JUnit XML in the dialects of vitest, jest-junit, pytest, nextest, surefire, node and Playwright. Counts `<testcase>`
//! elements wherever they stand; an element that it does not know keeps the report from counting as whole.

mod declared;
mod word;

use declared::{Declared, Differs, Shown};

use super::{Gathered, TestCase, TestFormat, TestOutcome, TestReport, message, seconds_as_ms};
use crate::import::{Element, ImportError, MESSAGE_LIMIT, Source, XmlEvent, XmlReader};

/// Reads one document.
pub(super) fn read(source: &mut Source<'_>) -> Result<TestReport, ImportError> {
    let path = source.path().to_owned();
    let mut xml = XmlReader::new(&path, source.rewound()?)?;
    let mut reading =
        Reading { gathered: Gathered::new(TestFormat::Junit), open: vec![], case: None, told: 0, skipped: 0 };
    loop {
        let done = match xml.next_event()? {
            XmlEvent::Start(element) => reading.start(&element).map(|()| false),
            XmlEvent::End => reading.end().map(|()| false),
            XmlEvent::Text(text) => {
                reading.text(&text);
                Ok(false)
            }
            XmlEvent::Whole => Ok(true),
            XmlEvent::CutOff => reading.cut_off(&xml.place().to_string()).map(|()| true),
        };
        if done.map_err(|what| xml.error(what))? {
            break;
        }
    }
    let mut gathered = reading.gathered;
    gathered.illegal(xml.illegal());
    Ok(gathered.finish())
}

/// What an open element is.
enum Open {
    /// `<testsuites>` or `<testsuite>`.
    Suite(Suite),
    /// `<testcase>`.
    Case,
    /// `<failure>` and the like.
    Result,
    /// Captured output, properties: no result stands in there.
    Free,
    /// A property that names the commit by its text, as far as that was read.
    Commit(String),
}

/// A suite that is open.
struct Suite {
    name: String,
    declared: Declared,
    is_pytest: bool,
    /// What stood before it: failing tests, failures as elements, skipped tests.
    before: (u64, u64, u64),
    /// Tests in it itself, tests in the suites within it, skipped tests that those declare.
    own: u64,
    nested: u64,
    skipped_within: u64,
}

/// The `<testcase>` that is being read.
struct Case {
    element: TestCase,
    result: Option<Kind>,
    is_todo: bool,
    text: String,
}

/// What an element within a test case says, from weakest to strongest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Flake,
    Skip,
    Rerun,
    Failure,
    Error,
}

impl Kind {
    fn of(element: &str) -> Option<Self> {
        Some(match element {
            "flakyFailure" | "flakyError" => Self::Flake,
            "skipped" => Self::Skip,
            "rerunFailure" | "rerunError" => Self::Rerun,
            "failure" => Self::Failure,
            "error" => Self::Error,
            _ => return None,
        })
    }
}

struct Reading {
    gathered: Gathered,
    open: Vec<Open>,
    case: Option<Case>,
    /// `<failure>` and `<error>` elements so far; some tools count these, not the tests that hold them.
    told: u64,
    /// Skipped tests so far.
    skipped: u64,
}

impl Reading {
    fn start(&mut self, element: &Element) -> Result<(), String> {
        let name = element.name.as_str();
        let opened = match (self.open.last(), name) {
            (None, "testsuites" | "testsuite") => self.suite(element, name == "testsuite"),
            (None, other) => {
                return Err(format!("has the root `<{}>`: expected `<testsuites>` or `<testsuite>`", other));
            }
            (Some(Open::Suite(_)), "testsuite" | "testsuites") => self.suite(element, true),
            (Some(Open::Suite(_)), "testcase") => self.case(element),
            (Some(Open::Suite(_)), "failure" | "error") => {
                self.whole_suite(element)?;
                Open::Result
            }
            (
                Some(Open::Suite(_) | Open::Case),
                "properties" | "system-out" | "system-err" | "attachments",
            ) => Open::Free,
            (Some(Open::Case), other) => match Kind::of(other) {
                Some(kind) => {
                    self.result(kind, element);
                    Open::Result
                }
                None => self.unknown(name),
            },
            (Some(Open::Suite(_)), _) => self.unknown(name),
            (Some(Open::Result | Open::Free | Open::Commit(_)), "testcase" | "testsuite" | "testsuites") => {
                return Err(format!("has a `<{name}>` where none can stand"));
            }
            (Some(Open::Result | Open::Free | Open::Commit(_)), _) => self.property(element),
        };
        self.open.push(opened);
        Ok(())
    }

    /// A property that names the commit, as CI systems and reporters call it. That of a test counts as well; its
    /// `revision` may be one of anything.
    fn property(&mut self, element: &Element) -> Open {
        if element.name != "property" {
            return Open::Free;
        }
        let name = element.attribute("name").unwrap_or_default().to_ascii_lowercase();
        let is_sha = name.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == "sha");
        let is_revision = self.case.is_none() && name.contains("revision");
        match element.attribute("value") {
            _ if !is_sha && !is_revision && !name.contains("commit") => Open::Free,
            Some(value) => {
                self.gathered.commit(value);
                Open::Free
            }
            None => Open::Commit(String::new()),
        }
    }

    fn unknown(&mut self, name: &str) -> Open {
        self.gathered.incomplete(format!(
            "has an element `<{}>` that no known dialect has",
            message(name).unwrap_or_default()
        ));
        Open::Free
    }

    fn suite(&mut self, element: &Element, is_named: bool) -> Open {
        let name = element.attribute("name").unwrap_or_default();
        if !is_named && name == "jest tests" {
            let note = "jest-junit leaves out a suite that did not load unless it is told otherwise, and shows `todo` as passed: only the runner's exit code tells";
            self.gathered.note(note.to_owned());
        }
        // Its names unless it is configured otherwise; the root has one since pytest 8.
        let is_pytest = matches!((is_named, name), (true, "pytest") | (false, "pytest tests"))
            || matches!(self.open.last(), Some(Open::Suite(Suite { is_pytest: true, .. })));
        let name = if is_named { name } else { "" };
        Open::Suite(Suite {
            name: name.to_owned(),
            declared: Declared::of(element),
            is_pytest,
            before: (self.gathered.failing, self.told, self.skipped),
            own: 0,
            nested: 0,
            skipped_within: 0,
        })
    }

    /// Names of the open suites, outermost first.
    fn suites(&self) -> String {
        let names = self.open.iter().filter_map(|open| match open {
            Open::Suite(Suite { name, .. }) if !name.is_empty() => Some(name.as_str()),
            _ => None,
        });
        names.collect::<Vec<_>>().join(" › ")
    }

    fn case(&mut self, element: &Element) -> Open {
        let text = |key: &str| element.attribute(key).unwrap_or_default().to_owned();
        if element.attribute("name").is_none() {
            self.gathered.incomplete("has a `<testcase>` without a name");
        }
        let case = TestCase {
            suite: self.suites(),
            class: text("classname"),
            name: text("name"),
            occurrence: 1,
            outcome: TestOutcome::Passed,
            duration_ms: element.attribute("time").and_then(seconds_as_ms),
            message: None,
        };
        let mut case = Case { element: case, result: None, is_todo: false, text: String::new() };
        // node says it in an attribute; googletest and others by `status` and `result`.
        if let Some(told) = element.attribute("failure").or_else(|| element.attribute("error")) {
            case.result = Some(Kind::Failure);
            case.element.message = message(told);
        }
        let (kind, unknown) = word::told(element);
        case.result = case.result.max(kind);
        for word in unknown {
            self.gathered.incomplete(format!("has a test with {word}, a word that no known dialect has"));
        }
        if let Some(Open::Suite(Suite { own, .. })) = self.open.last_mut() {
            *own += 1;
        }
        self.case = Some(case);
        Open::Case
    }

    fn result(&mut self, kind: Kind, element: &Element) {
        let Some(case) = &mut self.case else { return };
        self.told += u64::from(matches!(kind, Kind::Failure | Kind::Error));
        let stronger = case.result.is_none_or(|known| kind > known);
        case.is_todo |= kind == Kind::Skip && element.attribute("type") == Some("todo");
        if stronger {
            case.result = Some(kind);
            case.text.clear();
        }
        if stronger || case.element.message.is_none() {
            case.element.message =
                element.attribute("message").and_then(message).or(case.element.message.take());
        }
    }

    /// A failure that stands in a suite, not in a test: the suite did not load or not end.
    fn whole_suite(&mut self, element: &Element) -> Result<(), String> {
        let case = TestCase {
            suite: self.suites(),
            class: String::new(),
            name: "(the suite itself)".to_owned(),
            occurrence: 1,
            outcome: TestOutcome::Errored,
            duration_ms: None,
            message: element.attribute("message").and_then(message),
        };
        self.gathered.push(case)
    }

    fn text(&mut self, text: &str) {
        if let Some(Open::Commit(named)) = self.open.last_mut().filter(|_| text.len() <= MESSAGE_LIMIT) {
            named.push_str(text);
        }
        let is_result = matches!(self.open.last(), Some(Open::Result));
        let case = self.case.as_mut().filter(|case| is_result && case.text.len() < MESSAGE_LIMIT * 4);
        if let Some(case) = case {
            case.text.extend(text.chars().take(MESSAGE_LIMIT));
        }
    }

    fn end(&mut self) -> Result<(), String> {
        match self.open.pop() {
            Some(Open::Case) => self.take_case(),
            Some(Open::Commit(named)) => {
                self.gathered.commit(&named);
                Ok(())
            }
            Some(Open::Suite(suite)) => {
                if let Some(Open::Suite(above)) = self.open.last_mut() {
                    above.nested += suite.own + suite.nested;
                    let skipped = suite.declared.skipped(suite.skipped_within);
                    above.skipped_within = above.skipped_within.saturating_add(skipped);
                }
                self.compare(&suite);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_case(&mut self) -> Result<(), String> {
        let Some(Case { mut element, result, is_todo, text }) = self.case.take() else { return Ok(()) };
        element.outcome = match result {
            None => TestOutcome::Passed,
            Some(Kind::Flake) => TestOutcome::Flaky,
            Some(Kind::Skip) => TestOutcome::Skipped,
            // A test that its author marked as not done may fail; node and TAP do not count it.
            Some(Kind::Failure) if is_todo => TestOutcome::Skipped,
            Some(Kind::Failure | Kind::Rerun) => TestOutcome::Failed,
            Some(Kind::Error) => TestOutcome::Errored,
        };
        if element.message.is_none() && element.outcome != TestOutcome::Passed {
            element.message = message(&text);
        }
        self.skipped += u64::from(element.outcome == TestOutcome::Skipped);
        self.gathered.push(element)
    }

    fn compare(&mut self, suite: &Suite) {
        let place = match suite.name.as_str() {
            "" => "the whole".to_owned(),
            name => format!("suite `{name}`"),
        };
        let (failing, told, skipped) = suite.before;
        let shown = Shown {
            own: suite.own,
            total: suite.own + suite.nested,
            skipped: self.skipped - skipped,
            skipped_within: suite.skipped_within,
            failing: (self.gathered.failing - failing).max(self.told - told),
        };
        for differs in suite.declared.differs(shown, suite.is_pytest) {
            match differs {
                Differs::Lacks(what) => self.gathered.incomplete(format!("{place} {what}")),
                Differs::Noted(what) => self.gathered.note(format!("{place} {what}")),
            }
        }
    }

    fn cut_off(&mut self, place: &str) -> Result<(), String> {
        let within = match &self.case {
            Some(case) => format!(" within the test `{}`", message(&case.element.name).unwrap_or_default()),
            None => String::new(),
        };
        self.gathered.incomplete(format!("is cut off at {place}{within}"));
        let Some(mut case) = self.case.take() else { return Ok(()) };
        case.element.outcome = TestOutcome::Errored;
        case.element.message = Some("the file ends within this test".to_owned());
        self.gathered.push(case.element)
    }
}
