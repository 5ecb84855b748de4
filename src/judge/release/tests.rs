//! Each thing that a release's policy asks for, shown, not shown, and shown to be amiss; and what each comes to.

use super::*;
use crate::{
    evidence::{
        Change, CheckFact, CheckKind, Fact, Limits, ManualItem, Objective, Of, PlannedCheck, Role, Stage,
        TestOutcome, Waiver,
    },
    judge::{check, tests, verdict},
};

mod unshown;
const GO: &str = "UNCONDITIONAL GO";
const AFTER: &str = "GO (after fixes)";
const UNDECIDED: &str = "UNDECIDED";
const NO_GO: &str = "NO-GO";

fn release(kind: Option<CheckKind>) -> Release {
    let planned = kind.map(|kind| PlannedCheck {
        id: "it".to_owned(),
        title: "It".to_owned(),
        kind,
        severity: Severity::Sev2,
    });
    Release {
        version: "1.2.0".to_owned(),
        commit: Some("c0ffee".to_owned()),
        checks: planned.into_iter().collect(),
        limits: Limits {
            changed_lines_percent: Some(80.0),
            objectives: [("it".to_owned(), vec![objective()])].into(),
            ..Limits::default()
        },
        ..Release::default()
    }
}

fn objective() -> Objective {
    Objective { metric: "p95".to_owned(), at_most: Some(100.0), ..Objective::default() }
}

fn test(of: Of, id: &str, outcome: TestOutcome) -> CheckFact {
    CheckFact::TestEnded { of, id: id.to_owned(), outcome }
}

fn not_read() -> CheckFact {
    CheckFact::NotRead { what: "junit.xml: no such file".to_owned() }
}
/// What a release comes to whose scenarios all passed, with these facts for its check.
fn put(release: Release, facts: &[CheckFact], approvals: &[Approval]) -> ReleaseResult {
    let mut log: Vec<Fact> = release.checks.first().cloned().map(Fact::CheckPlanned).into_iter().collect();
    log.extend(facts.iter().cloned().map(Fact::CheckSaw));
    log.push(Fact::CheckEnded {});
    let checks = check::judge(&release, 0, &tests::observed(log)).into_iter().collect();
    let header = Header { release: Some(release), ..tests::header(2) };
    conclude(&header, header.started_at, checks, &tests::shown().0, approvals).expect("a release")
}

fn verdict_of(result: &ReleaseResult) -> &'static str {
    let (scenarios, invariants, issues) = tests::shown();
    decided(result, &scenarios, &invariants, &issues)
}

fn decided(
    result: &ReleaseResult,
    scenarios: &[ScenarioResult],
    invariants: &[crate::judge::InvariantResult],
    issues: &[crate::judge::IssueResult],
) -> &'static str {
    verdict::decide(&verdict::Basis {
        planned: 2,
        scenarios,
        invariants,
        issues,
        flaws: &[],
        unmet_claims: 0,
        left_out: 0,
        release: Some(result),
        shard: None,
    })
    .word()
}

fn said(result: &ReleaseResult) -> String {
    result.blockers().iter().map(|blocker| format!("{} {}\n", blocker.subject, blocker.message)).collect()
}

