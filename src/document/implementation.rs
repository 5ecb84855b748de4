//! The implementation report: what was settled and what was changed for it, for whoever builds.

use super::{Block, Section, Told, part};
use crate::judge::InvariantResult;

/// What the released version's callers, records and administrators rest on.
const COMPATIBLE: [&str; 3] = ["backward_compatible", "no_scope_expansion", "one_step_install"];

pub(super) fn sections(told: &Told<'_>) -> Vec<Section> {
    let mut sections = vec![
        part::issues::each(told),
        part::change::section(told),
        compatibility(told),
        part::tests::section(told),
        part::change::coverage(told),
    ];
    sections.extend(part::people::waivers(told));
    sections.extend([limits(told), part::decision::to_go(told)]);
    sections
}

fn compatibility(told: &Told<'_>) -> Section {
    let known = |name: &&str| told.judgement.invariants.iter().find(|invariant| invariant.name == **name);
    let row = |invariant: &InvariantResult| {
        let InvariantResult { name, statement, outcome, reason, .. } = invariant;
        vec![name.clone(), statement.clone(), outcome.word().to_owned(), reason.clone()]
    };
    let rows = COMPATIBLE.iter().filter_map(known).map(row).collect();
    let heads = ["Invariant", "What it asks", "Outcome", "Shown by"];
    let block =
        super::table("What holds this version to the released one", &heads, rows, "No invariant was judged.");
    Section::new("Compatibility", vec![block])
}

/// What the run did otherwise than production does, and what the policy sets aside.
fn limits(told: &Told<'_>) -> Section {
    let policy = &told.judgement.policy;
    let block = match policy.is_empty() {
        true => Block::Text("The run was judged by gonogo's own policy; nothing was set aside.".to_owned()),
        false => Block::List(policy.clone()),
    };
    Section::new("Where the policy departs from gonogo's own", vec![block])
}
