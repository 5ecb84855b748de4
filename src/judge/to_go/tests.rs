//! Whatever stands in the way, what is listed leads to a GO, each step by the judge's own word.

use super::*;
use crate::{
    evidence::{
        CheckFact, CheckKind, Fact, Issue, ManualItem, Observation, Of, Planned, PlannedCheck, Policy,
        Release, Role, Severity, Source, Stage, TestOutcome, Waiver, file::Sealed,
    },
    invariant::RULES,
    judge::{Approval, Judge, Judgement, tests},
};

fn scenario(id: &str, tags: &[&str], outcome: Outcome, error: Option<&str>) -> Vec<Fact> {
    let planned = Planned {
        id: id.into(),
        feature: "A".into(),
        name: format!("scenario {id}"),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        steps: 1,
    };
    let begun = [Fact::AttemptStarted { attempt: 1 }, Fact::StepPassed { step: "Then it works".into() }];
    let ended = Fact::ScenarioEnded { outcome, duration_ms: 1, error: error.map(str::to_owned) };
    [Fact::ScenarioPlanned(planned)].into_iter().chain(begun).chain([ended]).collect()
}

fn check(id: &str, facts: Vec<CheckFact>) -> Vec<Fact> {
    let seen = facts.into_iter().map(Fact::CheckSaw);
    [Fact::CheckPlanned(planned(id))].into_iter().chain(seen).chain([Fact::CheckEnded {}]).collect()
}

fn planned(id: &str) -> PlannedCheck {
    let (id, title) = (id.to_owned(), format!("Check {id}"));
    PlannedCheck { id, title, kind: CheckKind::Tests, severity: Severity::Sev2 }
}

fn test(of: Of, outcome: TestOutcome) -> CheckFact {
    CheckFact::TestEnded { of, id: "t".to_owned(), outcome }
}

fn release(checks: &[&str]) -> Release {
    let role = |name: &str, needed| Role { name: name.to_owned(), needed, members: vec![] };
    let item = ManualItem {
        id: "click".into(),
        stage: Stage::Staging,
        title: "click through it".into(),
        ..item_without_members()
    };
    Release {
        version: "1.0.0".into(),
        checks: checks.iter().map(|id| planned(id)).collect(),
        roles: vec![role("CTO", 1), role("Engineer", 2)],
        items: vec![item],
        ..Release::default()
    }
}

fn item_without_members() -> ManualItem {
    ManualItem { id: String::new(), stage: Stage::Staging, title: String::new(), members: vec![] }
}

fn judged(header: Header, logs: Vec<Vec<Fact>>, approvals: &[Approval]) -> Judgement {
    let mut judge = Judge::new(header);
    for log in logs {
        judge.log(&observed(log));
    }
    judge.conclude(Sealed { sha256: "0".repeat(64), observations: 0 }, approvals)
}

fn observed(facts: Vec<Fact>) -> Vec<Observation> {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let observe = |(seq, fact)| Observation { scenario: 0, seq, at, source: Source::Scenario, fact };
    (0..).zip(facts).map(observe).collect()
}

fn deeds(judgement: &Judgement) -> Vec<(String, String)> {
    let then = |fix: &Fix| fix.then.map_or("unknown".to_owned(), |verdict| verdict.word().to_owned());
    judgement.to_go.iter().map(|fix| (fix.deed.clone(), then(fix))).collect()
}

#[test]
fn whatever_stands_in_the_way_the_list_ends_with_a_go() {
    let issue = |id: &str| Issue::new(id, "t", Severity::Sev2);
    let broken = || vec![test(Of::Now, TestOutcome::Failed), test(Of::Before, TestOutcome::Passed)];
    let waiver = |check: &str| Waiver {
        id: "W-1".into(),
        check: check.into(),
        reason: "because it must".into(),
        owner: "ann".into(),
        expires: jiff::Timestamp::from_second(if check == "expired" { -1 } else { 4_000_000_000 })
            .expect("a time"),
    };
    let fine = || scenario("a:1", &[], Outcome::Passed, None);
    let header = |planned, issues: Vec<Issue>, release| Header {
        policy: Policy { issues, ..Policy::default() },
        release,
        ..tests::header(planned)
    };
    let waived = |checks: &[&str], check: &str| Release { waivers: vec![waiver(check)], ..release(checks) };
    let cases: Vec<(&str, Header, Vec<Vec<Fact>>)> = vec![
        ("nothing exercised", header(1, vec![], None), vec![fine()]),
        ("failed", header(1, vec![], None), vec![scenario("a:1", &[], Outcome::Failed, Some("no"))]),
        ("pending", header(1, vec![], None), vec![scenario("a:1", &[], Outcome::Pending, None)]),
        ("not run", header(1, vec![], None), vec![scenario("a:1", &[], Outcome::NotRun, None)]),
        ("left out", Header { left_out: 3, ..header(1, vec![], None) }, vec![fine()]),
        ("no scenario for an issue", header(1, vec![issue("SEV-2-1")], None), vec![fine()]),
        (
            "a tag of an issue shown by nothing",
            header(1, vec![Issue { tags: vec!["lock".into(), "else".into()], ..issue("SEV-2-1") }], None),
            vec![scenario("a:1", &["lock"], Outcome::Passed, None)],
        ),
        (
            "an issue open",
            header(1, vec![issue("SEV-2-1")], None),
            vec![scenario("a:1", &["SEV-2-1"], Outcome::Failed, None)],
        ),
        (
            "a claim unmet",
            header(1, vec![], None),
            vec![scenario("a:1", &["invariant:read_only_jira"], Outcome::Passed, None)],
        ),
        ("a check fails", header(1, vec![], Some(release(&["u"]))), vec![fine(), check("u", broken())]),
        ("a check says nothing", header(1, vec![], Some(release(&["u"]))), vec![fine(), check("u", vec![])]),
        ("waived", header(1, vec![], Some(waived(&["u"], "u"))), vec![fine(), check("u", vec![])]),
        ("a waiver for nothing", header(1, vec![], Some(waived(&[], "x"))), vec![fine()]),
        ("an expired waiver", header(1, vec![], Some(waived(&[], "expired"))), vec![fine()]),
    ];
    for (name, header, logs) in cases {
        let judgement = judged(header, logs, &[]);
        assert_ne!(judgement.verdict.word(), "UNCONDITIONAL GO", "{name}");
        let deeds = deeds(&judgement);
        assert_eq!(
            deeds.last().map(|(_, then)| then.as_str()),
            Some("UNCONDITIONAL GO"),
            "{name}: {deeds:#?}"
        );
        // Everything that is listed stands with one deed, and nothing with two.
        let told: Vec<&String> =
            judgement.to_go.iter().flat_map(|fix| &fix.blockers).map(|blocker| &blocker.message).collect();
        for blocker in &judgement.blockers {
            assert_eq!(
                told.iter().filter(|told| **told == &blocker.message).count(),
                1,
                "{name}: {blocker:?}"
            );
        }
    }
}

