//! Blockers that one deed takes away together. What was seen in the same scenario, what says the very same, and what
//! follows from a plan that was cut short has one cause.

use std::collections::BTreeSet;

use super::super::{Blocker, BlockerKind, WaiverStanding, verdict::Basis};

/// Blockers with one cause.
pub(super) struct Cause {
    /// At least one, the gravest first.
    pub(super) blockers: Vec<Blocker>,
    /// What names the cause; causes that share a mark are one.
    marks: BTreeSet<String>,
}

impl Cause {
    pub(super) fn kind(&self) -> BlockerKind {
        self.blockers.first().map_or(BlockerKind::NothingPlanned, |blocker| blocker.kind)
    }

    /// Whether something is supposed to be right that was not looked at.
    pub(super) fn is_unseen(&self) -> bool {
        let unseen = [
            BlockerKind::NotRun,
            BlockerKind::LeftOut,
            BlockerKind::ScenarioUndecided,
            BlockerKind::InvariantNotExercised,
            BlockerKind::ClaimUnmet,
            BlockerKind::IssueWithoutScenario,
            BlockerKind::CheckUndecided,
        ];
        self.blockers.iter().any(|blocker| unseen.contains(&blocker.kind))
    }

    /// What is done about it, in a line.
    pub(super) fn deed(&self) -> String {
        let Some(first) = self.blockers.first() else { return String::new() };
        let subjects: Vec<&str> = self.blockers.iter().map(|blocker| blocker.subject.as_str()).collect();
        let named = match subjects.as_slice() {
            [one] => (*one).to_owned(),
            [one, other] => format!("{one} and {other}"),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
            [] => String::new(),
        };
        match first.kind {
            BlockerKind::InvariantViolated => format!("mend what violates {named}"),
            BlockerKind::ScenarioFailed => format!("make {named} pass"),
            BlockerKind::FlawInFiles => format!("mend {named}"),
            BlockerKind::ScenarioUndecided => format!("let {named} come to an end that decides"),
            BlockerKind::NothingPlanned => "plan scenarios".to_owned(),
            BlockerKind::NotRun | BlockerKind::LeftOut => "run the whole plan to its end".to_owned(),
            BlockerKind::InvariantNotExercised | BlockerKind::ClaimUnmet => format!("show {named}"),
            BlockerKind::IssueWithoutScenario => format!("let a scenario settle {named}"),
            BlockerKind::CheckFailed => format!("mend what {named} found"),
            BlockerKind::CheckUndecided => format!("give {named} what it lacks"),
            BlockerKind::SignOffMissing | BlockerKind::ItemOpen => format!("sign {named}"),
            BlockerKind::Waiver => format!("do without the waiver {named}"),
        }
    }
}

/// Groups what takes a new run by its cause, in the order of the blockers; what people sign is left out.
pub(super) fn group(basis: &Basis<'_>, blockers: &[Blocker]) -> Vec<Cause> {
    let is_cut = |blocker: &Blocker| matches!(blocker.kind, BlockerKind::NotRun | BlockerKind::LeftOut);
    let cut_short = blockers.iter().any(is_cut);
    let mut causes: Vec<Cause> = vec![];
    for blocker in blockers {
        if matches!(blocker.kind, BlockerKind::SignOffMissing | BlockerKind::ItemOpen) {
            continue;
        }
        let mut cause = Cause { blockers: vec![blocker.clone()], marks: marks(basis, blocker, cut_short) };
        // What touches it comes together, at the place of the first.
        let mut place = None;
        let mut index = 0;
        while index < causes.len() {
            if causes[index].marks.is_disjoint(&cause.marks) {
                index += 1;
                continue;
            }
            let known = causes.remove(index);
            let blockers = known.blockers.into_iter().chain(std::mem::take(&mut cause.blockers)).collect();
            cause = Cause { blockers, marks: known.marks.union(&cause.marks).cloned().collect() };
            place = place.or(Some(index));
        }
        causes.insert(place.unwrap_or(causes.len()), cause);
    }
    causes
}

/// What names a blocker's cause.
fn marks(basis: &Basis<'_>, blocker: &Blocker, cut_short: bool) -> BTreeSet<String> {
    let subject = &blocker.subject;
    let scenario = |id: &str| format!("scenario {id}");
    let check = |id: &str| format!("check {id}");
    match blocker.kind {
        BlockerKind::InvariantViolated => {
            let known = basis.invariants.iter().filter(|invariant| invariant.name == *subject);
            let seen: BTreeSet<&str> = known
                .flat_map(|invariant| &invariant.observations)
                .map(|place| place.scenario.as_str())
                .collect();
            let said = basis.scenarios.iter().filter(|known| seen.contains(known.id.as_str()));
            let said = said.filter_map(|known| known.error.as_ref()).map(|error| format!("error {error}"));
            let own = format!("invariant {subject}");
            seen.iter().map(|id| scenario(id)).chain(said).chain([own]).collect()
        }
        BlockerKind::ScenarioFailed => {
            let known = basis.scenarios.iter().find(|known| known.id == *subject);
            let error = known.and_then(|known| known.error.as_ref()).map(|error| format!("error {error}"));
            error.into_iter().chain([scenario(subject)]).collect()
        }
        BlockerKind::ScenarioUndecided => {
            let known = basis.scenarios.iter().find(|known| known.id == *subject);
            let said = known.and_then(|known| known.error.clone());
            [scenario(subject)].into_iter().chain(said.map(|said| format!("said {said}"))).collect()
        }
        BlockerKind::ClaimUnmet => [scenario(subject)].into(),
        BlockerKind::FlawInFiles => [format!("remedy {}", blocker.remedy)].into(),
        BlockerKind::NothingPlanned | BlockerKind::NotRun | BlockerKind::LeftOut => {
            ["plan".to_owned()].into()
        }
        // A plan that is cut short shows less: what is missing may stand in the rest.
        BlockerKind::InvariantNotExercised | BlockerKind::IssueWithoutScenario if cut_short => {
            ["plan".to_owned()].into()
        }
        BlockerKind::InvariantNotExercised => [format!("invariant {subject}")].into(),
        BlockerKind::IssueWithoutScenario => [format!("issue {subject}")].into(),
        BlockerKind::CheckFailed | BlockerKind::CheckUndecided => {
            let checks = basis.release.iter().flat_map(|release| &release.checks);
            let reason =
                checks.filter(|known| known.id == *subject).map(|known| format!("said {}", known.reason));
            reason.chain([check(subject)]).collect()
        }
        BlockerKind::Waiver => {
            let waivers = basis.release.iter().flat_map(|release| &release.waivers);
            let known =
                waivers.filter(|waiver| waiver.id == *subject && waiver.standing == WaiverStanding::Expired);
            let covered = known.flat_map(|waiver| [check(&waiver.check), scenario(&waiver.check)]);
            covered.chain([format!("waiver {subject}")]).collect()
        }
        BlockerKind::SignOffMissing | BlockerKind::ItemOpen => BTreeSet::new(),
    }
}
