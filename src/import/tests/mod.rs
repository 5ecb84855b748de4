//! Test results of other tools: one dialect family, one file. Counts what stands there, element by element; a total
//! that a tool declares is only compared, and what cannot count as whole says why.

use std::{cmp::Ordering, collections::HashMap, path::Path};

use serde::de::DeserializeOwned;

use super::{ImportError, Lines, Source, excerpt};

mod ctrf;
mod format;
mod gotest;
mod junit;
mod libtest;
mod playwright;
mod tap;
mod vitest_jest;

#[cfg(test)]
mod checks;
#[cfg(test)]
mod dialects;
#[cfg(test)]
mod hostile;

pub use format::TestFormat;

pub use crate::evidence::TestOutcome;

/// Cases that one file may hold.
const CASE_LIMIT: usize = 1_000_000;
/// Bytes that the cases of one file may hold together.
const HELD_LIMIT: usize = 512 << 20;
/// Notes that are kept; more of them say nothing new.
const NOTE_LIMIT: usize = 50;

/// What one file of test results says.
#[derive(Clone, Debug, PartialEq)]
pub struct TestReport {
    /// The dialect.
    pub format: TestFormat,
    /// Every result, in the file's order.
    pub cases: Vec<TestCase>,
    /// Why the file cannot count as whole: cut off, no test in it, a run that was interrupted.
    pub incomplete: Option<String>,
    /// The commits that the file says it is of, each once: hex digits, perhaps shortened.
    pub commits: Vec<String>,
    /// What is odd but changes no result: totals that differ, characters that were left out.
    pub notes: Vec<String>,
}

impl TestReport {
    /// How many cases came to that outcome.
    #[must_use]
    pub fn count(&self, outcome: TestOutcome) -> usize {
        self.cases.iter().filter(|case| case.outcome == outcome).count()
    }

    /// Takes in the cases of another file of the same run; occurrences are numbered anew, and what keeps either from
    /// counting as whole keeps both.
    pub fn absorb(&mut self, other: Self) {
        for commit in other.commits {
            if !self.commits.contains(&commit) {
                self.commits.push(commit);
            }
        }
        self.cases.extend(other.cases);
        number(&mut self.cases);
        self.notes.extend(other.notes);
        self.incomplete = match (self.incomplete.take(), other.incomplete) {
            (Some(one), Some(two)) => Some(format!("{one}; {two}")),
            (one, two) => one.or(two),
        };
    }
}

/// One result of one test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestCase {
    /// The file, package or suite; nested suites are joined by ` › `.
    pub suite: String,
    /// The class or the describing blocks; may be empty.
    pub class: String,
    /// The test.
    pub name: String,
    /// Which result of that suite, class and name this is, from 1.
    pub occurrence: u32,
    /// What it came to.
    pub outcome: TestOutcome,
    /// How long it took, if the file says so.
    pub duration_ms: Option<f64>,
    /// Why it failed or was skipped: the beginning of what the tool says.
    pub message: Option<String>,
}

impl TestCase {
    /// `suite › class › name`, with ` #2` for a second occurrence.
    #[must_use]
    pub fn id(&self) -> String {
        match self.occurrence {
            0 | 1 => self.title(),
            n => format!("{} #{n}", self.title()),
        }
    }

    /// `suite › class › name`: the same for every occurrence. A class that repeats the suite or the name is left out.
    #[must_use]
    pub fn title(&self) -> String {
        let class = if self.class == self.suite || self.class == self.name { "" } else { &self.class };
        let parts = [self.suite.as_str(), class, self.name.as_str()];
        parts.into_iter().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" › ")
    }
}

/// Reads a file of test results; the dialect is recognised by what the file holds.
///
/// # Errors
///
/// The file cannot be opened or read, is of no known dialect or of another than `format`, is ill-formed, or is beyond
/// a limit. A file that is merely cut off, holds no test or tells of an interrupted run is a report that is
/// `incomplete`.
pub fn read(path: &Path, format: Option<TestFormat>) -> Result<TestReport, ImportError> {
    read_source(&mut Source::open(path)?, format)
}

