//! What single dialects say in few lines: one document, its results in short, and what is amiss.

use std::path::Path;

use super::{TestFormat, TestReport, read_bytes};

/// `name=outcome` of each case, in order.
fn short(report: &TestReport) -> String {
    let all: Vec<_> =
        report.cases.iter().map(|case| format!("{}={}", case.id(), case.outcome.word())).collect();
    all.join(", ")
}

/// Document, results, words of what keeps it from counting as whole (`""`: nothing does).
fn holds(table: &[(&str, &str, &str)]) {
    for (text, results, incomplete) in table {
        let report =
            read_bytes(Path::new("results"), text.as_bytes(), None).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(short(&report), *results, "{text}");
        match (&report.incomplete, *incomplete) {
            (None, "") => {}
            (Some(why), words) if !words.is_empty() && why.contains(words) => {}
            (why, words) => panic!("{text}: is {why:?}, was to tell of `{words}`"),
        }
    }
}

#[test]
fn tap_is_counted_and_its_plan_is_held_against_it() {
    holds(&[
        ("1..2\nok 1 - a\nnot ok 2 - b\n", "a=passed, b=failed", ""),
        ("TAP version 14\nok\nok\n1..2\n", "=passed,  #2=passed", ""),
        ("1..3\nok 1 - a\nok 2 - b\n", "a=passed, b=passed", "the whole plans 3 tests, shows 2"),
        ("1..1\nok 1 - a\nok 2 - b\n", "a=passed, b=passed", "the whole plans 1 tests, shows 2"),
        ("ok 1 - a\n", "a=passed", "no plan"),
        ("1..0 # SKIP not here\n", "", "holds no test"),
        ("1..2\nok 1 - a\nBail out! no database\n", "a=passed", "bailed out: no database"),
        ("1..1\n1..1\nok 1 - a\n", "a=passed", "second plan"),
        ("1..1\nok 1 - a", "a=passed", "has no end"),
        ("1..1\nnot ok 1 - a\n  ---\n  why: x\n", "a=failed", "within a diagnostic block"),
        ("TAP version 13\n1..1\nok 1 - a\nTAP version 13\n", "a=passed", "two TAP documents"),
        (
            "1..5\nok 1 # SKIP\nok 2 - b # skip why\nnot ok 3 - c # TODO\nok 4 - d # TODO x\nnot ok 5 - e # SKIP\n",
            "=skipped, b=skipped, c=skipped, d=skipped, e=failed",
            "",
        ),
        (
            "1..2\nok 1 - a \\# SKIP is in its name\nnot ok 2 - b \\# todo\n",
            "a # SKIP is in its name=passed, b # todo=failed",
            "",
        ),
        (
            "1..1\n    1..2\n    ok 1 - x\n    ok 2 - y\nnot ok 1 - after the subtests\n",
            "after the subtests › x=passed, after the subtests › y=passed, after the subtests=failed",
            "",
        ),
        (
            "1..1\n    1..2\n    ok 1 - x\nok 1 - parent\n",
            "parent › x=passed",
            "a subtest plans 2 tests, shows 1",
        ),
        ("1..1\nok 1 - p {\n    1..1\n    ok 1 - x\n", "x=passed", "is cut off within subtests"),
        ("1..1\nok 1 - p {\n    1..1\n    not ok 1 - x\n}\n", "p › x=failed", ""),
        ("1..1\nok 1 - p {\n}\n", "p=passed", ""),
        ("1..1\n    1..1\n    ok 1 - x\n", "x=passed", "is cut off within subtests"),
    ]);
}

