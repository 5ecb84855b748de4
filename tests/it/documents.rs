//! Documents drawn from a record: of every kind, in every format, and none from a record that is not sound.

use std::{fs, path::Path, process::Command};

use crate::gonogo::{Outcome, gonogo};

const FINE: &str = "Feature: F\n  @SEV-2-001\n  Scenario: fine\n    Given a Jira site\n";
const SETTINGS: &str = "release:\n  version: 1.0.0\n  sign_offs:\n    - {role: CTO}\n";

fn ran() -> Outcome {
    gonogo().features(&[("a.feature", FINE)]).file("gonogo.yaml", SETTINGS).run().exits(4)
}

/// gonogo again, in the folder of a run that ended: what it says on stdout, and on stderr.
fn again(folder: &Path, args: &[&str], code: i32) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_gonogo")).args(args).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (out, error) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}: {out}{error}");
    (out, error)
}

#[test]
fn each_kind_in_each_format_says_the_verdict_and_the_record_and_is_the_same_when_drawn_again() {
    let run = ran();
    let record = || fs::read(run.path("gonogo-report/record/ledger.jsonl")).unwrap();
    let before = record();
    let root = fs::read_to_string(run.path("gonogo-report/record/head")).unwrap();
    let root: serde_json::Value = serde_json::from_str(&root).unwrap();
    let root = root["root"].as_str().unwrap();
    for kind in ["summary", "verification", "implementation", "deployment"] {
        for format in ["markdown", "html", "json"] {
            let args = ["report", "--kind", kind, "--format", format];
            let (text, _) = again(&run.path(""), &args, 0);
            assert!(text.contains("UNDECIDED") && text.contains(root), "{kind} {format}: {text}");
            let file = [&args[..], &["gonogo-report/record", "--out", "again"]].concat();
            again(&run.path(""), &file, 0);
            assert_eq!(fs::read_to_string(run.path("again")).unwrap(), text, "{kind} {format}");
        }
    }
    assert_eq!(record(), before, "drawing adds nothing");
}

#[test]
fn nothing_is_drawn_from_a_record_that_is_not_sound() {
    let run = ran();
    let ledger = run.path("gonogo-report/record/ledger.jsonl");
    let whole = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, whole.replacen("UNDECIDED", "UNCONDITIONAL GO", 1)).unwrap();
    for args in [&["report", "--kind", "summary"][..], &["explain", "--to-go", "gonogo-report"]] {
        let (out, error) = again(&run.path(""), args, 2);
        assert!(out.is_empty() && error.contains("nothing is drawn from"), "{out}{error}");
    }
    fs::write(&ledger, &whole).unwrap();
    again(&run.path(""), &["report", "--kind", "summary"], 0);
    let blobs = run.path("gonogo-report/record/blobs");
    let blob = fs::read_dir(blobs).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&blob).unwrap();
    bytes[0] ^= 1;
    fs::write(&blob, bytes).unwrap();
    let (out, _) = again(&run.path(""), &["report", "--kind", "summary"], 2);
    assert!(out.is_empty(), "{out}");
}

#[test]
fn what_would_make_it_go_is_told_of_a_record_and_of_evidence() {
    let run = ran();
    for place in ["gonogo-report", "gonogo-report/record", "gonogo-report/evidence.jsonl"] {
        let (text, _) = again(&run.path(""), &["explain", "--to-go", place], 0);
        assert!(text.starts_with("UNDECIDED\n"), "{text}");
        assert!(
            text.contains("let everybody sign who must; then, at best: UNCONDITIONAL GO"),
            "{place}: {text}"
        );
    }
    again(&run.path(""), &["explain", "--to-go", "elsewhere"], 2);
}
