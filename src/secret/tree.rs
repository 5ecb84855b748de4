//! The search of a tree: which of its files are read, what was left out, what was found in them.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use super::{
    Redacted, Rule,
    allow::{self, AllowError, Allowance, Comment},
    find,
};
use crate::{
    evidence::CheckFact,
    git::{Git, GitError, path_of},
};

/// Folders that are passed over where no repository says what is committed.
const PASSED_OVER: [&str; 3] = [".git", "node_modules", "target"];
/// A larger file is left out.
pub(super) const LARGEST_BYTES: u64 = 10 << 20;
/// Bytes at the beginning of a file that tell text from anything else.
const HEAD: usize = 1 << 10;
const DEEPEST: usize = 200;
/// Paths of one kind that are told one by one.
const MOST_TOLD: usize = 20;

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What found it.
    pub rule: &'static Rule,
    /// Path below the folder that was searched, with `/`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What may be shown of it.
    pub shown: Redacted,
    /// Whether a comment would allow it, did it give a reason.
    pub lacks_reason: bool,
}

impl Finding {
    /// `src/index.ts:7`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// What looks like a secret and is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// What was found.
    pub finding: Finding,
    /// Why it may stand there.
    pub reason: String,
}

/// Why a file was not searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// It is not text.
    Binary,
    /// It is over 10 MiB.
    TooLarge,
    /// It is a link to a place outside the tree.
    LinkOut,
    /// It is the commit of another repository.
    Submodule,
    /// It is a pipe, a device or a socket.
    Irregular,
    /// It is committed, but not in the working tree.
    Absent,
}

impl LeftOut {
    /// Whether it is text that is released and was not looked at.
    fn may_hold_secrets(self) -> bool {
        matches!(self, Self::TooLarge | Self::Submodule | Self::Absent)
    }

    /// As reports for people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Binary => "not text",
            Self::TooLarge => "over 10 MiB",
            Self::LinkOut => "a link that leaves the tree",
            Self::Submodule => "a submodule",
            Self::Irregular => "no regular file",
            Self::Absent => "not in the working tree",
        }
    }
}

/// What a search came to.
#[derive(Debug, Default)]
pub struct Search {
    /// Secrets, by file and line.
    pub findings: Vec<Finding>,
    /// What is allowed, with its reason.
    pub allowed: Vec<Allowed>,
    /// Files that were searched.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were not, and why.
    pub left_out: Vec<(LeftOut, String)>,
    /// Files of the commit that are not, or may not be, in the tree as they are there.
    pub uncommitted: Vec<String>,
    /// Every file that git keeps below the folder.
    pub(super) tracked: BTreeSet<String>,
    /// What should have been read and could not; the search is not whole.
    pub unread: Vec<String>,
    /// Remarks: lines of the allow-list that allowed nothing.
    pub notes: Vec<String>,
}

impl Search {
    /// As facts of a check, which is about what is committed: what of it was not searched is not read.
    #[must_use]
    pub fn facts(&self) -> Vec<CheckFact> {
        let left_out = self.left_out.len() as u64;
        let mut facts = vec![CheckFact::TreeSearched { files: self.files, bytes: self.bytes, left_out }];
        facts.extend(self.unread.iter().map(|what| CheckFact::NotRead { what: what.clone() }));
        let missing = self
            .left_out
            .iter()
            .filter(|(kind, path)| kind.may_hold_secrets() && self.tracked.contains(path));
        facts.extend(missing.take(MOST_TOLD).map(|(kind, path)| CheckFact::NotRead {
            what: format!("{path} was not searched for secrets: {}", kind.word()),
        }));
        facts.extend(self.uncommitted.iter().take(MOST_TOLD).map(|path| CheckFact::NotRead {
            what: format!(
                "{path} was not searched for secrets as it is committed: the tree has it otherwise"
            ),
        }));
        facts.extend(self.findings.iter().map(|finding| CheckFact::SecretSeen {
            rule: finding.rule.title.into(),
            place: finding.place(),
            shown: finding.shown.to_string(),
        }));
        facts.extend(self.allowed.iter().map(|Allowed { finding, reason }| {
            let (place, title, shown) = (finding.place(), finding.rule.title, &finding.shown);
            CheckFact::Noted { what: format!("{place}: {title} {shown} is allowed: {reason}") }
        }));
        facts.extend(self.notes().into_iter().map(|what| CheckFact::Noted { what }));
        facts
    }