#[test]
fn junit_results_are_told_by_what_stands_in_the_test() {
    let suite = |inner: &str| format!("<testsuite name=\"s\">{inner}</testsuite>");
    let table = [
        ("<testcase name='a'/>", "s › a=passed", ""),
        ("<testcase name='a' failure='2 == 3'/>", "s › a=failed", ""),
        ("<testcase name='a' status='notrun'/>", "s › a=skipped", ""),
        ("<testcase name='a' status='failed'/>", "s › a=failed", ""),
        ("<testcase name='a'><skipped/><failure/></testcase>", "s › a=failed", ""),
        ("<testcase name='a'><failure/><skipped type='todo'/></testcase>", "s › a=skipped", ""),
        ("<testcase name='a'><flakyFailure/><failure/></testcase>", "s › a=failed", ""),
        ("<testcase name='a'><rerunFailure/></testcase>", "s › a=failed", ""),
        ("<testcase name='a'><failure/><error/></testcase>", "s › a=errored", ""),
        ("<testcase name='a'><fail/></testcase>", "s › a=passed", "element `<fail>`"),
        ("<testcase name='a'/><verdict/>", "s › a=passed", "element `<verdict>`"),
        ("<testcase/>", "s=passed", "without a name"),
        ("<error message='boom'/>", "s › (the suite itself)=errored", ""),
        (
            "<testcase name='a'><system-out>&lt;failure/&gt;<![CDATA[<failure/>]]></system-out></testcase>",
            "s › a=passed",
            "",
        ),
        ("", "", "holds no test"),
    ];
    for (inner, results, incomplete) in table {
        holds(&[(&suite(inner), results, incomplete)]);
    }
    holds(&[
        (
            "<testsuites><testsuite name='s' failures='2' errors='1'><testcase name='a'><failure/></testcase></testsuite></testsuites>",
            "s › a=failed",
            "declares 3 failing tests, shows 1",
        ),
        (
            "<testsuite name='s'><testcase name='a'/><testcase name='b'><failure>x",
            "s › a=passed, s › b=errored",
            "within the test `b`",
        ),
        (
            "<testsuite name='s' failures='2'><testcase name='a'><failure/><failure/></testcase></testsuite>",
            "s › a=failed",
            "",
        ),
        (
            "<testsuite name='a'><testsuite name='b'><testcase name='c'/></testsuite></testsuite>",
            "a › b › c=passed",
            "",
        ),
    ]);
}

#[test]
fn totals_beyond_what_is_shown_or_that_are_no_numbers_keep_a_file_from_counting_as_whole() {
    let one = |attributes: &str| format!("<testsuite name='s' {attributes}><testcase name='a'/></testsuite>");
    let nested =
        |whole: &str, attributes: &str| format!("<testsuites {whole}>{}</testsuites>", one(attributes));
    let table = [
        (one("tests='500'"), "s › a=passed", "declares 500 tests, holds 1"),
        (one("tests='5,000' failures='1,000'"), "s › a=passed", "declares failures=\"1,000\", which is no number"),
        (one("tests='1' failures='1.0'"), "s › a=passed", "failures=\"1.0\""),
        (one("tests='1' failures='0' errors='-1'"), "s › a=passed", "errors=\"-1\""),
        (one("tests=''"), "s › a=passed", "tests=\"\""),
        (one("tests='2' skipped='x'"), "s › a=passed", "skipped=\"x\""),
        (nested("tests='2'", "tests='1'"), "s › a=passed", "the whole declares 2 tests, holds 1"),
        // Fewer than there are is nothing that is missing.
        (one("tests='0'"), "s › a=passed", ""),
        // What is skipped may be counted and not written.
        (one("tests='3' skipped='2'"), "s › a=passed", ""),
        (one("tests='4' skipped='2'"), "s › a=passed", "declares 4 tests, holds 1"),
        (nested("tests='3'", "tests='3' skipped='2'"), "s › a=passed", ""),
        (
            "<testsuite name='s' tests='3' skipped='1'><testcase name='a'/><testcase name='b'><skipped/></testcase></testsuite>".into(),
            "s › a=passed, s › b=skipped",
            "declares 3 tests, holds 2",
        ),
        // pytest counts the subtests that passed.
        ("<testsuite name='pytest' tests='3'><testcase name='a'/></testsuite>".into(), "pytest › a=passed", ""),
        ("<testsuites name='pytest tests'><testsuite name='own' tests='3'><testcase name='a'/></testsuite></testsuites>".into(), "own › a=passed", ""),
        (
            r#"{"numTotalTests":5,"testResults":[{"name":"f","status":"passed","assertionResults":[{"title":"a","status":"passed"}]}]}"#.into(),
            "f › a=passed",
            "declares 5 tests, holds 1",
        ),
        (
            r#"{"reportFormat":"CTRF","results":{"summary":{"tests":5,"failed":0},"tests":[{"name":"a","status":"passed"}]}}"#.into(),
            "a=passed",
            "declares 5 tests, holds 1",
        ),
        (
            r#"{"stats":{"expected":5,"unexpected":0},"suites":[{"title":"f","specs":[{"title":"a","tests":[{"status":"expected","results":[]}]}]}]}"#.into(),
            "f › a=passed",
            "declares 5 tests, holds 1",
        ),
    ];
    for (text, results, incomplete) in &table {
        holds(&[(text, results, incomplete)]);
    }
}

