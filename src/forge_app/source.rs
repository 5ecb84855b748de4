//! What stands literally in an app's files: calls of Jira, hosts, texts, resolvers, packages, secrets. A
//! variable is never followed further than to the constant that names it; what is not literal is not found.

mod calls;
mod code;
mod export;
mod hosts;
mod packages;
mod secret;
mod text;

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

pub use calls::JiraCall;
pub(super) use export::exports;

use crate::secret::Allowances;

/// Folders that hold what others wrote or what was built.
const PASSED_OVER: [&str; 7] = ["node_modules", "dist", "build", "target", "coverage", "vendor", "out"];
/// Files whose code is read.
const CODE: [&str; 8] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];
const DEEPEST: usize = 24;
const MOST_FILES: usize = 5_000;
const LARGEST_BYTES: u64 = 1 << 20;
const MOST_BYTES: u64 = 64 << 20;
/// A line as long as no person writes it: the file was built.
const LONGEST_LINE: usize = 5_000;

/// A place in the app's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Path below the app's folder, with `/`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What stands in the app's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// How many files were read.
    pub files: usize,
    /// How many were not, being too large or too many, or unreadable.
    pub left_out: usize,
    /// Calls of Jira with a literal route.
    pub calls: Vec<JiraCall>,
    /// Names that resolvers define, distinct and sorted.
    pub resolvers: Vec<String>,
    /// Packages of the platform (`@forge/…`) with their versions, sorted.
    pub packages: Vec<(String, String)>,
    /// Hosts that are called by a literal address.
    pub hosts: Vec<(Place, String)>,
    /// Texts that a person is shown.
    pub texts: Vec<(Place, String)>,
    /// Secrets that nothing allows: where, and of what kind; never their value.
    pub secrets: Vec<(Place, &'static str)>,
}

impl Source {
    /// Reads the files of the app in this folder, and those that are `bundled` wherever they lie below it. What
    /// cannot be read is counted.
    #[must_use]
    pub fn read(folder: &Path, bundled: &[String]) -> Self {
        let mut source = Self::default();
        let mut resolvers = BTreeSet::new();
        let allowed = Allowances::above(folder);
        let mut bytes_read = 0;
        for path in source.find(folder, bundled) {
            let size = fs::metadata(&path).map_or(u64::MAX, |metadata| metadata.len());
            bytes_read += size.min(LARGEST_BYTES);
            if size > LARGEST_BYTES || bytes_read > MOST_BYTES || source.files == MOST_FILES {
                source.left_out += 1;
                continue;
            }
            let Ok(bytes) = fs::read(&path) else {
                source.left_out += 1;
                continue;
            };
            source.files += 1;
            // Pictures and the like say nothing that is looked for.
            if bytes.contains(&0) {
                continue;
            }
            let text = String::from_utf8_lossy(&bytes);
            let mut file = File::new(folder, &path, &text);
            file.is_bundled = bundled.contains(&file.path);
            if path.file_name().is_some_and(|name| secret::is_settings(&name.to_string_lossy())) {
                source.secrets.extend(secret::of_settings(&file, &path, &allowed));
            } else {
                source.take(&file, &allowed, &mut resolvers);
            }
        }
        source.secrets.sort();
        source.secrets.dedup();
        source.resolvers = resolvers.into_iter().collect();
        source.packages = packages::of_the_platform(folder);
        source
    }

    /// The files to read: the app's own, and what is known to run. Of what others wrote, nothing.
    fn find(&mut self, folder: &Path, bundled: &[String]) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        let walk = WalkDir::new(folder).max_depth(DEEPEST).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(is_of_the_app) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    found.insert(entry.into_path());
                }
                Ok(_) => {}
                Err(_) => self.left_out += 1,
            }
        }
        let own = |path: &&String| !path.split('/').any(|part| matches!(part, "node_modules" | ".." | ""));
        let paths = bundled.iter().filter(own).map(|path| folder.join(path));
        found.extend(paths.filter(|path| path.is_file()));
        found
    }

    fn take(&mut self, file: &File<'_>, allowed: &Allowances, resolvers: &mut BTreeSet<String>) {
        self.secrets.extend(secret::find(file, allowed));
        let is_built = || file.text.lines().any(|line| line.len() > LONGEST_LINE);
        if !file.is_bundled && (file.is_test() || is_built()) {
            return;
        }
        if file.ends_with(&["html"]) {
            self.texts.extend(text::of_page(file));
        }
        if file.ends_with(&CODE) {
            let code = code::without_comments(file.text);
            self.calls.extend(calls::find(file, &code));
            self.hosts.extend(hosts::find(file, &code));
            self.texts.extend(text::of_code(file, &code));
            resolvers.extend(calls::resolvers(&code));
        }
    }
}

/// Neither hidden, nor built, nor of others; of what is hidden, the settings alone.
fn is_of_the_app(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_folder = entry.file_type().is_dir();
    let hidden = name.starts_with('.') && (is_folder || !secret::is_settings(&name));
    entry.depth() == 0 || !(hidden || is_folder && PASSED_OVER.contains(&name.as_ref()))
}

/// A file that is looked through.
struct File<'a> {
    path: String,
    text: &'a str,
    /// Whether it is known to run, whatever its name and its look say.
    is_bundled: bool,
    /// Where its lines begin.
    lines: Vec<usize>,
}

impl<'a> File<'a> {
    fn new(folder: &Path, path: &Path, text: &'a str) -> Self {
        let below = path.strip_prefix(folder).unwrap_or(path);
        let names = below.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        });
        let path = names.collect::<Vec<_>>().join("/");
        let lines = [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { path, text, is_bundled: false, lines }
    }

    fn place(&self, at: usize) -> Place {
        Place { file: self.path.clone(), line: self.lines.partition_point(|begin| *begin <= at) }
    }

    fn ends_with(&self, ends: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, end)| ends.contains(&end))
    }

    /// The app's own tests are no part of what is released.
    fn is_test(&self) -> bool {
        let mut folders: Vec<&str> = self.path.split('/').collect();
        let name = folders.pop().unwrap_or_default();
        let of_tests = ["__tests__", "__mocks__", "test", "tests", "e2e", "cypress"];
        folders.iter().any(|folder| of_tests.contains(folder))
            || name.contains(".test.")
            || name.contains(".spec.")
            || name.contains(".stories.")
    }
}

#[cfg(test)]
mod tests;
