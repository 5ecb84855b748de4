//! The working tree against the commit: what it holds beyond it, and what git is told not to look at. Changes neither.

use std::{fs, io::ErrorKind};

use super::{fields, path_text};
use crate::git::{Git, GitError, path_of};

/// Paths of a dirty tree that are told one by one.
const MOST_DIRTY: usize = 200;
/// Files that a sentence names.
const MOST_NAMED: usize = 5;

/// What the working tree holds beyond the commit. A folder that is new as a whole is one path. Only the tree's own
/// `.gitignore` leaves files out: `info/exclude` is part of no commit.
pub(super) fn dirty(git: &Git, notes: &mut Vec<String>) -> Result<Vec<String>, GitError> {
    let untracked = ["--untracked-files=normal", "--ignore-submodules=none", "--no-renames"];
    let bytes = git.output(&[&["status", "--porcelain=v1", "-z"], &untracked[..]].concat())?;
    let mut paths: Vec<String> =
        fields(&bytes).map(|field| path_text(field.get(3..).unwrap_or_default())).collect();
    let root = git.root().to_string_lossy();
    let others = ["--others", "--directory", "--no-empty-directory", "--exclude-per-directory=.gitignore"];
    let bytes = git.output(&[&["-C", &*root, "ls-files", "-z"], &others[..]].concat())?;
    paths.extend(fields(&bytes).map(path_text));
    paths.sort();
    paths.dedup();
    if paths.len() > MOST_DIRTY {
        notes.push(format!("the tree differs from the commit in {} paths; the first are told", paths.len()));
        paths.truncate(MOST_DIRTY);
    }
    Ok(paths)
}

/// What keeps git from telling whether the tree is as it was committed, a sentence each.
pub(super) fn hidden(git: &Git) -> Result<Vec<String>, GitError> {
    let mut untold = vec![];
    let root = git.root().to_string_lossy();
    let bytes = git.output(&["-C", &root, "ls-files", "-v", "-z"])?;
    // `-v` writes the letter of an assumed file small, and `S` for one that is not to be in the tree.
    let is_hidden = |field: &&[u8]| field.first().is_some_and(|tag| tag.is_ascii_lowercase() || *tag == b'S');
    let hidden: Vec<String> =
        fields(&bytes).filter(is_hidden).map(|field| path_text(field.get(2..).unwrap_or_default())).collect();
    if !hidden.is_empty() {
        let named = hidden[..hidden.len().min(MOST_NAMED)].join(", ");
        let more = hidden.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        untold.push(format!(
            "git is told not to look at {named}{more} (`git update-index --assume-unchanged` or `--skip-worktree`): \
             whether the tree is what was committed cannot be told"
        ));
    }
    let attributes = git.output(&["rev-parse", "--path-format=absolute", "--git-path", "info/attributes"])?;
    let path = path_of(attributes.strip_suffix(b"\n").unwrap_or(&attributes));
    let text = match fs::read(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            untold.push(format!("{} cannot be read: {error}", path.display()));
            vec![]
        }
        text => text.unwrap_or_default(),
    };
    let says = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    if String::from_utf8_lossy(&text).lines().any(says) {
        untold.push(
            "the repository has attributes that are in no commit (`info/attributes`), and a filter among them can \
             hide any change: whether the tree is what was committed cannot be told"
                .to_owned(),
        );
    }
    Ok(untold)
}