#[test]
fn a_word_of_how_a_test_ended_is_a_known_one_or_no_pass() {
    let no_pass = "a word that no known dialect has";
    for (attribute, outcome, incomplete) in [
        ("status='run' result='completed'", "passed", ""),
        ("status='PASS'", "passed", ""),
        ("status='Passed '", "passed", ""),
        ("success='True'", "passed", ""),
        ("success='false'", "failed", ""),
        ("outcome='failed'", "failed", ""),
        ("status='fail '", "failed", ""),
        ("status='timedOut'", "failed", ""),
        ("status='KO'", "failed", ""),
        ("status='aborted'", "errored", ""),
        ("status='crashed'", "errored", ""),
        ("status='run' result='skipped'", "skipped", ""),
        ("status='flaky'", "flaky", ""),
        ("status='cancelled'", "passed", no_pass),
        ("status='incomplete'", "passed", no_pass),
        ("status='inconclusive'", "passed", no_pass),
        ("status='FAIL!'", "passed", no_pass),
        ("status='unknown'", "passed", no_pass),
        ("status=''", "passed", no_pass),
        ("status='true'", "passed", no_pass),
        ("success='maybe'", "passed", no_pass),
    ] {
        let text = format!("<testsuite name='s'><testcase name='a' {attribute}/></testsuite>");
        holds(&[(&text, &format!("s › a={outcome}"), incomplete)]);
    }
}

