//! Every machine's format over judgements of every kind, held against the schema of who reads it.

use std::{collections::BTreeSet, fs, path::Path};

use gonogo::{
    evidence::Outcome,
    judge::{Judgement, WaiverStanding},
};
use serde_json::Value;

use crate::judgements::{all, drawn, green, judged, released};

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
