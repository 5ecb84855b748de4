//! The way back from a commit to its base, tried in a scratch repository: whether reverting what lies between leads to
//! the base's tree. Nothing is written where the commit lies.

use super::{COMPARED, CommitChange, fields, path_text};
use crate::{
    evidence::CheckFact,
    git::{Git, GitError},
};

/// More commits than this are not reverted one by one.
const MOST_COMMITS: usize = 1_000;
/// So many files are named.
const MOST_NAMED: usize = 50;
/// Reverting asks who does it, though it commits nothing.
const NOBODY: [&str; 4] = ["-c", "user.name=gonogo", "-c", "user.email=gonogo@localhost"];

/// What is between a commit and its base: along first parents, the newest first.
struct Way {
    commits: Vec<String>,
    has_merges: bool,
}

/// Why the way back was not tried.
#[derive(Debug, thiserror::Error)]
enum NotTried {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("{0} commits lie between, too many to be reverted one by one")]
    TooMany(usize),
    #[error("{0} is not on the first-parent line of the commit, so that reverting does not lead back to it")]
    Aside(String),
}

impl CommitChange {
    /// Tries the way back to the base. Where reverting is no way back, that is noted: the base's tree can be put back as
    /// it was; where git refuses, it is not read. `None` where there is no base, so that there is nothing to go back to.
    #[must_use]
    pub fn rehearsed(&self) -> Option<CheckFact> {
        let base = self.base.as_deref()?;
        Some(match self.rehearse(base) {
            Ok((commands, conflicts)) => {
                CheckFact::RollbackRehearsed { commands, clean: conflicts.is_empty(), conflicts }
            }
            Err(NotTried::Git(why)) => {
                CheckFact::NotRead { what: format!("going back could not be rehearsed: {why}") }
            }
            Err(why) => CheckFact::Noted { what: format!("going back was not rehearsed: {why}") },
        })
    }

    /// The commands, and what is in their way.
    fn rehearse(&self, base: &str) -> Result<(Vec<String>, Vec<String>), NotTried> {
        let git = Git::open(&self.root)?;
        let Some(way) = way(&git, base, &self.commit)? else {
            return Err(NotTried::Aside(base.to_owned()));
        };
        if way.commits.len() > MOST_COMMITS {
            return Err(NotTried::TooMany(way.commits.len()));
        }
        let commit = &self.commit;
        let command = match way.has_merges {
            false => format!("git revert --no-edit {base}..{commit}"),
            true => format!("git revert --no-edit -m 1 $(git rev-list --first-parent {base}..{commit})"),
        };
        let io = |error| GitError::Unread { command: "init".to_owned(), error };
        let folder = tempfile::tempdir().map_err(io)?;
        let scratch = git.scratch(folder.path())?;
        scratch.output(&["update-ref", "--no-deref", "HEAD", commit])?;
        // The index alone: files that are not there count as unchanged, so nothing need be written out.
        scratch.output(&["read-tree", commit])?;
        Ok((vec![command], revert(&scratch, &way, base)?))
    }
}

/// The commits between, if reverting them can lead to the base.
fn way(git: &Git, base: &str, commit: &str) -> Result<Option<Way>, GitError> {
    let range = format!("{base}..{commit}");
    let bytes = git.output(&["rev-list", "--first-parent", "--parents", &range])?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
    let has_merges = lines.iter().any(|line| line.len() > 2);
    if lines.last().and_then(|line| line.get(1)) != Some(&base) {
        return Ok(None);
    }
    let commits = lines.iter().filter_map(|line| line.first()).map(|id| (*id).to_owned()).collect();
    Ok(Some(Way { commits, has_merges }))
}

/// Reverts all of it without a commit; what is in the way of the base's tree.
fn revert(scratch: &Git, way: &Way, base: &str) -> Result<Vec<String>, GitError> {
    let mainline: &[&str] = if way.has_merges { &["-m", "1"] } else { &[] };
    let mut arguments = [&NOBODY[..], &["revert", "--no-commit"], mainline].concat();
    arguments.extend(way.commits.iter().map(String::as_str));
    if let Err(error) = scratch.output(&arguments) {
        let GitError::Refused { said, .. } = error else { return Err(error) };
        let unmerged = scratch.output(&["diff-files", "--name-only", "--diff-filter=U", "-z"])?;
        let mut conflicts: Vec<String> = fields(&unmerged).map(path_text).collect();
        conflicts.dedup();
        return Ok(if conflicts.is_empty() { vec![said] } else { named(conflicts) });
    }
    let tree = scratch.line(&["write-tree"])?.unwrap_or_default();
    let wanted = format!("{base}^{{tree}}");
    let shape = ["--name-only", "-z"];
    let left =
        scratch.output(&[&["diff-tree"], &COMPARED[..], &shape[..], &[&wanted, &tree, "--"]].concat())?;
    let left = fields(&left).map(path_text).map(|path| format!("{path}: not as in the base")).collect();
    Ok(named(left))
}

