//! Every machine's format over judgements of every kind, held against the schema of who reads it.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use gonogo::{
    evidence::Outcome,
    judge::{Judgement, WaiverStanding},
};
use serde_json::Value;

use crate::{
    gonogo::gonogo,
    judgements::{all, drawn, green, judged, released},
    node::skip,
};

fn schema(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas").join(name);
    let schema = serde_json::from_str(&fs::read_to_string(path).expect(name)).expect("JSON");
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

fn fitting(judgement: &Judgement, format: &str, schema: &jsonschema::Validator) -> Value {
    let text = drawn(judgement, format, 80);
    assert!(text.ends_with('\n'), "{format}");
    let value = serde_json::from_str(&text).expect("JSON");
    let errors: Vec<String> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{format}: {errors:#?}");
    value
}

fn array<'a>(value: &'a Value, pointer: &str) -> &'a Vec<Value> {
    value.pointer(pointer).and_then(Value::as_array).expect(pointer)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {value}"))
}

/// How many things a waiver in force covers.
fn waived(judgement: &Judgement) -> usize {
    let waivers = judgement.release.iter().flat_map(|release| &release.waivers);
    waivers.filter(|waiver| waiver.standing == WaiverStanding::InForce).count()
}

#[test]
fn sarif_fits_its_schema_and_what_code_scanning_asks_for() {
    let schema = schema("sarif-schema-2.1.0.json");
    for judgement in all() {
        let sarif = fitting(&judgement, "sarif", &schema);
        let results = array(&sarif, "/runs/0/results");
        assert_eq!(results.is_empty(), judgement.verdict.word() == "UNCONDITIONAL GO");
        assert_eq!(results.len(), judgement.blockers.len() + waived(&judgement));
        let rules = array(&sarif, "/runs/0/tool/driver/rules");
        for rule in rules {
            for field in ["/id", "/name", "/shortDescription/text", "/fullDescription/text", "/help/text"] {
                assert!(!text(rule, field).trim().is_empty(), "{rule}");
            }
        }
        let mut fingerprints = BTreeSet::new();
        for result in results {
            let rule =
                &rules[usize::try_from(result["ruleIndex"].as_u64().expect("a place")).expect("small")];
            assert_eq!(text(result, "/ruleId"), text(rule, "/id"));
            assert!(!text(result, "/message/text").trim().is_empty());
            let place = &result["locations"][0]["physicalLocation"];
            let uri = text(place, "/artifactLocation/uri");
            assert!(!uri.is_empty() && !uri.starts_with('/') && !uri.contains(".."), "{uri}");
            for field in ["startLine", "startColumn", "endLine", "endColumn"] {
                assert!(place["region"][field].as_u64().is_some_and(|at| at > 0), "{place}");
            }
            let fingerprint = text(result, "/partialFingerprints/primaryLocationLineHash");
            assert!(fingerprints.insert(fingerprint.to_owned()), "{fingerprint} twice");
        }
        let id = text(&sarif, "/runs/0/automationDetails/id");
        assert!(id.starts_with("gonogo/") && id.matches('/').count() == 2, "{id}");
    }
}

#[test]
fn what_is_waived_is_suppressed_in_sarif_with_who_answers_for_it() {
    let sarif: Value = serde_json::from_str(&drawn(&released("plain", None), "sarif", 80)).expect("JSON");
    let results = array(&sarif, "/runs/0/results").iter();
    let suppressed: Vec<&Value> = results.filter(|result| !result["suppressions"].is_null()).collect();
    let messages: Vec<&str> = suppressed.iter().map(|result| text(result, "/message/text")).collect();
    assert_eq!(suppressed.len(), 2, "{messages:?}");
    assert!(messages[0].starts_with("logs: ") && messages[1].starts_with("a.feature:11: "), "{messages:?}");
    let why = text(suppressed[0], "/suppressions/0/justification");
    assert_eq!(why, "waiver W-1 of bob@example.com, until 2099-01-01T00:00:00Z: plain");
    assert!(suppressed.iter().all(|result| result["level"] == "note"));
}

