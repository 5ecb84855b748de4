//! How the release goes out, how it comes back, and what is watched then; and how to judge it again.

use maud::{Markup, html};

use super::{Section, Tone, chip, table, text};
use crate::{
    evidence::{PostDeployCheck, Rollout, Step},
    judge::{CheckStatus, Judgement},
};

pub(super) fn sections(judgement: &Judgement) -> Vec<Section> {
    vec![deployment(judgement), again(judgement)]
}

fn deployment(judgement: &Judgement) -> Section {
    let body = html! {
        @if !judgement.checklist.is_empty() { (checklist(judgement)) }
        @if let Some(release) = &judgement.release { (planned(&release.rollout)) }
        @if !judgement.post_deploy.is_empty() {
            h3 { "What to watch once it is out" }
            (table("Watched after deployment", &["Look at", "It should show"], &html! {
                @for watched in &judgement.post_deploy {
                    tr { th scope="row" { (text(&watched.check)) } td { (text(&watched.target)) } }
                }
            }))
        }
        @if !judgement.rollback.is_empty() {
            h3 { "How to go back" }
            ul.plain { @for step in &judgement.rollback { li { (text(step)) } } }
        }
    };
    Section { id: "deployment", title: "Deployment", count: None, body }
}

fn checklist(judgement: &Judgement) -> Markup {
    let tone = |status| match status {
        CheckStatus::Done => Tone::Good,
        CheckStatus::Open => Tone::Bad,
        CheckStatus::NotShown => Tone::Open,
    };
    let rows = html! {
        @for item in &judgement.checklist {
            tr { th scope="row" { (text(&item.item)) } td { (chip(tone(item.status), item.status.word())) } }
        }
    };
    table("What a deployment asks for, as far as the evidence tells", &["Item", "Status"], &rows)
}

/// The policy's own procedure.
fn planned(rollout: &Rollout) -> Markup {
    let checks = html! {
        @for check in &rollout.post_deploy {
            tr {
                th scope="row" { (text(&check.title)) }
                td { (text(&check.metric)) }
                td { (target(check)) }
                td.nw { (check.window_minutes) " min" }
            }
        }
    };
    html! {
        (steps("Deployment procedure", &rollout.deployment))
        @if !rollout.canary.is_empty() {
            h3 { "Canary" }
            (table("Who gets it, and for how long it is watched", &["Share", "Watched for"], &html! {
                @for step in &rollout.canary {
                    tr { th scope="row" { (step.percent) " %" } td { (step.minutes) " min" } }
                }
            }))
        }
        @if !rollout.post_deploy.is_empty() {
            h3 { "Checks once it is out" }
            (table("What is looked at, and by which metric", &["Check", "Metric", "Target", "Watched for"], &checks))
        }
        (steps("Rollback procedure", &rollout.rollback))
    }
}

fn target(check: &PostDeployCheck) -> String {
    let bounds = [
        check.at_least.map(|least| format!("at least {least}")),
        check.at_most.map(|most| format!("at most {most}")),
        check.growth_percent.map(|most| format!("grown by at most {most} %")),
    ];
    bounds.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn steps(title: &str, steps: &[Step]) -> Markup {
    let minutes: u64 = steps.iter().map(|step| u64::from(step.minutes)).sum();
    html! {
        @if !steps.is_empty() {
            h3 { (title) " (" (minutes) " min)" }
            ol.plain {
                @for step in steps {
                    li {
                        (text(&step.title)) ", " (step.minutes) " min"
                        @if let Some(command) = &step.command { ": " code { (text(command)) } }
                    }
                }
            }
        }
    }
}

/// What anybody runs to hold this page against its evidence.
fn again(judgement: &Judgement) -> Section {
    let body = html! {
        p { "This page draws a verdict; it is not one. Whoever has the evidence comes to the same verdict, offline:" }
        pre { code {
            "sha256sum evidence.jsonl    # " (text(&judgement.evidence.sha256)) "\n"
            "gonogo judge evidence.jsonl --report json=-\n"
            "gonogo verify .    # the record: every byte, every signature, the verdict again"
        } }
    };
    Section { id: "again", title: "Judge it again", count: None, body }
}
