//! Every fixture of test results: its counts, what keeps it from counting as whole, its notes; and that no part of one
//! counts as the whole.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{TestFormat as F, TestOutcome, TestReport, read, read_bytes};

/// File, dialect, counts (passed, flaky, skipped, failed, errored), and words of each note.
const FIXTURES: &[(&str, F, [usize; 5], &[&str])] = &[
    (
        "gotest.jsonl",
        F::GoTest,
        [4, 0, 1, 4, 1],
        &["sample/panics panicked: tests that were to follow are not listed", "1 lines are no events"],
    ),
    ("jest.json", F::Jest, [1, 1, 2, 2, 1], &[]),
    (
        "jest.junit.xml",
        F::Junit,
        [3, 0, 1, 2, 0],
        &[
            "leaves out a suite that did not load",
            "suite `math > basics` declares 5 tests, holds 6",
            "declares 5",
        ],
    ),
    (
        "jest.suite-errors.junit.xml",
        F::Junit,
        [3, 0, 1, 3, 1],
        &[
            "leaves out",
            "declares 5 tests, holds 6",
            "declares 0 tests, holds 2",
            "the whole declares 5 tests, holds 8",
        ],
    ),
    ("libtest.jsonl", F::Libtest, [3, 0, 1, 3, 0], &[]),
    (
        "libtest.junit.xml",
        F::Junit,
        [4, 0, 0, 2, 0],
        &[
            "suite `test` declares 7 tests, holds 6",
            "3 characters that the format does not allow were left out",
        ],
    ),
    ("nextest.junit.xml", F::Junit, [2, 1, 0, 4, 0], &[]),
    ("nextest.libtest-plus.jsonl", F::Libtest, [2, 1, 1, 4, 0], &[]),
    ("node.junit.xml", F::Junit, [3, 0, 3, 4, 0], &[]),
    ("node.tap", F::Tap, [3, 0, 3, 4, 0], &["is numbered 2 and is the test 6 there"]),
    ("playwright.json", F::Playwright, [1, 1, 1, 1, 0], &[]),
    ("playwright.junit.xml", F::Junit, [2, 0, 1, 1, 0], &[]),
    ("pytest.ctrf.json", F::Ctrf, [7, 1, 2, 6, 0], &[]),
    ("pytest.junit.xml", F::Junit, [9, 0, 2, 4, 4], &["suite `pytest` declares 21 tests, holds 19"]),
    ("pytest.xunit1.junit.xml", F::Junit, [9, 0, 2, 4, 3], &["suite `pytest` declares 20 tests, holds 18"]),
    ("surefire.org.acme.FlakyTest.xml", F::Junit, [1, 1, 0, 0, 0], &["FlakyTest` declares 1 tests, holds 2"]),
    ("surefire.single-error.xml", F::Junit, [0, 0, 0, 0, 1], &[]),
    ("surefire.surefire.MyTest.xml", F::Junit, [0, 0, 0, 0, 1], &[]),
    ("vitest.ctrf.json", F::Ctrf, [6, 1, 2, 5, 0], &["leaves out a file of tests that did not load"]),
    ("vitest.flat.tap", F::Tap, [7, 0, 2, 6, 0], &[]),
    ("vitest.json", F::Vitest, [6, 1, 2, 5, 1], &[]),
    ("vitest.junit.xml", F::Junit, [7, 0, 2, 6, 0], &[]),
    ("vitest.tap", F::Tap, [7, 0, 2, 6, 0], &[]),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/import/tests")
}

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(folder().join(file)).unwrap()
}

fn results(report: &TestReport) -> Vec<(String, TestOutcome)> {
    report.cases.iter().map(|case| (case.id(), case.outcome)).collect()
}

#[test]
fn every_fixture_is_counted_by_its_elements() {
    for (file, format, counts, notes) in FIXTURES {
        let report = read(&folder().join(file), None).unwrap();
        assert_eq!(report.format, *format, "{file}");
        assert_eq!(TestOutcome::ALL.map(|outcome| report.count(outcome)), *counts, "{file}");
        assert_eq!(report.incomplete, None, "{file}");
        assert_eq!(report.notes.len(), notes.len(), "{file}: {:?}", report.notes);
        for (note, words) in report.notes.iter().zip(*notes) {
            assert!(note.contains(words), "{file}: {note}");
        }
    }
}

