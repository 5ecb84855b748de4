//! A release goes on from the one before: what that came to, and those before it, stands in every report.

use std::{fs, process::Command};

use crate::gonogo::{Outcome, gonogo};

const FINE: &str =
    "Feature: f\n  Scenario: a\n    Given tenants \"a\" and \"b\"\n    Then nothing leaves the mock\n";

/// Three versions, each released from a tree that holds the record of the one before it.
fn three() -> Outcome {
    let version = |version: &str, previous: &str| {
        format!("subject: reference\nfeatures: [features]\nrelease:\n  version: {version}\n{previous}")
    };
    let line =
        "\"$1\" run --config one.yaml --out one -q; \"$1\" run --config two.yaml --out two -q; exec \"$@\"";
    let run = gonogo().file("features/a.feature", FINE).shell(line);
    let run =
        run.file("one.yaml", version("1.0.0", "")).file("two.yaml", version("1.1.0", "  previous: one\n"));
    run.file("three.yaml", version("1.2.0", "  previous: two\n"))
        .args(&["run", "--config", "three.yaml", "--out", "three", "--report", "html=page.html"])
        .run()
}

fn again(run: &Outcome, args: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_gonogo")).args(args).current_dir(run.path("")).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn the_releases_before_stand_in_the_verdict_the_page_and_the_documents() {
    let run = three();
    let verdict: serde_json::Value =
        serde_json::from_slice(&fs::read(run.path("three/verdict.json")).unwrap()).unwrap();
    let history = verdict["release"]["checks"][0]["history"].as_array().expect("a history");
    let versions: Vec<_> = history.iter().map(|past| past["version"].as_str().unwrap_or_default()).collect();
    assert_eq!(versions, ["1.1.0", "1.0.0"]);
    let roots: Vec<_> = history.iter().map(|past| past["root"].as_str().unwrap_or_default()).collect();
    // Each is what that record's own verification says of it.
    for (folder, root) in ["two", "one"].iter().zip(&roots) {
        let said = again(&run, &["--width", "300", "verify", folder]);
        assert!(said.contains(root), "{folder}: {root}\n{said}");
    }
    let page = fs::read_to_string(run.path("page.html")).unwrap();
    let history = &page[page.find("id=\"history\"").expect("a section")..];
    let place = |text: &str| history.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("1.2.0") < place("1.1.0") && place("1.1.0") < place("1.0.0"));
    assert!(history.contains(roots[0]) && history.contains(roots[1]));
    for kind in ["summary", "verification"] {
        let document = again(&run, &["report", "--kind", kind, "three"]);
        assert!(document.contains("## History") && document.contains(roots[1]), "{document}");
    }
}

#[test]
fn a_record_before_that_was_changed_is_no_history() {
    let run = three();
    let blobs = fs::read_dir(run.path("two/record/blobs")).unwrap();
    let blob = blobs.map(|entry| entry.unwrap().path()).max_by_key(|path| fs::metadata(path).unwrap().len());
    let blob = blob.expect("the evidence");
    let text = fs::read_to_string(&blob).unwrap().replacen("1.0.0", "0.9.9", 1);
    fs::write(&blob, text).unwrap();
    let said = again(&run, &["run", "--config", "three.yaml", "--out", "three"]);
    assert!(said.contains("the record in two does not verify"), "{said}");
    let verdict = fs::read_to_string(run.path("three/verdict.json")).unwrap();
    assert!(verdict.contains("\"UNDECIDED\"") && !verdict.contains("\"history\""), "{verdict}");
}
