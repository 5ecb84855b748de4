//! What is committed: secrets in it or in what is staged, and results that no commit stands behind. Its tokens are put
//! together here, so that this file holds none.

use serde_json::Value;

use crate::{gonogo::gonogo, node::skip};

const DRAWN: &str = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5";

fn token() -> String {
    format!("{}_{DRAWN}", "ghp")
}

#[test]
fn a_secret_is_told_by_place_kind_and_fingerprint_and_decides_the_exit_code() {
    let clean = gonogo().file("src/a.ts", "const x = 1;\n").args(&["secrets"]).run().exits(0);
    assert_eq!(clean.stdout(), "no secret in 1 files; 0 allowed, no file left out\n");

    let text = format!("\nconst x = '{}';\n", token());
    let run = || gonogo().file("src/a.ts", &text).file("b.zip", b"PK\x03\x04");
    let found = run().args(&["secrets", "."]).run().exits(1);
    let found =
        found.says("src/a.ts:2  GitHub token  ghp_… (40 letters, fingerprint ").says("revoke it (at github");
    let found = found
        .says("left out, packed, searched as it is: b.zip")
        .says("1 secret in 2 files; 0 allowed, 1 file left out");
    assert!(!found.all().contains(&DRAWN[..6]), "{}", found.all());

    let printed: Value =
        serde_json::from_str(&run().args(&["secrets", "--json"]).run().exits(1).stdout()).unwrap();
    let finding = &printed["findings"][0];
    assert_eq!((finding["rule"].as_str(), finding["line"].as_u64()), (Some("github-token"), Some(2)));
    let fingerprint = finding["fingerprint"].as_str().unwrap().to_owned();

    let allowed = format!("{fingerprint} made up for a test\n");
    let run = || run().file(".gonogo-secrets-allow", &allowed);
    run().args(&["secrets"]).run().exits(0).says("no secret in 3 files; 1 allowed");
    let printed: Value =
        serde_json::from_str(&run().args(&["secrets", "--json"]).run().exits(0).stdout()).unwrap();
    assert_eq!(printed["allowed"][0]["reason"], "made up for a test");
}

#[test]
fn what_cannot_be_searched_is_wrong_input_and_never_clean() {
    gonogo().args(&["secrets"]).run().exits(2).says("has no file that could be searched");
    gonogo().args(&["secrets", "nowhere"]).run().exits(2).says("nowhere cannot be read");
    gonogo().args(&["secrets", "--staged"]).run().exits(2).says("is not in a git repository");
    let list = gonogo().file("a.ts", "x").file(".gonogo-secrets-allow", "# all\n** everything is fine\n");
    list.args(&["secrets"])
        .run()
        .exits(2)
        .says(".gonogo-secrets-allow:2: `**` is a pattern that names no path");
}

#[test]
fn as_a_hook_it_keeps_what_is_staged_from_being_committed_whatever_else_lies_in_the_tree() {
    let here = std::process::Command::new("git").arg("--version").output().is_ok_and(|o| o.status.success());
    if !here {
        return skip("there is no git on this machine");
    }
    // `git commit FILE` gives the hook an index of its own.
    let line = "set -e; export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@localhost; \
                export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@localhost; git init -q; \
                printf '#!/bin/sh\\nexec \"%s\" secrets --staged\\n' \"$1\" > .git/hooks/pre-commit; \
                chmod +x .git/hooks/pre-commit; git add clean.ts; git commit -qm clean; \
                echo changed >> clean.ts; git commit -qm one clean.ts; \
                git add leak.ts; echo more >> clean.ts; git commit -qm only clean.ts && echo PASSED; \
                git commit -qm leak && echo COMMITTED; true # \"$@\"";
    let text = format!("const x = '{}';\n", token());
    let run = gonogo().file("clean.ts", "x\n").file("leak.ts", &text).shell(line).run();
    let told = run.all();
    assert!(told.contains("PASSED") && !told.contains("COMMITTED"), "{told}");
    assert!(
        told.contains("leak.ts:1  GitHub token") && told.contains("take it out before you commit"),
        "{told}"
    );
    assert!(!told.contains(&DRAWN[..6]), "{told}");
}

#[test]
fn results_that_no_commit_stands_behind_are_undecided_with_what_to_do() {
    let feature = "Feature: F\n  @SEV-2-001\n  Scenario: fine\n    Given a Jira site\n";
    let settings = "release:\n  version: 1.0.0\n  tests:\n    - {id: unit, files: [unit.xml]}\n";
    let results = "<testsuite name=\"a\" tests=\"1\"><testcase name=\"t\"/></testsuite>";
    let run = || {
        let run = gonogo().features(&[("a.feature", feature)]).file("gonogo.yaml", settings);
        run.file("unit.xml", results)
    };
    let told = "results cannot be bound to a commit";
    // Nothing else is exercised here: what a check saw stands in the evidence.
    let seen = |line: &str| {
        let outcome = run().shell(line).run().exits(4);
        std::fs::read_to_string(outcome.path("gonogo-report/evidence.jsonl")).expect("evidence")
    };
    let outside = seen("exec \"$@\"");
    for part in [told, "is not in a git repository", "`git init`, `git commit`"] {
        assert!(outside.contains(part), "{part}: {outside}");
    }
    let here = std::process::Command::new("git").arg("--version").output().is_ok_and(|o| o.status.success());
    if !here {
        return skip("there is no git on this machine");
    }
    let empty = seen("git init -q && exec \"$@\"");
    assert!(empty.contains(told) && empty.contains("has no commit yet"), "{empty}");
    let bound = seen(
        "git init -q && git add gonogo.yaml && GIT_COMMITTER_DATE=2025-01-01T00:00:00Z git -c user.name=a \
         -c user.email=a@localhost commit -qm x && exec \"$@\"",
    );
    assert!(bound.contains("unit.xml") && !bound.contains(told), "{bound}");
}

#[test]
fn a_secret_in_the_name_of_a_file_reaches_no_evidence_and_no_report() {
    let here = std::process::Command::new("git").arg("--version").output().is_ok_and(|o| o.status.success());
    if !here {
        return skip("there is no git on this machine");
    }
    let feature = "Feature: F\n  @SEV-2-001\n  Scenario: fine\n    Given a Jira site\n";
    let settings = "release:\n  version: 1.0.0\n  secrets: true\n  change: {base: v0}\n";
    let line = "set -e; export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@localhost; \
                export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@localhost; git init -q; \
                git add gonogo.yaml; git commit -qm settings; git tag v0; git add .; git commit -qm more; \
                echo more >> src/*/a.ts; exec \"$@\"";
    let run = gonogo().features(&[("a.feature", feature)]).file("gonogo.yaml", settings);
    let run = run.file(&format!("src/{}/a.ts", token()), "const x = 1;\n").shell(line).run().exits(1);
    assert!(!run.all().contains(&DRAWN[..6]), "{}", run.all());
    let evidence = std::fs::read_to_string(run.path("gonogo-report/evidence.jsonl")).expect("evidence");
    assert!(
        evidence.contains("\"file\":\"src/[GitHub token: ghp_…") && !evidence.contains(&DRAWN[..6]),
        "{evidence}"
    );
}