#[test]
fn no_fixture_lies_about_untested() {
    let mut there: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    let mut listed: Vec<_> = FIXTURES.iter().map(|(file, ..)| (*file).to_owned()).collect();
    listed.sort();
    assert_eq!(there, listed);
}

#[test]
fn single_results_are_what_the_tool_showed() {
    let table = [
        ("vitest.json", "/builds/app/vitest/test/broken.test.js › (the file itself)", TestOutcome::Errored),
        (
            "vitest.json",
            "/builds/app/vitest/test/math.test.js › flaky: passes at 2nd try",
            TestOutcome::Flaky,
        ),
        ("vitest.json", "/builds/app/vitest/test/math.test.js › duplicate name #2", TestOutcome::Failed),
        ("jest.json", "/builds/app/jest/test/broken.test.js › (the file itself)", TestOutcome::Errored),
        ("jest.json", "/builds/app/jest/test/math.test.js › math > basics › todo one", TestOutcome::Skipped),
        ("pytest.junit.xml", "pytest › test_collect_error", TestOutcome::Errored),
        ("pytest.junit.xml", "pytest › test_math › test_flaky #2", TestOutcome::Passed),
        ("pytest.junit.xml", "pytest › test_math › test_fail_and_teardown_error #2", TestOutcome::Errored),
        ("node.junit.xml", "test › times out", TestOutcome::Failed),
        ("node.junit.xml", "test › todo that fails", TestOutcome::Skipped),
        ("node.junit.xml", "nested › test › sub fail", TestOutcome::Failed),
        ("node.tap", "nested › sub fail", TestOutcome::Failed),
        ("vitest.tap", "test/math.test.js › math > basics › throws an error", TestOutcome::Failed),
        ("nextest.junit.xml", "sample › tests::flaky", TestOutcome::Flaky),
        ("nextest.libtest-plus.jsonl", "sample::sample › tests::flaky", TestOutcome::Flaky),
        ("nextest.libtest-plus.jsonl", "sample::sample › tests::slow_timeout", TestOutcome::Failed),
        ("gotest.jsonl", "example.com/sample/broken › (the package itself)", TestOutcome::Errored),
        ("gotest.jsonl", "example.com/sample/panics › TestPanic", TestOutcome::Failed),
        ("surefire.org.acme.FlakyTest.xml", "org.acme.FlakyTest › testFlaky", TestOutcome::Flaky),
        ("playwright.json", "tests/a.spec.js › flaky", TestOutcome::Flaky),
        ("pytest.ctrf.json", "test_math.py › test_math.py::test_flaky", TestOutcome::Flaky),
    ];
    for (file, id, outcome) in table {
        let report = read(&folder().join(file), None).unwrap();
        let found: Vec<_> =
            report.cases.iter().filter(|case| case.id() == id).map(|case| case.outcome).collect();
        assert_eq!(found, [outcome], "{file}: {id}");
    }
}

/// Nothing tells that `go test` was to print one line more: the runner's exit code does.
fn cannot_be_seen(file: &str, text: &[u8], cut: usize) -> bool {
    file == "gotest.jsonl" && text[cut..].trim_ascii_start().starts_with(b"FAIL\texample.com/sample/broken")
}

fn assert_part_is_no_whole(file: &str, text: &[u8], cut: usize) {
    let whole = results(&read_bytes(Path::new(file), text, None).unwrap());
    let Ok(part) = read_bytes(Path::new(file), &text[..cut], None) else { return };
    let is_whole = part.incomplete.is_none() && results(&part) != whole;
    assert!(!is_whole || cannot_be_seen(file, text, cut), "{file} cut at {cut} reads as whole");
}

