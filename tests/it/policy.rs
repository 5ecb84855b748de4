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
