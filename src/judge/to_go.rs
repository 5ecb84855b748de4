//! The fewest changes that would make it GO: what one deed takes away together, in order, each with the verdict that
//! the judge reaches once it is done. Supposes results and decides over them; has seen none of them.

mod causes;

use std::collections::BTreeSet;

use super::{
    Blocker, BlockerKind, CLAIM, InvariantOutcome, IssueResult, IssueStatus, ReleaseResult, ScenarioResult,
    SignedResult, UnmetClaim, Verdict,
    check::CheckOutcome,
    overview,
    verdict::{self, Basis},
};
use crate::evidence::{Header, Outcome};

/// One deed, and what it takes away.
#[derive(Clone, Debug)]
pub struct Fix {
    /// What is done, in a line.
    pub deed: String,
    /// What it takes away, the gravest first; none where it only does again what a new run undoes.
    pub blockers: Vec<Blocker>,
    /// Whether it takes a new run, whose record nobody has signed yet.
    pub needs_run: bool,
    /// The verdict then, with everything before it done, too; `None` where nothing can be supposed.
    pub then: Option<Verdict>,
    /// Whether something that was never seen is supposed to be right, so that the verdict may turn out worse.
    pub at_best: bool,
}

/// So many blockers are followed one by one; a longer list nobody works through in one go.
const TOLD: usize = 200;

/// What leads to a GO, in order: first what takes a new run, then what people sign in its record.
pub(super) fn fixes(
    basis: &Basis<'_>,
    header: &Header,
    claims: &[UnmetClaim],
    blockers: &[Blocker],
) -> Vec<Fix> {
    let (blockers, more) = blockers.split_at(blockers.len().min(TOLD));
    let mut supposed = Supposed::of(basis, header, claims);
    let mut at_best = false;
    let mut fixes = vec![];
    for cause in causes::group(basis, blockers) {
        if cause.kind() == BlockerKind::NothingPlanned {
            let deed = cause.deed();
            return vec![Fix { deed, blockers: cause.blockers, needs_run: true, then: None, at_best: true }];
        }
        for blocker in &cause.blockers {
            supposed.without(blocker);
        }
        supposed.unsigned();
        at_best |= cause.is_unseen();
        let (deed, then) = (cause.deed(), Some(supposed.verdict()));
        fixes.push(Fix { deed, blockers: cause.blockers, needs_run: true, then, at_best });
    }
    if !more.is_empty() {
        let deed = format!("take away {} more, in the report's order", more.len());
        fixes.push(Fix { deed, blockers: more.to_vec(), needs_run: true, then: None, at_best: true });
        return fixes;
    }
    for (kind, deed) in [
        (BlockerKind::ItemOpen, "do what the checklist asks for, and sign it"),
        (BlockerKind::SignOffMissing, "let everybody sign who must"),
    ] {
        let of_release = supposed.release.iter().flat_map(ReleaseResult::blockers);
        let due: Vec<Blocker> = of_release.filter(|blocker| blocker.kind == kind).collect();
        if due.is_empty() {
            continue;
        }
        supposed.signed(kind);
        let (deed, then) = (deed.to_owned(), Some(supposed.verdict()));
        fixes.push(Fix { deed, blockers: due, needs_run: false, then, at_best });
    }
    fixes
}

/// The results as they would be.
struct Supposed<'a> {
    basis: Basis<'a>,
    header: &'a Header,
    scenarios: Vec<ScenarioResult>,
    invariants: Vec<super::InvariantResult>,
    flaws: Vec<super::flaws::Flaw>,
    claims: Vec<&'a UnmetClaim>,
    release: Option<ReleaseResult>,
    /// Issues that have something to settle them now.
    answered: BTreeSet<String>,
}

impl<'a> Supposed<'a> {
    fn of(basis: &Basis<'a>, header: &'a Header, claims: &'a [UnmetClaim]) -> Self {
        Self {
            basis: *basis,
            header,
            scenarios: basis.scenarios.to_vec(),
            invariants: basis.invariants.to_vec(),
            flaws: basis.flaws.to_vec(),
            claims: claims.iter().collect(),
            release: basis.release.cloned(),
            answered: BTreeSet::new(),
        }
    }

    /// Decides as over results that were seen.
    fn verdict(&self) -> Verdict {
        let basis = Basis {
            scenarios: &self.scenarios,
            invariants: &self.invariants,
            issues: &self.issues(),
            flaws: &self.flaws,
            unmet_claims: self.claims.len(),
            release: self.release.as_ref(),
            ..self.basis
        };
        verdict::decide(&basis)
    }

    fn issues(&self) -> Vec<IssueResult> {
        let checks = self.release.as_ref().map_or(&[][..], |release| &release.checks);
        let mut issues = overview::issues(self.header, &self.scenarios, checks);
        for issue in issues.iter_mut().filter(|issue| self.answered.contains(&issue.id)) {
            let is_of = |name: &String| *name == issue.id || issue.tags.contains(name);
            let shown = self.scenarios.iter().filter(|scenario| scenario.tags.iter().any(is_of));
            let checked = checks.iter().filter(|check| is_of(&check.id));
            let is_right = shown.map(|scenario| scenario.outcome == Outcome::Passed);
            if is_right
                .chain(checked.map(|check| check.outcome == CheckOutcome::Passed))
                .all(|is_right| is_right)
            {
                issue.status = IssueStatus::Settled;
            }
        }
        issues
    }