#[test]
fn no_fixture_that_is_cut_at_a_line_reads_as_whole() {
    for (file, ..) in FIXTURES {
        let text = bytes(file);
        let ends: Vec<_> =
            text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
        for cut in ends.into_iter().flat_map(|end| [end, end + 1]) {
            assert_part_is_no_whole(file, &text, cut);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_part_of_a_fixture_reads_as_whole(which in 0..FIXTURES.len(), at in any::<prop::sample::Index>()) {
        let file = FIXTURES[which].0;
        let text = bytes(file);
        assert_part_is_no_whole(file, &text, at.index(text.len()));
    }

    #[test]
    fn no_flipped_byte_breaks_a_reader(
        which in 0..FIXTURES.len(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4),
    ) {
        let file = FIXTURES[which].0;
        let mut text = bytes(file);
        for (at, flip) in flips {
            let at = at.index(text.len());
            text[at] ^= flip;
        }
        if let Ok(report) = read_bytes(Path::new(file), &text, None) {
            prop_assert!(!report.cases.is_empty() || report.incomplete.is_some());
        }
    }

    #[test]
    fn no_bytes_break_a_reader(start in prop::sample::select(vec!["<testsuites>", "TAP version 13\n", "{\"Action\":\"run\",\"Package\":\"p\"}\n",
        "{\"type\":\"suite\",\"event\":\"started\"}\n", "{\"results\":{\"summary\":", ""]), rest in ".{0,200}") {
        if let Ok(report) = read_bytes(Path::new("any"), format!("{start}{rest}").as_bytes(), None) {
            prop_assert!(!report.cases.is_empty() || report.incomplete.is_some());
        }
    }
}

#[test]
fn a_file_that_names_its_commit_is_read_so() {
    let junit = |property: &str| {
        format!(
            "<testsuites><testsuite name=\"a\"><properties>{property}</properties><testcase name=\"t\">\
             <properties><property name=\"revision\" value=\"fffffff\"/></properties></testcase></testsuite></testsuites>"
        )
    };
    let of_test = |property: &str| {
        format!(
            "<testsuite name=\"a\"><testcase name=\"t\"><properties>{property}</properties></testcase></testsuite>"
        )
    };
    let named = |name: &str| junit(&format!("<property name=\"{name}\" value=\"C0FFEE1\"/>"));
    let ctrf = |environment: &str| {
        format!(
            "{{\"reportFormat\":\"CTRF\",\"specVersion\":\"0.0.0\",\"results\":{{\"tool\":{{\"name\":\"x\"}},\"summary\":{{\"tests\":1,\"passed\":1,\"failed\":0,\
             \"pending\":0,\"skipped\":0,\"other\":0,\"start\":0,\"stop\":0}},{environment}\
             \"tests\":[{{\"name\":\"t\",\"status\":\"passed\",\"duration\":1}}]}}}}"
        )
    };
    for (text, expected) in [
        (named("ci.commit.id"), vec!["c0ffee1"]),
        (named("git.sha"), vec!["c0ffee1"]),
        (named("Revision"), vec!["c0ffee1"]),
        (named("sha"), vec!["c0ffee1"]),
        (named("GITHUB_SHA"), vec!["c0ffee1"]),
        (named("image.sha256"), vec![]),
        (named("seed"), vec![]),
        (junit("<property name=\"commit\" value=\"main\"/>"), vec![]),
        (junit("<property name=\"commit\">\n c0ffee1\n</property>"), vec!["c0ffee1"]),
        (junit("<property name=\"GITHUB_SHA\"><![CDATA[c0ffee1]]></property>"), vec!["c0ffee1"]),
        (junit("<property name=\"seed\">c0ffee1</property>"), vec![]),
        (of_test("<property name=\"sha\" value=\"c0ffee1\"/>"), vec!["c0ffee1"]),
        (of_test("<property name=\"GITHUB_SHA\" value=\"c0ffee1\"/>"), vec!["c0ffee1"]),
        (of_test("<property name=\"commit\" value=\"c0ffee1\"/>"), vec!["c0ffee1"]),
        (of_test("<property name=\"gitCommit\">c0ffee1</property>"), vec!["c0ffee1"]),
        (of_test("<property name=\"revision\" value=\"c0ffee1\"/>"), vec![]),
        (junit(""), vec![]),
        (ctrf("\"environment\":{\"commit\":\"c0ffee1\"},"), vec!["c0ffee1"]),
        (ctrf(""), vec![]),
    ] {
        let report = read_bytes(Path::new("results"), text.as_bytes(), None);
        assert_eq!(report.expect("results").commits, expected, "{text}");
    }
}