#[test]
fn a_finding_keeps_its_fingerprint_when_its_line_moves_and_never_shares_it() {
    let fingerprints = |above: usize| -> BTreeSet<String> {
        let mut logs: Vec<_> = (0..above).map(|_| (Outcome::Passed, "above", vec![])).collect();
        logs.extend([(Outcome::Failed, "one", vec![]), (Outcome::Failed, "two", vec![])]);
        let sarif: Value = serde_json::from_str(&drawn(&judged(logs), "sarif", 80)).expect("JSON");
        let results = array(&sarif, "/runs/0/results").iter();
        let failed = results.filter(|result| result["ruleId"] == "scenario_failed");
        failed.map(|r| text(r, "/partialFingerprints/primaryLocationLineHash").to_owned()).collect()
    };
    assert_eq!(fingerprints(0).len(), 2);
    assert_eq!(fingerprints(0), fingerprints(9));
}

#[test]
fn more_findings_than_code_scanning_takes_are_cut_with_a_note() {
    for (count, name) in [(25_100, "x".to_owned()), (6_000, "y".repeat(2_000))] {
        let many = judged((0..count).map(|_| (Outcome::Failed, name.as_str(), vec![])).collect());
        let text = drawn(&many, "sarif", 80);
        assert!(text.len() < 10_000_000, "{}", text.len());
        let sarif: Value = serde_json::from_str(&text).expect("JSON");
        let results = array(&sarif, "/runs/0/results");
        assert!(results.len() <= 25_000);
        let left = many.blockers.len() - (results.len() - 1);
        let last = results.last().expect("a note");
        assert_eq!(last["message"]["text"], format!("{left} more findings stand in verdict.json."));
    }
}

#[test]
fn a_go_is_the_only_empty_list_of_findings() {
    let sarif: Value = serde_json::from_str(&drawn(&green(), "sarif", 80)).expect("JSON");
    assert!(array(&sarif, "/runs/0/results").is_empty());
}

#[test]
fn code_quality_fits_its_schema_and_is_empty_for_a_go_alone() {
    let schema = schema("gitlab-code-quality.schema.json");
    for judgement in all() {
        let list = fitting(&judgement, "codequality", &schema);
        let entries = array(&list, "");
        assert_eq!(entries.is_empty(), judgement.verdict.word() == "UNCONDITIONAL GO");
        assert_eq!(entries.len(), judgement.blockers.len() + waived(&judgement));
        let fingerprints: BTreeSet<&str> = entries.iter().map(|entry| text(entry, "/fingerprint")).collect();
        assert_eq!(fingerprints.len(), entries.len());
    }
}

#[test]
fn ctrf_fits_its_schema_and_is_red_for_everything_that_is_not_shown() {
    let schema = schema("ctrf.schema.json");
    for judgement in all() {
        let ctrf = fitting(&judgement, "ctrf", &schema);
        let tests = array(&ctrf, "/results/tests");
        let counts: [u64; 4] = ["tests", "passed", "failed", "flaky"]
            .map(|name| ctrf["results"]["summary"][name].as_u64().expect("a count"));
        let [count, passed, failed, flaky] = counts;
        assert_eq!((count, passed + failed), (u64::try_from(tests.len()).expect("small"), count));
        let softened = !judgement.accepted.is_empty();
        assert_eq!(failed == 0, judgement.exit_code == 0 && !softened, "{}", judgement.verdict);
        assert_eq!(flaky, u64::try_from(judgement.counts.flaky).expect("small"));
        let names: BTreeSet<&str> = tests.iter().map(|test| text(test, "/name")).collect();
        assert!(names.contains(format!("verdict: {}", judgement.verdict).as_str()));
        for scenario in &judgement.scenarios {
            let place = |test: &&Value| text(test, "/name").ends_with(&format!("({})", scenario.id));
            let test = tests.iter().find(place).expect("a test of the scenario");
            assert_eq!(test["status"] == "passed", scenario.outcome == Outcome::Passed);
            assert_eq!(test["filePath"], "a.feature");
        }
    }
}

fn has_more_than_ten_of_a_level(judgement: &Judgement) -> bool {
    let sarif: Value = serde_json::from_str(&drawn(judgement, "sarif", 80)).expect("JSON");
    let of_level =
        |level: &&str| array(&sarif, "/runs/0/results").iter().filter(|r| r["level"] == *level).count();
    ["error", "warning", "note"].iter().any(|level| of_level(level) > 10)
}

