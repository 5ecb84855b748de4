//! Every way of showing nothing must stop the release.

use std::fs;

use crate::gonogo::gonogo;

const FINE: &str = "Feature: F\n  Scenario: fine\n    Given a Jira site\n    Then it is fine\n";

#[test]
fn wrong_input_is_refused_and_nothing_is_judged() {
    for (name, text, says) in [
        ("a.txt", "", "no feature file"),
        ("a.feature", "", "no `Feature:`"),
        ("a.feature", "Feature: F\n  Scenario: a\n    Given a\n    Wen b\n", "features/a.feature:4"),
        (
            "a.feature",
            "Feature: F\n  Scenario: a\n    Givn b\n    When c\n",
            "a.feature:3: this line is prose",
        ),
        ("a.feature", "Feature: F\n  Scenrio: a\n    Given b\n  Scenario: b\n    Given b\n", "`Scenario`?"),
        (
            "a.feature",
            "Feature: F\n  Scenario: a\n    Given a\n      | a |\n      | b | c |\n",
            "a.feature:5",
        ),
        (
            "a.feature",
            "@invariant:nope\nFeature: F\n  Scenario: a\n    Given a\n",
            "no invariant is named `nope`",
        ),
    ] {
        gonogo().features(&[(name, text)]).run().leaves_no_verdict().says(says);
    }
    for (args, says) in [
        (["--tags", "@nope"], "no scenario has the tag"),
        (["--name", "nope"], "nothing to run"),
        (["--config", "nope.yaml"], "cannot read nope.yaml"),
        (["--report", "jsn=-"], "did you mean `json`?"),
        (["--out", "features/a.feature"], "cannot write to the output folder"),
    ] {
        gonogo().features(&[("a.feature", FINE)]).args(&args).run().leaves_no_verdict().says(says);
    }
    let invalid = gonogo().features(&[]).file("features/a.feature", b"Feature: F\n  Scenario: \xff\n");
    invalid.run().leaves_no_verdict().says("features/a.feature:2:13: the file is not UTF-8");
    let looped = gonogo().features(&[("a.feature", FINE)]);
    std::os::unix::fs::symlink("..", looped.path("features/up")).unwrap();
    looped.run().leaves_no_verdict().says("a symbolic link leads back to");
    gonogo().args(&["run", "nowhere"]).run().leaves_no_verdict().says("no such folder");
}

#[test]
fn a_hostile_configuration_is_refused_at_once() {
    let level = |n: usize| format!("  - &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
    let bomb: String = (1..9).map(level).collect();
    for (text, says) in [
        ("job: 1\n".to_owned(), "did you mean `jobs`?"),
        ("timeouts:\n  step: 1\n".into(), "gonogo.yaml:2:3: timeouts: unknown field `step`"),
        ("jobs: 1\njobs: 2\n".into(), "gonogo.yaml:2:1: duplicate key `jobs`"),
        (format!("features:\n  - &a0 [x, x, x, x, x, x, x, x, x]\n{bomb}"), "gonogo.yaml"),
        (format!("features: {}\n", "[".repeat(100 << 10)), "nested deeper than"),
        ("x".repeat(2 << 20), "larger than 1 MiB"),
    ] {
        let run = gonogo().features(&[("a.feature", FINE)]).file("gonogo.yaml", text);
        #[allow(clippy::disallowed_methods, reason = "how long a person waits is real time")]
        let began = std::time::Instant::now();
        run.run().leaves_no_verdict().says(says);
        assert!(began.elapsed().as_millis() < 1_000, "{says}: {:?}", began.elapsed());
    }
}

#[test]
fn what_was_not_shown_is_undecided() {
    let text = "Feature: F\n  Scenario: u\n    Given a Jira sit\n    Then u\n  Scenario: e\n  Scenario Outline: o\n    \
                Given a Jira site\n    Examples:\n      | a |\n";
    let run = gonogo().features(&[("a.feature", text), ("b.feature", "Feature: Bare\n")]).run();
    run.exits(4).has("u", "undefined").has("e", "empty").has("o", "empty").has("Bare", "empty");
    gonogo().features(&[("a.feature", FINE)]).run().exits(4).says("UNDECIDED");
}

#[test]
fn a_full_disk_leaves_no_verdict_not_even_the_earlier_one() {
    let rows: String = (0..400).map(|_| "      | site |\n").collect();
    let text = format!(
        "Feature: F\n  Scenario Outline: o\n    Given a Jira <s>\n    Then it fails\n    Examples:\n      | s |\n{rows}"
    );
    let run = gonogo().features(&[("a.feature", &text)]);
    let run = run.file("gonogo-report/verdict.json", "{\"verdict\":\"UNCONDITIONAL GO\"}");
    let run = run.file("gonogo-report/evidence.jsonl", "earlier evidence");
    let run = run.shell("trap '' XFSZ; ulimit -f 8; exec \"$@\"").run().leaves_no_verdict();
    let run = run.says("cannot write the evidence");
    // Nothing that was there before is lost: the evidence stays, the verdict is out of the way.
    let kept = |name: &str| fs::read_to_string(run.path("gonogo-report").join(name)).unwrap();
    assert_eq!(kept("evidence.jsonl"), "earlier evidence");
    assert!(kept("verdict.json.earlier").contains("UNCONDITIONAL GO"));
}

#[test]
fn a_closed_pipe_keeps_the_verdicts_exit_code() {
    let run = gonogo().features(&[("a.feature", FINE)]);
    run.shell("\"$@\" | head -1; exit \"${PIPESTATUS[0]}\"").run().exits(4).has("fine", "undefined");
    for list in ["steps", "scenarios", "faults"] {
        let run = gonogo().args(&["list", list]).shell("\"$@\" | true; exit \"${PIPESTATUS[0]}\"");
        assert_eq!(run.run().exits(0).all(), "");
    }
}

#[test]
fn rubbish_in_place_of_the_previous_verdict_is_reported_and_harmless() {
    let run = gonogo().features(&[("a.feature", FINE)]).file("gonogo-report/verdict.json", "{");
    run.run().exits(4).says("the previous verdict is not used");
}

#[test]
fn cut_or_changed_evidence_is_not_judged() {
    let run = gonogo().features(&[("a.feature", FINE)]).run().exits(4);
    let evidence = fs::read(run.path("gonogo-report/evidence.jsonl")).unwrap();
    let mut flipped = evidence.clone();
    flipped[evidence.len() / 2] ^= 1;
    let text = String::from_utf8(evidence.clone()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (mut removed, mut swapped) = (lines.clone(), lines.clone());
    removed.remove(2);
    swapped.swap(1, 2);
    let later = text.replacen("gonogo.evidence/1", "gonogo.evidence/9", 1);
    for (damaged, says) in [
        (&evidence[..evidence.len() - 10], ": the line has no newline at its end"),
        (&flipped, ":"),
        (b"", ":1: the file is empty"),
        (removed.concat().as_bytes(), ":3: the chain is broken"),
        (swapped.concat().as_bytes(), ":2: the chain is broken"),
        (later.as_bytes(), ":1: unknown format \"gonogo.evidence/9\""),
    ] {
        let judged = gonogo().file("evidence.jsonl", damaged);
        let judged = judged.args(&["judge", "evidence.jsonl", "--out", "gonogo-report"]).run();
        judged.leaves_no_verdict().says("cannot judge the evidence: evidence.jsonl:").says(says);
    }
}
