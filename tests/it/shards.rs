//! A run in shards, put together by `gonogo merge`: the same verdict as of a run in one piece, and nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::gonogo::{Gonogo, Outcome, gonogo};

/// Five scenarios, so that the shards are not equally long.
const FEATURE: &str = "\
Feature: F
  Background:
    Given a Jira site \"acme\" with 60 issues
    And the app is installed for \"acme\"
    When worker \"A\" runs the job \"snapshot_daily\" for \"acme\"

  Scenario: a
    Then the job of worker \"A\" succeeded
  Scenario: b
    Then the job of worker \"A\" skipped
  Scenario: c
    Then nothing that anybody knows
  Scenario: d
    Then nobody was spoken to
  Scenario: e
    Then 1 daily snapshot of \"acme\" is stored
";

/// The report with nothing that a clock, or the way to it, decides.
fn timeless(mut verdict: Value) -> Value {
    fn forget(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        // How often a worker asks for a lock that another holds is a matter of time, too.
                        "duration_ms" | "started_at" | "sha256" | "observations" if !value.is_array() => {
                            *value = Value::Null;
                        }
                        _ => forget(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(forget),
            _ => {}
        }
    }
    forget(&mut verdict);
    verdict
}

/// Both must say the same; told is the first line in which they do not.
#[track_caller]
fn is_same(one: Value, other: Value) {
    let [one, other] = [one, other].map(|verdict| serde_json::to_string_pretty(&timeless(verdict)).unwrap());
    let first = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    assert_eq!(first.map(|(one, _)| one), first.map(|(_, other)| other));
    assert_eq!(one.len(), other.len());
}

/// Runs so many shards into folders of their own, each with these arguments.
fn shards(home: &Path, of: usize, args: &[&str]) -> Vec<PathBuf> {
    let out = |index: usize| home.join(format!("shard-{index}"));
    for index in 1..=of {
        let (shard, out) = (format!("{index}/{of}"), out(index).display().to_string());
        let ended = with(args).args(&["--shard", &shard, "--out", &out]).run();
        assert_ne!(ended.code(), 0, "a shard alone is never a GO: {}", ended.all());
    }
    (1..=of).map(out).collect()
}

fn with(args: &[&str]) -> Gonogo {
    let run =
        if args.is_empty() { gonogo().args(&["run"]) } else { gonogo().features(&[("a.feature", FEATURE)]) };
    run.args(args.get(1..).unwrap_or_default())
}

fn merge(parts: &[PathBuf]) -> Gonogo {
    let parts: Vec<String> = parts.iter().map(|part| part.display().to_string()).collect();
    gonogo().args(&["merge"]).args(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn merged(parts: &[PathBuf]) -> Outcome {
    merge(parts).run()
}

#[test]
fn four_shards_come_to_what_one_run_comes_to() {
    let home = tempfile::tempdir().unwrap();
    let whole = gonogo().args(&["run"]).run().exits(0);
    let mut parts = shards(home.path(), 4, &[]);
    parts.reverse();
    let together = merged(&parts).exits(0).says("UNCONDITIONAL GO");
    is_same(together.verdict(), whole.verdict());
    let report = together.path("gonogo-report");
    gonogo().args(&["verify", &report.display().to_string()]).run().says("verdict   ┆ verified");
}

#[test]
fn a_failure_in_one_shard_is_a_failure_of_the_whole() {
    let home = tempfile::tempdir().unwrap();
    let whole = with(&["own"]).run();
    let together = merged(&shards(home.path(), 2, &["own"])).exits(whole.code());
    is_same(together.verdict(), whole.verdict());
    let counts = &together.verdict()["counts"];
    assert_eq!((&counts["planned"], &counts["passed"]), (&5.into(), &3.into()), "{counts}");
}

#[test]
fn shards_that_are_not_one_run_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let place = home.path().join(name);
        fs::create_dir(&place).unwrap();
        place
    };
    let ours = shards(&place("ours"), 3, &["own"]);
    let others = shards(&place("others"), 3, &["own", "--seed", "2"]);
    let fewer = shards(&place("fewer"), 2, &["own"]);
    let whole = place("whole");
    with(&["own"]).args(&["--out", &whole.display().to_string()]).run();
    let cut = place("cut");
    let evidence = fs::read_to_string(ours[2].join("evidence.jsonl")).unwrap();
    fs::write(cut.join("evidence.jsonl"), evidence.replacen("acme", "acne", 1)).unwrap();
    let own = |index: usize| ours[index].clone();
    for (parts, why) in [
        (vec![own(0), own(2)], "shard 2/3 is missing"),
        (vec![own(0)], "shard 2/3, 3/3 is missing"),
        (vec![own(0), own(1), own(2), own(1)], "shard 2 is there twice"),
        (vec![own(0), own(1), others[2].clone()], "the seed is"),
        (vec![own(0), own(1), fewer[1].clone()], "the number of shards is"),
        (vec![own(0), own(1), whole], "is no shard"),
        (vec![own(0), own(1), cut], "the chain is broken"),
        (vec![own(0), own(1), home.path().join("nowhere")], "cannot merge"),
    ] {
        let earlier = "{\"verdict\":\"UNCONDITIONAL GO\"}";
        let ended = merge(&parts).file("gonogo-report/verdict.json", earlier).run().exits(2).says(why);
        ended.leaves_no_verdict();
    }
    merge(&ours).file("gonogo.yaml", "jobs: 2\n").run().leaves_no_verdict().says("no gonogo.yaml");
}

#[test]
fn a_part_that_cannot_be_is_refused() {
    for part in ["0/4", "5/4", "1/0", "1", "a/b", "1/4/2", "9999999/9999999"] {
        gonogo().args(&["run", "--shard", part]).run().exits(2).says("expected I/N");
    }
    let many = with(&["own", "--shard", "9/9"]).run();
    many.leaves_no_verdict().says("has nothing to do");
}

#[test]
fn shards_of_two_versions_of_an_app_are_no_shards_of_one_run() {
    let settings = "subject:\n  command: [sh, driver.sh]\n  protocol: stdio\n";
    // The driver that is named is the same; what it calls on is not.
    let line = "set -e; git init -q; git add .; for part in 1 2; do echo \"echo $CHANGES $((part * CHANGES))\" > app.sh; \
                \"$1\" run --features f --shard $part/2 --out part-$part -q > out || true; done; exec \"$@\"";
    let merged = |changes: &str| {
        let run = gonogo().file("gonogo.yaml", settings).file("f/a.feature", FEATURE);
        let run = run.file("driver.sh", ". ./app.sh\n").file("app.sh", "echo\n").env("CHANGES", changes);
        run.shell(line).args(&["merge", "part-1", "part-2"]).run()
    };
    assert_ne!(merged("0").code(), 2, "shards of one version are put together");
    merged("1").exits(2).says("the plan, or a file that it is read from, is another");
}

#[test]
fn features_that_the_settings_name_are_named_as_seen_from_here() {
    let run = gonogo().file("gonogo.yaml", "features: [f]\n").file("f/a.feature", FEATURE);
    let verdict = run.args(&["run"]).run().verdict();
    assert_eq!(verdict["scenarios"][0]["id"], "f/a.feature:7");
}
