//! Scenarios put together by issue and by feature; an issue may rest on checks, too.

use std::collections::{BTreeMap, BTreeSet};

use super::{CheckOutcome, CheckResult, IssueResult, IssueStatus, ScenarioResult, Suite};
use crate::evidence::{Header, Issue, Outcome};

/// Where each issue of the policy stands, by the scenarios and checks that settle it. What nothing carries leaves it
/// undecided, however much else is shown.
pub(super) fn issues(
    header: &Header,
    scenarios: &[ScenarioResult],
    checks: &[CheckResult],
) -> Vec<IssueResult> {
    let result = |issue: &Issue| {
        let names: BTreeSet<&String> = issue.tags.iter().chain([&issue.id]).collect();
        let of_issue = || scenarios.iter().filter(|s| s.tags.iter().any(|tag| names.contains(tag)));
        let carried = |name: &&String| {
            scenarios.iter().any(|scenario| scenario.tags.contains(name))
                || checks.iter().any(|check| check.id == **name)
        };
        let due = if issue.tags.is_empty() { std::slice::from_ref(&issue.id) } else { &issue.tags };
        let unshown: Vec<String> = due.iter().filter(|name| !carried(name)).cloned().collect();
        let of_checks = checks.iter().filter(|check| names.contains(&check.id));
        let each = of_issue().map(|scenario| scenario.outcome).map(of_scenario);
        let nothing = (!unshown.is_empty()).then_some(IssueStatus::Undecided);
        let statuses = each.chain(of_checks.map(|check| of_check(check.outcome))).chain(nothing);
        IssueResult {
            id: issue.id.clone(),
            title: issue.title.clone(),
            severity: issue.severity,
            status: statuses.fold(IssueStatus::Settled, worse),
            scenarios: of_issue().count(),
            problem: issue.problem.clone(),
            solution: issue.solution.clone(),
            // Without tags it is its own, and says nothing new.
            unshown: if issue.tags.is_empty() { vec![] } else { unshown },
            tags: issue.tags.clone(),
        }
    };
    header.policy.issues.iter().map(result).collect()
}

fn worse(one: IssueStatus, other: IssueStatus) -> IssueStatus {
    match (one, other) {
        (IssueStatus::Open, _) | (_, IssueStatus::Open) => IssueStatus::Open,
        (IssueStatus::Settled, IssueStatus::Settled) => IssueStatus::Settled,
        _ => IssueStatus::Undecided,
    }
}

fn of_scenario(outcome: Outcome) -> IssueStatus {
    match outcome {
        Outcome::Passed => IssueStatus::Settled,
        Outcome::Failed => IssueStatus::Open,
        _ => IssueStatus::Undecided,
    }
}

/// A waiver lets a release pass; it settles nothing.
fn of_check(outcome: CheckOutcome) -> IssueStatus {
    match outcome {
        CheckOutcome::Passed => IssueStatus::Settled,
        CheckOutcome::Failed => IssueStatus::Open,
        CheckOutcome::Undecided => IssueStatus::Undecided,
    }
}

/// Counts per feature, in plan order.
pub(super) fn suites(scenarios: &[ScenarioResult]) -> Vec<Suite> {
    let mut suites: Vec<Suite> = vec![];
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for scenario in scenarios {
        let place = *places.entry(&scenario.feature).or_insert_with(|| {
            suites.push(Suite { name: scenario.feature.clone(), ..Suite::default() });
            suites.len() - 1
        });
        let suite = &mut suites[place];
        suite.planned += 1;
        suite.duration_ms = suite.duration_ms.saturating_add(scenario.duration_ms);
        match scenario.outcome {
            Outcome::Passed => suite.passed += 1,
            Outcome::Failed => suite.failed += 1,
            _ => suite.undecided += 1,
        }
    }
    suites
}

#[cfg(test)]
mod tests;
