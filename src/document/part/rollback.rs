//! How to go back: the commands that fit the change, whether they were tried, and what the evidence tells of it.

use super::{
    super::{Block, Section, Told},
    procedure,
};

pub(in crate::document) fn section(told: &Told<'_>) -> Section {
    let own = procedure::rollout(told).map_or(&[][..], |rollout| rollout.rollback.as_slice());
    let gap = "The release's policy tells no steps of its own to go back (\"release.rollback\").";
    let mut blocks = procedure::procedure(own, gap);
    match told.facts.changed.as_ref().map(|changed| (changed, &changed.rehearsal)) {
        Some((changed, Some(rehearsal))) => {
            let base = changed.base.as_deref().unwrap_or("nothing");
            blocks.push(Block::Text("Back to the released version in the repository:".to_owned()));
            blocks.push(Block::Code(rehearsal.commands.clone()));
            if rehearsal.clean {
                blocks.push(Block::Text(format!(
                    "Rehearsed in a scratch clone: it applies cleanly, and the tree is then that of {base}."
                )));
            } else {
                blocks.push(Block::Gap(
                    "Rehearsed in a scratch clone: it does NOT lead back to the released tree by itself."
                        .to_owned(),
                ));
                blocks.push(Block::List(rehearsal.conflicts.clone()));
            }
        }
        Some((changed, None)) if changed.base.is_none() => {
            blocks
                .push(Block::Gap("There is no earlier version to go back to: everything is new.".to_owned()));
        }
        Some((_, None)) => blocks.push(Block::Gap("Reverting was not rehearsed.".to_owned())),
        None => blocks.push(Block::Gap(
            "The change was not read, so no revert can be told that fits it, and none was rehearsed (\"release.change\")."
                .to_owned(),
        )),
    }
    if let Some(base) = told.facts.changed.as_ref().and_then(|changed| changed.base.as_ref()) {
        blocks.push(Block::Text(
            "Or, whatever lies between: the released tree as it was, in one new commit:".to_owned(),
        ));
        let restore = format!("git restore --source={base} --staged --worktree :/");
        blocks.push(Block::Code(vec![restore, format!("git commit -m 'Go back to {base:.12}'")]));
    }
    blocks.push(Block::Text("As far as the evidence tells:".to_owned()));
    blocks.push(Block::List(told.judgement.rollback.clone()));
    Section::new("Rollback", blocks)
}