    /// Takes a blocker away, and what follows from it.
    fn without(&mut self, blocker: &Blocker) {
        let subject = blocker.subject.as_str();
        match blocker.kind {
            BlockerKind::InvariantViolated | BlockerKind::InvariantNotExercised => self.holds(subject),
            BlockerKind::FlawInFiles => self.flaws.retain(|flaw| !flaw.is(subject, &blocker.message)),
            BlockerKind::ScenarioFailed => {
                let known = self.scenarios.iter().find(|scenario| scenario.id == subject);
                let error = known.and_then(|scenario| scenario.error.clone());
                self.pass(|scenario| {
                    scenario.id == subject
                        || scenario.outcome == Outcome::Failed && error.is_some() && scenario.error == error
                });
            }
            BlockerKind::ScenarioUndecided => self.pass(|scenario| scenario.id == subject),
            BlockerKind::NotRun => self.pass(|scenario| scenario.outcome == Outcome::NotRun),
            BlockerKind::LeftOut => (self.basis.left_out, self.basis.shard) = (0, None),
            BlockerKind::ClaimUnmet => self.claimed(|scenario| scenario.id == subject),
            BlockerKind::IssueWithoutScenario => {
                self.answered.insert(subject.to_owned());
            }
            BlockerKind::CheckFailed | BlockerKind::CheckUndecided => self.check(subject),
            BlockerKind::Waiver => self.unwaive(subject),
            BlockerKind::NothingPlanned | BlockerKind::SignOffMissing | BlockerKind::ItemOpen => {}
        }
    }

    fn holds(&mut self, invariant: &str) {
        self.flaws.retain(|flaw| !flaw.violates(invariant));
        let named = self.invariants.iter_mut().filter(|known| known.name == invariant);
        named.for_each(|known| known.outcome = InvariantOutcome::Holds);
        let tag = format!("{CLAIM}{invariant}");
        self.claims.retain(|claim| claim.tag != tag);
    }

    /// A scenario that passes shows what it claims to show.
    fn pass(&mut self, which: impl Fn(&ScenarioResult) -> bool) {
        let passed: BTreeSet<String> = self
            .scenarios
            .iter()
            .filter(|scenario| which(scenario))
            .map(|scenario| scenario.id.clone())
            .collect();
        for scenario in self.scenarios.iter_mut().filter(|scenario| passed.contains(&scenario.id)) {
            scenario.outcome = Outcome::Passed;
        }
        self.claimed(|scenario| passed.contains(&scenario.id));
    }

    /// What these scenarios claim is shown.
    fn claimed(&mut self, which: impl Fn(&ScenarioResult) -> bool) {
        let scenarios = &self.scenarios;
        self.claims.retain(|claim| !scenarios.get(claim.scenario).is_some_and(&which));
        let tags: BTreeSet<&String> = scenarios.iter().filter(|s| which(s)).flat_map(|s| &s.tags).collect();
        for known in &mut self.invariants {
            let is_claimed = tags.contains(&format!("{CLAIM}{}", known.name));
            if known.outcome == InvariantOutcome::NotExercised && is_claimed {
                known.outcome = InvariantOutcome::Holds;
            }
        }
    }

    fn check(&mut self, id: &str) {
        let checks = self.release.iter_mut().flat_map(|release| &mut release.checks);
        for check in checks.filter(|check| check.id == id) {
            check.outcome = CheckOutcome::Passed;
            check.incomplete = false;
            check.waived_by = None;
        }
    }

    /// Mends what is waived, and takes the waiver out.
    fn unwaive(&mut self, id: &str) {
        let Some(release) = &mut self.release else { return };
        let Some(place) = release.waivers.iter().position(|waiver| waiver.id == id) else { return };
        let waiver = release.waivers.remove(place);
        self.check(&waiver.check);
        self.pass(|scenario| scenario.id == waiver.check || scenario.tags.contains(&waiver.check));
    }

    /// A new run makes a new record, which nobody has signed.
    fn unsigned(&mut self) {
        let Some(release) = &mut self.release else { return };
        for signed in release.sign_offs.iter_mut().chain(&mut release.items) {
            signed.signed_by.clear();
            signed.void.clear();
            signed.rejected = false;
        }
    }

    fn signed(&mut self, kind: BlockerKind) {
        let Some(release) = &mut self.release else { return };
        let due = match kind {
            BlockerKind::ItemOpen => &mut release.items,
            _ => &mut release.sign_offs,
        };
        let sign = |signed: &mut SignedResult| {
            let needed = usize::try_from(signed.needed.max(1)).unwrap_or(usize::MAX);
            signed.rejected = false;
            signed.signed_by = (0..needed).map(|place| place.to_string()).collect();
        };
        due.iter_mut().for_each(sign);
    }
}

#[cfg(test)]
mod tests;
