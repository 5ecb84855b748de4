//! The search of what is staged for the next commit: the contents as git has them, not the files of the tree.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
};

use super::{LeftOut, Search, allow::Allowance, found::visible, tree::LARGEST_BYTES};
use crate::git::{Git, GitError, path_of};

/// An entry of `git diff-index --raw -z`: path, mode and object.
struct Entry {
    path: String,
    mode: String,
    object: String,
}

/// Searches what is staged in the repository of a folder. The allow-list is that of the repository's top folder.
///
/// # Errors
/// There is no repository, git refuses, or the allow-list is not as it must be.
pub fn staged(folder: &Path) -> Result<Search, StagedError> {
    let git = Git::open(folder)?.with_index_of_the_hook();
    let mut allowance = Allowance::of(git.root())?;
    let mut search = Search::default();
    let entries = entries(&git)?;
    let mut blobs = vec![];
    for entry in entries {
        search.take_name(&entry.path, &mut allowance);
        let entry = Entry { path: visible(&entry.path), ..entry };
        match entry.mode.as_str() {
            "160000" => search.leave_out(LeftOut::Submodule, entry.path, &mut allowance),
            _ => blobs.push(entry),
        }
    }
    if !blobs.is_empty() {
        read(&git, &blobs, &mut search, &mut allowance)?;
    }
    Ok(search)
}

/// Why what is staged was not searched.
#[derive(Debug, thiserror::Error)]
pub enum StagedError {
    /// git does not answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The allow-list is not as it must be.
    #[error(transparent)]
    Allow(#[from] super::AllowError),
    /// An object cannot be read.
    #[error("what is staged cannot be read: {0}")]
    Objects(#[from] io::Error),
}

fn entries(git: &Git) -> Result<Vec<Entry>, GitError> {
    let head = git.line(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
    let base = match head {
        Some(head) => head,
        // Before the first commit everything is new.
        None => git.line(&["hash-object", "-t", "tree", "/dev/null"])?.unwrap_or_default(),
    };
    let flags =
        ["diff-index", "--cached", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--diff-filter=AMT"];
    let bytes = git.output(&[&flags[..], &[base.as_str(), "--"]].concat())?;
    let mut fields = bytes.split(|byte| *byte == 0);
    let mut entries = vec![];
    while let (Some(meta), Some(path)) = (fields.next().filter(|meta| !meta.is_empty()), fields.next()) {
        let meta = String::from_utf8_lossy(meta);
        let words: Vec<&str> = meta.trim_start_matches(':').split(' ').collect();
        if let [_, mode, _, object, ..] = words[..] {
            let path = path_of(path).to_string_lossy().into_owned();
            entries.push(Entry { path, mode: mode.into(), object: object.into() });
        }
    }
    Ok(entries)
}

/// One question, one answer: neither pipe fills up while the other side writes.
fn read(
    git: &Git,
    blobs: &[Entry],
    search: &mut Search,
    allowance: &mut Allowance,
) -> Result<(), StagedError> {
    let mut process = git.converse(&["cat-file", "--batch"])?;
    let (Some(mut questions), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
        return Err(io::Error::other("git has no pipes").into());
    };
    let mut answers = BufReader::with_capacity(64 << 10, answers);
    let mut header = String::new();
    for Entry { path, object, mode } in blobs {
        writeln!(questions, "{object}")?;
        questions.flush()?;
        header.clear();
        answers.read_line(&mut header)?;
        let words: Vec<&str> = header.split_whitespace().collect();
        let size = match words[..] {
            [_, "blob", size] => size.parse::<u64>().ok(),
            _ => None,
        };
        let Some(size) = size else {
            search.unread.push(format!("{path}: its object {object} is not there"));
            continue;
        };
        let mut content = answers.by_ref().take(size);
        if size > LARGEST_BYTES {
            io::copy(&mut content, &mut io::sink())?;
            search.leave_out(LeftOut::TooLarge, path.clone(), allowance);
        } else {
            let mut bytes = vec![];
            content.read_to_end(&mut bytes)?;
            match mode.as_str() {
                // A link's content is the path that it leads to.
                "120000" => search.take_target(path, &bytes, allowance),
                _ => search.take(path, &bytes, allowance),
            }
        }
        // The line's end behind a content.
        answers.read_exact(&mut [0])?;
    }
    drop(questions);
    process.wait()?;
    Ok(())
}
