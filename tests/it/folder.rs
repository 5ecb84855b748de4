//! What a run leaves in its output folder, and what it never touches: an earlier verdict, another run's
//! files, its own inputs.

use std::fs::{self, File};

use crate::gonogo::{Gonogo, gonogo};

const FINE: &str = "Feature: F\n  @fine\n  Scenario: fine\n    Given a Jira site\n";
const EARLIER: &str = "{\"verdict\":\"UNCONDITIONAL GO\"}";

fn fine() -> Gonogo {
    gonogo().features(&[("a.feature", FINE)])
}

/// A run into a folder in which a GO stands.
fn after_a_go(run: Gonogo) -> Gonogo {
    run.file("gonogo-report/verdict.json", EARLIER)
        .file("gonogo-report/report.md", "GO")
        .file("gonogo-report/junit.xml", "<testsuites/>")
}

#[test]
fn an_earlier_go_does_not_outlive_a_run_that_could_not_begin() {
    let broken = "Feature: F\n  Scenario: a\n    Given a\n    Wen b\n";
    for run in [
        gonogo().features(&[("a.feature", broken)]),
        fine().args(&["--tags", "@nope"]),
        fine().args(&["--config", "nope.yaml"]),
        fine().file("gonogo.yaml", "job: 1\n"),
        fine().args(&["--out", "gonogo-report", "--config", "nope.yaml"]),
        fine().args(&["--report", "json=nowhere/verdict.json"]),
        gonogo().args(&["run", "nowhere"]),
        gonogo().args(&["judge", "nope.jsonl", "--out", "gonogo-report"]),
    ] {
        let ended = after_a_go(run).run().leaves_no_verdict();
        for name in ["verdict.json", "report.md", "junit.xml"] {
            let (there, aside) = (format!("gonogo-report/{name}"), format!("gonogo-report/{name}.earlier"));
            assert!(!ended.path(&there).exists(), "{name}: {}", ended.all());
            assert!(ended.path(&aside).exists(), "{name} is lost: {}", ended.all());
        }
    }
}

#[test]
fn what_was_put_aside_is_the_previous_verdict_of_the_next_run_that_ends() {
    let run = fine().file("gonogo-report/verdict.json.earlier", EARLIER).run().exits(4);
    assert_eq!(run.verdict()["previous_verdict"], "UNCONDITIONAL GO");
    assert!(!run.path("gonogo-report/verdict.json.earlier").exists());
}

#[test]
fn a_folder_in_use_is_refused_and_nothing_of_it_is_touched() {
    for with in [&["--tags", "@fine"], &["--tags", "@nope"], &["--config", "nope.yaml"]] {
        let run = after_a_go(fine()).file("gonogo-report/.lock", "").args(with);
        let lock = File::open(run.path("gonogo-report/.lock")).unwrap();
        lock.try_lock().unwrap();
        let ended = run.run().exits(2);
        assert_eq!(fs::read_to_string(ended.path("gonogo-report/verdict.json")).unwrap(), EARLIER);
        assert!(!ended.path("gonogo-report/evidence.jsonl").exists());
        if with[0] != "--config" {
            ended.says("another run of gonogo is using the output folder gonogo-report");
        }
    }
}

