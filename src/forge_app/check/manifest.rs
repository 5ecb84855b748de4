//! What is amiss in the manifest itself, and between it and the files that it names.

use std::{fs, ops::Range, path::Path};

use super::{Finding, is_known};
use crate::{
    evidence::FlawKind,
    forge_app::{Function, Manifest, Place, source::exports},
    jira::{self, Effect},
    spelling::{nearest, suggestion},
};

/// Intervals that the platform offers.
const INTERVALS: [&str; 4] = ["fiveMinute", "hour", "day", "week"];
/// Runtimes that the platform takes.
const RUNTIMES: [&str; 3] = ["nodejs20.x", "nodejs22.x", "nodejs24.x"];
const MOST_TRIGGERS: usize = 5;
const MOST_SECONDS: u64 = 900;

/// The manifest's text, to find places in.
struct Text {
    file: String,
    text: String,
}

impl Text {
    /// The first line that holds all of these words, each standing for itself; the file's first without one.
    fn line(&self, words: &[&str]) -> usize {
        self.lines_with(words).next().unwrap_or(1)
    }

    /// The line with these words in a module of this key; else that of the key.
    fn line_of_module(&self, key: &str, words: &[&str]) -> usize {
        let keys: Vec<usize> = self.lines_with(&["key", key]).collect();
        let found = keys.iter().find_map(|at| {
            let module = self.module_around(*at);
            self.lines_with(words).find(|line| module.contains(line))
        });
        found.or(keys.first().copied()).unwrap_or_else(|| self.line(words))
    }

    /// The lines of the list item that holds this line.
    fn module_around(&self, at: usize) -> Range<usize> {
        let lines: Vec<&str> = self.text.lines().collect();
        let indent = |line: &str| line.len() - line.trim_start().len();
        let is_item = |number: &usize| lines[number - 1].trim_start().starts_with('-');
        let begin = (1..=at).rev().find(is_item).unwrap_or(at);
        let dash = indent(lines[begin - 1]);
        let is_beyond = |number: &usize| {
            let line = lines[number - 1];
            !line.trim().is_empty() && indent(line) <= dash
        };
        let end = (begin + 1..=lines.len()).find(is_beyond).unwrap_or(lines.len() + 1);
        begin..end
    }

    fn lines_with(&self, words: &[&str]) -> impl Iterator<Item = usize> {
        (1..)
            .zip(self.text.lines())
            .filter(|(_, line)| words.iter().all(|word| holds(line, word)))
            .map(|(n, _)| n)
    }

    fn place(&self, line: usize) -> Place {
        Place { file: self.file.clone(), line }
    }
}

/// Whether the word stands in the line, and not as a part of a longer one.
fn holds(line: &str, word: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|c| c.is_alphanumeric() || "_-.".contains(c));
    line.match_indices(word).any(|(at, _)| {
        !is_part(line[..at].chars().next_back()) && !is_part(line[at + word.len()..].chars().next())
    })
}

pub(super) fn check(folder: &Path, manifest: &Manifest) -> Vec<Finding> {
    let text = fs::read_to_string(folder.join(&manifest.file)).unwrap_or_default();
    let text = Text { file: manifest.file.clone(), text };
    let mut findings = vec![];
    runtime(manifest, &text, &mut findings);
    scopes(manifest, &text, &mut findings);
    intervals(manifest, &text, &mut findings);
    functions(folder, manifest, &text, &mut findings);
    for module in &manifest.remote {
        let key = module.rsplit(':').next().unwrap_or(module);
        findings.push(Finding {
            kind: FlawKind::BeyondReach,
            subject: module.clone(),
            place: text.place(text.line_of_module(key, &["key", key])),
            text: format!("{module} calls no function of this app; what it does is not shown"),
            remedy: "let it call a function, or gate the service that it calls as a process of its own"
                .into(),
        });
    }
    findings
}

fn runtime(manifest: &Manifest, text: &Text, findings: &mut Vec<Finding>) {
    if RUNTIMES.contains(&manifest.runtime.as_str()) {
        return;
    }
    let (line, seen) = match manifest.runtime.as_str() {
        "" => (text.line(&["app"]), "app.runtime.name is missing".to_owned()),
        name => (text.line(&["name", name]), format!("the platform refuses the runtime {name:?}")),
    };
    findings.push(Finding {
        kind: FlawKind::RefusedRuntime,
        subject: manifest.runtime.clone(),
        place: text.place(line),
        text: seen,
        remedy: format!("name one of {} as app.runtime.name", RUNTIMES.join(", ")),
    });
}

