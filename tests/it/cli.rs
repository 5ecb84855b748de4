//! The command line: what it prints where, and what it calls an error.

use std::fs;

use crate::gonogo::gonogo;

#[test]
fn stdout_carries_only_the_chosen_document() {
    let text = "Feature: F\n  Scenario: fine\n    Given a Jira site\n";
    let run = gonogo().features(&[("a.feature", text)]).args(&["--report", "json=-", "-v"]).run().exits(4);
    let printed: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(printed, run.verdict());
}

#[test]
fn judging_again_gives_the_same_bytes() {
    let text = "Feature: F\n  Scenario: fine\n    Given a Jira site\n";
    let run = gonogo().features(&[("a.feature", text)]).run().exits(4);
    let evidence = fs::read(run.path("gonogo-report/evidence.jsonl")).unwrap();
    let again = gonogo().file("e.jsonl", evidence).args(&["judge", "e.jsonl", "--report", "json=-"]).run();
    assert_eq!(
        again.exits(4).stdout().into_bytes(),
        fs::read(run.path("gonogo-report/verdict.json")).unwrap()
    );
}

#[test]
fn the_documentation_is_in_the_binary() {
    for (args, says) in [
        (&["--help"][..], "Exit codes:"),
        (&["explain", "read_only_jira"], "Statement"),
        (&["list", "invariants"], "no_scope_expansion"),
        (&["list", "steps"], "Given a Jira site"),
        (&["list", "formats"], "junit"),
        (&["list", "scenarios"], "features/"),
        (&["schema", "report"], "$schema"),
        (&["completions", "bash"], "gonogo"),
        (&["man"], ".TH gonogo"),
    ] {
        gonogo().args(args).run().exits(0).says(says);
    }
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest() {
    for (args, says) in [
        (&["explain", "read_only_jirra"][..], "did you mean `read_only_jira`?"),
        (&["list", "invariant"], "invariants"),
        (&["rum"], "run"),
        (&["run", "--job", "1"], "--jobs"),
    ] {
        gonogo().args(args).run().exits(2).says(says);
    }
}
