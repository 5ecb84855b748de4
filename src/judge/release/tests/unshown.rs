//! A failure hides nothing that was not shown: a check that fails and lacks something is no reason to go on.

use super::*;

fn read(of: Of, path: &str, sha256: &str) -> CheckFact {
    let (path, sha256, format) = (path.to_owned(), sha256.repeat(64), "JUnit".to_owned());
    CheckFact::FileRead { of, path, sha256, bytes: 1, format, stale: None }
}

#[test]
fn a_check_that_fails_and_lacks_something_is_undecided_at_best() {
    use Of::{Before, Now};
    use TestOutcome::{Failed, Passed};
    let (one, red) = (test(Now, "a", Passed), test(Now, "b", Failed));
    for (facts, verdict, words) in [
        (vec![one.clone(), red.clone()], AFTER, "1 test fails"),
        (
            vec![one.clone(), red.clone(), not_read()],
            UNDECIDED,
            "1 test fails, and no earlier results to compare with: b; junit.xml: no such file",
        ),
        // A regression stops the release whatever else is lacking.
        (vec![red.clone(), test(Before, "b", Passed), not_read()], NO_GO, "1 regression"),
    ] {
        let result = put(release(Some(CheckKind::Tests)), &facts, &[]);
        assert_eq!(verdict_of(&result), verdict, "{facts:?}");
        assert!(said(&result).contains(words), "{}", said(&result));
    }
}

#[test]
fn what_passed_in_one_of_several_files_before_and_fails_now_is_a_regression() {
    use Of::{Before, Now};
    use TestOutcome::{Errored, Failed, Passed, Skipped};
    let many = |of: Of| (0..60).map(move |n| test(of, &format!("t{n}"), Passed));
    for (before, verdict) in [
        ([Passed, Failed], NO_GO),
        ([Failed, Passed], NO_GO),
        ([Errored, Passed], NO_GO),
        ([Failed, Errored], GO),
        ([Failed, Skipped], AFTER),
    ] {
        let facts: Vec<CheckFact> = many(Now)
            .chain(many(Before))
            .chain(before.map(|outcome| test(Before, "x", outcome)))
            .chain([test(Now, "x", Failed)])
            .collect();
        let result = put(release(Some(CheckKind::Tests)), &facts, &[]);
        assert_eq!(verdict_of(&result), verdict, "{before:?}: {}", said(&result));
    }
}

#[test]
fn a_way_back_that_does_not_lead_back_fails_the_change() {
    let commit = CheckFact::CommitRead { commit: "c0ffee".to_owned(), base: None, dirty: vec![] };
    let tried = |conflicts: &[&str]| CheckFact::RollbackRehearsed {
        commands: vec![],
        clean: conflicts.is_empty(),
        conflicts: conflicts.iter().map(|&path| path.to_owned()).collect(),
    };
    for (facts, verdict, words) in [
        (vec![commit.clone()], GO, ""),
        (vec![commit.clone(), tried(&[])], GO, ""),
        (vec![commit.clone(), tried(&["a.ts"])], AFTER, "does not lead to the released version: a.ts"),
        (vec![commit, not_read()], UNDECIDED, "no such file"),
    ] {
        let result = put(release(Some(CheckKind::Change)), &facts, &[]);
        assert_eq!(verdict_of(&result), verdict, "{facts:?}");
        assert!(said(&result).contains(words), "{}", said(&result));
    }
}

#[test]
fn a_waiver_covers_nothing_once_it_is_over_whenever_the_run_was() {
    let header = tests::header(2);
    let waiver = |seconds: i64| Waiver {
        id: "W-1".to_owned(),
        check: "it".to_owned(),
        reason: "the supplier mends it".to_owned(),
        owner: "ann@example.com".to_owned(),
        expires: header.started_at + jiff::SignedDuration::from_secs(seconds),
    };
    let facts = [test(Of::Now, "a", TestOutcome::Passed), test(Of::Now, "b", TestOutcome::Failed)];
    for (later, verdict) in [(0, AFTER), (59, AFTER), (60, NO_GO), (600, NO_GO)] {
        let release = Release {
            waivers: vec![waiver(60)],
            checks: vec![PlannedCheck {
                severity: Severity::Sev1,
                ..release(Some(CheckKind::Tests)).checks[0].clone()
            }],
            ..release(None)
        };
        let checks = check::judge(
            &release,
            0,
            &tests::observed(
                [Fact::CheckPlanned(release.checks[0].clone())]
                    .into_iter()
                    .chain(facts.iter().cloned().map(Fact::CheckSaw))
                    .chain([Fact::CheckEnded {}])
                    .collect(),
            ),
        );
        let header = Header { release: Some(release), ..header.clone() };
        let at = header.started_at + jiff::SignedDuration::from_secs(later);
        let result =
            conclude(&header, at, checks.into_iter().collect(), &tests::shown().0, &[]).expect("a release");
        assert_eq!(verdict_of(&result), verdict, "{later} s after the run began");
    }
}

#[test]
fn a_waiver_of_an_invariant_is_refused_however_it_is_spelled() {
    let waiver = |check: &str| Release {
        waivers: vec![Waiver {
            id: "W-1".to_owned(),
            check: check.to_owned(),
            reason: "nobody looks at it".to_owned(),
            owner: "ann@example.com".to_owned(),
            expires: tests::header(2).started_at,
        }],
        ..release(None)
    };
    for (check, refused) in [
        ("read_only_jira", true),
        ("invariant:read_only_jira", true),
        (" read_only_jira", true),
        ("", true),
        (" ", true),
        ("SEV-2-001", false),
    ] {
        assert_eq!(crate::judge::release::check(&waiver(check)).is_err(), refused, "{check:?}");
    }
}

#[test]
fn results_of_now_that_are_those_of_before_compare_nothing() {
    use Of::{Before, Now};
    use TestOutcome::Failed;
    let tests = [test(Now, "b", Failed), test(Before, "b", Failed)];
    let passing = (0..60).map(|n| test(Now, &format!("t{n}"), TestOutcome::Passed));
    for (before, verdict) in [("1", GO), ("0", UNDECIDED)] {
        let files = [read(Now, "now.xml", "0"), read(Before, "before.xml", before)];
        let facts: Vec<CheckFact> = files.into_iter().chain(tests.clone()).chain(passing.clone()).collect();
        let result = put(release(Some(CheckKind::Tests)), &facts, &[]);
        assert_eq!(verdict_of(&result), verdict, "{}", said(&result));
        assert_eq!(said(&result).contains("hold the same bytes"), verdict == UNDECIDED);
    }
}
