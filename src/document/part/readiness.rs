//! Readiness by area: what of the invariants, checks and sign-offs speaks for it, and what is missing.

use super::super::{Block, Section, Told, table};
use crate::{
    evidence::CheckKind,
    invariant::{RULES, Rule},
    judge::{CheckOutcome, InvariantOutcome, IssueStatus, SignedResult},
};

/// What an area rests on.
struct Area {
    name: &'static str,
    checks: &'static [CheckKind],
    rests_on: Rests,
}

/// What an area rests on beside invariants and checks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rests {
    Nothing,
    Issues,
    Rollback,
    People,
}

/// Which invariants speak for an area is theirs to say.
const AREAS: [Area; 7] = [
    Area { name: "Security", checks: &[CheckKind::Secrets], rests_on: Rests::Nothing },
    Area { name: "Reliability", checks: &[], rests_on: Rests::Issues },
    Area { name: "Data", checks: &[], rests_on: Rests::Nothing },
    Area { name: "Compatibility", checks: &[CheckKind::Previous], rests_on: Rests::Nothing },
    Area { name: "What people see", checks: &[], rests_on: Rests::Nothing },
    Area { name: "Tests", checks: &[CheckKind::Tests, CheckKind::Coverage], rests_on: Rests::Nothing },
    Area {
        name: "Operations",
        checks: &[CheckKind::Change, CheckKind::Logs, CheckKind::Metrics],
        rests_on: Rests::Rollback,
    },
];

const PEOPLE: Area = Area { name: "People", checks: &[], rests_on: Rests::People };

/// What speaks for an area, against it, and what is missing.
#[derive(Default)]
struct Found {
    shown: Vec<String>,
    amiss: Vec<String>,
    gaps: Vec<String>,
}

pub(in crate::document) fn section(told: &Told<'_>) -> Section {
    let row = |area: &Area| {
        let found = find(told, area);
        let standing = match (found.amiss.is_empty(), found.gaps.is_empty()) {
            (false, _) => "not ready",
            (true, false) => "gaps",
            (true, true) => "shown",
        };
        let amiss: Vec<String> = found.amiss.into_iter().chain(found.gaps).collect();
        let none = |list: Vec<String>| if list.is_empty() { "nothing".to_owned() } else { list.join("; ") };
        vec![area.name.to_owned(), standing.to_owned(), none(found.shown), none(amiss)]
    };
    let rows = AREAS.iter().chain([&PEOPLE]).map(row).collect();
    let heads = ["Area", "Standing", "Shown by", "Amiss or missing"];
    let text = "An area is shown when everything that gonogo and the release's policy know of it was shown; it says nothing \
                of what neither looks at.";
    Section::new("Readiness by area", vec![table("Areas", &heads, rows, ""), Block::Text(text.to_owned())])
}

fn find(told: &Told<'_>, area: &Area) -> Found {
    let mut found = Found::default();
    for Rule { name, .. } in RULES.iter().filter(|rule| rule.areas().any(|named| named == area.name)) {
        let known = told.judgement.invariants.iter().find(|invariant| invariant.name == *name);
        match known.map(|invariant| invariant.outcome) {
            Some(InvariantOutcome::Holds) => found.shown.push(format!("{name} holds")),
            Some(InvariantOutcome::Violated) => found.amiss.push(format!("{name} is violated")),
            Some(InvariantOutcome::NotExercised) | None => {
                found.gaps.push(format!("{name} was not exercised"))
            }
        }
    }
    for kind in area.checks {
        of_checks(told, *kind, &mut found);
    }
    match area.rests_on {
        Rests::Nothing => {}
        Rests::Issues => of_issues(told, &mut found),
        Rests::Rollback => of_rollback(told, &mut found),
        Rests::People => of_people(told, &mut found),
    }
    found
}

fn of_checks(told: &Told<'_>, kind: CheckKind, found: &mut Found) {
    let checks = told.judgement.release.iter().flat_map(|release| &release.checks);
    let mut of_kind = checks.filter(|check| check.kind == kind).peekable();
    if of_kind.peek().is_none() {
        found.gaps.push(format!("{} not asked for by the policy", asked(kind)));
    }
    for check in of_kind {
        let waived = check.waived_by.as_ref().map_or(String::new(), |id| format!(", waived by {id}"));
        let said = format!("{} {}{waived}", check.id, check.outcome.word());
        match check.outcome {
            CheckOutcome::Passed => found.shown.push(said),
            CheckOutcome::Failed => found.amiss.push(said),
            CheckOutcome::Undecided => found.gaps.push(said),
        }
    }
}

/// What a check of this kind reads.
fn asked(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::Tests => "test results are",
        CheckKind::Coverage => "coverage of the changed lines is",
        CheckKind::Change => "the change is",
        CheckKind::Logs => "logs of the deployed app are",
        CheckKind::Metrics => "metrics of the deployed app are",
        CheckKind::Secrets => "a search for secrets is",
        CheckKind::Previous => "the record of the released version is",
    }
}

fn of_issues(told: &Told<'_>, found: &mut Found) {
    for issue in &told.judgement.issues {
        let said = format!("{} {}", issue.id, issue.status.word());
        match issue.status {
            IssueStatus::Settled => found.shown.push(said),
            IssueStatus::Open => found.amiss.push(said),
            IssueStatus::Undecided => found.gaps.push(said),
        }
    }
}

fn of_rollback(told: &Told<'_>, found: &mut Found) {
    match told.facts.changed.as_ref().and_then(|changed| changed.rehearsal.as_ref()) {
        Some(rehearsal) if rehearsal.clean => {
            found.shown.push("the rollback was rehearsed and applies".to_owned())
        }
        Some(_) => found.amiss.push("the rollback was rehearsed and does not apply".to_owned()),
        None => found.gaps.push("the rollback was not rehearsed".to_owned()),
    }
}

fn of_people(told: &Told<'_>, found: &mut Found) {
    let Some(release) = &told.judgement.release else {
        return found.gaps.push("the policy asks nobody to sign".to_owned());
    };
    if release.sign_offs.is_empty() {
        found.gaps.push("the policy names no role that must sign".to_owned());
    }
    for signed in release.sign_offs.iter().chain(&release.items) {
        let SignedResult { name, signed_by, rejected, .. } = signed;
        match (signed.is_signed(), rejected) {
            (true, _) => found.shown.push(format!("{name}: {}", signed_by.join(", "))),
            (false, true) => found.amiss.push(format!("{name}: rejected")),
            (false, false) => found.gaps.push(format!("{name}: not signed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AREAS;
    use crate::invariant::RULES;

    #[test]
    fn every_invariant_speaks_for_an_area() {
        for rule in RULES {
            assert!(rule.areas().next().is_some(), "{}", rule.name);
            for named in rule.areas() {
                assert!(AREAS.iter().any(|area| area.name == named), "{}: {named}", rule.name);
            }
            assert!(!rule.remedy().is_empty(), "{}", rule.name);
        }
    }
}