    /// What was left out and other remarks, a line each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let kinds: BTreeSet<LeftOut> = self.left_out.iter().map(|(kind, _)| *kind).collect();
        let mut notes = self.notes.clone();
        for kind in kinds {
            let paths: Vec<&str> = self
                .left_out
                .iter()
                .filter(|(other, _)| *other == kind)
                .map(|(_, path)| path.as_str())
                .collect();
            let word = kind.word();
            match kind {
                LeftOut::Binary => notes.push(format!("left out, {word}: {} files", paths.len())),
                _ => {
                    notes
                        .extend(paths.iter().take(MOST_TOLD).map(|path| format!("left out, {word}: {path}")));
                    if paths.len() > MOST_TOLD {
                        notes.push(format!("left out, {word}: {} more", paths.len() - MOST_TOLD));
                    }
                }
            }
        }
        notes
    }

    /// Searches one file's bytes.
    pub(super) fn take(&mut self, file: &str, bytes: &[u8], allowance: &mut Allowance) {
        let decoded;
        let text = match bytes {
            [0xff, 0xfe, rest @ ..] => {
                decoded = utf16(rest, u16::from_le_bytes);
                decoded.as_bytes()
            }
            [0xfe, 0xff, rest @ ..] => {
                decoded = utf16(rest, u16::from_be_bytes);
                decoded.as_bytes()
            }
            _ if bytes[..bytes.len().min(HEAD)].contains(&0) => {
                self.left_out.push((LeftOut::Binary, file.into()));
                return;
            }
            _ => bytes,
        };
        self.files += 1;
        self.bytes += bytes.len() as u64;
        for sighting in find(file, text) {
            let comment = allow::comment(text, sighting.at.start);
            let lacks_reason = comment == Comment::WithoutReason;
            let (rule, line, shown) = (sighting.rule, sighting.line, sighting.shown);
            let finding = Finding { rule, file: file.into(), line, shown, lacks_reason };
            let reason = match comment {
                Comment::Allowed(reason) => Some(reason),
                _ => allowance.reason(file, &finding.shown),
            };
            match reason {
                Some(reason) => self.allowed.push(Allowed { finding, reason }),
                None => self.findings.push(finding),
            }
        }
    }

    /// What is to be said when all was read.
    pub(super) fn finish(mut self, allowance: &Allowance) -> Self {
        let unused = allowance.unused().into_iter();
        self.notes
            .extend(unused.map(|line| format!("{}:{line} allows nothing that is there", allow::ALLOW_FILE)));
        self
    }
}

/// Searches a folder: in a repository what is committed or could be, elsewhere all but what others wrote or what was
/// built.
///
/// # Errors
/// The allow-list is not as it must be. Whatever else cannot be read is in the result.
pub fn search(folder: &Path) -> Result<Search, AllowError> {
    let mut allowance = Allowance::of(folder)?;
    let mut search = Search::default();
    let root = match fs::canonicalize(folder) {
        Ok(root) if root.is_dir() => root,
        Ok(_) => {
            search.unread.push(format!("{} is no folder", folder.display()));
            return Ok(search);
        }
        Err(error) => {
            search.unread.push(format!("{} cannot be read: {error}", folder.display()));
            return Ok(search);
        }
    };
    for path in paths(&root, &mut search) {
        search.read(&root, &path, &mut allowance);
    }
    if search.files == 0 && search.unread.is_empty() {
        search.unread.push(format!("{} has no file that could be searched", folder.display()));
    }
    Ok(search.finish(&allowance))
}

/// The paths to read, below the root, sorted.
fn paths(root: &Path, search: &mut Search) -> BTreeSet<PathBuf> {
    match committed(root) {
        Ok(kept) if !kept.paths.is_empty() => {
            (search.tracked, search.uncommitted) = (kept.tracked, kept.uncommitted);
            return kept.paths;
        }
        // A folder that its repository ignores is a tree of its own.
        Ok(_) | Err(GitError::NoRepository(_)) => {}
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
    let text = |path: Option<&[u8]>| path_of(path.unwrap_or_default()).to_string_lossy().into_owned();
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
        let name = shown(root, path);
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return self.left_out.push((LeftOut::Absent, name));
            }
            Err(error) => return self.unread.push(format!("{name} cannot be read: {error}")),
        };
        let kind = metadata.file_type();
        if kind.is_symlink() {
            // What a link within the tree leads to is read where it lies.
            let target = fs::canonicalize(path);
            if !target.is_ok_and(|target| target.starts_with(root)) {
                self.left_out.push((LeftOut::LinkOut, name));
            }
        } else if kind.is_dir() {
            self.left_out.push((LeftOut::Submodule, name));
        } else if !kind.is_file() {
            self.left_out.push((LeftOut::Irregular, name));
        } else if metadata.len() > LARGEST_BYTES {
            let kind = if is_binary(path) { LeftOut::Binary } else { LeftOut::TooLarge };
            self.left_out.push((kind, name));
        } else {
            // A folder on the way that is a link could lead outside.
            let below = fs::canonicalize(path).is_ok_and(|real| real.starts_with(root));
            match fs::read(path) {
                _ if !below => self.left_out.push((LeftOut::LinkOut, name)),
                Ok(bytes) => self.take(&name, &bytes, allowance),
                Err(error) => self.unread.push(format!("{name} cannot be read: {error}")),
            }
        }
    }
}

/// Whether a file that is too large to be read begins as no text does.
fn is_binary(path: &Path) -> bool {
    let mut head = vec![];
    let read = fs::File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    read.is_ok() && !matches!(head[..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) && head.contains(&0)
}

fn shown(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests;
