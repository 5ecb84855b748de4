//! The dialects of test results, and how each is told by what a file holds. Never guesses by the file's name.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::import::{ImportError, Source, root_keys};

/// Bytes by which line formats are recognised.
const HEAD_BYTES: u64 = 256 * 1024;

/// A dialect family of test results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestFormat {
    /// JUnit XML of any tool.
    Junit,
    /// `vitest --reporter=json`.
    Vitest,
    /// `jest --json`.
    Jest,
    /// Playwright's `json` reporter.
    Playwright,
    /// Common Test Report Format, <https://ctrf.io>.
    Ctrf,
    /// libtest's JSON lines, with nextest's `libtest-json-plus`.
    Libtest,
    /// `go test -json`.
    GoTest,
    /// Test Anything Protocol, 12 to 14.
    Tap,
}

impl TestFormat {
    /// Every dialect.
    pub const ALL: [Self; 8] = [
        Self::Junit,
        Self::Vitest,
        Self::Jest,
        Self::Playwright,
        Self::Ctrf,
        Self::Libtest,
        Self::GoTest,
        Self::Tap,
    ];

    /// The word for it in `gonogo.yaml` and in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Vitest => "vitest-json",
            Self::Jest => "jest-json",
            Self::Playwright => "playwright-json",
            Self::Ctrf => "ctrf",
            Self::Libtest => "libtest-json",
            Self::GoTest => "go-test-json",
            Self::Tap => "tap",
        }
    }

    /// The dialect of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }
}

static TAP_LINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(TAP version \d+|1\.\.\d+(\s*#.*)?|(not )?ok\b.*|Bail out!.*)$").ok());

/// Tells the dialect.
///
/// # Errors
///
/// The file is empty, or of no dialect that is known.
pub(super) fn recognise(source: &mut Source<'_>) -> Result<TestFormat, ImportError> {
    let head = source.head(HEAD_BYTES)?;
    // Without its mark UTF-16 would read as text between zeros, which a reader that leaves those out takes.
    let is_wide = |[one, other]: [u8; 2]| {
        (one == 0) != (other == 0) || matches!([one, other], [0xff, 0xfe] | [0xfe, 0xff])
    };
    if head.first_chunk().copied().is_some_and(is_wide) {
        return Err(ImportError::file(source.path(), "is UTF-16: only UTF-8 is read"));
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let head =
        head.trim_start_matches('\u{feff}').trim_start_matches(|c: char| c.is_whitespace() || c == '\0');
    if head.is_empty() {
        return Err(ImportError::file(
            source.path(),
            "is empty, or begins with nothing but blanks and zeros: expected test results",
        ));
    }
    if head.starts_with('<') {
        return Ok(TestFormat::Junit);
    }
    let first = head.lines().next().and_then(of_line);
    match first {
        None if head.starts_with('{') => return of_document(source),
        Some(format) => return Ok(format),
        None => {}
    }
    if let Some(format) = head.lines().find_map(of_line) {
        return Ok(format);
    }
    Err(unknown(source))
}

fn unknown(source: &Source<'_>) -> ImportError {
    let known: Vec<_> = TestFormat::ALL.iter().map(|format| format.word()).collect();
    ImportError::file(
        source.path(),
        format!("is of no format that is known: expected one of {}", known.join(", ")),
    )
}

/// The dialect of which this line is a part.
fn of_line(line: &str) -> Option<TestFormat> {
    let line = line.trim();
    if TAP_LINE.as_ref().is_some_and(|tap| tap.is_match(line)) {
        return Some(TestFormat::Tap);
    }
    if !line.starts_with('{') || !line.ends_with('}') {
        return None;
    }
    let event: Value = serde_json::from_str(line).ok()?;
    let has = |key: &str| event.get(key).is_some_and(Value::is_string);
    match () {
        () if has("Action") && (has("Package") || has("ImportPath")) => Some(TestFormat::GoTest),
        () if has("type") && has("event") => Some(TestFormat::Libtest),
        () => None,
    }
}

fn of_document(source: &mut Source<'_>) -> Result<TestFormat, ImportError> {
    let keys = root_keys(source)?;
    let has = |key: &str| keys.iter().any(|found| found == key);
    match () {
        () if has("testResults") && has("numTotalTests") && has("numRuntimeErrorTestSuites") => {
            Ok(TestFormat::Jest)
        }
        () if has("testResults") && has("numTotalTests") => Ok(TestFormat::Vitest),
        () if has("results") && (has("reportFormat") || has("specVersion")) => Ok(TestFormat::Ctrf),
        () if has("suites") && has("stats") => Ok(TestFormat::Playwright),
        () => Err(unknown(source)),
    }
}
