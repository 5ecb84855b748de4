//! The published schema of `gonogo.yaml` and its reader: one refuses what the other refuses, and both know the same
//! keys.

use std::{collections::BTreeSet, fs, path::Path};

use gonogo::{
    config::{Config, schema},
    yaml,
};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::init::whole;

fn published() -> Value {
    serde_json::from_slice(&schema()).expect("JSON")
}

fn validator() -> Validator {
    jsonschema::validator_for(&published()).expect("a schema")
}

fn read(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("gonogo.yaml"), text.as_bytes()).map_err(|error| error.to_string())
}

fn value(text: &str) -> Value {
    let parsed = yaml::parse(Path::new("gonogo.yaml"), text.as_bytes()).expect("YAML");
    parsed.unwrap_or_else(|| json!({}))
}

/// The settings that the README shows.
fn of_readme() -> Vec<String> {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let blocks = readme.split("\n```yaml\n").skip(1).filter_map(|block| block.split("\n```").next());
    blocks.filter(|block| !block.starts_with("# GitHub Actions")).map(str::to_owned).collect()
}

fn of_fixtures() -> Vec<String> {
    let fixtures = walkdir::WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
    let files =
        fixtures.into_iter().filter_map(Result::ok).filter(|entry| entry.file_name() == "gonogo.yaml");
    files.map(|file| fs::read_to_string(file.path()).expect("a text")).collect()
}

#[test]
fn every_file_that_the_project_shows_is_read_and_fits_the_schema() {
    let (readme, fixtures, validator) = (of_readme(), of_fixtures(), validator());
    assert!(readme.len() >= 3 && fixtures.len() >= 3, "{} {}", readme.len(), fixtures.len());
    for text in readme.into_iter().chain(fixtures).chain([whole(), String::new()]) {
        read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let errors: Vec<String> = validator.iter_errors(&value(&text)).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{text}");
    }
}

#[test]
fn what_the_reader_refuses_for_its_shape_the_schema_refuses() {
    let validator = validator();
    for text in [
        "feature: [a]",
        "- 1",
        "features: all",
        "out: [a]",
        "jobs: many",
        "jobs: 0",
        "jobs: 513",
        "jobs: 1.5",
        "subject:",
        "subject: 3",
        "subject: ./my-app",
        "subject: {command: [], protocol: stdio}",
        "subject: {command: [' '], protocol: stdio}",
        "subject: {command: a, protocol: stdio}",
        "subject: {command: [a]}",
        "subject: {command: [a], protocol: http}",
        "subject: {comand: [a], protocol: stdio}",
        "subject: {command: [a], protocol: stdio, answer_within_s: 0}",
        "forge: {without_listing: no}",
        "forge: {without_listing: '  too short   '}",
        "forge: {listing: {cal: a}}",
        "forge: {listing: {items: a}}",
        "timeouts: {step: 1}",
        "timeouts: {step_s: -1}",
        "timeouts: {step_s: 86401}",
        "timeouts: {step_s: soon}",
        "thresholds: {page_p95_ms: -1}",
        "thresholds: {lock_contention_percent: 101}",
        "thresholds: {lock: 1}",
        "severities: {a: SEV-9}",
        "severities: {'a b': SEV-1}",
        "severities: {'@': SEV-1}",
        "severities: [a]",
        "default_severity: high",
        "issues: [{id: A-1, severity: SEV-2}]",
        "issues: [{id: A-1, title: t, severity: SEV-2, owner: a}]",
        "issues: {id: A-1}",
        "invariants: {judging_words: ['']}",
        "invariants: {egress: ['https://example.com']}",
        "invariants: {words: [a]}",
        "release: {}",
        "release: {version: [1]}",
        "release: {version: '1', secrets: yes please}",
        "release: {version: '1', test: []}",
        "release: {version: '1', tests: {id: a}}",
        "release: {version: '1', tests: [{id: a}]}",
        "release: {version: '1', tests: [{id: a, files: x}]}",
        "release: {version: '1', tests: [{id: a, files: [x], severity: SEV-0}]}",
        "release: {version: '1', pass_rate_percent: most}",
        "release: {version: '1', coverage: {files: [x]}}",
        "release: {version: '1', change: main}",
        "release: {version: '1', metrics: [{id: a, files: [x]}]}",
        "release: {version: '1', metrics: [{id: a, files: [x], objectives: [{at_least: 1}]}]}",
        "release: {version: '1', sign_offs: [{role: CTO, needed: -1}]}",
        "release: {version: '1', sign_offs: [{needed: 1}]}",
        "release: {version: '1', checklist: [{id: a, stage: later, title: t}]}",
        "release: {version: '1', waivers: [{id: a, check: b, reason: long enough a reason, owner: c}]}",
    ] {
        read(text).expect_err(text);
        assert!(!validator.is_valid(&value(text)), "the schema takes {text}");
    }
}

