//! Every way of showing nothing must stop the release.

use std::fs;

use crate::gonogo::gonogo;

const FINE: &str = "Feature: F\n  Scenario: fine\n    Given a Jira site\n";

#[test]
fn wrong_input_is_refused_and_nothing_is_judged() {
    for (name, text, says) in [
        ("a.txt", "", "no feature file"),
        ("a.feature", "", "no `Feature:`"),
        ("a.feature", "Feature: F\n  Scenario: a\n    Given a\n    Wen b\n", "features/a.feature:4"),
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
    gonogo().args(&["run", "nowhere"]).run().leaves_no_verdict().says("no such folder");
    gonogo()
        .file("gonogo.yaml", "job: 1\n")
        .args(&["run"])
        .run()
        .leaves_no_verdict()
        .says("did you mean `jobs`?");
}

#[test]
fn what_was_not_shown_is_undecided() {
    let text = "Feature: F\n  Scenario: u\n    Given a Jira sit\n  Scenario: e\n  Scenario Outline: o\n    \
                Given a Jira site\n    Examples:\n      | a |\n";
    let run = gonogo().features(&[("a.feature", text), ("b.feature", "Feature: Bare\n")]).run();
    run.exits(4).has("u", "undefined").has("e", "empty").has("o", "empty").has("Bare", "empty");
    gonogo().features(&[("a.feature", FINE)]).run().exits(4).says("UNDECIDED");
}

#[test]
fn a_full_disk_leaves_no_verdict_not_even_the_earlier_one() {
    let rows: String = (0..400).map(|_| "      | site |\n").collect();
    let text = format!(
        "Feature: F\n  Scenario Outline: o\n    Given a Jira <s>\n    Examples:\n      | s |\n{rows}"
    );
    let run = gonogo().features(&[("a.feature", &text)]);
    let run = run.file("gonogo-report/verdict.json", "{\"verdict\":\"UNCONDITIONAL GO\"}");
    run.shell("trap '' XFSZ; ulimit -f 8; exec \"$@\"")
        .run()
        .leaves_no_verdict()
        .says("cannot write the evidence");
}

#[test]
fn a_closed_pipe_keeps_the_verdicts_exit_code() {
    let run = gonogo().features(&[("a.feature", FINE)]);
    run.shell("\"$@\" | true; exit \"${PIPESTATUS[0]}\"").run().exits(4);
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
    for damaged in [&evidence[..evidence.len() - 10], &flipped, b"".as_slice()] {
        let judged = gonogo().file("evidence.jsonl", damaged).args(&["judge", "evidence.jsonl"]).run();
        judged.leaves_no_verdict().says("cannot judge the evidence: evidence.jsonl");
    }
}
