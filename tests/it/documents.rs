//! Documents drawn from a record: of every kind, in every format, and none from a record that is not sound.

use std::{fs, path::Path, process::Command};

use regex::Regex;

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
fn a_document_as_json_fits_the_schema_that_is_printed() {
    let run = ran();
    let (schema, _) = again(&run.path(""), &["schema", "document"], 0);
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).expect("a schema");
    for kind in ["summary", "verification", "implementation", "deployment"] {
        let (text, _) = again(&run.path(""), &["report", "--kind", kind, "--format", "json"], 0);
        let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let amiss: Vec<_> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(amiss.is_empty(), "{kind}: {amiss:?}");
        document["verdict"] = "PROBABLY GO".into();
        assert!(!schema.is_valid(&document), "any word is a verdict");
    }
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

#[test]
fn going_back_is_rehearsed_and_the_plan_says_what_came_of_it() {
    let run = gonogo().features(&[("a.feature", FINE)]);
    let folder = run.path("");
    let git = |line: &str| {
        let line = format!("git -c user.name=ann -c user.email=ann@example.com {line}");
        let output = Command::new("sh").args(["-c", &line]).current_dir(&folder).output();
        output.is_ok_and(|output| output.status.success())
    };
    if !git("init -q") {
        return crate::node::skip("there is no git on this machine");
    }
    let settings = "release:\n  version: 1.0.0\n  change: {base: released}\n";
    let run = run.file("gonogo.yaml", settings).file("app.ts", "1\n");
    assert!(git(
        "add -A && git -c user.name=ann -c user.email=ann@example.com commit -qm x && git tag released"
    ));
    let run = run.file("app.ts", "2\n").file("app.test.ts", "1\n");
    assert!(git("add -A && git -c user.name=ann -c user.email=ann@example.com commit -qm y"));
    let run = run.run().exits(4);
    let (text, _) = again(&run.path(""), &["report", "--kind", "deployment"], 0);
    for told in [
        "git revert --no-edit ",
        "Rehearsed in a scratch clone: it applies cleanly",
        "git restore --source=",
        "Product: 1 file, 1 line added, 1 line removed",
        "| app.ts | modified | +1 | -1 |",
        "| app.test.ts | added | +1 | -0 |",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn a_document_never_takes_the_place_of_what_it_is_drawn_from() {
    let run = ran();
    fs::write(run.path("signers"), "").unwrap();
    let drawn = ["report", "--kind", "summary", "--allowed-signers", "signers", "--out"];
    for place in
        ["record/ledger.jsonl", "record/new.md", "record/blobs/new.md", "evidence.jsonl", "verdict.json"]
    {
        let place = format!("gonogo-report/{place}");
        let (_, error) = again(&run.path(""), &[&drawn[..], &[&place]].concat(), 2);
        assert!(error.contains("cannot write gonogo-report/"), "{error}");
    }
    again(&run.path(""), &[&drawn[..], &["signers"]].concat(), 2);
    let report = "markdown=gonogo-report/record/head";
    again(&run.path(""), &["judge", "gonogo-report/evidence.jsonl", "--report", report], 2);
    again(&run.path(""), &[&drawn[..], &["summary.md"]].concat(), 0);
    again(&run.path(""), &["report", "--kind", "summary"], 0);
}

#[test]
fn what_is_to_be_pasted_is_what_a_shell_takes_as_it_stands() {
    let settings = "release:\n  version: 1.0.0\n  sign_offs:\n    - {role: CTO $(touch x)}\n  \
                    deployment:\n    - title: out\n      minutes: 1\n      command: |\n        forge deploy\n        forge install\n";
    let run = gonogo().features(&[("a.feature", FINE)]).file("gonogo.yaml", settings).run().exits(4);
    let (text, _) = again(&run.path(""), &["report", "--kind", "deployment"], 0);
    assert!(text.contains("forge deploy\n") && !text.contains("␊"), "{text}");
    let (text, _) = again(&run.path(""), &["explain", "--to-go", "gonogo-report"], 0);
    assert!(text.contains("gonogo sign --role 'CTO $(touch x)'"), "{text}");
}

/// The documents of the walk-through, in its folder, are those that are kept, but for what each run has of its own. With
/// `GONOGO_WRITE_FIXTURES` set, they are written anew.
pub fn are_as_kept(folder: &Path) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/release/documents");
    for kind in ["summary", "verification", "implementation", "deployment"] {
        let name = format!("{kind}.md");
        let drawn = settled(&fs::read_to_string(folder.join(&name)).unwrap());
        if std::env::var_os("GONOGO_WRITE_FIXTURES").is_some() {
            fs::create_dir_all(&kept).unwrap();
            fs::write(kept.join(&name), &drawn).unwrap();
        }
        let expected = fs::read_to_string(kept.join(&name)).unwrap_or_default();
        let mut lines = drawn.lines().zip(expected.lines()).filter(|(drawn, expected)| drawn != expected);
        let hint = "GONOGO_WRITE_FIXTURES=1 writes it anew";
        assert_eq!(lines.next(), None, "{name} is not as it is kept; {hint}");
        assert_eq!(drawn.lines().count(), expected.lines().count(), "{name} is not as it is kept; {hint}");
    }
    // The page is larger than its text, and as much itself.
    let page = fs::read_to_string(folder.join("summary.html")).unwrap();
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.contains("UNCONDITIONAL GO: Release summary"),
        "{page}"
    );
}

/// A document without what differs from run to run (hashes, times, what was counted while it ran), and without the
/// scenarios one by one, which have tests of their own.
fn settled(text: &str) -> String {
    let of_run = [
        (r"\b[0-9a-f]{64}\b", "(hash)"),
        (r"\b[0-9a-f]{40}\b", "(commit)"),
        (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "(time)"),
        (r"(\| signed, [^|]+\| [^|]+ \|) [\w. ]+ \|$", "$1 (duration) |"),
        (r"\d+ observations", "(count) observations"),
        (r"\d+ entries", "(count) entries"),
        (r"gonogo \d+\.\d+\.\d+", "gonogo (version)"),
        (r"\b\d+ (passed )?scenarios?\b", "(count) ${1}scenarios"),
        (r"(features/[\w/\\]+\.feature)(:|, lines )\d+(, \d+)*", "$1${2}(line)"),
        (r"\| scenarios passed \| \d+ of \d+", "| scenarios passed | (count) of (count)"),
        (r"and \d+ more", "and (count) more"),
        (r"\| \d+ \| none \| counted", "| (count) | none | counted"),
        (r"\| (secrets \| files [\w ]+) \| \d+", "| $1 | (count)"),
    ];
    let of_run = of_run.map(|(pattern, shown)| (Regex::new(pattern).unwrap(), shown));
    let of_scenario =
        Regex::new(r"^\| features/|^\| [^|]+ \| \d+ \| \d+ \| 0 \| 0 \| [^|]+ \|$|^- note: left out")
            .unwrap();
    let lines = text.lines().filter(|line| !of_scenario.is_match(line)).map(|line| {
        let mut line = line.to_owned();
        for (pattern, shown) in &of_run {
            line = pattern.replace_all(&line, *shown).into_owned();
        }
        format!("{}\n", line.trim_end())
    });
    lines.collect()
}