/// Reads test results from bytes at hand, named `path` in errors.
///
/// # Errors
///
/// As [`read`].
pub fn read_bytes(path: &Path, bytes: &[u8], format: Option<TestFormat>) -> Result<TestReport, ImportError> {
    read_source(&mut Source::bytes(path, bytes), format)
}

/// Reads test results from an open source: what was hashed and what is read is then the same file.
///
/// # Errors
///
/// As [`read`].
pub fn read_source(source: &mut Source<'_>, format: Option<TestFormat>) -> Result<TestReport, ImportError> {
    let found = format::recognise(source)?;
    if let Some(wanted) = format.filter(|wanted| *wanted != found) {
        let what = format!("was to be {}, but is {}", wanted.word(), found.word());
        return Err(ImportError::file(source.path(), what));
    }
    match found {
        TestFormat::Junit => junit::read(source),
        TestFormat::Vitest | TestFormat::Jest => vitest_jest::read(source, found),
        TestFormat::Playwright => playwright::read(source),
        TestFormat::Ctrf => ctrf::read(source),
        TestFormat::Libtest => libtest::read(source),
        TestFormat::GoTest => gotest::read(source),
        TestFormat::Tap => tap::read(source),
    }
}

/// Gathers the cases of one file within its limits.
struct Gathered {
    format: TestFormat,
    commits: Vec<String>,
    cases: Vec<TestCase>,
    failing: u64,
    held: usize,
    notes: Vec<String>,
    more_notes: usize,
    incomplete: Vec<String>,
}

impl Gathered {
    fn new(format: TestFormat) -> Self {
        Self {
            format,
            commits: vec![],
            cases: vec![],
            failing: 0,
            held: 0,
            notes: vec![],
            more_notes: 0,
            incomplete: vec![],
        }
    }

    /// Takes a commit that the file names; what is no hash says nothing of a commit.
    fn commit(&mut self, named: &str) {
        let named = named.trim().to_ascii_lowercase();
        let is_hash = (7..=64).contains(&named.len()) && named.bytes().all(|byte| byte.is_ascii_hexdigit());
        // Of several, one is not the release's: more of them say nothing new.
        if is_hash && self.commits.len() < NOTE_LIMIT && !self.commits.contains(&named) {
            self.commits.push(named);
        }
    }

    /// Takes a case in.
    ///
    /// # Errors
    ///
    /// What is wrong, without its place: too many cases, or a name that is too long.
    fn push(&mut self, mut case: TestCase) -> Result<(), String> {
        let names = case.suite.len() + case.class.len() + case.name.len();
        if names > super::NAME_LIMIT {
            return Err(format!("a test's name is longer than {} bytes", super::NAME_LIMIT));
        }
        self.hold(names + case.message.as_ref().map_or(0, String::len) + size_of::<TestCase>())?;
        case.duration_ms = case.duration_ms.filter(|ms| ms.is_finite() && *ms >= 0.0);
        self.failing += u64::from(case.outcome.is_failing());
        self.cases.push(case);
        Ok(())
    }

    /// Counts text that is about to be held.
    fn hold(&mut self, bytes: usize) -> Result<(), String> {
        self.held = self.held.saturating_add(bytes);
        match self.cases.len() >= CASE_LIMIT || self.held > HELD_LIMIT {
            true => Err(format!(
                "holds more than {CASE_LIMIT} tests, or more than {HELD_LIMIT} bytes of their text"
            )),
            false => Ok(()),
        }
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < NOTE_LIMIT {
            self.notes.push(excerpt(&note));
        } else {
            self.more_notes += 1;
        }
    }

    fn incomplete(&mut self, why: impl Into<String>) {
        let why = excerpt(&why.into());
        if self.incomplete.len() < NOTE_LIMIT && !self.incomplete.contains(&why) {
            self.incomplete.push(why);
        }
    }

