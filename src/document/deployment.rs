//! The deployment plan: how it goes out, what is looked at, how to go back, for whoever operates it.

use super::{Section, Told, part};

pub(super) fn sections(told: &Told<'_>) -> Vec<Section> {
    vec![
        part::procedure::before(told),
        part::people::sign_offs(told),
        part::change::section(told),
        part::procedure::deployment(told),
        part::procedure::canary(told),
        part::procedure::post_deploy(told),
        part::checks::success(told),
        part::rollback::section(told),
        part::decision::to_go(told),
        part::decision::next_steps(told),
    ]
}
