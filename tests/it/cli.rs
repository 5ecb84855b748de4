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
    let verdict = fs::read_to_string(run.path("gonogo-report/verdict.json")).unwrap();
    for (zone, locale) in [("UTC", "C"), ("Pacific/Chatham", "tr_TR.UTF-8"), ("nonsense", "nonsense")] {
        let again = gonogo().file("e.jsonl", &evidence).args(&["judge", "e.jsonl", "--report", "json=-"]);
        let again = again.env("TZ", zone).env("LC_ALL", locale).env("LANG", locale).run();
        assert_eq!(again.exits(4).stdout(), verdict, "{zone} {locale}");
    }
}

#[test]
fn a_flag_beats_the_environment_and_the_environment_beats_the_file() {
    let text = "Feature: F\n  Scenario: fine\n    Given a Jira site \"a\"\n";
    for (env, flag, expected) in
        [(None, None, "file"), (Some("env"), None, "env"), (Some("env"), Some("flag"), "flag")]
    {
        let run = gonogo().features(&[("a.feature", text)]).file("gonogo.yaml", "out: file\n");
        let run = env.into_iter().fold(run, |run, out| run.env("GONOGO_OUT", out));
        let run = flag.into_iter().fold(run, |run, out| run.args(&["--out", out])).run().exits(4);
        let stands = |out: &&str| run.path(out).join("verdict.json").exists();
        let standing: Vec<&str> = ["file", "env", "flag"].into_iter().filter(stands).collect();
        assert_eq!(standing, [expected]);
    }
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    gonogo().args(&["mock", "--port", &port]).run().exits(2).says(&port);
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
