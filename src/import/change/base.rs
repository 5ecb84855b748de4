//! What a commit is compared with.

use std::path::Path;

use super::ImportError;
use crate::git::{Git, GitError};

/// Where a default branch is looked for when the remote does not say.
const USUAL: [&str; 4] =
    ["refs/remotes/origin/main", "refs/remotes/origin/master", "refs/heads/main", "refs/heads/master"];

/// The base, in full; a remark says how it was chosen, and a doubt whether it is before the commit.
pub(super) fn find(
    git: &Git,
    folder: &Path,
    commit: &str,
    given: Option<&str>,
    (notes, doubts): (&mut Vec<String>, &mut Vec<String>),
) -> Result<Option<String>, ImportError> {
    let refused = |error: GitError| ImportError::file(folder, error.to_string());
    if let Some(given) = given {
        return of_name(git, folder, commit, given, doubts).map(Some);
    }
    if let Some((branch, base)) = default_branch(git, commit).map_err(refused)? {
        notes.push(format!("compared with where it left {branch}"));
        return Ok(Some(base));
    }
    let parent = format!("{commit}^");
    let asked = ["describe", "--tags", "--abbrev=0", "--first-parent", &parent];
    if let Some(tag) = git.line(&asked).map_err(refused)?
        && let Some(base) = git.commit(&format!("refs/tags/{tag}")).map_err(refused)?
    {
        notes.push(format!("compared with the tag before it, {tag}"));
        return Ok(Some(base));
    }
    if git.is_shallow() {
        let what = "is a clone whose history is cut off, and no base was found in what is there: fetch all of it \
                    (`git fetch --unshallow --tags`, or `fetch-depth: 0` in CI), or name the base";
        return Err(ImportError::file(folder, what));
    }
    notes.push(
        "there is no default branch that it left and no tag before it: everything counts as new".into(),
    );
    Ok(None)
}

fn of_name(
    git: &Git,
    folder: &Path,
    commit: &str,
    given: &str,
    doubts: &mut Vec<String>,
) -> Result<String, ImportError> {
    let refused = |error: GitError| ImportError::file(folder, error.to_string());
    // A name that begins with a dash is a flag to git.
    let found = match given.starts_with('-') {
        true => None,
        false => git.commit(given).map_err(refused)?,
    };
    let Some(base) = found else {
        let cut = if git.is_shallow() { "; its history is cut off, so fetch the base first" } else { "" };
        return Err(ImportError::file(folder, format!("has no commit `{given}` to compare with{cut}")));
    };
    if base == commit {
        let what = format!("is to be compared with `{given}`, which is the commit itself");
        return Err(ImportError::file(folder, what));
    }
    match git.line(&["merge-base", &base, commit]).map_err(refused)? {
        Some(common) if common == base => {}
        Some(common) => {
            let place = match common == commit {
                true => "comes after the commit".to_owned(),
                false => format!("is not in the history of the commit, which left it at {}", short(&common)),
            };
            doubts.push(format!("`{given}` {place}: what the commit changes cannot be told by it"));
        }
        None => doubts.push(format!(
            "`{given}` and the commit have no history in common that is known here: what the commit changes cannot \
             be told by it"
        )),
    }
    Ok(base)
}

fn short(commit: &str) -> &str {
    &commit[..commit.len().min(12)]
}

/// Where a commit left the default branch, unless it is on it.
fn default_branch(git: &Git, commit: &str) -> Result<Option<(String, String)>, GitError> {
    let named = git.line(&["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"])?;
    for branch in named.iter().map(String::as_str).chain(USUAL) {
        let Some(tip) = git.commit(branch)? else { continue };
        let base = git.line(&["merge-base", &tip, commit])?.filter(|base| base != commit);
        let short = branch.trim_start_matches("refs/remotes/").trim_start_matches("refs/heads/");
        return Ok(base.map(|base| (short.to_owned(), base)));
    }
    Ok(None)
}
