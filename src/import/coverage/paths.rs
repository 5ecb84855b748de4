//! Which file of the commit a path of a coverage file means. Tools write paths below the folder that they ran in, or
//! from the root of the machine that they ran on; a path that can mean two files means neither.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path},
};

use super::{Coverage, LineHits};
use crate::import::change::CommitChange;

/// The coverage by the paths of the commit.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Lines of each file that is known.
    pub files: BTreeMap<String, LineHits>,
    /// Files that are named and of which no line is told, nor that there is none.
    pub silent: BTreeSet<String>,
    /// Files that one of several may mean, with the coverage's paths that may mean them.
    pub ambiguous: BTreeMap<String, Vec<String>>,
}

/// Each file of coverage by itself: two packages of one repository write the same relative path of two files.
pub(super) fn resolve(change: &CommitChange, coverages: &[Coverage]) -> Known {
    let tracked = Tracked::new(&change.tracked);
    let mut known = Known::default();
    coverages.iter().for_each(|coverage| known.take(change, &tracked, coverage));
    known
}

impl Known {
    fn take(&mut self, change: &CommitChange, tracked: &Tracked<'_>, coverage: &Coverage) {
        let folders = folders_above(&change.root, &coverage.path);
        let own = normal(&change.root.to_string_lossy());
        let elsewhere = tracked.root_elsewhere(&own, coverage);
        for (name, lines) in &coverage.files {
            let absolute = absolute_forms(name, &coverage.roots);
            let below = |root: &str| absolute.iter().filter_map(|path| tracked.below(root, path)).collect();
            let mut meant: BTreeSet<&str> = below(&own);
            if meant.is_empty() {
                meant = elsewhere.as_deref().map(below).unwrap_or_default();
            }
            if meant.is_empty() && !is_absolute(&plain(name)) {
                meant = tracked.relative(&folders, name).into_iter().collect();
            }
            if let (1, Some(file)) = (meant.len(), meant.first()) {
                if coverage.silent.contains(name) {
                    self.silent.insert((*file).to_owned());
                }
                let merged = self.files.entry((*file).to_owned()).or_default();
                for (line, hits) in lines {
                    let counted = merged.entry(*line).or_default();
                    *counted = counted.saturating_add(*hits);
                }
            } else {
                for file in meant {
                    self.ambiguous.entry(file.to_owned()).or_default().push(name.clone());
                }
            }
        }
    }
}

/// A path from the root of a machine, as it is written or below the roots that the tool names.
fn absolute_forms(name: &str, roots: &[String]) -> Vec<String> {
    let name = plain(name);
    if is_absolute(&name) {
        return vec![normal(&name)];
    }
    let roots = roots.iter().map(|root| plain(root)).filter(|root| is_absolute(root));
    roots.map(|root| normal(&format!("{root}/{name}"))).collect()
}

fn plain(path: &str) -> String {
    path.trim_start_matches("file://").replace('\\', "/")
}

/// The files of the commit, by their names.
struct Tracked<'a> {
    paths: BTreeSet<&'a str>,
    by_name: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Tracked<'a> {
    fn new(paths: &'a [String]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for path in paths {
            by_name.entry(path.rsplit('/').next().unwrap_or_default()).or_default().push(path);
        }
        Self { paths: paths.iter().map(String::as_str).collect(), by_name }
    }

    /// The file of the commit at a path below a root.
    fn below(&self, root: &str, path: &str) -> Option<&'a str> {
        let rest = path.strip_prefix(root)?;
        let rest = if root.is_empty() { rest } else { rest.strip_prefix('/')? };
        self.paths.get(rest).copied()
    }

    /// Where the tree lay on the machine that the coverage is from: the folder below which most of its paths are
    /// paths of the commit; of several, the one that is nearest to the root.
    fn root_elsewhere(&self, own: &str, coverage: &Coverage) -> Option<String> {
        let mut votes: BTreeMap<String, u64> = BTreeMap::new();
        for path in coverage.files.keys().flat_map(|name| absolute_forms(name, &coverage.roots)) {
            for file in
                self.named(&path).filter(|file| self.below(own, &path).is_none() && ends_with(&path, file))
            {
                let root = path[..path.len() - file.len()].trim_end_matches('/');
                *votes.entry(root.to_owned()).or_default() += 1;
            }
        }
        votes.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.len().cmp(&a.0.len()))).map(|(root, _)| root)
    }

    /// The files that a relative path may mean: below the folder of the coverage file or one above it, the nearest
    /// first; else all that end with it.
    fn relative(&self, folders: &[String], name: &str) -> Vec<&'a str> {
        let below = normal(&plain(name));
        for folder in folders {
            let path = if folder.is_empty() { below.clone() } else { format!("{folder}/{below}") };
            if let Some(path) = self.paths.get(path.as_str()) {
                return vec![path];
            }
        }
        self.named(&below).filter(|path| ends_with(path, &below)).collect()
    }

    fn named(&self, path: &str) -> impl Iterator<Item = &'a str> {
        let name = path.rsplit('/').next().unwrap_or_default();
        self.by_name.get(name).into_iter().flatten().copied()
    }
}

fn is_absolute(path: &str) -> bool {
    let drive = path.as_bytes();
    path.starts_with('/')
        || drive.len() > 2 && drive[0].is_ascii_alphabetic() && drive[1..].starts_with(b":/")
}

/// Without `.`, `..` and double separators; a leading `..` goes nowhere.
fn normal(path: &str) -> String {
    let mut names: Vec<&str> = vec![];
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            _ => names.push(name),
        }
    }
    names.join("/")
}

fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// The folders of the tree that a file is in, the nearest first, the top one as an empty path.
fn folders_above(root: &Path, file: &Path) -> Vec<String> {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let real = absolute.parent().and_then(|folder| folder.canonicalize().ok()).unwrap_or_default();
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let below = real.strip_prefix(&root).unwrap_or(Path::new(""));
    let names: Vec<String> = below
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    (0..=names.len()).rev().map(|length| names[..length].join("/")).collect()
}
