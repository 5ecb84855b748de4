//! What the targets share: the properties that hold for every file of test results, and where a file is cut.

use std::path::Path;

use gonogo::import::{
    ImportError,
    tests::{TestFormat, TestReport, read_bytes},
};

/// The name that a fuzzed file has in errors.
pub const NAME: &str = "fuzzed";

/// The file's name as a path.
#[must_use]
pub fn name() -> &'static Path {
    Path::new(NAME)
}

/// Up to where a document is cut for a second reading: anywhere within it, and the same for the same document.
#[must_use]
pub fn cut(document: &[u8]) -> &[u8] {
    let sum =
        document.iter().fold(7_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    &document[..sum % document.len().max(1)]
}

/// An error names the file and says something that a terminal can show.
pub fn is_told(error: &ImportError) {
    assert_eq!(error.path, name());
    assert!(!error.what.is_empty(), "an error without words");
    shown(&error.what);
}

/// A text that a terminal can show.
pub fn shown(text: &str) {
    let odd = |letter: char| letter.is_control() && letter != '\n' && letter != '\t';
    assert!(!text.contains(odd), "a control character: {text:?}");
}

/// Test results: nothing is never whole, no more cases than bytes, and names that a terminal can show. Where the
/// format has an end of its own (`has_end`), what was cut off never reads as whole with fewer cases.
pub fn test_results(document: &[u8], has_end: bool) {
    let report = match read_bytes(name(), document, None) {
        Ok(report) => report,
        Err(error) => return is_told(&error),
    };
    assert!(!report.cases.is_empty() || report.incomplete.is_some(), "no test counts as whole");
    assert!(report.cases.len() <= document.len(), "more cases than bytes");
    for case in &report.cases {
        assert!(!case.id().contains(char::is_control), "a control character in a name");
        assert!(case.duration_ms.is_none_or(f64::is_finite), "a duration without end");
        shown(case.message.as_deref().unwrap_or_default());
    }
    report.notes.iter().chain(&report.incomplete).for_each(|note| shown(note));
    // `go test -json` ends where its packages end, whichever target reads it.
    if !has_end || report.format == TestFormat::GoTest || report.incomplete.is_some() {
        return;
    }
    if let Ok(part) = read_bytes(name(), cut(document), None)
        && part.incomplete.is_none()
    {
        // What a test says of its failure may stand behind the last line that counts.
        let told = |report: &TestReport| -> Vec<_> {
            report.cases.iter().map(|case| (case.id(), case.outcome, case.duration_ms)).collect()
        };
        assert_eq!(told(&part), told(&report), "a part reads as whole");
    }
}
