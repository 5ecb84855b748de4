//! Judgements of every kind, for whoever draws them: green, red, empty, hostile, and those of a release.

use gonogo::{
    evidence::{
        CanaryStep, CheckFact, CheckKind, FORMAT, Fact, Header, Limits, ManualItem, Objective, Of, Outcome,
        PlannedCheck, Policy, PostDeployCheck, Release, Role, Rollout, Severity, Stage, Step, TestOutcome,
        Waiver, file::Sealed,
    },
    invariant::RULES,
    judge::{Approval, Judge, Judgement},
    report::{Look, format},
};

use crate::invariants::{fixture, observations, whole};

/// What no format may let through as it is.
pub const HOSTILE: &str = "\u{1b}[31m|`<script>\u{202e}\u{fffe}\u{0}\t\r\n]]>&\"evil %0A::error::x, \u{feff}";

fn header(planned: usize) -> Header {
    Header {
        format: FORMAT.into(),
        tool: "0.0.0".into(),
        started_at: "2026-01-01T00:00:00.5Z".parse().expect("a time"),
        subject: "reference app".into(),
        seed: 7,
        planned,
        left_out: 0,
        previous_verdict: Some("NO-GO".into()),
        accepted: vec![],
        release: None,
        shard: None,
        policy: Policy::default(),
    }
}

/// Scenarios, each with how it ended, its name and what was seen in it.
pub type Logs<'a> = Vec<(Outcome, &'a str, Vec<Fact>)>;

pub fn judged(logs: Logs<'_>) -> Judgement {
    judged_under(header(logs.len()), logs, &[], &[])
}

fn judged_under(
    header: Header,
    logs: Logs<'_>,
    checks: &[Vec<CheckFact>],
    approvals: &[Approval],
) -> Judgement {
    let planned = header.release.clone().map(|release| release.checks).unwrap_or_default();
    let mut judge = Judge::new(header);
    let count = logs.len();
    for (number, (outcome, name, between)) in logs.into_iter().enumerate() {
        let error = (outcome != Outcome::Passed).then(|| name.repeat(3));
        let facts = whole(format!("a.feature:{}", number + 1), name, between, (outcome, error));
        judge.log(&observations(number, facts));
    }
    for (place, (check, seen)) in planned.into_iter().zip(checks).enumerate() {
        let mut facts = vec![Fact::CheckPlanned(check)];
        facts.extend(seen.iter().cloned().map(Fact::CheckSaw));
        facts.push(Fact::CheckEnded {});
        judge.log(&observations(count + place, facts));
    }
    judge.conclude(Sealed { sha256: "0".repeat(64), observations: 3 }, approvals)
}

fn logs(fixtures: &str) -> Logs<'static> {
    RULES.iter().map(|rule| (Outcome::Passed, rule.name, fixture(rule.name, fixtures))).collect()
}

pub fn green() -> Judgement {
    judged(logs("holds"))
}