#[test]
fn go_packages_that_break_are_errored() {
    let run = r#"{"Action":"run","Package":"p","Test":"T"}"#;
    let pass = r#"{"Action":"pass","Package":"p","Test":"T"}"#;
    let end = |action: &str| format!(r#"{{"Action":"{action}","Package":"p"}}"#);
    let table = [
        (format!("{run}\n{pass}\n{}\n", end("pass")), "p › T=passed", ""),
        (format!("{run}\n{pass}\n{}\n", end("fail")), "p › T=passed, p › (the package itself)=errored", ""),
        (format!("{run}\n{}\n", end("fail")), "p › T=errored", ""),
        (format!("{run}\n{pass}\n"), "p › T=passed", "p never ended"),
        (format!("{run}\n"), "p › T=errored", "p never ended"),
        (format!("FAIL\tq [setup failed]\n{run}\n{pass}\n{}\n", end("pass")), "q › (the package itself)=errored, p › T=passed", ""),
        (format!("{run}\n{pass}\n{{\"Action\":\"output\",\"Package\":\"p\",\"Test\":\"T\",\"Output\":\"late\"}}\n{}\n", end("pass")), "p › T=passed", ""),
        (format!("{}\n", end("skip")), "", "holds no test"),
        (
            "{\"ImportPath\":\"q\",\"Action\":\"build-output\",\"Output\":\"bad\"}\n{\"ImportPath\":\"q\",\"Action\":\"build-fail\"}\n".to_owned(),
            "q › (the package itself)=errored",
            "",
        ),
    ];
    for (text, results, incomplete) in &table {
        holds(&[(text, results, incomplete)]);
    }
}

#[test]
fn libtest_suites_must_end_and_agree() {
    let start = r#"{"type":"suite","event":"started","test_count":1}"#;
    let ok = r#"{"type":"test","event":"ok","name":"a"}"#;
    let begun = r#"{"type":"test","event":"started","name":"a"}"#;
    let end = r#"{"type":"suite","event":"ok","passed":1,"failed":0}"#;
    let failed = r#"{"type":"suite","event":"failed","passed":0,"failed":1}"#;
    let table = [
        (format!("{start}\n{begun}\n{ok}\n{end}\n"), "a=passed", ""),
        (format!("{start}\n{begun}\n{ok}\n"), "a=passed", "never ended"),
        (format!("{start}\n{begun}\n{end}\n"), "a=errored", "declares 1 tests, shows 0"),
        (format!("{start}\n{begun}\n{ok}\n{failed}\n"), "a=passed", "a suite that failed, but shows 0"),
        (format!("{start}\n{end}\n"), "", "declares 1 tests, shows 0"),
    ];
    for (text, results, incomplete) in &table {
        holds(&[(text, results, incomplete)]);
    }
}

#[test]
fn json_reports_that_contradict_themselves_do_not_count_as_whole() {
    let vitest =
        |totals: &str, suites: &str| format!("{{\"numTotalTests\":1,{totals}\"testResults\":[{suites}]}}");
    let passed = r#"{"name":"f","status":"passed","assertionResults":[{"title":"a","status":"passed"}]}"#;
    let after = r#"{"name":"f","status":"failed","message":"afterAll","assertionResults":[{"title":"a","status":"passed"}]}"#;
    let table = [
        (vitest("", passed), "f › a=passed", ""),
        (vitest("\"success\":false,", passed), "f › a=passed", "did not succeed, but shows no failure"),
        (vitest("\"numFailedTests\":1,", passed), "f › a=passed", "declares 1 failed tests, shows 0"),
        (vitest("\"numRuntimeErrorTestSuites\":1,", passed), "f › a=passed", "1 files that did not load, shows 0"),
        (vitest("\"wasInterrupted\":true,", passed), "f › a=passed", "interrupted"),
        (vitest("", after), "f › a=passed, f › (the file itself)=errored", ""),
        (vitest("", ""), "", "holds no test"),
        (
            r#"{"reportFormat":"CTRF","results":{"summary":{"tests":1,"failed":1},"tests":[{"name":"a","status":"passed"}]}}"#.to_owned(),
            "a=passed",
            "declares 1 failed tests, shows 0",
        ),
        (
            r#"{"suites":[],"stats":{},"errors":[{"message":"no browser"}]}"#.to_owned(),
            "(the run itself)=errored",
            "",
        ),
    ];
    for (text, results, incomplete) in &table {
        holds(&[(text, results, incomplete)]);
    }
}

#[test]
fn what_is_not_known_is_refused_in_words() {
    let table = [
        ("", "is empty"),
        ("hello\n", "is of no format that is known"),
        ("{}", "is of no format that is known"),
        ("<coverage/>", "has the root `<coverage>`"),
        (
            r#"{"numTotalTests":1,"testResults":[{"name":"f","status":"passed","assertionResults":[{"title":"a","status":"maybe"}]}]}"#,
            "`maybe`",
        ),
        (r#"{"numTotalTests":1,"testResults":[{"name":"f","status":"odd","assertionResults":[]}]}"#, "`odd`"),
        (r#"{"numTotalTests":1,"numTotalTests":1,"testResults":[]}"#, "twice"),
        (
            r#"{"specVersion":"2.0.0","results":{"summary":{"tests":0,"failed":0},"tests":[]}}"#,
            "CTRF version that is not known",
        ),
        (
            r#"{"specVersion":"1.0.0","results":{"summary":{"tests":0,"failed":0},"tests":[{"name":"a","status":"fine"}]}}"#,
            "`fine`",
        ),
        (r#"{"specVersion":"1.0.0","results":{"summary":{"tests":0,"#, "is cut off"),
        (r#"{"Action":"explode","Package":"p"}"#, "`explode`"),
        ("{\"Action\":\"run\",\"Package\":\"p\"}\n{\"Action\":\n", "line 2: is no event"),
        (r#"{"type":"test","event":"ok","name":"a"}"#, "outside a suite"),
        ("TAP version 99\n1..1\nok 1\n", "TAP version that is not known"),
    ];
    for (text, words) in table {
        let error = read_bytes(Path::new("results"), text.as_bytes(), None).unwrap_err().to_string();
        assert!(error.starts_with("results") && error.contains(words), "{text}: {error}");
    }
    let error = read_bytes(Path::new("r"), b"1..1\nok 1\n", Some(TestFormat::Junit)).unwrap_err().to_string();
    assert_eq!(error, "r: was to be junit, but is tap");
}
