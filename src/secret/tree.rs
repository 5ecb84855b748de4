//! The search of a tree: which of its files are read.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use super::{
    LeftOut, Search,
    allow::{ALLOW_FILE, AllowError, Allowance},
    found::visible,
};
use crate::git::{Git, GitError, path_of};

/// Folders that are passed over where no repository says what is committed.
const PASSED_OVER: [&str; 3] = [".git", "node_modules", "target"];
/// A larger file is left out.
pub(super) const LARGEST_BYTES: u64 = 10 << 20;
const DEEPEST: usize = 200;

/// Searches a folder: in a repository what is committed or could be, elsewhere all but what others wrote or what was
/// built.
///
/// # Errors
/// The allow-list is not as it must be. Whatever else cannot be read is in the result.
pub fn search(folder: &Path) -> Result<Search, AllowError> {
    let mut search = search_by(folder, Allowance::of(folder)?);
    // What is in no commit is no part of the release, and lets nothing of it pass.
    let is_there = folder.join(ALLOW_FILE).exists() && search.tracked.is_some();
    if is_there && !is_committed(folder) && search.uncommitted.iter().all(|path| path != ALLOW_FILE) {
        search.uncommitted.push(ALLOW_FILE.to_owned());
    }
    Ok(search)
}

/// Searches a folder with an allow-list of this text, whatever lies there.
///
/// # Errors
/// As [`search`].
pub fn search_allowing(folder: &Path, text: &str) -> Result<Search, AllowError> {
    Allowance::parse(text).map(|allowance| search_by(folder, allowance))
}

fn is_committed(folder: &Path) -> bool {
    let name = format!("HEAD:./{ALLOW_FILE}");
    Git::open(folder).and_then(|git| git.output(&["cat-file", "-e", &name])).is_ok()
}

fn search_by(folder: &Path, mut allowance: Allowance) -> Search {
    let mut search = Search::default();
    let root = match fs::canonicalize(folder) {
        Ok(root) if root.is_dir() => root,
        Ok(_) => {
            search.unread.push(format!("{} is no folder", folder.display()));
            return search;
        }
        Err(error) => {
            search.unread.push(format!("{} cannot be read: {error}", folder.display()));
            return search;
        }
    };
    for path in paths(&root, &mut search) {
        search.read(&root, &path, &mut allowance);
    }
    if search.files == 0 && search.unread.is_empty() {
        search.unread.push(format!("{} has no file that could be searched", folder.display()));
    }
    search.finish(&allowance)
}

/// The paths to read, below the root, sorted.
fn paths(root: &Path, search: &mut Search) -> BTreeSet<PathBuf> {
    match committed(root) {
        Ok(kept) if !kept.paths.is_empty() => {
            (search.tracked, search.uncommitted) = (Some(kept.tracked), kept.uncommitted);
            return kept.paths;
        }
        // A folder that its repository ignores is a tree of its own.
        Ok(_) | Err(GitError::NoRepository(_)) => {}
        // What git knows and a walk passes over would go unsearched.
        Err(error) if root.ancestors().any(|folder| folder.join(".git").exists()) => {
            search.unread.push(format!("what is committed cannot be told: {error}"));
        }
        Err(error) => search.notes.push(format!("read as a plain folder, not as a repository: {error}")),
    }
    let mut paths = BTreeSet::new();
    let walk = WalkDir::new(root).max_depth(DEEPEST).into_iter().filter_entry(|entry| {
        let passed_over = PASSED_OVER.iter().any(|name| entry.file_name() == *name);
        entry.depth() == 0 || !(passed_over && entry.file_type().is_dir())
    });
    for entry in walk {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {
                if entry.depth() == DEEPEST {
                    search.unread.push(format!("{} lies too deep", shown(root, entry.path())));
                }
            }
            Ok(entry) => drop(paths.insert(entry.into_path())),
            Err(error) => {
                let path = error.path().map(|path| shown(root, path)).unwrap_or_default();
                let why = error.io_error().map_or_else(|| "a loop".into(), io::Error::to_string);
                search.unread.push(format!("{path} cannot be read: {why}"));
            }
        }
    }
    paths
}

/// What a repository says of a folder.
struct Kept {
    /// What git keeps there, and what it would take if asked.
    paths: BTreeSet<PathBuf>,
    /// What it keeps.
    tracked: BTreeSet<String>,
    /// Of that, what lies there otherwise than it is committed or is not to be looked at.
    uncommitted: Vec<String>,
}

fn committed(root: &Path) -> Result<Kept, GitError> {
    let git = Git::open(root)?;
    let names = git.output(&["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."])?;
    let each = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let status = ["status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames", "--", "."];
    let changed = git.output(&status)?;
    // What is added is in no commit yet.
    let changed = changed.split(|byte| *byte == 0).filter(|field| field.first().is_some_and(|x| *x != b'A'));
    let text = |path: Option<&[u8]>| visible(&path_of(path.unwrap_or_default()).to_string_lossy());
    let mut uncommitted: Vec<String> = changed.map(|field| text(field.get(3..))).collect();
    let flagged = git.output(&["ls-files", "-v", "-z", "--", "."])?;
    // `-v` writes the letter of a file that is assumed to be unchanged small, and `S` for one that may be absent.
    let is_hidden = |field: &&[u8]| field.first().is_some_and(|tag| tag.is_ascii_lowercase() || *tag == b'S');
    let flagged = || flagged.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    let hidden = flagged().filter(is_hidden);
    uncommitted.extend(hidden.map(|field| text(field.get(2..))));
    let tracked = flagged().map(|field| text(field.get(2..))).collect();
    Ok(Kept { paths: each.map(|name| root.join(path_of(name))).collect(), tracked, uncommitted })
}

impl Search {
    fn read(&mut self, root: &Path, path: &Path, allowance: &mut Allowance) {
        self.take_name(&below(root, path), allowance);
        let name = shown(root, path);
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return self.leave_out(LeftOut::Absent, name, allowance);
            }
            Err(error) => return self.unread.push(format!("{name} cannot be read: {error}")),
        };
        let kind = metadata.file_type();
        if kind.is_symlink() {
            match fs::read_link(path) {
                Ok(target) => self.take_target(&name, target.as_os_str().as_encoded_bytes(), allowance),
                Err(error) => self.unread.push(format!("{name} cannot be read: {error}")),
            }
            // What a link within the tree leads to is read where it lies.
            let target = fs::canonicalize(path);
            if !target.is_ok_and(|target| target.starts_with(root)) {
                self.leave_out(LeftOut::LinkOut, name, allowance);
            }
        } else if kind.is_dir() {
            self.leave_out(LeftOut::Submodule, name, allowance);
        } else if !kind.is_file() {
            self.leave_out(LeftOut::Irregular, name, allowance);
        } else if metadata.len() > LARGEST_BYTES {
            self.leave_out(LeftOut::TooLarge, name, allowance);
        } else {
            // A folder on the way that is a link could lead outside.
            let is_below = fs::canonicalize(path).is_ok_and(|real| real.starts_with(root));
            match fs::read(path) {
                _ if !is_below => self.leave_out(LeftOut::LinkOut, name, allowance),
                Ok(bytes) => self.take(&name, &bytes, allowance),
                Err(error) => self.unread.push(format!("{name} cannot be read: {error}")),
            }
        }
    }
}

fn below(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// A path as anybody may see it: one that is told or kept.
fn shown(root: &Path, path: &Path) -> String {
    visible(&below(root, path))
}

#[cfg(test)]
mod tests;