fn named(mut files: Vec<String>) -> Vec<String> {
    let more = files.len().saturating_sub(MOST_NAMED);
    files.truncate(MOST_NAMED);
    if more > 0 {
        files.push(format!("and {more} more"));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::super::tests::Repository;
    use crate::evidence::CheckFact;

    fn rehearsed(repository: &Repository, base: &str) -> (Vec<String>, bool, Vec<String>) {
        match repository.read(Some(base)).rehearsed() {
            Some(CheckFact::RollbackRehearsed { commands, clean, conflicts }) => (commands, clean, conflicts),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_line_of_commits_is_reverted_to_the_base_and_nothing_is_written_where_it_lies() {
        let Some(repository) = Repository::new() else { return };
        let base = repository.write("a", "1\n").write("b", "1\n").commit();
        repository.write("a", "2\n").commit();
        let head = repository.write("c", "new\n").commit();
        let before = repository.git(&["status", "--porcelain=v2", "--branch"]);
        let (commands, clean, conflicts) = rehearsed(&repository, &base);
        assert_eq!(commands, [format!("git revert --no-edit {base}..{head}")]);
        assert!(clean, "{conflicts:?}");
        assert_eq!(repository.git(&["status", "--porcelain=v2", "--branch"]), before);
        // A person who types it comes to the base's tree.
        let words: Vec<&str> = commands[0].split(' ').skip(1).collect();
        repository.git(&words);
        assert_eq!(
            repository.git(&["rev-parse", "HEAD^{tree}"]),
            repository.git(&["rev-parse", &format!("{base}^{{tree}}")])
        );
    }

    #[test]
    fn a_merge_is_reverted_along_its_first_parent() {
        let Some(repository) = Repository::new() else { return };
        let base = repository.write("a", "1\n").commit();
        repository.git(&["checkout", "-q", "-b", "side"]);
        repository.write("side", "1\n").commit();
        repository.git(&["checkout", "-q", "-"]);
        repository.write("a", "2\n").commit();
        repository.git(&["merge", "-q", "--no-ff", "-m", "m", "side"]);
        let (commands, clean, conflicts) = rehearsed(&repository, &base);
        assert!(clean, "{conflicts:?}");
        assert!(commands[0].contains("-m 1 $(git rev-list --first-parent"), "{commands:?}");
    }

    #[test]
    fn a_base_beside_the_line_of_the_commit_is_no_way_back() {
        let Some(repository) = Repository::new() else { return };
        let base = repository.write("a", "1\n").write("b", "1\n").commit();
        repository.git(&["checkout", "-q", "-b", "side"]);
        repository.write("a", "side\n").commit();
        repository.git(&["checkout", "-q", "-"]);
        repository.write("b", "2\n").commit();
        repository.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
        // What a merge adds of its own is reverted with it.
        repository.write("evil", "in the merge\n").commit();
        let (_, clean, conflicts) = rehearsed(&repository, &base);
        assert!(clean, "{conflicts:?}");
        // Another base, beside the line of the commit.
        let side = repository.git(&["rev-parse", "side"]);
        let told = repository.read(Some(&side)).rehearsed();
        let is_noted = matches!(&told, Some(CheckFact::Noted { what }) if what.contains("is not on the first-parent line"));
        assert!(is_noted, "{told:?}");
    }

    #[test]
    fn what_could_not_be_tried_is_not_read() {
        let Some(repository) = Repository::new() else { return };
        let base = repository.write("a", "1\n").commit();
        repository.write("a", "2\n").commit();
        let mut change = repository.read(Some(&base));
        change.root = change.root.join("nowhere");
        let told = change.rehearsed();
        let is_not_read =
            matches!(&told, Some(CheckFact::NotRead { what }) if what.contains("not be rehearsed"));
        assert!(is_not_read, "{told:?}");
    }

    #[test]
    fn without_a_base_there_is_nothing_to_go_back_to() {
        let Some(repository) = Repository::new() else { return };
        repository.write("a", "1\n").commit();
        assert_eq!(repository.read(None).rehearsed(), None);
    }
}
