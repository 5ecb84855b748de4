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
        (&["schema", "config"], "$schema"),
        (&["schema", "document"], "$schema"),
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

#[test]
fn an_empty_variable_is_not_set() {
    let text = "Feature: F\n  Scenario: fine\n    Given a Jira site\n";
    let names = ["COLOR", "WIDTH", "CONFIG", "JOBS", "TIMEOUT", "SEED", "OUT", "ACCEPT", "PORT"];
    let names = names.map(|name| format!("GONOGO_{name}").leak() as &'static str);
    let run = names.iter().fold(gonogo().features(&[("a.feature", text)]), |run, name| run.env(name, ""));
    let run = run.run().exits(4);
    assert!(run.path("gonogo-report/verdict.json").exists());
    gonogo().args(&["list", "formats"]).env("GONOGO_WIDTH", "x").run().exits(2).says("--width");
}

#[test]
fn an_unusable_width_falls_back_and_a_small_one_is_the_smallest_that_can_be_drawn() {
    let text = "Feature: F\n  Scenario: fine\n    Given a Jira site\n";
    let widest = |columns: &str| {
        let run = gonogo().features(&[("a.feature", text)]).env("COLUMNS", columns).run().exits(4);
        run.stdout().lines().map(|line| line.chars().count()).max().unwrap()
    };
    let usual = widest("100");
    assert!(usual > 60, "{usual}");
    for columns in ["abc", "", "0", "-5", "70000"] {
        assert_eq!(widest(columns), usual, "COLUMNS={columns}");
    }
    for columns in ["1", "19", "36", "40"] {
        assert!(widest(columns) <= 40, "COLUMNS={columns}: {}", widest(columns));
    }
}

#[test]
fn a_terminal_without_size_has_the_usual_width_and_a_dumb_one_no_colour() {
    let text = "Feature: F\n  Scenario: fine\n    Given a Jira site\n";
    let evidence = gonogo().features(&[("a.feature", text)]).run().exits(4);
    let evidence = fs::read(evidence.path("gonogo-report/evidence.jsonl")).unwrap();
    let on = |term: &str, size: &str| {
        let line =
            format!("export Q=$(printf '%q ' \"$@\"); script -qec \"stty {size}; $Q\" /dev/null < /dev/null");
        let run = gonogo().file("e.jsonl", &evidence).args(&["judge", "e.jsonl"]).shell(&line);
        run.env("TERM", term).run().exits(4).stdout().replace('\r', "")
    };
    let plain = on("dumb", "cols 0 rows 0");
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    assert!(plain.lines().any(|line| line.chars().count() > 60), "{plain}");
    assert!(on("xterm", "cols 0 rows 0").contains("\u{1b}["));
    assert!(on("dumb", "cols 20 rows 20").lines().all(|line| line.chars().count() <= 40));
}

#[test]
fn a_list_moves_no_cursor() {
    let text =
        "Feature: F\n  @a\u{1b}[31mb\n  Scenario: clear\u{1b}[2J \u{202e} \u{9b}1m\n    Given a Jira site\n";
    let run = gonogo().file("f/a\u{1b}[1m.feature", text).args(&["list", "scenarios", "--features", "f"]);
    let printed = run.run().exits(0).says("clear").stdout();
    let raw = printed.chars().find(|c| !"\n\t".contains(*c) && (c.is_control() || *c == '\u{202e}'));
    assert_eq!(raw, None, "{printed:?}");
}

#[test]
fn a_flag_that_a_list_cannot_heed_is_refused() {
    for what in ["steps", "invariants", "faults", "formats"] {
        let run = gonogo().args(&["list", what, "--features", "nope"]).run();
        run.exits(2).says("`--features` is for `list scenarios`");
    }
    gonogo().args(&["list", "scenarios", "--features", "nope"]).run().exits(2).says("nope");
}

#[test]
fn completions_offer_no_hidden_flag() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = gonogo().args(&["completions", shell]).run().exits(0).says("width").stdout();
        for hidden in ["columns", "no-color"] {
            let offered = script.contains(&format!("--{hidden}")) || script.contains(&format!("-l {hidden}"));
            assert!(!offered, "{shell} offers --{hidden}");
        }
    }
}

#[test]
fn one_scenario_is_no_scenarios() {
    let text = "Feature: F\n  Scenario: fine\n    Given a Jira site\n";
    let run = gonogo().features(&[("a.feature", text)]).run().exits(4).says("1 scenario planned");
    let page = fs::read_to_string(run.path("gonogo-report/report.md")).unwrap();
    assert!(page.contains("1 scenario planned"), "{page}");
}
