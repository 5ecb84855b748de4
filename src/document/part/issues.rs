//! The issues of the release: what was wrong, what was done, and what shows it.

use super::{
    super::{Block, Section, Step, Told, table},
    counted, flat, some,
};
use crate::{
    evidence::Outcome,
    judge::{CheckResult, IssueResult, Judgement, ScenarioResult},
};

/// A cell names so many scenarios.
const MOST_SCENARIOS: usize = 3;
const NONE: &str = "The policy names no issue, so nothing is said of what the release settles.";
const NOT_TOLD: &str = "not told by the release's policy";

/// The scenarios that settle an issue: by its own tag, or by one that it names.
fn scenarios<'a>(judgement: &'a Judgement, issue: &'a IssueResult) -> Vec<&'a ScenarioResult> {
    let is_of = |tag: &String| *tag == issue.id || issue.tags.contains(tag);
    judgement.scenarios.iter().filter(|scenario| scenario.tags.iter().any(is_of)).collect()
}

/// The checks that settle an issue.
fn checks<'a>(judgement: &'a Judgement, issue: &'a IssueResult) -> Vec<&'a CheckResult> {
    let checks = judgement.release.iter().flat_map(|release| &release.checks);
    checks.filter(|check| check.id == issue.id || issue.tags.contains(&check.id)).collect()
}

/// In a table, for the summary.
pub(in crate::document) fn overview(told: &Told<'_>) -> Section {
    let row = |issue: &IssueResult| {
        let shown = scenarios(told.judgement, issue);
        let names = some(shown.iter().map(|scenario| scenario.id.as_str()), MOST_SCENARIOS);
        let of_checks = checks(told.judgement, issue).into_iter().map(|check| format!("check {}", check.id));
        let of_scenarios =
            (!shown.is_empty()).then(|| format!("{}: {names}", counted(shown.len(), "scenario")));
        let unshown = issue.unshown.iter().map(|tag| format!("nothing shows {tag}"));
        let by: Vec<String> = of_scenarios.into_iter().chain(of_checks).chain(unshown).collect();
        vec![
            issue.id.clone(),
            issue.title.clone(),
            issue.severity.word().to_owned(),
            issue.status.word().to_owned(),
            if by.is_empty() { "nothing".to_owned() } else { by.join("; ") },
        ]
    };
    let rows = told.judgement.issues.iter().map(row).collect();
    let heads = ["Issue", "What", "Weighs", "Status", "Shown by"];
    Section::new("Issues", vec![table("What the release settles", &heads, rows, NONE)])
}

/// One by one, for whoever built it.
pub(in crate::document) fn each(told: &Told<'_>) -> Section {
    let step = |issue: &IssueResult| {
        let of_issue = scenarios(told.judgement, issue);
        let mut details = vec![
            format!("Problem: {}", told_or_not(&issue.problem)),
            format!("Solution: {}", told_or_not(&issue.solution)),
        ];
        let of_checks = checks(told.judgement, issue);
        if of_issue.is_empty() && of_checks.is_empty() {
            details.push("Gap: nothing shows it.".to_owned());
        }
        details.extend(
            issue.unshown.iter().map(|tag| format!("Gap: neither a scenario nor a check shows {tag}.")),
        );
        details.extend(
            of_checks
                .iter()
                .map(|check| format!("{}: check {}, {}", check.outcome.word(), check.id, check.reason)),
        );
        details.extend(by_file(&of_issue));
        let (severity, status) = (issue.severity.word(), issue.status.word());
        Step {
            text: format!("{}, {severity}, {status}: {}", issue.id, issue.title),
            commands: vec![],
            details,
        }
    };
    let issues = &told.judgement.issues;
    let block = match issues.is_empty() {
        true => Block::Gap(NONE.to_owned()),
        false => Block::Steps(issues.iter().map(step).collect()),
    };
    Section::new("What was settled", vec![block])
}

/// What did not pass one by one, what passed by the file that it stands in.
fn by_file(scenarios: &[&ScenarioResult]) -> Vec<String> {
    let (passed, open): (Vec<&ScenarioResult>, Vec<&ScenarioResult>) =
        scenarios.iter().partition(|scenario| scenario.outcome == Outcome::Passed);
    let mut lines: Vec<String> = open
        .iter()
        .map(|scenario| format!("{}: {} ({})", scenario.outcome.word(), scenario.name, scenario.id))
        .collect();
    let mut files: Vec<(&str, Vec<&str>)> = vec![];
    for scenario in passed {
        let (file, line) = scenario.id.rsplit_once(':').unwrap_or((&scenario.id, ""));
        match files.iter_mut().find(|(known, _)| *known == file) {
            Some((_, lines)) => lines.push(line),
            None => files.push((file, vec![line])),
        }
    }
    let of_file = |(file, lines): (&str, Vec<&str>)| {
        format!("{} passed: {file}, lines {}", counted(lines.len(), "scenario"), lines.join(", "))
    };
    lines.extend(files.into_iter().map(of_file));
    lines
}

fn told_or_not(text: &str) -> String {
    let text = flat(text);
    if text.is_empty() { NOT_TOLD.to_owned() } else { text }
}
