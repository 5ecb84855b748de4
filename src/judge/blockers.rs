//! What would make it GO: the shortest list. What follows from something listed is not listed again.

use std::collections::HashMap;

use super::{
    Blocker, BlockerKind, CLAIM, InvariantOutcome, IssueResult, IssueStatus, ReleaseResult, ScenarioResult,
    UnmetClaim, flaws, verdict::Basis,
};
use crate::{
    evidence::{Outcome, Shard},
    invariant,
};

pub(super) fn list(basis: &Basis<'_>, claims: &[UnmetClaim]) -> Vec<Blocker> {
    if basis.planned == 0 || basis.scenarios.len() != basis.planned {
        return vec![Blocker {
            kind: BlockerKind::NothingPlanned,
            subject: "plan".into(),
            severity: None,
            message: match basis.planned {
                0 => "no scenario was planned, so nothing was shown".into(),
                planned => format!("{planned} scenarios are planned, {} were seen", basis.scenarios.len()),
            },
            remedy: "plan scenarios: check the features folder and the filters".into(),
        }];
    }
    let mut blockers = vec![];
    violated(basis, &mut blockers);
    flaws::list(basis.flaws, &mut blockers);
    scenarios(basis, &mut blockers);
    blockers.extend(basis.release.into_iter().flat_map(ReleaseResult::blockers));
    unshown(basis, claims, &mut blockers);
    if basis.left_out > 0 {
        blockers.push(Blocker {
            kind: BlockerKind::LeftOut,
            subject: "plan".into(),
            severity: None,
            message: format!("{} scenarios were left out", basis.left_out),
            remedy: "run without --tags, --name and --features".into(),
        });
    }
    if let Some(Shard { index, of, whole, .. }) = basis.shard {
        blockers.push(Blocker {
            kind: BlockerKind::LeftOut,
            subject: "plan".into(),
            severity: None,
            message: format!("this is shard {index} of {of}: {} of {whole} scenarios", basis.planned),
            remedy: format!("put all {of} shards together with `gonogo merge`"),
        });
    }
    blockers
}

fn violated(basis: &Basis<'_>, blockers: &mut Vec<Blocker>) {
    for invariant in basis.invariants.iter().filter(|i| i.outcome == InvariantOutcome::Violated) {
        let mend = flaws::remedy(basis.flaws, &invariant.name);
        let mend = mend.unwrap_or_else(|| mend_of(&invariant.name, &invariant.reason));
        blockers.push(Blocker {
            kind: BlockerKind::InvariantViolated,
            subject: invariant.name.clone(),
            severity: None,
            message: invariant.reason.clone(),
            remedy: format!("{mend}; `gonogo explain {}` tells what the rule asks", invariant.name),
        });
    }
}

/// Scenarios of gonogo's own about apps of others: their remedy is in the app, never in the scenario.
const ABOUT_APPS: [&str; 2] = ["features/forge/", "features/process/"];

fn is_about_app(place: &str) -> bool {
    ABOUT_APPS.iter().any(|folder| place.contains(folder))
}

/// What most often mends the app when deeds alone violate this rule.
fn mend_of(invariant: &str, reason: &str) -> String {
    match invariant::rule(invariant).filter(|_| is_about_app(reason)) {
        Some(rule) => format!("mend the app: {}", rule.remedy()),
        None => "mend the app".to_owned(),
    }
}

/// Failed scenarios that say the very same have one cause: the first stands for all.
fn together(failed: Vec<&ScenarioResult>) -> Vec<(&ScenarioResult, Vec<&str>)> {
    let mut groups: Vec<(&ScenarioResult, Vec<&str>)> = vec![];
    let mut first = HashMap::new();
    for scenario in failed {
        let error = scenario.error.as_deref().filter(|_| is_about_app(&scenario.id));
        match error.and_then(|error| first.get(error)) {
            Some(place) => {
                let (_, others): &mut (_, Vec<&str>) = &mut groups[*place];
                others.push(&scenario.id);
            }
            None => {
                first.extend(error.map(|error| (error, groups.len())));
                groups.push((scenario, vec![]));
            }
        }
    }
    groups
}

