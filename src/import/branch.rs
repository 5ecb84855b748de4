//! A file as a branch has it, whatever stands in the working tree.

use std::path::Path;

use super::ImportError;
use crate::git::{Git, GitError};

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The commit, in full.
    pub commit: String,
    /// What the file holds there.
    pub bytes: Vec<u8>,
}

/// Reads a file of the working tree as it stands at `reference`: a branch, a tag, a commit.
///
/// # Errors
/// There is no git or no repository, the reference names no commit or more than one, or the commit has no such file.
pub fn file_at(reference: &str, file: &Path) -> Result<Committed, ImportError> {
    let amiss = |what: String| ImportError::file(file, what);
    let refused = |error: GitError| amiss(error.to_string());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let git = Git::open(folder).map_err(refused)?;
    let whole = |path: &Path| path.canonicalize().map_err(|error| amiss(error.to_string()));
    let (folder, root) = (whole(folder)?, whole(git.root())?);
    let name = folder.strip_prefix(&root).ok().zip(file.file_name()).map(|(below, name)| below.join(name));
    let name =
        name.as_deref().and_then(Path::to_str).ok_or_else(|| amiss("its name is not text".to_owned()))?;
    let commit = git.commit(reference).map_err(refused)?;
    let commit = commit.ok_or_else(|| amiss(format!("{reference:?} is no branch, tag or commit here")))?;
    let found = git.output(&["cat-file", "blob", &format!("{commit}:{name}")]);
    let bytes = found.map_err(|_| amiss(format!("{reference} ({commit:.12}) has no such file")))?;
    Ok(Committed { commit, bytes })
}
