//! What a commit changes against its base, from git: the files with their added and removed lines, the numbers of
//! the added lines, and what the working tree holds beyond the commit.

mod base;
mod patch;
mod rehearsal;
mod tree;

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::ImportError;
use crate::{
    evidence::{Change, CheckFact},
    git::{Git, GitError, path_of},
};

/// The same for all that is asked about two trees, so that the answers agree.
const COMPARED: [&str; 5] = ["-r", "-M", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"];

/// What a commit changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitChange {
    /// The top folder of the working tree.
    pub root: PathBuf,
    /// The commit to be released, in full.
    pub commit: String,
    /// When it was committed, as its committer's clock said.
    pub committed: Option<Timestamp>,
    /// What it is compared with, in full; `None` when there is no earlier one and everything is new.
    pub base: Option<String>,
    /// What the working tree holds beyond the commit, a path each.
    pub dirty: Vec<String>,
    /// What the commit changes, by path.
    pub files: Vec<ChangedFile>,
    /// Every file of the commit, sorted: what paths of other tools' reports can mean.
    pub tracked: Vec<String>,
    /// What cannot be told: whether the base is before the commit, whether the tree is as it was committed.
    pub untold: Vec<String>,
    /// Remarks: how the base was chosen, what was not looked into.
    pub notes: Vec<String>,
}

/// What a commit does to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Path below the top folder, with `/`.
    pub path: String,
    /// Where it was before it was renamed.
    pub from: Option<String>,
    /// What becomes of it.
    pub change: Change,
    /// Lines that are new; 0 for what is not text.
    pub added: u64,
    /// Lines that it has in the commit; `None` when it is gone or no text.
    pub length: Option<u64>,
    /// Lines that are gone; 0 for what is not text.
    pub removed: u64,
    /// Whether it is a test, by its path.
    pub test: bool,
    /// Whether it is the commit of another repository.
    pub submodule: bool,
    /// The numbers of the new lines, in order.
    pub lines: Vec<RangeInclusive<u64>>,
}

/// The commit that is checked out in the folder's repository, in full; `None` where that cannot be told.
#[must_use]
pub fn head(folder: &Path) -> Option<String> {
    Git::open(folder).ok()?.line(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).ok()?
}

/// What is released, whatever it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The commit, in full.
    pub commit: String,
    /// When it was committed, as its committer's clock said.
    pub committed: Option<Timestamp>,
}

/// The commit that is checked out in the folder's repository.
///
/// # Errors
/// There is no git or no repository or no commit.
pub fn released(folder: &Path) -> Result<Released, ImportError> {
    let refused = |error: GitError| ImportError::file(folder, error.to_string());
    head_of(&Git::open(folder).map_err(refused)?, folder)
}

fn head_of(git: &Git, folder: &Path) -> Result<Released, ImportError> {
    let refused = |error: GitError| ImportError::file(folder, error.to_string());
    let head = git.line(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).map_err(refused)?;
    let commit =
        head.ok_or_else(|| ImportError::file(folder, "has no commit yet: there is nothing to release"))?;
    let seconds = git.line(&["show", "-s", "--format=%ct", &commit]).map_err(refused)?;
    let committed = seconds.and_then(|seconds| Timestamp::from_second(seconds.trim().parse().ok()?).ok());
    if committed.is_none() {
        let what = "has a commit whose date cannot be read: what is older than it cannot be told";
        return Err(ImportError::file(folder, what));
    }
    Ok(Released { commit, committed })
}

