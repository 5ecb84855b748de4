//! What settles an issue: all that carries one of its tags, and nothing that nobody shows.

use super::*;
use crate::{
    evidence::{CheckKind, Issue, Policy, Severity},
    judge::tests,
};

fn check(id: &str, outcome: CheckOutcome) -> CheckResult {
    CheckResult {
        id: id.to_owned(),
        title: id.to_owned(),
        kind: CheckKind::Tests,
        severity: Severity::Sev2,
        outcome,
        reason: String::new(),
        incomplete: outcome == CheckOutcome::Undecided,
        figures: vec![],
        items: vec![],
        files: vec![],
        history: vec![],
        waived_by: Some("W-1".to_owned()),
    }
}

#[test]
fn an_issue_rests_on_every_tag_and_check_that_it_names_and_on_its_own_tag() {
    use CheckOutcome::{Failed as F, Passed as P, Undecided as U};
    use IssueStatus::{Open, Settled, Undecided};
    let scenario = |tag: &str, outcome| ScenarioResult {
        tags: vec![tag.to_owned()],
        outcome,
        ..tests::shown().0.swap_remove(0)
    };
    let settled = |tags: &[&str], scenarios: &[(&str, Outcome)], checks: &[(&str, CheckOutcome)]| {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let issue = Issue { tags, ..Issue::new("SEV-2-009", "Paging", Severity::Sev2) };
        let policy = Policy { issues: vec![issue], ..Policy::default() };
        let header = Header { policy, ..tests::header(1) };
        let scenarios: Vec<_> = scenarios.iter().map(|(tag, outcome)| scenario(tag, *outcome)).collect();
        let checks: Vec<_> = checks.iter().map(|(id, outcome)| check(id, *outcome)).collect();
        let mut found = issues(&header, &scenarios, &checks);
        let IssueResult { status, unshown, .. } = found.remove(0);
        (status, unshown)
    };
    let (own, paging, unit) = ("SEV-2-009", "paging", "tests/unit");
    let (passed, failed, not_run) = (Outcome::Passed, Outcome::Failed, Outcome::NotRun);
    for (tags, scenarios, checks, status, unshown) in [
        (&[][..], &[(own, passed)][..], &[][..], Settled, &[][..]),
        (&[], &[], &[], Undecided, &[]),
        (&[paging], &[(paging, passed)], &[], Settled, &[]),
        (&[paging], &[(own, passed)], &[], Undecided, &[paging]),
        (&[paging], &[(paging, passed), (own, failed)], &[], Open, &[]),
        (&[paging], &[(paging, passed), (own, not_run)], &[], Undecided, &[]),
        (&[paging, unit], &[(paging, passed)], &[], Undecided, &[unit]),
        (&[paging, unit], &[(paging, passed)], &[(unit, P)], Settled, &[]),
        (&[paging, unit], &[(paging, passed)], &[(unit, U)], Undecided, &[]),
        (&[unit], &[], &[(unit, F)], Open, &[]),
        (&[unit, paging], &[], &[(unit, F)], Open, &[paging]),
        (&[unit], &[], &[("tests/other", P)], Undecided, &[unit]),
    ] {
        let found = settled(tags, scenarios, checks);
        let unshown: Vec<String> = unshown.iter().map(|tag| (*tag).to_owned()).collect();
        assert_eq!(found, (status, unshown), "{tags:?} {scenarios:?} {checks:?}");
    }
}