#[test]
fn test_results_are_held_against_those_of_before() {
    use Of::{Before, Now};
    use TestOutcome::{Errored, Failed, Flaky, Passed, Skipped};
    let many = |of: Of, passed: usize| (0..passed).map(move |n| test(of, &format!("t{n}"), Passed));
    let cases: Vec<(Vec<CheckFact>, &str, &str)> = vec![
        (vec![], UNDECIDED, "no test has a result"),
        (vec![not_read()], UNDECIDED, "no such file"),
        (vec![test(Now, "a", Passed), not_read()], UNDECIDED, "no such file"),
        (vec![test(Now, "a", Passed)], GO, ""),
        (vec![test(Now, "a", Flaky)], GO, ""),
        (vec![test(Now, "a", Skipped)], UNDECIDED, "every test was skipped"),
        (vec![test(Now, "a", Passed), test(Now, "a", Failed)], AFTER, "1 test fails"),
        (vec![test(Before, "a", Passed), test(Now, "a", Failed)], NO_GO, "1 regression"),
        (vec![test(Before, "a", Flaky), test(Now, "a", Errored)], NO_GO, "1 regression"),
        (many(Now, 40).chain([test(Now, "x", Failed), test(Before, "x", Failed)]).collect(), GO, ""),
        (
            many(Now, 30).chain([test(Now, "x", Failed), test(Before, "x", Failed)]).collect(),
            AFTER,
            "96.77 % of the tests pass",
        ),
        (many(Now, 40).chain([test(Now, "x", Failed), test(Before, "t0", Passed)]).collect(), AFTER, "fails"),
        (vec![test(Now, "x", Failed), test(Before, "x", Skipped)], AFTER, "did not run before"),
        (many(Now, 40).chain(many(Before, 41)).collect(), GO, ""),
        (many(Now, 30).chain(many(Before, 41)).collect(), UNDECIDED, "11 of 41 tests"),
        (
            vec![test(Now, "a", Passed), test(Now, "b", Skipped), test(Before, "b", Passed)],
            UNDECIDED,
            "1 of 1",
        ),
    ];
    for (facts, verdict, words) in cases {
        let result = put(release(Some(CheckKind::Tests)), &facts, &[]);
        assert_eq!(verdict_of(&result), verdict, "{facts:?}");
        assert!(said(&result).contains(words), "{}: {words}", said(&result));
        assert_eq!(said(&result).is_empty(), verdict == GO, "{}", said(&result));
    }
}

#[test]
fn what_is_read_of_the_other_kinds_is_held_against_its_limits() {
    let lines = |changed, run| CheckFact::LinesRun { file: "a.ts".to_owned(), changed, run };
    let before = CheckFact::FileRead {
        of: Of::Before,
        path: "before.log".to_owned(),
        sha256: "1".repeat(64),
        bytes: 1,
        format: "plain text".to_owned(),
        stale: None,
    };
    let file = |stale: Option<&str>| CheckFact::FileRead {
        of: Of::Now,
        path: "lcov.info".to_owned(),
        sha256: "0".repeat(64),
        bytes: 1,
        format: "lcov".to_owned(),
        stale: stale.map(str::to_owned),
    };
    let commit = |dirty: &[&str]| CheckFact::CommitRead {
        commit: "c0ffee".to_owned(),
        base: None,
        dirty: dirty.iter().map(|file| (*file).to_owned()).collect(),
    };
    let changed = CheckFact::FileChanged {
        file: "a.ts".to_owned(),
        change: Change::Added,
        added: 3,
        removed: 0,
        test: false,
    };
    let measured = |of, value: Option<f64>, samples| CheckFact::Measured {
        of,
        name: "p95".to_owned(),
        value,
        unit: "ms".to_owned(),
        samples,
    };
    let now = |value, samples| measured(Of::Now, value, samples);
    let pattern = |now, before| CheckFact::PatternSeen { template: "lost <id>".to_owned(), now, before };
    let secret =
        CheckFact::SecretSeen { rule: "jwt".to_owned(), place: "a:1".to_owned(), shown: "eyJ…".to_owned() };
    let searched = |files| CheckFact::TreeSearched { files, bytes: 1, left_out: 0 };
    use CheckKind::{Change as Commit, Coverage, Logs, Metrics, Secrets};
    let cases: Vec<(CheckKind, Vec<CheckFact>, &str, &str)> = vec![
        (Coverage, vec![], UNDECIDED, "no coverage was read"),
        (Coverage, vec![file(None), lines(10, 8)], GO, ""),
        (Coverage, vec![file(None)], GO, ""),
        (
            Coverage,
            vec![file(Some("older than the commit")), lines(10, 9)],
            UNDECIDED,
            "older than the commit",
        ),
        (Coverage, vec![file(None), lines(10, 7)], AFTER, "70 % of the changed lines"),
        (Coverage, vec![file(None), lines(10, 30), lines(10, 0)], AFTER, "50 % of the changed lines"),
        (Commit, vec![], UNDECIDED, "no commit was read"),
        (Commit, vec![commit(&[]), changed], GO, ""),
        (Commit, vec![commit(&["b.ts"])], UNDECIDED, "b.ts"),
        (Metrics, vec![], UNDECIDED, "no data on p95"),
        (Metrics, vec![now(Some(100.0), 5)], GO, ""),
        (Metrics, vec![now(Some(100.5), 5)], AFTER, "p95 is 100.5 ms"),
        (Metrics, vec![now(Some(f64::NAN), 5)], UNDECIDED, "no data on p95"),
        (Metrics, vec![now(Some(f64::INFINITY), 5)], UNDECIDED, "no data on p95"),
        (Metrics, vec![now(Some(1.0), 0)], UNDECIDED, "no data on p95"),
        (Metrics, vec![measured(Of::Before, Some(1.0), 5)], UNDECIDED, "no data on p95"),
        (Logs, vec![before, now(Some(1.0), 5), pattern(3, 0)], AFTER, "a new kind of error"),
        (Logs, vec![now(Some(1.0), 5), pattern(3, 0)], GO, ""),
        (Logs, vec![now(Some(1.0), 5), pattern(3, 1), pattern(0, 4)], GO, ""),
        (Secrets, vec![], UNDECIDED, "no file was searched"),
        (Secrets, vec![searched(0)], UNDECIDED, "no file was searched"),
        (Secrets, vec![searched(4)], GO, ""),
        (Secrets, vec![searched(4), secret], NO_GO, "1 secret"),
    ];
    for (kind, facts, verdict, words) in cases {
        let result = put(release(Some(kind)), &facts, &[]);
        assert_eq!(verdict_of(&result), verdict, "{facts:?}");
        assert!(said(&result).contains(words), "{}: {words}", said(&result));
    }
}