#[test]
fn annotations_are_few_and_no_text_breaks_out_of_its_command() {
    let command = regex::Regex::new(r"^::(error|warning|notice) (file=[^,:]+,line=\d+,)?title=[^,:]+::[^%]");
    let command = command.expect("a regex");
    let many = judged((0..30).map(|_| (Outcome::Failed, "one of many", vec![])).collect());
    for judgement in all().into_iter().chain([many]) {
        let drawn = drawn(&judgement, "github", 80);
        for line in drawn.lines() {
            assert!(command.is_match(line), "{line}");
            assert!(!line.contains("%0A::error::x") && !line.contains('\u{1b}'), "{line}");
        }
        for level in ["error", "warning", "notice"] {
            let of_level = drawn.lines().filter(|line| line.starts_with(&format!("::{level} "))).count();
            assert!(of_level <= 10 + usize::from(level == "notice"), "{level} {of_level}");
            if level == "error" {
                assert_eq!(of_level == 0, judgement.exit_code == 0, "{drawn}");
            }
        }
        let told = drawn.lines().any(|line| line.contains("more stand in gonogo's reports"));
        assert_eq!(told, has_more_than_ten_of_a_level(&judgement));
    }
}

#[test]
fn a_workflow_is_told_summary_and_outputs_behind_what_stands_there() {
    let evidence = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/report/judgement/evidence.jsonl");
    let evidence = evidence.to_str().expect("a path");
    let read = |outcome: &crate::gonogo::Outcome, name| fs::read_to_string(outcome.path(name)).expect(name);
    let run = || {
        let run = gonogo().file("summary.md", "before").file("output", "other=1\n");
        let (summary, output) = (run.path("summary.md"), run.path("output"));
        run.env("GITHUB_STEP_SUMMARY", summary.to_str().expect("a path"))
            .env("GITHUB_OUTPUT", output.to_str().expect("a path"))
    };
    let outcome = run().args(&["judge", evidence, "--report", "github=-"]).run();
    assert!(outcome.stdout().starts_with("::error file="), "{}", outcome.stdout());
    let sha256 = "69b8028873e5b6898552e5f9d608c7a97870873014a87f81a089c3702f261664";
    assert_eq!(
        read(&outcome, "output"),
        format!("other=1\nverdict=NO-GO\nexit-code=1\nevidence-sha256={sha256}\n")
    );
    assert!(read(&outcome, "summary.md").starts_with("before\n# NO-GO\n"));
    let outcome = run().args(&["judge", evidence]).run();
    assert_eq!(read(&outcome, "output"), "other=1\n", "nobody asked");
    let gone = gonogo().env("GITHUB_OUTPUT", "no-such-file");
    assert_eq!(gone.args(&["judge", evidence, "--report", "github=-"]).run().code(), 2);
}

/// Jenkins and Azure DevOps each name a schema; one file must please both.
#[test]
fn junit_fits_the_schemas_of_its_readers() {
    if Command::new("xmllint").arg("--version").output().is_err() {
        skip("there is no xmllint on this machine");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas");
    let fits = |xml: &str, schema: &str| {
        let file = folder.path().join("junit.xml");
        fs::write(&file, xml).expect("written");
        let schema = schemas.join(schema);
        let told =
            Command::new("xmllint").args(["--noout", "--huge", "--schema"]).arg(schema).arg(&file).output();
        let told = told.expect("xmllint");
        (told.status.success(), String::from_utf8_lossy(&told.stderr).chars().take(2_000).collect::<String>())
    };
    for schema in ["junit-10.jenkins.xsd", "junit.windyroad.xsd"] {
        for judgement in all() {
            let (fits, said) = fits(&drawn(&judgement, "junit", 80), schema);
            assert!(fits, "{schema}: {said}");
        }
        let wrong = drawn(&green(), "junit", 80).replace("<testcase ", "<testcase file=\"x\" ");
        assert!(!fits(&wrong, schema).0, "{schema} refuses nothing");
    }
}
