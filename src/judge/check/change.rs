//! What is to be released: a commit, its tree as it was committed, what it changes, and that reverting it leads back.

use super::{Finding, counted};
use crate::evidence::{Change, CheckFact};

pub(super) fn judge(facts: &[&CheckFact]) -> Finding {
    let mut finding = Finding::default();
    let mut commits = facts.iter().filter_map(|fact| match fact {
        CheckFact::CommitRead { commit, base, dirty } => Some((commit, base, dirty)),
        _ => None,
    });
    let Some((commit, base, dirty)) = commits.next() else {
        finding.missing.push("no commit was read".to_owned());
        return finding;
    };
    finding.figure("commit", Some(commit.clone()), None);
    finding.figure("compared with", base.clone(), None);
    if !dirty.is_empty() {
        let first = dirty.first().map(String::as_str).unwrap_or_default();
        finding.missing.push(format!(
            "the tree is not what was committed: {} differ, {first} among them",
            counted(dirty.len(), "file")
        ));
        dirty.iter().for_each(|file| finding.item("not committed", file));
    }
    let (mut product, mut tests) = ((0, 0, 0), (0, 0, 0));
    for fact in facts {
        let CheckFact::FileChanged { file, change, added, removed, test } = fact else { continue };
        let part = if *test { &mut tests } else { &mut product };
        *part = (part.0 + 1, part.1 + added, part.2 + removed);
        let kind = match change {
            Change::Added => "added",
            Change::Modified => "modified",
            Change::Removed => "removed",
            Change::Renamed => "renamed",
        };
        finding.item(kind, format!("{file} (+{added} -{removed})"));
    }
    for (name, (files, added, removed)) in [("product", product), ("tests", tests)] {
        finding.figure(name, Some(format!("{} (+{added} -{removed})", counted(files, "file"))), None);
    }
    for fact in facts {
        let CheckFact::RollbackRehearsed { commands, clean, conflicts } = fact else { continue };
        let word = if *clean { "applies cleanly" } else { "does not apply" };
        if !clean {
            let first = conflicts.first().map_or("nothing tells why", String::as_str);
            finding.failed.push(format!("going back does not lead to the released version: {first}"));
        }
        finding.figure("rollback rehearsed", Some(word.to_owned()), None);
        commands.iter().for_each(|command| finding.item("rollback", command));
        conflicts.iter().for_each(|conflict| finding.item("in the way of the rollback", conflict));
    }
    finding.shown = format!(
        "commit {} changes {}",
        &commit[..commit.len().min(12)],
        counted(product.0 + tests.0, "file")
    );
    finding
}
