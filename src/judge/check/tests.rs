//! Test results against those of the released version: what passed before and fails now stops a release; what failed
//! before may fail on while enough tests pass. A test that was skipped before and fails now fails, and is no regression:
//! nobody had seen it pass, so nothing that worked broke; but it is none of the old failures that may go on either.

use std::collections::BTreeMap;

use super::{Finding, counted, number};
use crate::evidence::{CheckFact, Limits, Of, TestOutcome};

pub(super) fn judge(facts: &[&CheckFact], limits: &Limits) -> Finding {
    let (now, before) = (of(facts, Of::Now), of(facts, Of::Before));
    let mut finding = Finding::default();
    if now.is_empty() {
        finding.missing.push("no test has a result".to_owned());
        return finding;
    }
    let (mut regressions, mut pre_existing, mut failing, mut silenced) = (vec![], vec![], vec![], vec![]);
    for (id, outcome) in &now {
        let was = before.get(id).copied();
        match (*outcome, was) {
            (now, Some(was)) if now.is_failing() && was.is_failing() => pre_existing.push(*id),
            (now, Some(was)) if now.is_failing() && was.is_passing() => regressions.push(*id),
            (now, _) if now.is_failing() => failing.push(*id),
            (TestOutcome::Skipped, Some(was)) if was.is_passing() => silenced.push(*id),
            (TestOutcome::Flaky, _) => finding.item("flaky", *id),
            _ => {}
        }
    }
    let gone: Vec<&str> = before.keys().filter(|id| !now.contains_key(*id)).copied().collect();
    let new = now.keys().filter(|id| !before.contains_key(*id)).count();
    count(&mut finding, &now, limits);
    if !before.is_empty() {
        finding.figure("tests of the released version", Some(before.len().to_string()), None);
        finding.figure("regressions", Some(regressions.len().to_string()), Some("none".to_owned()));
        finding.figure("pre-existing failures", Some(pre_existing.len().to_string()), None);
        finding.figure("new tests", Some(new.to_string()), None);
        finding.figure("tests that are gone", Some(gone.len().to_string()), None);
    }
    for (kind, ids) in [
        ("regression", &regressions),
        ("failing", &failing),
        ("pre-existing failure", &pre_existing),
        ("skipped, passed before", &silenced),
        ("gone", &gone),
    ] {
        ids.iter().for_each(|id| finding.item(kind, *id));
    }
    if !regressions.is_empty() {
        finding.stops = true;
        let first = regressions.first().copied().unwrap_or_default();
        finding.failed.insert(
            0,
            format!("{} against the released version: {first}", counted(regressions.len(), "regression")),
        );
    }
    if !failing.is_empty() {
        let first = failing.first().copied().unwrap_or_default();
        let whose = if before.is_empty() {
            "and no earlier results to compare with"
        } else {
            "and did not run before"
        };
        finding.failed.push(format!("{} fails, {whose}: {first}", counted(failing.len(), "test")));
    }
    let unheard = gone.len() + silenced.len();
    let heard = percent(before.len().saturating_sub(unheard), before.len());
    if heard.is_some_and(|heard| heard < limits.pass_rate_percent) {
        let first = gone.first().or(silenced.first()).copied().unwrap_or_default();
        let all = before.len();
        finding
            .missing
            .push(format!("{unheard} of {all} tests of the released version did not run: {first}"));
    }
    finding
}

/// The counts, and the rate of those that passed.
fn count(finding: &mut Finding, now: &BTreeMap<&str, TestOutcome>, limits: &Limits) {
    let of = |wanted: &dyn Fn(TestOutcome) -> bool| now.values().filter(|outcome| wanted(**outcome)).count();
    let passed = of(&TestOutcome::is_passing);
    let failed = of(&TestOutcome::is_failing);
    finding.figure("tests", Some(now.len().to_string()), None);
    for outcome in [
        TestOutcome::Passed,
        TestOutcome::Flaky,
        TestOutcome::Failed,
        TestOutcome::Errored,
        TestOutcome::Skipped,
    ] {
        finding.figure(outcome.word(), Some(of(&|found| found == outcome).to_string()), None);
    }
    let limit = format!("at least {} %", number(limits.pass_rate_percent));
    let rate = percent(passed, passed + failed);
    finding.figure("pass rate", rate.map(|rate| format!("{} %", number(rate))), Some(limit.clone()));
    match rate {
        None => finding.missing.push("every test was skipped".to_owned()),
        Some(rate) if rate < limits.pass_rate_percent => {
            finding.failed.push(format!("{} % of the tests pass, {limit} must", number(rate)));
        }
        Some(_) => {}
    }
    finding.shown = match failed {
        0 => format!("{} pass", counted(passed, "test")),
        failed => format!("{} pass, {failed} fail as they did before", counted(passed, "test")),
    };
}

/// The outcome of each test: now the worst of several; before the best, as what passed anywhere worked.
fn of<'a>(facts: &[&'a CheckFact], whose: Of) -> BTreeMap<&'a str, TestOutcome> {
    let mut counting: BTreeMap<&str, TestOutcome> = BTreeMap::new();
    for fact in facts {
        if let CheckFact::TestEnded { of, id, outcome } = fact
            && *of == whose
        {
            let known = counting.entry(id).or_insert(*outcome);
            // From best to worst.
            *known = match whose {
                Of::Now => (*known).max(*outcome),
                Of::Before => (*known).min(*outcome),
            };
        }
    }
    counting
}

#[allow(clippy::cast_precision_loss, reason = "counts of tests are far below 2^52")]
fn percent(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}
