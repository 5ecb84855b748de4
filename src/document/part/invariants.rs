//! The ten invariants: what each asks, what the evidence shows of it, and where.

use super::{
    super::{Section, Told, table},
    some,
};
use crate::judge::{InvariantResult, Reference};

/// A row names so many observations.
const MOST_PLACES: usize = 5;

pub(in crate::document) fn section(told: &Told<'_>) -> Section {
    let row = |invariant: &InvariantResult| {
        let places: Vec<String> = invariant.observations.iter().map(place).collect();
        let seen = some(places.iter().map(String::as_str), MOST_PLACES);
        let shown = if seen.is_empty() {
            invariant.reason.clone()
        } else {
            format!("{}; seen in {seen}", invariant.reason)
        };
        vec![invariant.name.clone(), invariant.statement.clone(), invariant.outcome.word().to_owned(), shown]
    };
    let rows = told.judgement.invariants.iter().map(row).collect();
    let heads = ["Invariant", "What it asks", "Outcome", "Shown by"];
    Section::new(
        "Invariants",
        vec![table("Each rule, over all scenarios", &heads, rows, "No invariant was judged.")],
    )
}

fn place(reference: &Reference) -> String {
    format!("{} (observation {})", reference.scenario, reference.seq)
}
