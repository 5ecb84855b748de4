//! Test results against those of the released version.

use super::{
    super::{Block, Section, Told, table},
    counted,
};
use crate::{
    evidence::CheckKind,
    judge::{CheckResult, ReleaseResult},
};

/// Of each kind so many are named.
const MOST_NAMED: usize = 200;
/// The figures that only a comparison has.
const COMPARED: [&str; 4] = ["regressions", "pre-existing failures", "new tests", "tests that are gone"];
const COUNTED: [&str; 7] = ["tests", "passed", "flaky", "failed", "errored", "skipped", "pass rate"];

pub(in crate::document) fn section(told: &Told<'_>) -> Section {
    let title = "Test results";
    let suites = suites(told);
    if suites.is_empty() {
        let gap = "The release's policy names no test results (\"release.tests\"): nothing is said of unit or integration tests.";
        return Section::new(title, vec![Block::Gap(gap.to_owned())]);
    }
    let figure = |check: &CheckResult, name: &str, without: &str| {
        let known = check.figures.iter().find(|figure| figure.name == name);
        known.and_then(|figure| figure.value.clone()).unwrap_or_else(|| without.to_owned())
    };
    let row = |check: &&CheckResult| {
        let counts = COUNTED.iter().map(|name| figure(check, name, "no data"));
        let outcome = check.outcome.word().to_owned();
        [check.title.clone(), outcome].into_iter().chain(counts).collect::<Vec<_>>()
    };
    let heads: Vec<&str> = ["Suite", "Outcome"].into_iter().chain(COUNTED).collect();
    let mut blocks = vec![table("Results of this version", &heads, suites.iter().map(row).collect(), "")];
    let (compared, alone): (Vec<&CheckResult>, Vec<&CheckResult>) =
        suites.iter().partition(|check| check.figures.iter().any(|figure| figure.name == "regressions"));
    if !compared.is_empty() {
        let row = |check: &&CheckResult| {
            let counts = COMPARED.iter().map(|name| figure(check, name, "no data"));
            [check.title.clone()].into_iter().chain(counts).collect::<Vec<_>>()
        };
        let heads: Vec<&str> = ["Suite"].into_iter().chain(COMPARED).collect();
        blocks.push(table("Against the released version", &heads, compared.iter().map(row).collect(), ""));
    }
    for check in alone {
        blocks.push(Block::Gap(format!(
            "{}: no results of the released version to compare with (\"before\"), so regressions cannot be told from what \
             failed before.",
            check.title
        )));
    }
    blocks.extend(suites.iter().flat_map(|check| named(check)));
    Section::new(title, blocks)
}

/// What a suite tells one by one: the gravest first, as the check has it.
fn named(check: &CheckResult) -> Vec<Block> {
    let mut kinds: Vec<&str> = vec![];
    for item in &check.items {
        if !kinds.contains(&item.kind.as_str()) {
            kinds.push(&item.kind);
        }
    }
    let block = |kind: &str| {
        let of_kind = check.items.iter().filter(|item| item.kind == kind);
        let texts: Vec<String> = of_kind.map(|item| item.text.clone()).collect();
        let mut list: Vec<String> = texts.iter().take(MOST_NAMED).cloned().collect();
        if texts.len() > MOST_NAMED {
            list.push(format!("and {} more, in verdict.json", texts.len() - MOST_NAMED));
        }
        [Block::Text(format!("{}, {}:", check.title, counted(texts.len(), kind))), Block::List(list)]
    };
    kinds.into_iter().flat_map(block).collect()
}

fn suites<'a>(told: &Told<'a>) -> Vec<&'a CheckResult> {
    let checks = told.judgement.release.iter().flat_map(|release: &ReleaseResult| &release.checks);
    checks.filter(|check| check.kind == CheckKind::Tests).collect()
}
