//! Every way of showing nothing, and which verdict each comes to.

use super::*;
use crate::evidence::{FORMAT, FlawKind, Issue, Policy, Source};
use crate::evidence::{Planned, Severity};

pub(super) fn header(planned: usize) -> Header {
    Header {
        format: FORMAT.into(),
        tool: "0.0.0".into(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        subject: "reference app".into(),
        seed: 7,
        planned,
        left_out: 0,
        previous_verdict: None,
        accepted: vec![],
        release: None,
        shard: None,
        policy: Policy::default(),
    }
}

fn log(tags: &[&str], outcome: Outcome, between: Vec<Fact>) -> Vec<Observation> {
    let planned = Planned {
        id: "a.feature:3".into(),
        feature: "A".into(),
        name: "it works".into(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        steps: 1,
    };
    let begun = [Fact::AttemptStarted { attempt: 1 }, Fact::StepPassed { step: "Then it works".into() }];
    let mut facts = vec![Fact::ScenarioPlanned(planned)];
    facts.extend(begun);
    facts.extend(between);
    facts.push(Fact::ScenarioEnded { outcome, duration_ms: 3, error: None });
    observed(facts)
}

fn facts(log: Vec<Observation>) -> Vec<Fact> {
    log.into_iter().map(|observation| observation.fact).collect()
}

pub(super) fn observed(facts: Vec<Fact>) -> Vec<Observation> {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let observe = |(seq, fact)| Observation { scenario: 0, seq, at, source: Source::Scenario, fact };
    (0..).zip(facts).map(observe).collect()
}

fn judged(header: Header, logs: &[Vec<Observation>]) -> Judgement {
    let mut judge = Judge::new(header);
    for log in logs {
        judge.log(log);
    }
    judge.conclude(Sealed { sha256: "0".repeat(64), observations: 0 }, &[])
}

/// Results in which everything was shown; each test spoils one.
pub(super) fn shown() -> (Vec<ScenarioResult>, Vec<InvariantResult>, Vec<IssueResult>) {
    let scenario = ScenarioResult {
        id: "a.feature:3".into(),
        feature: "A".into(),
        name: "it works".into(),
        tags: vec![],
        outcome: Outcome::Passed,
        severity: Severity::Sev1,
        duration_ms: 1,
        error: None,
    };
    let invariants = RULES
        .iter()
        .map(|rule| InvariantResult {
            name: rule.name.into(),
            statement: rule.statement(),
            outcome: InvariantOutcome::Holds,
            reason: String::new(),
            observations: vec![],
        })
        .collect();
    let issue = IssueResult {
        id: "SEV-2-001".into(),
        title: "lock".into(),
        severity: Severity::Sev2,
        status: IssueStatus::Settled,
        scenarios: 1,
        problem: String::new(),
        solution: String::new(),
        tags: vec![],
        unshown: vec![],
    };
    (vec![scenario.clone(), scenario], invariants, vec![issue])
}

type Results = (Vec<ScenarioResult>, Vec<InvariantResult>, Vec<IssueResult>);

fn decided(planned: usize, unmet_claims: usize, spoil: impl Fn(&mut Results)) -> &'static str {
    let mut results = shown();
    spoil(&mut results);
    let (scenarios, invariants, issues) = &results;
    verdict::decide(&verdict::Basis {
        planned,
        scenarios,
        invariants,
        issues,
        flaws: &[],
        unmet_claims,
        left_out: 0,
        release: None,
        shard: None,
    })
    .word()
}

#[test]
fn each_thing_not_shown_takes_the_go_away() {
    let (go, undecided, no_go) = ("UNCONDITIONAL GO", "UNDECIDED", "NO-GO");
    assert_eq!(decided(2, 0, |_| {}), go);
    assert_eq!(decided(0, 0, |r| r.0.clear()), undecided);
    assert_eq!(decided(2, 0, |r| r.0.clear()), undecided);
    assert_eq!(decided(3, 0, |_| {}), undecided);
    assert_eq!(decided(2, 1, |_| {}), undecided);
    assert_eq!(decided(2, 0, |r| r.1.clear()), undecided);
    assert_eq!(decided(2, 0, |r| r.1.truncate(9)), undecided);
    assert_eq!(decided(2, 0, |r| r.1[3].outcome = InvariantOutcome::NotExercised), undecided);
    assert_eq!(decided(2, 0, |r| r.1[3].outcome = InvariantOutcome::Violated), no_go);
    assert_eq!(decided(2, 0, |r| r.2[0].status = IssueStatus::Undecided), undecided);
    assert_eq!(decided(2, 0, |r| r.2[0].status = IssueStatus::Open), "GO (after fixes)");
    for outcome in [
        Outcome::Flaky,
        Outcome::Undefined,
        Outcome::Ambiguous,
        Outcome::Pending,
        Outcome::TimedOut,
        Outcome::Panicked,
        Outcome::Empty,
        Outcome::NotRun,
    ] {
        assert_eq!(decided(2, 0, |r| r.0[1].outcome = outcome), undecided, "{outcome:?}");
    }
    for (severity, verdict) in [
        (Severity::Sev1, no_go),
        (Severity::Sev2, "GO (after fixes)"),
        (Severity::Sev3, "GO (after fixes)"),
        (Severity::Sev4, "GO (after fixes)"),
    ] {
        let spoil = |r: &mut Results| (r.0[1].outcome, r.0[1].severity) = (Outcome::Failed, severity);
        assert_eq!(decided(2, 0, spoil), verdict, "{severity:?}");
    }
}

#[test]
fn a_waiver_changes_the_exit_code_of_a_go_after_fixes_and_of_nothing_else() {
    let accepted = vec![ACCEPT_GO_AFTER_FIXES.to_owned(), "undecided".to_owned(), "no-go".to_owned()];
    let codes = [(Verdict::NoGo, 1, 1), (Verdict::Undecided, 4, 4), (Verdict::GoAfterFixes, 3, 0)];
    for (verdict, plain, waived) in codes {
        assert_eq!((verdict.exit_code(&[]), verdict.exit_code(&accepted)), (plain, waived));
    }
}

#[test]
fn no_scenario_at_all_is_undecided_with_one_blocker() {
    let judgement = judged(header(0), &[]);
    assert_eq!((judgement.verdict, judgement.exit_code), (Verdict::Undecided, 4));
    assert_eq!(judgement.blockers.len(), 1);
    assert_eq!(judged(header(2), &[log(&[], Outcome::Passed, vec![])]).blockers.len(), 1);
}

#[test]
fn a_pass_that_its_own_log_denies_is_no_pass() {
    let step = |outcome| Fact::StepFailed { step: "Then it works".into(), outcome, message: "no".into() };
    for (between, expected) in [
        (vec![], Outcome::Passed),
        (vec![Fact::AttemptStarted { attempt: 1 }], Outcome::NotRun),
        (vec![Fact::StepPassed { step: "Then it works".into() }], Outcome::NotRun),
        (vec![Fact::AttemptStarted { attempt: 2 }], Outcome::Flaky),
        (vec![step(Outcome::Failed)], Outcome::Failed),
        (vec![step(Outcome::Passed)], Outcome::Failed),
        (vec![step(Outcome::Undefined)], Outcome::Undefined),
    ] {
        let judgement = judged(header(1), &[log(&[], Outcome::Passed, between)]);
        assert_eq!(judgement.scenarios[0].outcome, expected);
        assert_ne!(judgement.exit_code, 0);
    }
    let whole = || facts(log(&[], Outcome::Passed, vec![]));
    let without = |place: usize| [&whole()[..place], &whole()[place + 1..]].concat();
    let ended = Fact::ScenarioEnded { outcome: Outcome::Passed, duration_ms: 3, error: Some("no".into()) };
    for (facts, expected) in [
        (whole(), Outcome::Passed),
        (without(1), Outcome::NotRun),
        (without(2), Outcome::NotRun),
        ([&whole()[..3], &[ended]].concat(), Outcome::Failed),
    ] {
        let judgement = judged(header(1), &[observed(facts)]);
        assert_eq!(judgement.scenarios[0].outcome, expected);
    }
    let unplanned = judged(header(1), &[vec![]]);
    assert_eq!(unplanned.scenarios[0].outcome, Outcome::NotRun);
}

#[test]
fn a_tag_that_claims_more_than_its_log_shows_is_a_blocker() {
    for tag in ["invariant:read_only_jira", "invariant:no_such_rule", "SEV-4-999"] {
        let judgement = judged(header(1), &[log(&[tag], Outcome::Passed, vec![])]);
        assert!(judgement.blockers.iter().any(|b| b.kind == BlockerKind::ClaimUnmet), "{tag}");
        assert_eq!(judgement.verdict, Verdict::Undecided);
    }
}

#[test]
fn a_failed_scenario_weighs_what_its_strictest_tag_says() {
    let policy = Policy {
        issues: vec![Issue::new("SEV-2-001", "lock", Severity::Sev2)],
        severities: vec![("smoke".into(), Severity::Sev3)],
        ..Policy::default()
    };
    for (tags, severity) in [
        (vec!["other"], Severity::Sev1),
        (vec!["smoke"], Severity::Sev3),
        (vec!["smoke", "SEV-2-001"], Severity::Sev2),
    ] {
        let header = Header { policy: policy.clone(), ..header(1) };
        let judgement = judged(header, &[log(&tags, Outcome::Failed, vec![])]);
        assert_eq!(judgement.scenarios[0].severity, severity, "{tags:?}");
        let no_go = judgement.verdict == Verdict::NoGo;
        assert_eq!(no_go, severity == Severity::Sev1);
    }
    let without = judged(Header { policy, ..header(1) }, &[log(&[], Outcome::Passed, vec![])]);
    assert_eq!(without.issues[0].status, IssueStatus::Undecided);
    assert!(without.blockers.iter().any(|b| b.kind == BlockerKind::IssueWithoutScenario));
}

#[test]
fn only_a_passed_scenario_makes_an_invariant_hold_and_any_scenario_can_violate_it() {
    let job = |ending| {
        let (job, tenant, worker) = ("daily".to_owned(), Some("t".to_owned()), "w".to_owned());
        let trigger = "schedule".to_owned();
        vec![
            Fact::JobStarted { job: job.clone(), tenant: tenant.clone(), worker: worker.clone(), trigger },
            Fact::JobEnded { job, tenant, worker, ending, report: serde_json::json!({"done": 1}) },
        ]
    };
    let of = |outcome, ending| {
        let judgement = judged(header(1), &[log(&[], outcome, job(ending))]);
        let found = judgement.invariants.iter().find(|i| i.name == "fire_and_forget_jobs");
        found.expect("a result").outcome
    };
    use crate::evidence::Ending;
    assert_eq!(of(Outcome::Passed, Ending::Succeeded), InvariantOutcome::Holds);
    assert_eq!(of(Outcome::Failed, Ending::Succeeded), InvariantOutcome::NotExercised);
    assert_eq!(of(Outcome::Flaky, Ending::Succeeded), InvariantOutcome::NotExercised);
    assert_eq!(of(Outcome::Passed, Ending::Threw), InvariantOutcome::Violated);
    assert_eq!(of(Outcome::NotRun, Ending::Threw), InvariantOutcome::Violated);
}

#[test]
fn a_job_that_an_interruption_or_a_limit_in_real_time_cut_off_is_no_lost_job() {
    let of = |outcome| {
        let (job, worker, trigger) = ("daily".to_owned(), "w".to_owned(), "schedule".to_owned());
        let started = Fact::JobStarted { job, tenant: Some("t".to_owned()), worker, trigger };
        let judgement = judged(header(1), &[log(&[], outcome, vec![started])]);
        let found = judgement.invariants.iter().find(|i| i.name == "fire_and_forget_jobs");
        found.expect("a result").outcome
    };
    for outcome in [Outcome::NotRun, Outcome::TimedOut] {
        assert_eq!(of(outcome), InvariantOutcome::NotExercised, "{outcome:?}");
    }
    for outcome in [Outcome::Passed, Outcome::Failed] {
        assert_eq!(of(outcome), InvariantOutcome::Violated, "{outcome:?}");
    }
}

#[test]
fn a_header_that_no_run_writes_is_refused() {
    let issue = |id: &str, severity| Issue::new(id, "lock", severity);
    let with = |issues| Header { policy: Policy { issues, ..Policy::default() }, ..header(1) };
    let fine = Header {
        accepted: vec![ACCEPT_GO_AFTER_FIXES.into()],
        ..with(vec![issue("SEV-2-001", Severity::Sev2)])
    };
    assert_eq!(check(&fine), Ok(()));
    for (header, says) in [
        (Header { accepted: vec!["no-go".into()], ..header(1) }, "`accepted` holds \"no-go\""),
        (Header { previous_verdict: Some("GO!".into()), ..header(1) }, "which is no verdict"),
        (with(vec![issue("SEV-2-001", Severity::Sev2); 2]), "listed twice"),
        (with(vec![issue("SEV-1-001", Severity::Sev4)]), "SEV-1-001 is listed as SEV-4"),
    ] {
        let refused = check(&header).expect_err(says);
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn what_softens_the_policy_is_said_in_the_judgement() {
    let soft = Policy {
        judging_words: vec!["healthy".into(), "shaky".into()],
        egress: vec!["hooks.example.com".into()],
        severities: vec![("smoke".into(), Severity::Sev4)],
        default_severity: Severity::Sev3,
        ..Policy::default()
    };
    assert!(judged(header(0), &[]).policy.is_empty());
    let said = judged(Header { policy: soft, ..header(0) }, &[]).policy.join("; ");
    for part in
        ["\"shaky\"", "not judged: \"unhealthy\"", "hooks.example.com", "@smoke weighs SEV-4", "weighs SEV-3"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

fn flaw(kind: FlawKind, text: &str) -> Fact {
    let (place, remedy) = ("manifest.yml:3".to_owned(), format!("mend {text}"));
    Fact::FlawSeen { kind, subject: "x".into(), place, text: text.into(), remedy }
}

/// A judgement of two logs that each begin with these flaws.
fn flawed(flaws: &[Fact]) -> Judgement {
    judged(header(2), &[log(&[], Outcome::Passed, flaws.to_vec()), log(&[], Outcome::Passed, flaws.to_vec())])
}

#[test]
fn a_flaw_in_the_files_takes_the_go_away_though_everything_else_was_shown() {
    let (scenarios, invariants, issues) = shown();
    for (kind, verdict) in [
        (None, "UNCONDITIONAL GO"),
        (Some(FlawKind::BeyondReach), "UNDECIDED"),
        (Some(FlawKind::CommittedSecret), "NO-GO"),
    ] {
        let mut flaws = vec![];
        if let Some(kind) = kind {
            let log = Log { policy: &Policy::default(), observations: &observed(vec![flaw(kind, "it")]) };
            flaws::take(&mut flaws, &log, &[]);
        }
        let basis = verdict::Basis {
            planned: 2,
            scenarios: &scenarios,
            invariants: &invariants,
            issues: &issues,
            flaws: &flaws,
            unmet_claims: 0,
            left_out: 0,
            release: None,
            shard: None,
        };
        assert_eq!(verdict::decide(&basis).word(), verdict, "{kind:?}");
    }
}

#[test]
fn a_flaw_that_no_rule_takes_up_is_a_blocker_once() {
    let judgement =
        flawed(&[flaw(FlawKind::BeyondReach, "afar"), flaw(FlawKind::CommittedSecret, "a token")]);
    let told: Vec<_> = judgement
        .blockers
        .iter()
        .filter(|blocker| blocker.kind == BlockerKind::FlawInFiles)
        .map(|blocker| (blocker.subject.as_str(), blocker.message.as_str(), blocker.remedy.as_str()))
        .collect();
    let place = "manifest.yml:3";
    assert_eq!(told, [(place, "a token", "mend a token"), (place, "afar", "mend afar")]);
}

#[test]
fn a_flaw_that_a_rule_takes_up_stands_with_its_invariant_and_says_what_mends_it() {
    let judgement = flawed(&[flaw(FlawKind::IllegalInterval, "12hours")]);
    assert!(judgement.blockers.iter().all(|blocker| blocker.kind != BlockerKind::FlawInFiles));
    let blocker = &judgement.blockers[0];
    assert_eq!(blocker.subject, "fire_and_forget_jobs");
    assert!(blocker.message.starts_with("manifest.yml:3: 12hours"), "{}", blocker.message);
    assert!(blocker.remedy.starts_with("mend 12hours; `gonogo explain"), "{}", blocker.remedy);
}

#[test]
fn the_policy_may_name_whom_the_app_speaks_to_and_no_host_that_the_platform_refuses() {
    for (kind, told) in [(FlawKind::AlertInSource, 0), (FlawKind::UndeclaredHost, 1)] {
        let mut header = header(1);
        header.policy.egress = vec!["x".into()];
        let judgement = judged(header, &[log(&[], Outcome::Passed, vec![flaw(kind, "calls x")])]);
        let flaws = judgement.blockers.iter().filter(|blocker| blocker.message.contains("calls x"));
        assert_eq!(flaws.count(), told, "{kind:?}");
    }
}
