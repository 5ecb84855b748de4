//! Secrets that lie in the tree. Tells where and of what kind, never the value, not even a part of it.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use regex::Regex;

use super::{File, Place};

/// Kind and what gives it away.
static KINDS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let kinds = [
        ("private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
        ("AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
        ("GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}"),
        ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("Slack webhook", r"\bhooks\.slack\.com/services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]{8,}"),
        ("Atlassian token", r"\bAT(?:ATT|CTT|OAS|STT)3x?[A-Za-z0-9_=.-]{20,}"),
        ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b|_authToken\s*=\s*[A-Za-z0-9-]{20,}"),
        ("Google API key", r"\bAIza[0-9A-Za-z_-]{35}\b"),
        ("JSON Web Token", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    ];
    kinds.into_iter().filter_map(|(kind, pattern)| Some((kind, Regex::new(pattern).ok()?))).collect()
});
/// A value under a name that says what it is.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b[\w-]*(?:client[_-]?secret|api[_-]?(?:key|token|secret)|access[_-]?token|refresh[_-]?token",
        r#"|secret[_-]?key|auth[_-]?token|password)["']?\s*[:=]\s*["'`]([^"'`\s${}<>()]{12,})["'`]"#,
    ))
    .ok()
});
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)^[ \t]*(?:export[ \t]+)?[A-Za-z_][\w.]*[ \t]*=[ \t]*["']?[^\s"'#]"#).ok()
});
/// Parts of values that stand in for one.
const STAND_INS: [&str; 9] =
    ["example", "your", "xxxx", "change", "placeholder", "dummy", "redacted", "****", "process.env"];
/// Ends of names of environment files that are meant to be committed.
const TEMPLATES: [&str; 4] = ["example", "sample", "template", "dist"];

/// Where a file holds secrets.
pub(super) fn find(file: &File<'_>) -> Vec<(Place, &'static str)> {
    let mut found = vec![];
    for (kind, pattern) in KINDS.iter() {
        let real = pattern.find_iter(file.text).filter(|value| !stands_in_for(value.as_str()));
        found.extend(real.map(|value| (file.place(value.start()), *kind)));
    }
    for value in NAMED.iter().flat_map(|named| named.captures_iter(file.text)) {
        if let Some(value) = value.get(1).filter(|value| is_drawn(value.as_str())) {
            found.push((file.place(value.start()), "secret under its name"));
        }
    }
    found.sort();
    // A token under its name is one secret.
    found.dedup_by(|later, first| later.0 == first.0);
    found
}

/// Whether a text holds a secret: such a text is told to nobody.
pub(super) fn stands_in(text: &str) -> bool {
    KINDS.iter().any(|(_, pattern)| pattern.is_match(text))
}

/// Whether a hidden file may hold secrets by its name.
pub(super) fn is_settings(name: &str) -> bool {
    let template = TEMPLATES.iter().any(|end| name.ends_with(end));
    name == ".npmrc" || (name == ".env" || name.starts_with(".env.")) && !template
}

/// Secrets in a file of settings that nothing keeps from being committed.
pub(super) fn of_settings(file: &File<'_>, path: &Path) -> Vec<(Place, &'static str)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if is_ignored(path, &name) {
        return vec![];
    }
    let assigned = ASSIGNED.as_ref().and_then(|assigned| assigned.find(file.text));
    match assigned.filter(|_| name != ".npmrc") {
        Some(first) => {
            let begin = first.start() + first.as_str().len() - first.as_str().trim_start().len();
            vec![(file.place(begin), "environment file with values")]
        }
        None => find(file),
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

fn stands_in_for(value: &str) -> bool {
    let lower = value.to_lowercase();
    STAND_INS.iter().any(|part| lower.contains(part))
}

/// Whether a value looks drawn at random: letters and digits, and no word that stands in for a value.
fn is_drawn(value: &str) -> bool {
    let has = |kind: fn(&char) -> bool| value.chars().any(|letter| kind(&letter));
    let distinct: BTreeSet<char> = value.chars().collect();
    // `jira-api-v2` is a name; a drawn value mixes more.
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let mixed = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase);
    digits >= if mixed { 1 } else { 3 }
        && has(char::is_ascii_alphabetic)
        && distinct.len() >= 8
        && !stands_in_for(value)
}