    /// Holds a total that the file declares against the tests that stand there: fewer than declared are not all.
    fn declares(&mut self, tests: u64, shown: u64) {
        let what = format!("declares {tests} tests, holds {shown}");
        match tests.cmp(&shown) {
            Ordering::Greater => self.incomplete(what),
            Ordering::Less => self.note(what),
            Ordering::Equal => {}
        }
    }

    /// Characters that were left out belong in the notes.
    fn illegal(&mut self, count: u64) {
        if count > 0 {
            self.note(format!("{count} characters that the format does not allow were left out or replaced"));
        }
    }

    fn finish(mut self) -> TestReport {
        if self.cases.is_empty() {
            self.incomplete("holds no test");
        }
        if self.more_notes > 0 {
            self.notes.push(format!("{} more of this kind", self.more_notes));
        }
        // Here, for TAP names the suite of a case after it was taken in.
        for case in &mut self.cases {
            for name in [&mut case.suite, &mut case.class, &mut case.name] {
                // A name is shown in terminals and held to one line.
                if name.contains(char::is_control) {
                    *name = name.replace(char::is_control, "\u{fffd}");
                }
            }
        }
        number(&mut self.cases);
        TestReport {
            format: self.format,
            commits: self.commits,
            cases: self.cases,
            incomplete: (!self.incomplete.is_empty()).then(|| self.incomplete.join("; ")),
            notes: self.notes,
        }
    }
}

/// A stream of JSON events, one a line, with lines of other programs between them.
trait Events {
    /// One event.
    type Event: DeserializeOwned;
    /// Whose events they are.
    const OF: &str;

    fn gathered(&mut self) -> &mut Gathered;
    fn take(&mut self, event: Self::Event) -> Result<(), String>;
    /// A line that is no event, without blanks around it.
    fn other_line(&mut self, text: &str) -> Result<(), String>;
    fn finish(self) -> Result<TestReport, String>;
}

/// Reads all events; a last line that does not end is said.
fn read_events<E: Events>(source: &mut Source<'_>, mut reading: E) -> Result<TestReport, ImportError> {
    let path = source.path().to_owned();
    let mut lines = Lines::new(&path, source.rewound()?);
    while let Some(line) = lines.next_line()? {
        let text = line.text.trim();
        let event = text.starts_with('{').then(|| serde_json::from_str::<E::Event>(text));
        let is_cut = !line.is_ended && !matches!(event, Some(Ok(_)));
        if is_cut {
            reading.gathered().incomplete(format!("is cut off within line {}", line.number));
        }
        match event {
            None => reading.other_line(text).map_err(|what| lines.error(what))?,
            Some(Ok(event)) => reading.take(event).map_err(|what| lines.error(what))?,
            Some(Err(_)) if is_cut => {}
            Some(Err(error)) => return Err(lines.error(format!("is no event of {}: {error}", E::OF))),
        }
    }
    reading.gathered().illegal(lines.illegal());
    reading.finish().map_err(|what| lines.error(what))
}

/// Numbers the results of each test in their order.
fn number(cases: &mut [TestCase]) {
    let mut seen: HashMap<(&str, &str, &str), u32> = HashMap::new();
    let mut numbers = Vec::with_capacity(cases.len());
    for case in cases.iter() {
        let count = seen.entry((&case.suite, &case.class, &case.name)).or_default();
        *count += 1;
        numbers.push(*count);
    }
    for (case, occurrence) in cases.iter_mut().zip(numbers) {
        case.occurrence = occurrence;
    }
}

/// A message worth keeping.
fn message(text: &str) -> Option<String> {
    Some(excerpt(text)).filter(|text| !text.is_empty())
}

/// Seconds as a file writes them; anything that is no length of time is none.
fn seconds_as_ms(text: &str) -> Option<f64> {
    let seconds: f64 = text.replace(',', "").trim().parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds * 1000.0)
}