fn scopes(manifest: &Manifest, text: &Text, findings: &mut Vec<Finding>) {
    for scope in &manifest.scopes {
        let mut found = |kind, seen, remedy| {
            let place = text.place(text.line(&[scope]));
            findings.push(Finding { kind, subject: scope.clone(), place, text: seen, remedy });
        };
        if !is_known(scope) {
            let remedy = match jira::nearest_scopes(scope).as_slice() {
                [] => "take it out, or name one that there is".to_owned(),
                near => {
                    format!("take it out, or name one that there is; the nearest are {}", near.join(", "))
                }
            };
            found(FlawKind::UnknownScope, format!("there is no scope {scope:?}"), remedy);
        } else if jira::scope_effect(scope) == Effect::Write {
            let remedy = "ask only for scopes that read, for instance read:jira-work".to_owned();
            found(
                FlawKind::WriteScope,
                format!("the manifest asks for {scope}, which allows writes"),
                remedy,
            );
        }
    }
}

fn intervals(manifest: &Manifest, text: &Text, findings: &mut Vec<Finding>) {
    for trigger in &manifest.scheduled_triggers {
        if INTERVALS.contains(&trigger.interval.as_str()) {
            continue;
        }
        let near = suggestion(nearest(&trigger.interval, INTERVALS).as_deref());
        findings.push(Finding {
            kind: FlawKind::IllegalInterval,
            subject: trigger.key.clone(),
            place: text.place(text.line_of_module(&trigger.key, &["interval"])),
            text: format!(
                "the scheduled trigger {} has the interval {:?}, which there is not{near}",
                trigger.key, trigger.interval
            ),
            remedy: format!("choose one of {}", INTERVALS.join(", ")),
        });
    }
    let triggers = manifest.modules.iter().filter(|module| module.starts_with("scheduledTrigger:")).count();
    if triggers > MOST_TRIGGERS {
        findings.push(Finding {
            kind: FlawKind::TooManyTriggers,
            subject: "scheduledTrigger".into(),
            place: text.place(text.line(&["scheduledTrigger"])),
            text: format!(
                "the manifest has {triggers} scheduled triggers; the platform takes {MOST_TRIGGERS}"
            ),
            remedy: "let one trigger do the work of several".into(),
        });
    }
}

/// Functions that modules name and that are not there, and functions without what they run.
fn functions(folder: &Path, manifest: &Manifest, text: &Text, findings: &mut Vec<Finding>) {
    let is_job = |module: &str| module.starts_with("scheduledTrigger:");
    for mention in &manifest.mentions {
        let (module, function) = (&mention.module, &mention.function);
        if manifest.function(function).is_some() {
            continue;
        }
        let near = nearest(function, manifest.functions.iter().map(|known| known.key.as_str()));
        let key = module.rsplit(':').next().unwrap_or(module);
        findings.push(Finding {
            kind: if is_job(module) { FlawKind::DeadJob } else { FlawKind::DeadModule },
            subject: function.clone(),
            place: text.place(text.line_of_module(key, &["function", function])),
            text: format!(
                "{module} calls the function {function:?}, which modules.function does not have{}",
                suggestion(near.as_deref())
            ),
            remedy: format!("add the function {function:?} to modules.function, or name one that is there"),
        });
    }
    for function in &manifest.functions {
        let place = || text.place(text.line_of_module(&function.key, &["handler"]));
        if let Some((seen, remedy)) = missing(folder, function) {
            let job = manifest.mentions.iter().any(|m| is_job(&m.module) && m.function == function.key);
            findings.push(Finding {
                kind: if job { FlawKind::DeadJob } else { FlawKind::DeadModule },
                subject: function.key.clone(),
                place: place(),
                text: format!(
                    "the function {} has the handler {:?}, but {seen}",
                    function.key, function.handler
                ),
                remedy,
            });
        }
        if let Some(timeout_s) = function.timeout_s.filter(|seconds| !(1..=MOST_SECONDS).contains(seconds)) {
            findings.push(Finding {
                kind: FlawKind::DeadModule,
                subject: function.key.clone(),
                place: text.place(text.line_of_module(&function.key, &["timeoutSeconds"])),
                text: format!(
                    "the function {} may take {timeout_s} s, which the platform refuses",
                    function.key
                ),
                remedy: format!("set timeoutSeconds to 1 to {MOST_SECONDS}"),
            });
        }
    }
}

/// What a function lacks, and what would mend that.
fn missing(folder: &Path, function: &Function) -> Option<(String, String)> {
    let (file, export) = match function.handler.rsplit_once('.') {
        Some((file, export)) if !file.is_empty() && !export.is_empty() => (file, export),
        _ => {
            return Some((
                "that names no file and export".into(),
                "write it as file.export, for instance index.run".into(),
            ));
        }
    };
    let Some(path) = function.source(folder) else {
        let seen = format!("there is no src/{file} with an ending of JavaScript or TypeScript");
        return Some((seen, format!("add src/{file}.ts or src/{file}.js, or correct the handler")));
    };
    if exports(&path, export) {
        return None;
    }
    let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
    Some((
        format!("{name} does not export {export:?}"),
        format!("export {export} from {name}, or correct the handler"),
    ))
}