#[test]
fn each_verdict_is_the_judges_own() {
    let broken = vec![test(Of::Now, TestOutcome::Failed), test(Of::Before, TestOutcome::Passed)];
    let header = Header { release: Some(release(&["u", "v"])), ..tests::header(1) };
    let log = scenario("a:1", &[], Outcome::Passed, None);
    let mut judgement = judged(header, vec![log, check("u", broken), check("v", vec![])], &[]);
    assert_eq!(judgement.verdict.word(), "NO-GO");
    // The rules that nothing shows are one deed each; what is of interest stands before and behind them.
    judgement.to_go.retain(|fix| fix.blockers[0].kind != BlockerKind::InvariantNotExercised);
    let expected = [
        ("mend what u found", "UNDECIDED"),
        ("give v what it lacks", "UNDECIDED"),
        ("do what the checklist asks for, and sign it", "UNDECIDED"),
        ("let everybody sign who must", "UNCONDITIONAL GO"),
    ];
    assert_eq!(deeds(&judgement), expected.map(|(deed, then)| (deed.to_owned(), then.to_owned())));
    let people: Vec<&str> = judgement
        .to_go
        .last()
        .into_iter()
        .flat_map(|fix| &fix.blockers)
        .map(|b| b.subject.as_str())
        .collect();
    assert_eq!(people, ["CTO", "Engineer"]);
}

#[test]
fn who_has_signed_signs_again_once_something_takes_a_new_run() {
    let approval = |role: &str, item: Option<&str>, who: &str| Approval {
        role: role.into(),
        item: item.map(str::to_owned),
        principal: who.into(),
        fingerprint: who.into(),
        at: None,
        void: None,
        rejects: false,
        overrides: None,
    };
    let signed = [
        approval("CTO", None, "cleo"),
        approval("Engineer", None, "ann"),
        approval("Engineer", None, "bob"),
        approval("", Some("click"), "bob"),
    ];
    let header = || Header { release: Some(release(&["u"])), ..tests::header(1) };
    let log = || scenario("a:1", &[], Outcome::Passed, None);
    let judgement = judged(header(), vec![log(), check("u", vec![])], &signed);
    assert!(!judgement.blockers.iter().any(|blocker| blocker.kind == BlockerKind::SignOffMissing));
    let last = deeds(&judgement).pop();
    assert_eq!(last, Some(("let everybody sign who must".to_owned(), "UNCONDITIONAL GO".to_owned())));
}

#[test]
fn what_has_one_cause_is_one_deed() {
    let logs = vec![
        scenario("features/forge/a:1", &[], Outcome::Failed, Some("it throws")),
        scenario("features/forge/a:2", &[], Outcome::Failed, Some("it throws")),
        scenario("features/forge/a:3", &[], Outcome::Failed, Some("it hangs")),
    ];
    let judgement = judged(tests::header(3), logs, &[]);
    let failed = |fix: &&Fix| fix.blockers[0].kind == BlockerKind::ScenarioFailed;
    assert_eq!(judgement.to_go.iter().filter(failed).count(), 2, "{:#?}", deeds(&judgement));
    // A plan that was cut short is why so much was not shown.
    let cut = Header { left_out: 1, ..tests::header(1) };
    let judgement = judged(cut, vec![scenario("a:1", &[], Outcome::Passed, None)], &[]);
    assert_eq!(deeds(&judgement).len(), 1, "{:#?}", deeds(&judgement));
    assert_eq!(judgement.to_go[0].blockers.len(), RULES.len() + 1);
    assert!(judgement.to_go[0].at_best);
}

#[test]
fn where_nothing_was_planned_nothing_is_supposed() {
    let judgement = judged(tests::header(0), vec![], &[]);
    assert_eq!(deeds(&judgement), [("plan scenarios".to_owned(), "unknown".to_owned())]);
}
