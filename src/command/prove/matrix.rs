//! The kill matrix: fault × check. Compares what a broken app shows with what the unbroken one shows; runs
//! nothing and draws nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    evidence::Outcome,
    judge::{InvariantOutcome, Judgement},
    subject::fault::Fault,
};

/// What the unbroken app shows: the line that every fault is held against.
#[derive(Debug, Serialize)]
pub(super) struct Unbroken {
    /// Its verdict.
    pub(super) verdict: &'static str,
    /// Whether everything was shown and everything held.
    pub(super) green: bool,
    /// What is not, if not.
    pub(super) blockers: Vec<String>,
    #[serde(skip)]
    invariants: BTreeMap<String, InvariantOutcome>,
    #[serde(skip)]
    passed: BTreeSet<String>,
}

/// What became of an invariant under a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cell {
    /// As without the fault.
    Unchanged,
    /// Violated, as the fault says it must be.
    Killed,
    /// Violated, and the fault does not say so.
    Unexpected,
    /// The fault says that it must be violated, and it is not.
    Missed,
    /// Not shown any more: the scenarios that show it no longer pass.
    Unshown,
}

/// One fault and what caught it.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) fault: &'static str,
    pub(super) what: &'static str,
    pub(super) verdict: &'static str,
    /// One per invariant, in the fixed order.
    pub(super) invariants: Vec<(String, Cell)>,
    /// Tags that must have a failing scenario, and whether they have.
    pub(super) tags: Vec<(&'static str, bool)>,
    /// Ids of scenarios that passed without the fault and do not with it.
    pub(super) red: Vec<String>,
    /// Whether exactly the expected checks caught it.
    pub(super) proven: bool,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Matrix {
    pub(super) unbroken: Unbroken,
    pub(super) rows: Vec<Row>,
}

impl Unbroken {
    pub(super) fn of(judgement: &Judgement) -> Self {
        Self {
            verdict: judgement.verdict.word(),
            green: judgement.exit_code == 0 && judgement.blockers.is_empty(),
            blockers: judgement.blockers.iter().map(|b| format!("{}: {}", b.subject, b.message)).collect(),
            invariants: judgement.invariants.iter().map(|i| (i.name.clone(), i.outcome)).collect(),
            passed: passed(judgement),
        }
    }
}

impl Row {
    pub(super) fn of(fault: &Fault, unbroken: &Unbroken, broken: &Judgement) -> Self {
        let invariants: Vec<(String, Cell)> = broken
            .invariants
            .iter()
            .map(|invariant| {
                let before = unbroken.invariants.get(&invariant.name).copied();
                let expected = fault.breaks.contains(&invariant.name.as_str());
                (invariant.name.clone(), Cell::of(before, invariant.outcome, expected))
            })
            .collect();
        let passed = passed(broken);
        let red: Vec<String> = unbroken.passed.difference(&passed).cloned().collect();
        let fails = |tag: &str| {
            broken.scenarios.iter().any(|s| red.contains(&s.id) && s.tags.iter().any(|t| t == tag))
        };
        let tags: Vec<_> = fault.fails.iter().map(|tag| (*tag, fails(tag))).collect();
        let expects_something = !fault.breaks.is_empty() || !fault.fails.is_empty();
        let known = fault.breaks.iter().all(|name| invariants.iter().any(|(known, _)| known == name));
        let as_expected = invariants.iter().all(|(_, cell)| !matches!(cell, Cell::Unexpected | Cell::Missed));
        let proven = expects_something && known && as_expected && tags.iter().all(|(_, failed)| *failed);
        let (fault, what, verdict) = (fault.name, fault.what, broken.verdict.word());
        // A fault under which the verdict is still GO survived, whatever it declares.
        let proven = proven && broken.exit_code != 0;
        Self { fault, what, verdict, invariants, tags, red, proven }
    }
}

impl Cell {
    fn of(before: Option<InvariantOutcome>, now: InvariantOutcome, expected: bool) -> Self {
        let was_violated = before == Some(InvariantOutcome::Violated);
        match (now, expected) {
            (InvariantOutcome::Violated, true) if !was_violated => Self::Killed,
            (InvariantOutcome::Violated, false) if !was_violated => Self::Unexpected,
            (_, true) => Self::Missed,
            (InvariantOutcome::NotExercised, false) if before == Some(InvariantOutcome::Holds) => {
                Self::Unshown
            }
            _ => Self::Unchanged,
        }
    }
}

impl Matrix {
    /// Whether the unbroken app is green and every fault was caught by exactly the expected checks.
    pub(super) fn is_proven(&self) -> bool {
        self.unbroken.green && !self.rows.is_empty() && self.rows.iter().all(|row| row.proven)
    }
}

fn passed(judgement: &Judgement) -> BTreeSet<String> {
    judgement.scenarios.iter().filter(|s| s.outcome == Outcome::Passed).map(|s| s.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use InvariantOutcome::{Holds, NotExercised, Violated};

    #[test]
    fn a_cell_tells_what_a_fault_did_to_an_invariant() {
        for (before, now, expected, cell) in [
            (Holds, Violated, true, Cell::Killed),
            (Holds, Violated, false, Cell::Unexpected),
            (Holds, Holds, true, Cell::Missed),
            (Holds, NotExercised, true, Cell::Missed),
            (Holds, NotExercised, false, Cell::Unshown),
            (Holds, Holds, false, Cell::Unchanged),
            // What was red before proves nothing when it is red again.
            (Violated, Violated, true, Cell::Missed),
        ] {
            assert_eq!(Cell::of(Some(before), now, expected), cell, "{before:?} {now:?} {expected}");
        }
    }
}