/// Reads what HEAD of the folder's repository changes. Its base is the one that is given; else where it left the
/// default branch; else the tag before it.
///
/// # Errors
/// There is no git or no repository or no commit, the base is none of its commits, or the history is cut off before
/// a base is found.
pub fn read(folder: &Path, base: Option<&str>) -> Result<CommitChange, ImportError> {
    let refused = |error: GitError| ImportError::file(folder, error.to_string());
    let git = Git::open(folder).map_err(refused)?;
    let Released { commit, committed } = head_of(&git, folder)?;
    let (mut notes, mut untold) = (vec![], vec![]);
    let base = base::find(&git, folder, &commit, base, (&mut notes, &mut untold))?;
    let nothing = git.line(&["hash-object", "-t", "tree", "/dev/null"]).map_err(refused)?.unwrap_or_default();
    let from = base.clone().unwrap_or_else(|| nothing.clone());
    let mut files = files(&git, &from, &commit).map_err(refused)?;
    patch::number(&git, &from, &commit, &mut files).map_err(refused)?;
    patch::measure(&git, &nothing, &commit, &mut files).map_err(refused)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let submodules = files.iter().filter(|file| file.submodule);
    notes.extend(
        submodules
            .map(|file| format!("{}: a submodule; what changes within it was not looked into", file.path)),
    );
    let listed =
        git.output(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", &commit]).map_err(refused)?;
    let mut tracked: Vec<String> = fields(&listed).map(path_text).collect();
    tracked.sort();
    let dirty = tree::dirty(&git, &mut notes).map_err(refused)?;
    untold.extend(tree::hidden(&git).map_err(refused)?);
    Ok(CommitChange {
        root: git.root().into(),
        commit,
        committed,
        base,
        dirty,
        files,
        tracked,
        untold,
        notes,
    })
}

impl CommitChange {
    /// As facts of a check.
    #[must_use]
    pub fn facts(&self) -> Vec<CheckFact> {
        let Self { commit, base, dirty, .. } = self;
        let read = CheckFact::CommitRead { commit: commit.clone(), base: base.clone(), dirty: dirty.clone() };
        let changed = self.files.iter().map(|file| CheckFact::FileChanged {
            file: file.path.clone(),
            change: file.change,
            added: file.added,
            removed: file.removed,
            test: file.test,
        });
        let notes = self.notes.iter().map(|what| CheckFact::Noted { what: what.clone() });
        [read].into_iter().chain(changed).chain(self.not_read()).chain(notes).collect()
    }

    /// What cannot be told, as facts of any check that rests on the change.
    pub(super) fn not_read(&self) -> impl Iterator<Item = CheckFact> {
        self.untold.iter().map(|what| CheckFact::NotRead { what: what.clone() })
    }
}

/// Whether a path is of a test, by its folders and its name. What is in doubt is part of the product.
#[must_use]
pub fn is_test(path: &str) -> bool {
    let mut folders: Vec<&str> = path.split('/').collect();
    let name = folders.pop().unwrap_or_default();
    let of_tests = ["test", "tests", "__tests__", "__mocks__", "spec", "specs", "e2e", "cypress"];
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    folders.iter().any(|folder| of_tests.contains(folder))
        || name.contains(".test.")
        || name.contains(".spec.")
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || name.ends_with(".py") && (name.starts_with("test_") || name == "conftest.py")
}

/// What differs between two trees: `--raw` tells what becomes of each file, `--numstat` how many lines.
fn files(git: &Git, from: &str, to: &str) -> Result<Vec<ChangedFile>, GitError> {
    let shape = ["--raw", "--numstat", "-z", "--no-abbrev"];
    let bytes = git.output(&[&["diff-tree"], &COMPARED[..], &shape[..], &[from, to, "--"]].concat())?;
    let mut fields = fields(&bytes).peekable();
    let mut files: Vec<ChangedFile> = vec![];
    while let Some(meta) = fields.next_if(|field| field.starts_with(b":")) {
        let meta = String::from_utf8_lossy(meta);
        let words: Vec<&str> = meta.trim_start_matches(':').split(' ').collect();
        let [old_mode, mode, .., status] = words[..] else { continue };
        let first = fields.next().map(path_text).unwrap_or_default();
        let (change, from, path) = match status.as_bytes().first() {
            Some(b'A') => (Change::Added, None, first),
            Some(b'D') => (Change::Removed, None, first),
            Some(b'R') => {
                let path = fields.next().map(path_text).unwrap_or_default();
                (Change::Renamed, Some(first), path)
            }
            _ => (Change::Modified, None, first),
        };
        let submodule = [old_mode, mode].contains(&"160000");
        let test = is_test(&path);
        let (added, removed, length, lines) = (0, 0, None, vec![]);
        files.push(ChangedFile { path, from, change, added, length, removed, test, submodule, lines });
    }
    // In the order of the files, each `added TAB removed TAB path`, or an empty path and two more fields.
    for file in &mut files {
        let Some(counts) = fields.next() else { break };
        let text = String::from_utf8_lossy(counts);
        let mut parts = text.splitn(3, '\t');
        let mut count = || parts.next().and_then(|count| count.parse().ok()).unwrap_or(0);
        if !file.submodule {
            (file.added, file.removed) = (count(), count());
        }
        if text.ends_with('\t') {
            let _ = (fields.next(), fields.next());
        }
    }
    Ok(files)
}

fn fields(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.strip_suffix(b"\0").unwrap_or(bytes).split(|byte| *byte == 0).filter(|_| !bytes.is_empty())
}

fn path_text(bytes: &[u8]) -> String {
    path_of(bytes).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
