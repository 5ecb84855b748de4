//! The scenarios, and what was measured while they ran.

use super::{
    super::{Block, Section, Told, table},
    counted, lasted,
};
use crate::{
    evidence::Outcome,
    judge::{Bound, Metric},
};

/// Per feature, then those that did not pass, then all.
pub(in crate::document) fn section(told: &Told<'_>) -> Section {
    let judgement = told.judgement;
    let row = |suite: &crate::judge::Suite| {
        let counts =
            [suite.planned, suite.passed, suite.failed, suite.undecided].map(|count| count.to_string());
        [suite.name.clone()].into_iter().chain(counts).chain([lasted(suite.duration_ms)]).collect()
    };
    let heads = ["Feature", "Planned", "Passed", "Failed", "Undecided", "Took"];
    let rows = judgement.suites.iter().map(row).collect();
    let mut blocks = vec![table("Scenarios by feature", &heads, rows, "No scenario was planned.")];
    let open = judgement.scenarios.iter().filter(|scenario| scenario.outcome != Outcome::Passed);
    let rows: Vec<Vec<String>> = open
        .map(|scenario| {
            let why = scenario.error.clone().unwrap_or_default();
            let (outcome, severity) =
                (scenario.outcome.word().to_owned(), scenario.severity.word().to_owned());
            vec![scenario.id.clone(), scenario.name.clone(), outcome, severity, why]
        })
        .collect();
    if !rows.is_empty() {
        let heads = ["Scenario", "Title", "Outcome", "Weighs", "Why"];
        blocks.push(table("Scenarios that did not pass", &heads, rows, ""));
    }
    let passed = judgement.scenarios.iter().filter(|scenario| scenario.outcome == Outcome::Passed);
    let rows: Vec<Vec<String>> = passed
        .map(|scenario| vec![scenario.id.clone(), scenario.name.clone(), lasted(scenario.duration_ms)])
        .collect();
    if !rows.is_empty() {
        let caption = format!("{} that passed", counted(rows.len(), "scenario"));
        blocks.push(table(&caption, &["Scenario", "Title", "Took"], rows, ""));
    }
    Section::new("Scenarios", blocks)
}

/// What was measured in the run.
pub(in crate::document) fn metrics(told: &Told<'_>) -> Section {
    let rows = told.judgement.metrics.iter().map(of_metric).collect();
    let text = "Measured of the mocked Jira under the scenarios' faults. They inform, decide nothing, and say nothing of \
                production.";
    let heads = ["Metric", "Measured", "Threshold", "Finding"];
    let measured = table("Metrics of the run", &heads, rows, "Nothing was measured in the run.");
    Section::new("Metrics", vec![Block::Text(text.to_owned()), measured])
}

fn of_metric(metric: &Metric) -> Vec<String> {
    let figure = |value: Option<f64>| match value {
        None => "no data".to_owned(),
        Some(value) if metric.unit.is_empty() => value.to_string(),
        Some(value) => format!("{value} {}", metric.unit),
    };
    let bound = match metric.bound {
        Some(Bound::AtMost) => "at most ",
        Some(Bound::AtLeast) => "at least ",
        None => "",
    };
    let threshold =
        metric.threshold.map_or("none".to_owned(), |value| format!("{bound}{}", figure(Some(value))));
    vec![metric.name.clone(), figure(metric.value), threshold, metric.outcome.word().to_owned()]
}
