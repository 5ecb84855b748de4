//! Scenarios put together by issue and by feature.

use std::collections::BTreeMap;

use super::{IssueResult, IssueStatus, ScenarioResult, Suite};
use crate::evidence::{Header, Outcome};

/// Where each issue of the policy stands, by its scenarios.
pub(super) fn issues(header: &Header, scenarios: &[ScenarioResult]) -> Vec<IssueResult> {
    let status = |id: &String| {
        let mut of_issue = scenarios.iter().filter(|scenario| scenario.tags.contains(id)).peekable();
        if of_issue.peek().is_none() {
            return IssueStatus::Undecided;
        }
        of_issue.fold(IssueStatus::Settled, |status, scenario| match (status, scenario.outcome) {
            (IssueStatus::Open, _) | (_, Outcome::Failed) => IssueStatus::Open,
            (status, Outcome::Passed) => status,
            _ => IssueStatus::Undecided,
        })
    };
    let issues = header.policy.issues.iter();
    issues
        .map(|issue| IssueResult {
            id: issue.id.clone(),
            title: issue.title.clone(),
            severity: issue.severity,
            status: status(&issue.id),
            scenarios: scenarios.iter().filter(|scenario| scenario.tags.contains(&issue.id)).count(),
        })
        .collect()
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