/// Every place in a value, as keys and indices from the top.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, inner)| (format!("{at}/{key}"), inner)).collect(),
        Value::Array(list) => {
            (0..).zip(list).map(|(index, inner)| (format!("{at}/{index}"), inner)).collect()
        }
        _ => vec![],
    };
    for (place, inner) in inner {
        found.push(place.clone());
        places(inner, &place, found);
    }
}

#[test]
fn any_value_at_any_place_is_refused_by_both_or_by_neither() {
    let (validator, whole) = (validator(), value(&whole()));
    let probes =
        [json!(null), json!(true), json!("some text"), json!(7.5), json!([]), json!({}), json!([{}])];
    let (mut found, mut differences, mut tried) = (vec![], vec![], 0);
    places(&whole, "", &mut found);
    for place in found {
        let put = |probe: &Value| {
            let mut changed = whole.clone();
            *changed.pointer_mut(&place).expect("a place") = probe.clone();
            changed
        };
        for probe in &probes {
            let read = read(&put(probe).to_string());
            // The reader takes what is no text for the text that it is written as; the schema wants quotes.
            // A key without a value is refused; in a list, it is a text.
            let is_item = place.ends_with(|end: char| end.is_ascii_digit());
            let is_plain = probe.is_number() || probe.is_boolean() || (probe.is_null() && is_item);
            let written = is_plain.then(|| json!(probe.to_string()));
            let fits =
                [Some(probe), written.as_ref()].into_iter().flatten().any(|v| validator.is_valid(&put(v)));
            let is_sense = read.as_ref().err().is_some_and(|e| SENSE.iter().any(|sense| e.contains(sense)));
            if fits != read.is_ok() && !is_sense {
                differences.push(format!("{place}: {probe}: {fits} {:?}", read.err()));
            }
            tried += 1;
        }
    }
    assert!(tried > 300 && differences.is_empty(), "{tried}\n{}", differences.join("\n"));
}

/// What the reader says of a value whose shape is right.
const SENSE: [&str; 8] = [
    "an error budget takes good, total",
    "expected the name of a metric",
    "is no name of a metric",
    "expected a tag's name",
    "is empty",
    "expected a number at_least, at_most or growth_percent",
    "expires: ",
    "expected a reason in words",
];

/// The keys that the reader knows at a place, as it names them to somebody who mistypes one.
fn known(document: &Value) -> BTreeSet<String> {
    let error = read(&document.to_string()).expect_err("an unknown key");
    let (_, names) = error.split_once("expected ").unwrap_or_else(|| panic!("{error}"));
    let names = names.split("; did you mean").next().unwrap_or(names);
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Looks at every object of the schema; `wrap` puts it into a whole document.
fn objects(part: &Value, root: &Value, wrap: &dyn Fn(Value) -> Value, found: &mut usize) {
    if let Some(name) = part["$ref"].as_str() {
        return objects(root.pointer(&name[1..]).expect(name), root, wrap, found);
    }
    for inner in ["anyOf", "oneOf", "allOf"].iter().filter_map(|key| part[*key].as_array()).flatten() {
        objects(inner, root, wrap, found);
    }
    if part["items"].is_object() {
        objects(&part["items"], root, &|inner| wrap(json!([inner])), found);
    }
    let Some(properties) = part["properties"].as_object() else { return };
    assert_eq!(part["additionalProperties"], json!(false), "{part}");
    let names: BTreeSet<String> = properties.keys().cloned().collect();
    assert_eq!(names, known(&wrap(json!({ "no_such_key": 1 }))));
    *found += 1;
    for (name, inner) in properties {
        objects(inner, root, &|inner| wrap(json!({ name.as_str(): inner })), found);
    }
}

#[test]
fn the_schema_and_the_reader_know_the_same_keys() {
    let (root, mut found) = (published(), 0);
    assert!(jsonschema::meta::is_valid(&root));
    assert_eq!(root["$schema"], "https://json-schema.org/draft/2020-12/schema");
    objects(&root, &root, &|inner| inner, &mut found);
    assert!(found >= 18, "{found}");
}

#[test]
fn every_default_that_the_schema_tells_fits_it() {
    let (root, mut found, mut told) = (published(), vec![], 0);
    places(&root, "", &mut found);
    for place in found.iter().filter_map(|place| place.strip_suffix("/default")) {
        let mut part = root.pointer(place).expect("a place").clone();
        let default = part["default"].clone();
        part["$defs"] = root["$defs"].clone();
        let validator = jsonschema::validator_for(&part).expect("a schema");
        assert!(validator.is_valid(&default), "{place}: {default}");
        told += 1;
    }
    assert!(told > 5, "{told}");
}