#[test]
fn a_report_never_takes_the_place_of_an_input_a_result_or_another_report() {
    for (reports, says) in [
        (&["markdown=gonogo-report/verdict.json"][..], "the run's own json report lies there"),
        (&["json=./gonogo-report/../gonogo-report/junit.xml"], "the run's own junit report lies there"),
        (&["json=gonogo-report/evidence.jsonl"], "the evidence lies there"),
        (&["json=features/a.feature"], "a feature file lies there"),
        (&["json=link.json"], "a feature file lies there"),
        (&["json=hard.json"], "a feature file lies there"),
        (&["json=gonogo.yaml"], "the configuration lies there"),
        (&["json=r", "markdown=./r"], "another report goes there"),
        (&["json=here/r", "markdown=r"], "another report goes there"),
        (&["json=one", "markdown=two"], "another report goes there"),
    ] {
        let run = fine().file("gonogo.yaml", "jobs: 1\n").file("one", "1");
        fs::hard_link(run.path("one"), run.path("two")).unwrap();
        fs::hard_link(run.path("features/a.feature"), run.path("hard.json")).unwrap();
        std::os::unix::fs::symlink("features/a.feature", run.path("link.json")).unwrap();
        std::os::unix::fs::symlink(".", run.path("here")).unwrap();
        let ended = reports.iter().fold(run, |run, report| run.args(&["--report", report])).run();
        let ended = ended.leaves_no_verdict().says(says);
        assert_eq!(fs::read_to_string(ended.path("features/a.feature")).unwrap(), FINE);
        assert_eq!(fs::read_to_string(ended.path("gonogo.yaml")).unwrap(), "jobs: 1\n");
        assert!(!ended.path("gonogo-report/evidence.jsonl").exists(), "{says}: it ran");
    }
    let run = fine().args(&["--report", "json=gonogo-report/verdict.json", "--report", "json=/dev/null"]);
    run.args(&["--report", "junit=/dev/null", "--report", "markdown=gonogo-report/more.md"]).run().exits(4);
}

#[test]
fn judging_again_overwrites_neither_the_evidence_nor_reads_what_it_puts_aside() {
    let ran = fine().run().exits(4);
    let evidence = fs::read(ran.path("gonogo-report/evidence.jsonl")).unwrap();
    for (name, args, says) in [
        ("kept", &["judge", "kept", "--report", "json=kept"][..], "the evidence lies there"),
        ("kept", &["judge", "kept", "--report", "json=./kept"], "the evidence lies there"),
        ("o/verdict.json", &["judge", "o/verdict.json", "--out", "o"], "the evidence lies there"),
    ] {
        let ended = gonogo().file(name, &evidence).args(args).run().exits(2).says(says);
        assert_eq!(fs::read(ended.path(name)).unwrap(), evidence, "{args:?}");
    }
    let again = gonogo().file("gonogo-report/evidence.jsonl", &evidence);
    let again =
        again.args(&["judge", "gonogo-report/evidence.jsonl", "--out", "gonogo-report"]).run().exits(4);
    assert_eq!(again.verdict()["verdict"], "UNDECIDED");
}

#[test]
fn a_filtered_run_is_undecided_at_best() {
    // Everything else is shown: what the filter left out is all that stands between this run and a GO.
    let ended = gonogo().args(&["run", "--tags", "not @lock-windows"]).run().exits(4);
    let verdict = ended.verdict();
    assert_eq!(verdict["verdict"], "UNDECIDED");
    let blockers = verdict["blockers"].as_array().unwrap();
    assert_eq!(blockers.len(), 1, "{blockers:?}");
    assert!(blockers[0]["message"].as_str().unwrap().contains("were left out"), "{blockers:?}");
    let named = gonogo().args(&["run", "--name", "snapshot"]).run().exits(4).verdict();
    let left_out = |verdict: &serde_json::Value| verdict["blockers"].to_string().contains("were left out");
    assert!(left_out(&named), "{named}");
}

/// Whether the tree is what was committed is told by the second run, when the first one's folder lies there.
#[test]
fn a_run_does_not_make_the_tree_differ_from_the_commit_and_hides_nobody_elses_file() {
    if !std::process::Command::new("git").arg("--version").output().is_ok_and(|o| o.status.success()) {
        return crate::node::skip("there is no git on this machine");
    }
    let git = "git -c init.defaultBranch=main init -q . && git add -A && git -c user.name=a -c user.email=a@example.com commit -qm a";
    let policy = "release:\n  version: 1.0.0\n  change: {}\n";
    let started = |line: &str| {
        let script = format!("{git} && \"$@\" >/dev/null; {line}; exec \"$@\"");
        fine().file("gonogo.yaml", policy).shell(&script).run()
    };
    let told = |line: &str| {
        let verdict = started(line).verdict();
        verdict["release"]["checks"][0]["reason"].as_str().unwrap().to_owned()
    };
    assert!(!told("true").contains("the tree is not what was committed"), "{}", told("true"));
    let hidden = told("echo 1 > gonogo-report/app.js");
    assert!(
        hidden.contains("the tree is not what was committed") && hidden.contains("gonogo-report/"),
        "{hidden}"
    );
}
