//! Which files of a folder git knows: what an app is made of, whatever else lies beside it.

use std::path::{Path, PathBuf};

use crate::git::{Git, path_of};

/// The files below a folder that git tracks and that lie there; `None` where git cannot tell.
#[must_use]
pub fn tracked(folder: &Path) -> Option<Vec<PathBuf>> {
    let names = Git::open(folder).ok()?.output(&["ls-files", "-z", "--", "."]).ok()?;
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Some(names.map(|name| folder.join(path_of(name))).filter(|path| path.is_file()).collect())
}
