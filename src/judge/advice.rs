//! What follows from a judgement for those who deploy: next steps, checklist, rollback, what to watch.

use super::{
    Blocker, CheckItem, CheckStatus, InvariantOutcome, InvariantResult, IssueStatus, PostDeploy, Verdict,
    verdict::Basis,
};
use crate::evidence::{Outcome, Thresholds};

pub(super) fn next_steps(verdict: Verdict, blockers: &[Blocker]) -> Vec<String> {
    let first = match verdict {
        Verdict::Go(_) => return vec!["release, then go through the post-deploy checks".to_owned()],
        Verdict::GoAfterFixes => "fix or accept what is listed, then release",
        Verdict::Undecided => "show what was not shown; until then nothing is decided",
        Verdict::NoGo => "do not release",
    };
    let mut steps = vec![first.to_owned()];
    for blocker in blockers {
        let step = format!("{}: {}", blocker.subject, blocker.remedy);
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps.push("run gonogo again".to_owned());
    steps
}

pub(super) fn checklist(basis: &Basis<'_>) -> Vec<CheckItem> {
    let item = |item: &str, status| CheckItem { item: item.to_owned(), status };
    let all = |open: bool, done: bool| match (open, done) {
        (true, _) => CheckStatus::Open,
        (false, true) => CheckStatus::Done,
        (false, false) => CheckStatus::NotShown,
    };
    let outcome = |outcome: Outcome| move |s: &super::ScenarioResult| s.outcome == outcome;
    let scenarios = basis.scenarios;
    let whole = basis.planned > 0 && scenarios.len() == basis.planned;
    let issues = basis.issues;
    let of = |name: &str| {
        let found = basis.invariants.iter().find(|invariant| invariant.name == name);
        match found.map(|invariant| invariant.outcome) {
            Some(InvariantOutcome::Holds) => CheckStatus::Done,
            Some(InvariantOutcome::Violated) => CheckStatus::Open,
            _ => CheckStatus::NotShown,
        }
    };
    let violated = basis.invariants.iter().any(|i| i.outcome == InvariantOutcome::Violated);
    let holding = basis.invariants.iter().all(|i| i.outcome == InvariantOutcome::Holds);
    let mut list = vec![
        item(
            "every planned scenario passed",
            all(
                scenarios.iter().any(outcome(Outcome::Failed)),
                whole && scenarios.iter().all(outcome(Outcome::Passed)),
            ),
        ),
        item("all invariants hold", all(violated, holding)),
        item("no administrator has to consent again", of("no_scope_expansion")),
        item("callers and records of the released version still work", of("backward_compatible")),
        item("a fresh install works without a setting", of("one_step_install")),
    ];
    if !issues.is_empty() {
        let open = issues.iter().any(|issue| issue.status == IssueStatus::Open);
        let settled = issues.iter().all(|issue| issue.status == IssueStatus::Settled);
        list.push(item("every issue is settled", all(open, settled)));
    }
    list
}

pub(super) fn rollback(invariants: &[InvariantResult]) -> Vec<String> {
    let holds =
        |name: &str| invariants.iter().any(|i| i.name == name && i.outcome == InvariantOutcome::Holds);
    let consent = if holds("no_scope_expansion") {
        "no consent is needed: the scopes are within the released version's"
    } else {
        "ask whether consent is needed: it was not shown that the scopes stay within the released version's"
    };
    let repair = if holds("auto_repair_internal") {
        "what a stopped worker leaves behind heals in the next runs"
    } else {
        "look for leases and half-done work that stopped workers leave: healing was not shown"
    };
    vec!["deploy the released version again".to_owned(), consent.to_owned(), repair.to_owned()]
}

pub(super) fn post_deploy(thresholds: &Thresholds) -> Vec<PostDeploy> {
    let watch = |check: &str, target: String| PostDeploy { check: check.to_owned(), target };
    vec![
        watch("lock contention", format!("at most {} %", thresholds.lock_contention_percent)),
        watch("refresh success", format!("at least {} %", thresholds.refresh_success_percent)),
        watch("page served, 95th percentile", format!("at most {} ms", thresholds.page_p95_ms)),
        watch("requests that write to Jira", "none".to_owned()),
        watch("alerts in normal operation", "none".to_owned()),
    ]
}
