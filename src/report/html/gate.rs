//! What the run itself shows: invariants, issues, scenarios, metrics.

use maud::{Markup, html};

use super::{Section, Tone, chip, figure, scenario, table, text};
use crate::judge::{Bound, InvariantOutcome, InvariantResult, IssueStatus, Judgement, Metric, MetricOutcome};

pub(super) fn sections(judgement: &Judgement) -> Vec<Section> {
    let held = judgement.invariants.iter().filter(|i| i.outcome == InvariantOutcome::Holds).count();
    let mut sections = vec![Section {
        id: "invariants",
        title: "Invariants",
        count: Some(format!("{held} of {} hold", judgement.invariants.len())),
        body: table(
            "Each rule, and what the evidence shows of it",
            &["Invariant", "Outcome", "Evidence"],
            &html! { @for invariant in &judgement.invariants { (of_invariant(invariant)) } },
        ),
    }];
    if !judgement.issues.is_empty() {
        let settled = judgement.issues.iter().filter(|i| i.status == IssueStatus::Settled).count();
        sections.push(Section {
            id: "issues",
            title: "Issues",
            count: Some(format!("{settled} of {} settled", judgement.issues.len())),
            body: issues(judgement),
        });
    }
    sections.push(scenario::section(judgement));
    sections.push(Section {
        id: "metrics",
        title: "Metrics of the run",
        count: None,
        body: table(
            "Measured under the scenarios' faults; they inform and decide nothing",
            &["Metric", "Measured", "Threshold", "Outcome"],
            &html! { @for metric in &judgement.metrics { (of_metric(metric)) } },
        ),
    });
    sections
}

fn of_invariant(invariant: &InvariantResult) -> Markup {
    let tone = match invariant.outcome {
        InvariantOutcome::Holds => Tone::Good,
        InvariantOutcome::Violated => Tone::Bad,
        InvariantOutcome::NotExercised => Tone::Open,
    };
    let places: Vec<String> =
        invariant.observations.iter().map(|place| format!("{} #{}", place.scenario, place.seq)).collect();
    html! {
        tr {
            th scope="row" { code { (text(&invariant.name)) } br; span.soft { (text(&invariant.statement)) } }
            td { (chip(tone, invariant.outcome.word())) }
            td {
                span.said { (text(&invariant.reason)) }
                @if !places.is_empty() { br; span.soft { "Observations: " (text(&places.join(", "))) } }
            }
        }
    }
}

fn issues(judgement: &Judgement) -> Markup {
    let rows = html! {
        @for issue in &judgement.issues {
            tr {
                th.nw scope="row" { (text(&issue.id)) }
                td {
                    (text(&issue.title))
                    @for (what, said) in [("Problem: ", &issue.problem), ("Solution: ", &issue.solution)] {
                        @if !said.is_empty() { br; span.said.soft { (what) (text(said)) } }
                    }
                    @if !issue.unshown.is_empty() {
                        br; span.soft { "Nothing shows: " (text(&issue.unshown.join(", "))) }
                    }
                }
                td.nw { (issue.severity.word()) }
                td { (chip(match issue.status {
                    IssueStatus::Settled => Tone::Good,
                    IssueStatus::Open => Tone::Bad,
                    IssueStatus::Undecided => Tone::Open,
                }, issue.status.word())) }
                td.num { (issue.scenarios) }
            }
        }
    };
    table("What the scenarios settle", &["Issue", "Title", "Weighs", "Status", "Scenarios"], &rows)
}

fn of_metric(metric: &Metric) -> Markup {
    let bound = match metric.bound {
        Some(Bound::AtMost) => "at most ",
        Some(Bound::AtLeast) => "at least ",
        None => "",
    };
    let tone = match metric.outcome {
        MetricOutcome::Within => Tone::Good,
        MetricOutcome::Beyond => Tone::Bad,
        MetricOutcome::NoData => Tone::Open,
        MetricOutcome::Counted => Tone::Plain,
    };
    html! {
        tr {
            th scope="row" { (text(&metric.name)) }
            td { (figure(metric.value, &metric.unit)) }
            td { @if metric.threshold.is_some() { (bound) (figure(metric.threshold, &metric.unit)) } }
            td { (chip(tone, metric.outcome.word())) }
        }
    }
}