/// A release with every kind of check, a role, an item and two waivers; `who` signs, `name` stands where names do.
pub fn released(name: &str, who: Option<&str>) -> Judgement {
    let kinds = [
        CheckKind::Tests,
        CheckKind::Coverage,
        CheckKind::Change,
        CheckKind::Logs,
        CheckKind::Metrics,
        CheckKind::Secrets,
    ];
    let checks = kinds.map(|kind| PlannedCheck {
        id: kind.word().to_owned(),
        title: format!("{} {name}", kind.word()),
        kind,
        severity: Severity::Sev2,
    });
    let test = |of, id: &str, outcome| CheckFact::TestEnded { of, id: format!("{id} {name}"), outcome };
    let file = |of| CheckFact::FileRead {
        of,
        path: format!("results/{name}.xml"),
        sha256: if of == Of::Now { "1" } else { "2" }.repeat(64),
        bytes: 7,
        format: "junit".into(),
        stale: None,
    };
    let contention =
        Objective { metric: "lock contention".into(), at_most: Some(1.0), ..Objective::default() };
    let seen = [
        vec![
            file(Of::Now),
            file(Of::Before),
            test(Of::Now, "regressed", TestOutcome::Failed),
            test(Of::Before, "regressed", TestOutcome::Passed),
            test(Of::Now, "old", TestOutcome::Failed),
            test(Of::Before, "old", TestOutcome::Failed),
            test(Of::Now, "shaky", TestOutcome::Flaky),
            test(Of::Before, "gone", TestOutcome::Passed),
            test(Of::Now, "new", TestOutcome::Passed),
        ],
        vec![CheckFact::LinesRun { file: format!("src/{name}.js"), changed: 10, run: 9 }],
        vec![CheckFact::NotRead { what: name.to_owned() }],
        vec![
            file(Of::Now),
            file(Of::Before),
            CheckFact::Measured {
                of: Of::Now,
                name: contention.metric.clone(),
                value: Some(0.5),
                unit: "%".into(),
                samples: 10,
            },
            CheckFact::PatternSeen { template: name.to_owned(), now: 3, before: 0 },
        ],
        vec![CheckFact::Measured {
            of: Of::Now,
            name: "age".into(),
            value: None,
            unit: "ms".into(),
            samples: 0,
        }],
        vec![CheckFact::SecretSeen {
            rule: "jira-token".into(),
            place: format!("src/{name}.js:3"),
            shown: "ATATT3…".into(),
        }],
    ];
    let waiver = |id: &str, check: &str, expires: &str| Waiver {
        id: id.into(),
        check: check.into(),
        reason: name.to_owned(),
        owner: "bob@example.com".into(),
        expires: expires.parse().expect("a time"),
    };
    let release = Release {
        version: "1.4.0".into(),
        commit: Some("c0ffee".into()),
        checks: checks.to_vec(),
        limits: Limits { objectives: [("logs".to_owned(), vec![contention])].into(), ..Limits::default() },
        roles: vec![Role { name: format!("Lead {name}"), needed: 1, members: vec![] }],
        items: vec![ManualItem {
            id: "click".into(),
            stage: Stage::Staging,
            title: name.to_owned(),
            members: vec![],
        }],
        waivers: vec![
            waiver("W-1", "logs", "2099-01-01T00:00:00Z"),
            waiver("W-2", "a.feature:11", "2099-01-01T00:00:00Z"),
            waiver("W-3", "metrics", "2020-01-01T00:00:00Z"),
        ],
        rollout: rollout(name),
    };
    let approvals: Vec<Approval> = who
        .into_iter()
        .map(|who| Approval {
            role: format!("Lead {name}"),
            item: None,
            principal: who.to_owned(),
            fingerprint: "f".into(),
            at: "2026-01-01T02:00:00Z".parse().ok(),
            void: None,
            rejects: false,
            overrides: None,
        })
        .collect();
    let mut logs = logs("holds");
    logs.push((Outcome::Failed, "The waived one", vec![]));
    judged_under(Header { release: Some(release), ..header(logs.len()) }, logs, &seen, &approvals)
}

fn rollout(name: &str) -> Rollout {
    let step = |minutes| Step { title: name.to_owned(), command: Some(name.to_owned()), minutes };
    let check = PostDeployCheck {
        id: "errors".into(),
        title: name.to_owned(),
        metric: "errors".into(),
        at_least: None,
        at_most: Some(9.0),
        growth_percent: None,
        window_minutes: 30,
    };
    Rollout {
        deployment: vec![step(2), step(5)],
        rollback: vec![step(3)],
        canary: vec![CanaryStep { percent: 50, minutes: 30 }, CanaryStep { percent: 100, minutes: 60 }],
        post_deploy: vec![check],
    }
}

/// One of each kind, the hostile one last.
pub fn all() -> Vec<Judgement> {
    let long = "x".repeat(70_000);
    vec![
        green(),
        judged(logs("violated")),
        judged(vec![]),
        judged_under(Header { left_out: 1, ..header(RULES.len()) }, logs("holds"), &[], &[]),
        judged_under(Header { accepted: vec!["go-after-fixes".into()], ..header(1) }, vec![], &[], &[]),
        judged(vec![
            (Outcome::Flaky, "flaky", vec![]),
            (Outcome::NotRun, "not run", vec![]),
            (Outcome::TimedOut, "", vec![]),
        ]),
        judged(vec![(Outcome::Failed, &long, vec![])]),
        released("plain", Some("ann@example.com")),
        released(HOSTILE, None),
        judged(vec![(Outcome::Failed, HOSTILE, vec![]), (Outcome::Undefined, HOSTILE, vec![])]),
    ]
}

pub fn drawn(judgement: &Judgement, name: &str, width: u16) -> String {
    let look = Look { width, colour: false };
    let bytes = (format(name).expect("a format").render)(judgement, &look);
    String::from_utf8(bytes).expect("UTF-8")
}
