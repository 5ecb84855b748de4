//! Flaws in the app's files: each is told once, and none lets a GO through. What a rule takes up stands with
//! its invariant; the rest stands for itself, so that no flaw is lost for want of a rule.

use std::collections::BTreeSet;

use super::{Blocker, BlockerKind};
use crate::{
    evidence::{Fact, FlawKind, Log, Severity},
    invariant::is_declared,
};

/// A flaw, wherever it was seen.
#[derive(Clone, Debug)]
pub(super) struct Flaw {
    pub(super) kind: FlawKind,
    place: String,
    text: String,
    remedy: String,
    /// Invariants that it violates.
    taken: BTreeSet<&'static str>,
}

impl Flaw {
    /// Whether it stops a release; otherwise it only leaves something unshown.
    pub(super) fn stops(&self) -> bool {
        self.kind != FlawKind::BeyondReach
    }

    /// Whether it is the one that is told so of this place.
    pub(super) fn is(&self, place: &str, text: &str) -> bool {
        self.place == place && self.text == text
    }

    /// Whether it violates this invariant.
    pub(super) fn violates(&self, invariant: &str) -> bool {
        self.taken.contains(invariant)
    }
}

/// Takes the flaws of a log; `violated` are the rules violated in it, each with what shows that.
pub(super) fn take(flaws: &mut Vec<Flaw>, log: &Log<'_>, violated: &[(&'static str, Vec<u64>)]) {
    for observation in log.observations {
        let Fact::FlawSeen { kind, subject, place, text, remedy } = &observation.fact else { continue };
        // Whom the app may speak to is for its makers to say; a host that the platform refuses is not.
        if *kind == FlawKind::AlertInSource && is_declared(subject, &log.policy.egress) {
            continue;
        }
        let known =
            flaws.iter().position(|flaw| (flaw.kind, &flaw.place, &flaw.text) == (*kind, place, text));
        let at = known.unwrap_or(flaws.len());
        if known.is_none() {
            let (place, text, remedy) = (place.clone(), text.clone(), remedy.clone());
            flaws.push(Flaw { kind: *kind, place, text, remedy, taken: BTreeSet::new() });
        }
        let takers = violated.iter().filter(|(_, shown)| shown.contains(&observation.seq));
        flaws[at].taken.extend(takers.map(|(rule, _)| *rule));
    }
}

/// What mends the flaws that violate this invariant; `None` when it is violated by deeds alone.
pub(super) fn remedy(flaws: &[Flaw], invariant: &str) -> Option<String> {
    let of_rule = flaws.iter().filter(|flaw| flaw.taken.contains(invariant));
    let mut remedies: Vec<&str> = of_rule.map(|flaw| flaw.remedy.as_str()).collect();
    let mut seen = BTreeSet::new();
    remedies.retain(|remedy| seen.insert(*remedy));
    (!remedies.is_empty()).then(|| remedies.join("; "))
}

/// The flaws that no rule took up.
pub(super) fn list(flaws: &[Flaw], blockers: &mut Vec<Blocker>) {
    let (stop, leave): (Vec<&Flaw>, Vec<&Flaw>) =
        flaws.iter().filter(|flaw| flaw.taken.is_empty()).partition(|flaw| flaw.stops());
    for flaw in stop.into_iter().chain(leave) {
        blockers.push(Blocker {
            kind: BlockerKind::FlawInFiles,
            subject: flaw.place.clone(),
            severity: flaw.stops().then_some(Severity::Sev1),
            message: flaw.text.clone(),
            remedy: flaw.remedy.clone(),
        });
    }
}
