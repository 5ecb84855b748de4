//! The commit and its files: what is deployed, what is only tested with.

use super::{
    super::{Block, Changed, ChangedFile, Section, Told, table},
    counted,
};
use crate::{
    evidence::{Change, CheckKind},
    judge::CheckResult,
};

/// A table names so many files.
const MOST_FILES: usize = 400;
const NOT_ASKED: &str = "The release's policy does not ask for the change (\"release.change\"), so the files of this release are \
                         not known.";

/// Commit, base, and the files by product and tests.
pub(in crate::document) fn section(told: &Told<'_>) -> Section {
    let title = "Files to deploy";
    let changed = match (&told.facts.changed, check(told)) {
        (Some(changed), _) => changed,
        (None, Some(check)) => {
            return Section::new(
                title,
                vec![Block::Gap(format!("The change was not read: {}", check.reason))],
            );
        }
        (None, None) => return Section::new(title, vec![Block::Gap(NOT_ASKED.to_owned())]),
    };
    let mut blocks = vec![Block::List(commit(changed))];
    if !changed.dirty.is_empty() {
        let count = counted(changed.dirty.len(), "path");
        blocks.push(Block::Gap(format!(
            "The tree held more than the commit when it was read: {count}, {} among them. What was tested is not what the \
             commit holds.",
            changed.dirty.first().map(String::as_str).unwrap_or_default()
        )));
    }
    let (tests, product): (Vec<&ChangedFile>, Vec<&ChangedFile>) =
        changed.files.iter().partition(|file| file.test);
    blocks.push(files("Product", &product, "The commit changes no file of the product."));
    blocks.push(files("Tests, not deployed", &tests, "The commit changes no test."));
    for shown in [&product, &tests].into_iter().filter(|files| files.len() > MOST_FILES) {
        blocks.push(Block::Text(format!("{} files in all; the first {MOST_FILES} are named.", shown.len())));
    }
    Section::new(title, blocks)
}

/// The commit in words.
fn commit(changed: &Changed) -> Vec<String> {
    let base = changed.base.as_ref();
    let base = base.map_or("Compared with nothing: everything in it is new".to_owned(), |base| {
        format!("Compared with {base}")
    });
    let sum = |files: &mut dyn Iterator<Item = &ChangedFile>| {
        let (mut count, mut added, mut removed) = (0_usize, 0_u64, 0_u64);
        for file in files {
            count += 1;
            added = added.saturating_add(file.added);
            removed = removed.saturating_add(file.removed);
        }
        format!("{}, {} added, {} removed", counted(count, "file"), lines(added), lines(removed))
    };
    vec![
        format!("Commit {}", changed.commit),
        base,
        format!("Product: {}", sum(&mut changed.files.iter().filter(|file| !file.test))),
        format!("Tests: {}", sum(&mut changed.files.iter().filter(|file| file.test))),
    ]
}

fn lines(count: u64) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

fn files(what: &str, files: &[&ChangedFile], without: &str) -> Block {
    let row = |file: &&ChangedFile| {
        let change = match file.change {
            Change::Added => "added",
            Change::Modified => "modified",
            Change::Removed => "removed",
            Change::Renamed => "renamed",
        };
        vec![file.path.clone(), change.to_owned(), format!("+{}", file.added), format!("-{}", file.removed)]
    };
    let rows = files.iter().take(MOST_FILES).map(row).collect();
    let caption = format!("{what}: {}", counted(files.len(), "file"));
    table(&caption, &["File", "Change", "Lines added", "Lines removed"], rows, without)
}

/// Which of the changed lines the tests ran.
pub(in crate::document) fn coverage(told: &Told<'_>) -> Section {
    let title = "Coverage of the changed lines";
    let checks = told.judgement.release.iter().flat_map(|release| &release.checks);
    let mut blocks: Vec<Block> = vec![];
    for check in checks.filter(|check| check.kind == CheckKind::Coverage) {
        blocks.push(Block::Text(format!("{}: {}", check.outcome.word(), check.reason)));
        let unrun: Vec<String> =
            check.items.iter().map(|item| format!("{}: {}", item.kind, item.text)).take(MOST_FILES).collect();
        if !unrun.is_empty() {
            blocks.push(Block::List(unrun));
        }
    }
    if blocks.is_empty() {
        let gap = "The release's policy does not ask for coverage (\"release.coverage\").";
        blocks.push(Block::Gap(gap.to_owned()));
    }
    Section::new(title, blocks)
}

pub(super) fn check<'a>(told: &Told<'a>) -> Option<&'a CheckResult> {
    let mut checks = told.judgement.release.iter().flat_map(|release| &release.checks);
    checks.find(|check| check.kind == CheckKind::Change)
}