#[test]
fn growth_is_held_against_the_version_before() {
    let grown = |now: f64, before: Option<f64>| {
        let mut policy = release(Some(CheckKind::Logs));
        let growth = Objective { at_most: None, growth_percent: Some(10.0), ..objective() };
        policy.limits.objectives = [("it".to_owned(), vec![growth])].into();
        let measured = |of, value| CheckFact::Measured {
            of,
            name: "p95".to_owned(),
            value: Some(value),
            unit: "%".to_owned(),
            samples: 9,
        };
        let facts: Vec<_> =
            [measured(Of::Now, now)].into_iter().chain(before.map(|b| measured(Of::Before, b))).collect();
        verdict_of(&put(policy, &facts, &[]))
    };
    assert_eq!([grown(1.1, Some(1.0)), grown(1.2, Some(1.0)), grown(0.0, None)], [GO, AFTER, UNDECIDED]);
}

#[test]
fn a_check_without_an_objective_or_of_another_policy_shows_nothing() {
    let mut without = release(Some(CheckKind::Logs));
    without.limits.objectives.clear();
    assert_eq!(verdict_of(&put(without, &[], &[])), UNDECIDED);
    let planned = release(Some(CheckKind::Tests));
    let other = Fact::CheckPlanned(PlannedCheck { severity: Severity::Sev4, ..planned.checks[0].clone() });
    let log = tests::observed(vec![other, Fact::CheckSaw(test(Of::Now, "a", TestOutcome::Passed))]);
    let result = check::judge(&planned, 0, &log).expect("a check");
    assert_eq!(result.outcome, CheckOutcome::Undecided, "{}", result.reason);
}

fn signed(role: &str, who: &str, key: &str) -> Approval {
    Approval {
        role: role.to_owned(),
        item: None,
        principal: who.to_owned(),
        fingerprint: key.to_owned(),
        at: None,
        void: None,
        rejects: false,
        overrides: None,
    }
}

