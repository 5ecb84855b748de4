//! What the release rests on beside scenarios and tests: each check with its figures, what it found, and the files that
//! it was read from.

use super::super::{Block, Section, Told, table};
use crate::{
    evidence::CheckKind,
    judge::{CheckResult, Figure},
};

/// Of each check so many findings are named.
const MOST_ITEMS: usize = 100;

/// Every check in a line.
pub(in crate::document) fn overview(told: &Told<'_>) -> Section {
    let row = |check: &CheckResult| {
        let waived = check.waived_by.as_ref().map_or(String::new(), |id| format!(", waived by {id}"));
        let outcome = format!("{}{waived}", check.outcome.word());
        vec![
            check.id.clone(),
            check.title.clone(),
            outcome,
            check.severity.word().to_owned(),
            check.reason.clone(),
        ]
    };
    let rows = of(told).map(row).collect();
    let heads = ["Check", "What", "Outcome", "Weighs", "Why"];
    Section::new("Checks", vec![table("Checks of the release", &heads, rows, NONE)])
}

const NONE: &str =
    "The release has no policy (\"release\" in gonogo.yaml), so nothing but scenarios was checked.";

/// What was measured and found; tests and files of the change stand elsewhere.
pub(in crate::document) fn figures(told: &Told<'_>) -> Section {
    let shown = || of(told).filter(|check| !matches!(check.kind, CheckKind::Tests));
    let rows = shown().flat_map(|check| check.figures.iter().map(|figure| row(check, figure))).collect();
    let heads = ["Check", "What", "Measured", "Limit"];
    let mut blocks =
        vec![table("Measured by the checks", &heads, rows, "No check but tests measured anything.")];
    for check in shown().filter(|check| check.kind != CheckKind::Change && !check.items.is_empty()) {
        let mut items: Vec<String> =
            check.items.iter().take(MOST_ITEMS).map(|item| format!("{}: {}", item.kind, item.text)).collect();
        if check.items.len() > MOST_ITEMS {
            items.push(format!("and {} more, in verdict.json", check.items.len() - MOST_ITEMS));
        }
        blocks.extend([Block::Text(format!("Found by {}:", check.id)), Block::List(items)]);
    }
    Section::new("Coverage, logs, metrics and secrets", blocks)
}

fn row(check: &CheckResult, figure: &Figure) -> Vec<String> {
    let value = figure.value.clone().unwrap_or_else(|| "no data".to_owned());
    vec![
        check.id.clone(),
        figure.name.clone(),
        value,
        figure.limit.clone().unwrap_or_else(|| "none".to_owned()),
    ]
}

/// The files that the checks were read from.
pub(in crate::document) fn files(told: &Told<'_>) -> Section {
    let rows = of(told)
        .flat_map(|check| {
            check.files.iter().map(|file| {
                vec![check.id.clone(), file.path.clone(), file.format.clone(), file.sha256.clone()]
            })
        })
        .collect();
    let heads = ["Check", "File", "Read as", "SHA-256"];
    let files =
        table("Each lies in the record by its SHA-256", &heads, rows, "No file was read for a check.");
    Section::new("Files that were read", vec![files])
}

/// What must hold in production, as the policy's objectives say; measured where the check had data.
pub(in crate::document) fn success(told: &Told<'_>) -> Section {
    let measured = of(told).filter(|check| matches!(check.kind, CheckKind::Logs | CheckKind::Metrics));
    let rows = measured.flat_map(|check| check.figures.iter().map(|figure| row(check, figure))).collect();
    let heads = ["Check", "Metric", "Measured before the release", "Objective"];
    let gap = "The release's policy names no logs and no metrics (\"release.logs\", \"release.metrics\"), so success has no measure.";
    Section::new("Success metrics", vec![table("What the deployed app must show", &heads, rows, gap)])
}

fn of<'a>(told: &Told<'a>) -> impl Iterator<Item = &'a CheckResult> + use<'a> {
    told.judgement.release.iter().flat_map(|release| &release.checks)
}
