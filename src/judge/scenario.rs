//! What a scenario's log comes to: no more than its steps show, whatever it says of itself.

use super::{CLAIM, ScenarioResult};
use crate::{
    evidence::{Fact, Header, Observation, Outcome, Planned, Severity},
    invariant::RULES,
};

/// The result of the scenario whose log this is.
pub(super) fn read(header: &Header, observations: &[Observation]) -> ScenarioResult {
    let planned = match observations.first().map(|first| &first.fact) {
        Some(Fact::ScenarioPlanned(planned)) => planned.clone(),
        _ => Planned { id: "?".into(), feature: "?".into(), name: "?".into(), tags: vec![], steps: 0 },
    };
    let (outcome, duration_ms, error) = match observations.last().map(|last| &last.fact) {
        Some(Fact::ScenarioEnded { outcome, duration_ms, error }) => (*outcome, *duration_ms, error.clone()),
        _ => (Outcome::NotRun, 0, None),
    };
    let (outcome, doubt) = doubted(outcome, observations);
    let severity = severity(header, &planned.tags);
    let Planned { id, feature, name, tags, .. } = planned;
    ScenarioResult { id, feature, name, tags, outcome, severity, duration_ms, error: error.or(doubt) }
}

/// What a tag with a meaning lacks, if it names nothing that there is.
pub(super) fn names_nothing(header: &Header, tag: &str) -> Option<&'static str> {
    match tag.strip_prefix(CLAIM) {
        Some(name) => (!RULES.iter().any(|rule| rule.name == name)).then_some("an invariant of this name"),
        None if tag.starts_with("SEV-") => {
            let listed = header.policy.issues.iter().any(|issue| issue.id == tag);
            (!listed).then_some("an issue of this name in the policy")
        }
        None => None,
    }
}

/// A scenario that is said to have passed has, only if its log shows each of its steps passing, in one
/// attempt, and nothing that says otherwise.
fn doubted(outcome: Outcome, observations: &[Observation]) -> (Outcome, Option<String>) {
    if outcome != Outcome::Passed {
        return (outcome, None);
    }
    let (mut planned, mut passed, mut attempts, mut failed) = (0, 0, 0, None);
    for observation in observations {
        match &observation.fact {
            Fact::ScenarioPlanned(scenario) => planned = scenario.steps,
            Fact::AttemptStarted { attempt } if *attempt > 1 => {
                return (Outcome::Flaky, Some(format!("passed in attempt {attempt} only")));
            }
            Fact::AttemptStarted { .. } => attempts += 1,
            Fact::StepPassed { .. } => passed += 1,
            Fact::StepFailed { step, outcome, message } => {
                failed = failed.or(Some((outcome, format!("{step}: {message}"))));
            }
            Fact::ScenarioEnded { error: Some(error), .. } => {
                failed = failed.or(Some((&Outcome::Failed, error.clone())));
            }
            _ => {}
        }
    }
    match failed {
        Some((Outcome::Passed, message)) => (Outcome::Failed, Some(message)),
        Some((outcome, message)) => (*outcome, Some(message)),
        None if attempts != 1 => {
            (Outcome::NotRun, Some(format!("said to have passed, in {attempts} attempts")))
        }
        None if planned == 0 || passed != planned => {
            let message = format!("said to have passed, but {passed} of its {planned} steps are shown");
            (Outcome::NotRun, Some(message))
        }
        None => (Outcome::Passed, None),
    }
}

/// The strictest severity that the scenario's tags give it.
fn severity(header: &Header, tags: &[String]) -> Severity {
    let policy = &header.policy;
    let issues = policy.issues.iter().map(|issue| (&issue.id, issue.severity));
    let named = policy.severities.iter().map(|(tag, severity)| (tag, *severity));
    let given = issues.chain(named).filter(|(tag, _)| tags.contains(tag)).map(|(_, severity)| severity);
    given.min().unwrap_or(policy.default_severity)
}
