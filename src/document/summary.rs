//! The summary: the decision, and what it rests on, for whoever releases.

use super::{Section, Told, part};

pub(super) fn sections(told: &Told<'_>) -> Vec<Section> {
    let mut sections = vec![
        part::decision::basis(told),
        part::decision::to_go(told),
        part::issues::overview(told),
        part::readiness::section(told),
        part::tests::section(told),
        part::checks::overview(told),
        part::invariants::section(told),
        part::scenarios::metrics(told),
        part::people::sign_offs(told),
    ];
    sections.extend(part::people::waivers(told));
    sections.extend(part::history::section(told));
    sections.push(part::decision::next_steps(told));
    sections
}