#[test]
fn each_role_is_signed_by_as_many_others_as_it_needs() {
    let role = |name: &str, needed, members: &[&str]| Role {
        name: name.to_owned(),
        needed,
        members: members.iter().map(|member| (*member).to_owned()).collect(),
    };
    let policy = || Release { roles: vec![role("Lead", 2, &[]), role("CTO", 1, &["dan"])], ..release(None) };
    let void = Approval { void: Some("the commit changed".to_owned()), ..signed("CTO", "dan", "d") };
    let no = Approval {
        void: Some("signed `reject`: not yet".to_owned()),
        rejects: true,
        ..signed("CTO", "dan", "d")
    };
    let also = Approval { role: "Lead".to_owned(), principal: "fay".to_owned(), ..no.clone() };
    let both = [signed("Lead", "ann", "a"), signed("Lead", "bob", "b")];
    let with = |last: Approval| both.iter().cloned().chain([last]).collect::<Vec<_>>();
    let cases: Vec<(Vec<Approval>, &str, &str)> = vec![
        (vec![], UNDECIDED, "the sign-off of Lead: 0 of 2 signed"),
        (with(signed("CTO", "dan", "d")), GO, ""),
        (with(signed("CTO", "eve", "e")), UNDECIDED, "none of those who may sign"),
        (with(signed("CTO", "ann", "a")), UNDECIDED, "none of those"),
        (with(no), UNDECIDED, "signed `reject`: not yet"),
        ([with(signed("CTO", "dan", "d")), vec![also]].concat(), UNDECIDED, "Lead: 2 of 2 signed; void: fay"),
        (with(void), UNDECIDED, "void: dan: the commit changed"),
        (
            vec![signed("Lead", "ann", "a"), signed("Lead", "ann", "z"), signed("CTO", "dan", "d")],
            UNDECIDED,
            "1 of 2",
        ),
        (
            vec![signed("Lead", "ann", "a"), signed("Lead", "bob", "a"), signed("CTO", "dan", "d")],
            UNDECIDED,
            "1 of 2",
        ),
        (
            vec![signed("Lead", "dan", "d"), signed("Lead", "bob", "b"), signed("CTO", "dan", "d")],
            UNDECIDED,
            "CTO: 0 of 1",
        ),
        (with(signed("Chief", "dan", "d")), UNDECIDED, "CTO: 0 of 1"),
    ];
    for (approvals, verdict, words) in cases {
        let result = put(policy(), &[], &approvals);
        assert_eq!(verdict_of(&result), verdict, "{approvals:?}");
        assert!(said(&result).contains(words), "{}: {words}", said(&result));
    }
}

#[test]
fn an_item_that_nobody_signed_is_open() {
    let item = ManualItem {
        id: "smoke".to_owned(),
        stage: Stage::Staging,
        title: "click through it".to_owned(),
        members: vec![],
    };
    let policy = || Release { items: vec![item.clone()], ..release(None) };
    let by = |item: &str, void: Option<&str>| Approval {
        item: Some(item.to_owned()),
        void: void.map(str::to_owned),
        ..signed("", "ann", "a")
    };
    let verdict = |approvals: &[Approval]| verdict_of(&put(policy(), &[], approvals));
    assert_eq!(verdict(&[]), UNDECIDED);
    assert_eq!(verdict(&[by("smoke", None)]), GO);
    assert_eq!(verdict(&[by("smoke", Some("expired"))]), UNDECIDED);
    assert_eq!(verdict(&[by("other", None)]), UNDECIDED);
    assert_eq!(verdict(&[signed("smoke", "ann", "a")]), UNDECIDED);
    assert!(said(&put(policy(), &[], &[])).contains("smoke staging, click through it: 0 of 1 signed"));
}

