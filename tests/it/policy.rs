//! What a release is asked for is said by the protected branch: whoever writes to another branch cannot take a sign-off
//! out, nor a waiver in.

use std::process::Command;

use crate::{
    gonogo::{Gonogo, gonogo},
    node::skip,
};

const PROTECTED: &str = "\
subject: reference
release:
  version: 1.0.0
  sign_offs:
    - {role: CTO}
";
const UNSIGNED: &str = "\
subject: reference
thresholds: {lock_contention_percent: 50}
release:
  version: 1.1.0
";

/// Commits the first settings on `main` and has the second ones in the tree, then runs gonogo.
fn on_a_branch(tree: &str) -> Option<Gonogo> {
    if Command::new("git").arg("--version").output().is_err() {
        skip("there is no git on this machine");
        return None;
    }
    let line = "set -e; export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@localhost; \
                export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@localhost; git init -q -b main; \
                git add gonogo.yaml; git commit -qm settings; git checkout -q -b release; \
                cp tree.yaml gonogo.yaml; git commit -qam mine --allow-empty; exec \"$@\"";
    Some(gonogo().file("gonogo.yaml", PROTECTED).file("tree.yaml", tree).shell(line))
}

#[test]
fn a_branch_cannot_take_a_sign_off_out_of_the_protected_branchs_policy() {
    let Some(run) = on_a_branch(UNSIGNED) else { return };
    let ended = run.args(&["run", "--policy-ref", "main"]).run().exits(4).says("the sign-off of CTO");
    let verdict = ended.verdict();
    let told = verdict["policy"].to_string();
    assert!(told.contains("the policy is that of main, commit "), "{told}");
    assert!(told.contains("does not count, of thresholds, release.sign_offs"), "{told}");
    assert_eq!(verdict["release"]["version"], "1.1.0", "the version is the tree's");
    // Seen the other way round: without the protected branch the tree's own word counts.
    let Some(run) = on_a_branch(UNSIGNED) else { return };
    run.args(&["run"]).run().exits(0);
}

#[test]
fn where_the_tree_says_who_must_sign_every_report_says_so() {
    let Some(run) = on_a_branch(PROTECTED) else { return };
    run.args(&["run"]).run().exits(4).says("said by the tree that is released");
    let Some(run) = on_a_branch(PROTECTED) else { return };
    let ended = run.env("GONOGO_POLICY_REF", "main").args(&["run"]).run().exits(4);
    assert!(!ended.all().contains("does not count"), "{}", ended.all());
}

#[test]
fn a_policy_that_cannot_be_taken_judges_nothing() {
    for (tree, args, why) in [
        (UNSIGNED, &["run", "--policy-ref", "nowhere"][..], "is no branch, tag or commit here"),
        (UNSIGNED, &["run", "--policy-ref=--all"], "is no branch"),
        (UNSIGNED, &["run", "--policy-ref", "main", "--config", "tree.yaml"], "has no such file"),
        ("subject: reference\n", &["run", "--policy-ref", "main"], "release.version"),
    ] {
        let Some(run) = on_a_branch(tree) else { return };
        run.args(args).run().exits(2).says(why).leaves_no_verdict();
    }
    gonogo().args(&["run", "--policy-ref", "main"]).run().exits(2).says("there is no gonogo.yaml here");
    let outside = gonogo().file("gonogo.yaml", PROTECTED).args(&["run", "--policy-ref", "main"]);
    outside.run().exits(2).says("is not in a git repository");
}

/// Two people may sign by the protected branch's file; on the branch to be released somebody let themselves in.
#[test]
fn a_branch_cannot_let_its_own_people_sign() {
    if Command::new("git").arg("--version").output().is_err()
        || Command::new("ssh-keygen").arg("-?").output().is_err()
    {
        skip("git or ssh-keygen is not on this machine");
        return;
    }
    let line = "set -e; for who in ann bob; do \
                ssh-keygen -q -t ed25519 -N '' -C $who@example.com -f $who; \
                echo \"$who@example.com $(cut -d' ' -f1,2 $who.pub)\" > $who.line; done; \
                export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@localhost; \
                export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@localhost; git init -q -b main; \
                cp ann.line signers; git add gonogo.yaml signers; git commit -qm settings; \
                git checkout -q -b release; cp bob.line signers; git commit -qam mine; \
                \"$1\" run > /dev/null || true; \"$1\" sign --role CTO --key bob > /dev/null; exec \"$@\"";
    for (args, code, said) in [
        (&["checklist", "--allowed-signers", "signers"][..], 0, "bob@example.com"),
        (
            &["checklist", "--allowed-signers", "signers", "--policy-ref", "main"],
            4,
            "signers is that of main, commit ",
        ),
        (
            &["checklist", "--allowed-signers", "signers", "--policy-ref", "nowhere"],
            2,
            "is no branch, tag or commit here",
        ),
        (&["checklist", "--allowed-signers", "bob.line", "--policy-ref", "main"], 2, "has no such file"),
        (
            &["verify", "gonogo-report", "--allowed-signers", "signers", "--policy-ref", "main"],
            1,
            "NOT VERIFIED",
        ),
        (
            &["report", "--kind", "summary", "--allowed-signers", "signers", "--policy-ref", "main"],
            0,
            "UNDECIDED",
        ),
        (
            &["explain", "--to-go", "gonogo-report", "--allowed-signers", "signers", "--policy-ref", "main"],
            0,
            "UNDECIDED",
        ),
        (&["explain", "--to-go", "gonogo-report", "--allowed-signers", "signers"], 0, "UNCONDITIONAL GO"),
    ] {
        let run = gonogo().file("gonogo.yaml", PROTECTED).shell(line);
        run.args(args).run().exits(code).says(said);
    }
}
