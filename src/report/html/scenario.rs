//! Every planned scenario, by feature: what did not pass stands open, what passed is folded and listed all the same.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Section, Tone, chip, lasted, scenarios, text};
use crate::{
    evidence::Outcome,
    judge::{Judgement, ScenarioResult, Suite},
};

pub(super) fn section(judgement: &Judgement) -> Section {
    let mut of_feature: BTreeMap<&str, Vec<&ScenarioResult>> = BTreeMap::new();
    for scenario in &judgement.scenarios {
        of_feature.entry(&scenario.feature).or_default().push(scenario);
    }
    let counts = &judgement.counts;
    Section {
        id: "scenarios",
        title: "Scenarios",
        count: Some(format!("{} of {} passed", counts.passed, counts.planned)),
        body: html! {
            @if judgement.suites.is_empty() { p { (chip(Tone::Open, "not shown")) " No scenario was planned." } }
            @for suite in &judgement.suites {
                (of_suite(suite, of_feature.get(suite.name.as_str()).map_or(&[], Vec::as_slice)))
            }
        },
    }
}

fn of_suite(suite: &Suite, of_suite: &[&ScenarioResult]) -> Markup {
    let (tone, word) = match (suite.failed, suite.undecided) {
        (0, 0) => (Tone::Good, "passed".to_owned()),
        (0, undecided) => (Tone::Open, format!("{undecided} undecided")),
        (failed, 0) => (Tone::Bad, format!("{failed} failed")),
        (failed, undecided) => (Tone::Bad, format!("{failed} failed, {undecided} undecided")),
    };
    let (amiss, passed): (Vec<_>, Vec<_>) =
        of_suite.iter().copied().partition(|scenario| scenario.outcome != Outcome::Passed);
    html! {
        details open[tone != Tone::Good] {
            summary {
                (chip(tone, &word)) b { (text(&suite.name)) }
                span.soft { (scenarios(suite.planned)) ", " (lasted(suite.duration_ms)) }
            }
            @if !amiss.is_empty() { (rows("Did not pass", &amiss)) }
            @if !passed.is_empty() {
                @if amiss.is_empty() {
                    (rows("Passed", &passed))
                } @else {
                    div.in { details {
                        summary { (chip(Tone::Good, "passed")) span.soft { (scenarios(passed.len())) } }
                        (rows("Passed", &passed))
                    } }
                }
            }
        }
    }
}

fn rows(caption: &str, scenarios: &[&ScenarioResult]) -> Markup {
    // One file says it once.
    let file = |scenario: &ScenarioResult| scenario.id.rsplit_once(':').map(|(file, _)| file.to_owned());
    let first = scenarios.first().and_then(|scenario| file(scenario));
    let common = first.filter(|first| scenarios.iter().all(|s| file(s).as_deref() == Some(first)));
    let caption = match &common {
        Some(file) => format!("{caption}, in {}", text(file)),
        None => caption.to_owned(),
    };
    let place = |scenario: &ScenarioResult| match &common {
        Some(file) => format!("line {}", text(scenario.id[file.len()..].trim_start_matches(':'))),
        None => text(&scenario.id),
    };
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { th scope="col" { "Scenario" } th scope="col" { "Place" } th scope="col" { "Outcome" } th.num scope="col" { "Took" } } }
                tbody {
                    @for scenario in scenarios {
                        tr {
                            th scope="row" {
                                (text(&scenario.name))
                                @if let Some(error) = &scenario.error { br; span.said.soft { (text(error)) } }
                            }
                            td.nw[common.is_some()] { (place(scenario)) }
                            td.nw { (outcome(scenario)) }
                            td.num { (lasted(scenario.duration_ms)) }
                        }
                    }
                }
            }
        }
    }
}

fn outcome(scenario: &ScenarioResult) -> Markup {
    let word = scenario.outcome.word().replace('_', " ");
    match scenario.outcome {
        // A thousand of them: the sign and the word alone.
        Outcome::Passed => html! { "✓ passed" },
        Outcome::Failed => chip(Tone::Bad, &format!("{word}, {}", scenario.severity.word())),
        _ => chip(Tone::Open, &word),
    }
}
