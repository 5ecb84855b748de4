//! Secrets that lie in the app's folder: by the rules of `secret`, and files of settings that nothing keeps from
//! being committed. What the allow-list allows is none. Tells where and of what kind, never the value, not even a part of
//! it.

use std::{fs, path::Path, sync::LazyLock};

use regex::Regex;

use super::{File, Place};
use crate::secret::{self, Allowances};

static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)^[ \t]*(?:export[ \t]+)?[A-Za-z_][\w.]*[ \t]*=[ \t]*["']?[^\s"'#]"#).ok()
});
/// Ends of names of environment files that are meant to be committed.
const TEMPLATES: [&str; 4] = ["example", "sample", "template", "dist"];

/// Where a file holds secrets that are not allowed, and of what kind.
pub(super) fn find(file: &File<'_>, allowed: &Allowances) -> Vec<(Place, &'static str)> {
    let text = file.text.as_bytes();
    let found = secret::find(&file.path, text).into_iter();
    let place = |line| Place { file: file.path.clone(), line };
    let held = found.filter(|sighting| !allowed.allow(&file.path, text, sighting));
    held.map(|sighting| (place(sighting.line), sighting.rule.title)).collect()
}

/// Whether a hidden file may hold secrets by its name.
pub(super) fn is_settings(name: &str) -> bool {
    let template = TEMPLATES.iter().any(|end| name.ends_with(end));
    name == ".npmrc" || (name == ".env" || name.starts_with(".env.")) && !template
}

/// Secrets in a file of settings that nothing keeps from being committed.
pub(super) fn of_settings(file: &File<'_>, path: &Path, allowed: &Allowances) -> Vec<(Place, &'static str)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if is_ignored(path, &name) || allowed.allow_file(&file.path) {
        return vec![];
    }
    let assigned = ASSIGNED.as_ref().and_then(|assigned| assigned.find(file.text));
    match assigned.filter(|_| name != ".npmrc") {
        Some(first) => {
            let begin = first.start() + first.as_str().len() - first.as_str().trim_start().len();
            vec![(file.place(begin), "environment file with values")]
        }
        None => find(file, allowed),
    }
}

/// Whether `.gitignore` of the file's folder, or of one above in the same repository, names it.
fn is_ignored(path: &Path, name: &str) -> bool {
    let names = |line: &str| {
        let pattern = line.trim().trim_start_matches("**/").trim_start_matches('/');
        match pattern.split_once('*') {
            _ if pattern.is_empty() || pattern.starts_with(['#', '!']) => false,
            Some((begin, end)) => {
                name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
            }
            None => name == pattern,
        }
    };
    for above in path.ancestors().skip(1) {
        let ignored = fs::read_to_string(above.join(".gitignore")).unwrap_or_default();
        if ignored.lines().any(names) {
            return true;
        }
        if above.join(".git").exists() {
            break;
        }
    }
    false
}

#[cfg(test)]
mod tests;