fn waiver(check: &str, expires: &str) -> Waiver {
    Waiver {
        id: "W-1".to_owned(),
        check: check.to_owned(),
        reason: "known and harmless".to_owned(),
        owner: "ann".to_owned(),
        expires: expires.parse().expect("a time"),
    }
}

#[test]
fn a_waiver_in_force_is_go_after_fixes_at_best() {
    let (before, after) = ("1969-12-31T23:59:59Z", "1970-01-02T00:00:00Z");
    let secret = CheckFact::SecretSeen { rule: "jwt".into(), place: "a:1".into(), shown: "eyJ…".into() };
    let found = [CheckFact::TreeSearched { files: 1, bytes: 1, left_out: 0 }, secret];
    let fine = &found[..1];
    let waived = |waiver: Waiver, facts: &[CheckFact]| {
        put(Release { waivers: vec![waiver], ..release(Some(CheckKind::Secrets)) }, facts, &[])
    };
    for (result, verdict, words) in [
        (waived(waiver("it", after), &found), AFTER, "waived by ann until"),
        (waived(waiver("it", before), &found), NO_GO, "the waiver of it ended"),
        (waived(waiver("other", after), &found), NO_GO, "covers nothing"),
        (waived(waiver("it", after), fine), AFTER, "covers nothing"),
        (waived(waiver("it", before), fine), AFTER, "ended"),
        (waived(waiver("it", after), &[]), UNDECIDED, "covers nothing"),
    ] {
        assert_eq!(verdict_of(&result), verdict, "{}", said(&result));
        assert!(said(&result).contains(words), "{}: {words}", said(&result));
    }
}

#[test]
fn a_failed_scenario_may_be_waived_and_one_that_was_not_shown_may_not() {
    let (mut scenarios, invariants, issues) = tests::shown();
    let policy = Release { waivers: vec![waiver("a.feature:3", "1970-01-02T00:00:00Z")], ..release(None) };
    let header = Header { release: Some(policy), ..tests::header(2) };
    let mut verdict = |outcome| {
        scenarios[1].outcome = outcome;
        let result = conclude(&header, header.started_at, vec![], &scenarios, &[]).expect("a release");
        decided(&result, &scenarios, &invariants, &issues)
    };
    assert_eq!(verdict(Outcome::Failed), AFTER);
    assert_eq!(verdict(Outcome::NotRun), UNDECIDED);
    let violated: Vec<_> = invariants
        .iter()
        .cloned()
        .map(|i| crate::judge::InvariantResult { outcome: crate::judge::InvariantOutcome::Violated, ..i })
        .collect();
    let result = conclude(&header, header.started_at, vec![], &scenarios, &[]).expect("a release");
    assert_eq!(decided(&result, &scenarios, &violated, &issues), NO_GO);
}

#[test]
fn a_policy_that_no_run_writes_is_refused() {
    let twice = |n: usize| vec![release(Some(CheckKind::Tests)).checks[0].clone(); n];
    let role = |needed| Role { name: "CTO".to_owned(), needed, members: vec![] };
    let item =
        ManualItem { id: "i".to_owned(), stage: Stage::Staging, title: "t".to_owned(), members: vec![] };
    let after = "1970-01-02T00:00:00Z";
    for (policy, words) in [
        (release(None), None),
        (Release { checks: twice(2), ..release(None) }, Some("check it is listed twice")),
        (Release { roles: vec![role(1), role(2)], ..release(None) }, Some("role CTO is listed twice")),
        (Release { roles: vec![role(0)], ..release(None) }, Some("needs nobody")),
        (Release { items: vec![item.clone(), item], ..release(None) }, Some("item i is listed twice")),
        (
            Release { waivers: vec![waiver("read_only_jira", after)], ..release(None) },
            Some("cannot be waived"),
        ),
    ] {
        let said = super::check(&policy).err();
        assert_eq!(said.is_some(), words.is_some(), "{said:?}");
        assert!(said.unwrap_or_default().contains(words.unwrap_or_default()));
    }
}