fn scenarios(basis: &Basis<'_>, blockers: &mut Vec<Blocker>) {
    let mut failed: Vec<&ScenarioResult> =
        basis.scenarios.iter().filter(|scenario| scenario.outcome == Outcome::Failed).collect();
    // What is waived stands with its waiver.
    failed.retain(|scenario| !basis.release.is_some_and(|release| release.waives(scenario)));
    // The gravest first; within one severity the plan's order stays.
    failed.sort_by_key(|scenario| scenario.severity);
    let said = |scenario: &ScenarioResult, without: &str| {
        scenario.error.clone().unwrap_or_else(|| without.to_owned())
    };
    for (scenario, others) in together(failed) {
        let also = match others.len() {
            0 => String::new(),
            1 => format!(" (and in 1 more scenario: {})", others[0]),
            count => format!(" (and in {count} more scenarios: {})", others.join(", ")),
        };
        let remedy = match is_about_app(&scenario.id) {
            true => format!("mend the app as the message says; `--name {:?}` runs this alone", scenario.name),
            false => "make the scenario pass".to_owned(),
        };
        blockers.push(Blocker {
            kind: BlockerKind::ScenarioFailed,
            subject: scenario.id.clone(),
            severity: Some(scenario.severity),
            message: format!("{}: {}{also}", scenario.name, said(scenario, "failed")),
            remedy,
        });
    }
    for scenario in basis.scenarios {
        let remedy = match scenario.outcome {
            Outcome::Passed | Outcome::Failed | Outcome::NotRun => continue,
            Outcome::Flaky => "find out why it failed before it passed",
            Outcome::Undefined => "define the step, or correct its wording",
            Outcome::Ambiguous => "leave one definition for the step",
            Outcome::Pending if is_about_app(&scenario.id) => {
                "let the app do or store what the message misses; until that is seen, nothing is decided about it"
            }
            Outcome::Pending => "finish the step",
            Outcome::TimedOut => "find out what it waits for",
            Outcome::Panicked => "find out why it panicked",
            Outcome::Empty => "let it state something (a `Then`, a row of its outline), or take it out",
        };
        blockers.push(Blocker {
            kind: BlockerKind::ScenarioUndecided,
            subject: scenario.id.clone(),
            severity: Some(scenario.severity),
            message: format!("{}: {}", scenario.name, said(scenario, scenario.outcome.word())),
            remedy: remedy.into(),
        });
    }
    let mut not_run = basis.scenarios.iter().filter(|scenario| scenario.outcome == Outcome::NotRun);
    if let Some(first) = not_run.next() {
        let count = 1 + not_run.count();
        blockers.push(Blocker {
            kind: BlockerKind::NotRun,
            subject: first.id.clone(),
            severity: None,
            message: format!("{count} planned scenarios never ran; the first is {:?}", first.name),
            remedy: "run the whole plan to its end".into(),
        });
    }
}

fn unshown(basis: &Basis<'_>, claims: &[UnmetClaim], blockers: &mut Vec<Blocker>) {
    let passed = |place: usize| basis.scenarios.get(place).is_some_and(|s| s.outcome == Outcome::Passed);
    // A scenario that is a blocker itself would show, once it passes, what it claims.
    let promised = |name: &str| {
        let claimed =
            |scenario: &ScenarioResult| scenario.tags.iter().any(|tag| tag.strip_prefix(CLAIM) == Some(name));
        basis.scenarios.iter().any(|scenario| scenario.outcome != Outcome::Passed && claimed(scenario))
    };
    for invariant in basis.invariants.iter().filter(|i| i.outcome == InvariantOutcome::NotExercised) {
        let of_claim =
            claims.iter().any(|claim| claim.of_invariant(&invariant.name) && passed(claim.scenario));
        if of_claim || promised(&invariant.name) {
            continue;
        }
        blockers.push(Blocker {
            kind: BlockerKind::InvariantNotExercised,
            subject: invariant.name.clone(),
            severity: None,
            message: invariant.reason.clone(),
            remedy: format!("add a scenario that exercises it, tagged @{CLAIM}{}", invariant.name),
        });
    }
    for claim in claims.iter().filter(|claim| passed(claim.scenario)) {
        let subject = basis.scenarios.get(claim.scenario).map(|s| s.id.clone()).unwrap_or_default();
        let is_about_app = is_about_app(&subject);
        blockers.push(Blocker {
            kind: BlockerKind::ClaimUnmet,
            subject,
            severity: None,
            message: format!("@{} claims what its log does not show: {}", claim.tag, claim.missing),
            remedy: match is_about_app {
                true => "let the app do what is missing where this scenario can see it (in its storage, its requests \
                         or its answers)"
                    .into(),
                false => "let the scenario show it, or take the tag away".into(),
            },
        });
    }
    blockers.extend(basis.issues.iter().filter_map(unsettled));
}

/// An issue that nothing shows, or not all that its policy names.
fn unsettled(issue: &IssueResult) -> Option<Blocker> {
    let (message, remedy) = match issue.unshown.as_slice() {
        [] if issue.status == IssueStatus::Undecided && issue.scenarios == 0 && issue.tags.is_empty() => {
            (format!("no scenario settles {}", issue.title), format!("tag a scenario @{}", issue.id))
        }
        [] => return None,
        unshown => {
            let names = unshown.join(", ");
            (
                format!("nothing shows it: no scenario and no check carries {names} ({})", issue.title),
                format!("tag a scenario @{}, or name a check of the release", unshown[0]),
            )
        }
    };
    Some(Blocker {
        kind: BlockerKind::IssueWithoutScenario,
        subject: issue.id.clone(),
        severity: Some(issue.severity),
        message,
        remedy,
    })
}
