//! The verdict, what it rests on, and what stands in the way of a GO.

use maud::{Markup, html};

use super::{Section, Tone, change, chip, course, scenarios, text};
use crate::{
    evidence::Severity,
    judge::{Blocker, BlockerKind, Judgement, Verdict},
};

/// How a verdict is shown.
#[must_use]
pub fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Go(_) => Tone::Good,
        Verdict::NoGo => Tone::Bad,
        Verdict::GoAfterFixes | Verdict::Undecided => Tone::Open,
    }
}

/// The first thing that anybody sees.
pub(super) fn banner(judgement: &Judgement) -> Markup {
    let tone = tone(judgement.verdict);
    let counts = &judgement.counts;
    let release = judgement.release.as_ref();
    let version = release.map(|release| text(&release.version));
    html! {
        h1 {
            "Release gate: " (text(&judgement.subject))
            @if let Some(version) = &version { ", version " (version) }
        }
        div class={ "banner " (tone.class()) } {
            p.verdict { span aria-hidden="true" { (tone.sign()) } (judgement.verdict) }
            p.lead {
                (scenarios(counts.planned)) " planned: " (counts.passed) " passed, " (counts.failed) " failed, "
                (counts.undecided()) " undecided"
            }
            @for overridden in &judgement.overridden {
                p.said { (chip(Tone::Open, "let through in spite of it")) " by " (text(&overridden.to_string())) }
            }
            dl {
                (fact("Verdict before → now", html! { (change(judgement)) }))
                (fact("Exit code", html! {
                    (judgement.exit_code)
                    @if !judgement.accepted.is_empty() { ", accepted: " (text(&judgement.accepted.join(", "))) }
                }))
                (fact("Run began", html! { (began(judgement)) ", seed " (judgement.seed) }))
                @if let Some(commit) = release.and_then(|release| release.commit.as_ref()) {
                    (fact("Commit", html! { code { (text(commit)) } }))
                }
                div.wide {
                    dt { "Evidence" }
                    dd {
                        (judgement.evidence.observations) " observations, SHA-256 "
                        code { (text(&judgement.evidence.sha256)) }
                    }
                }
                @for departure in &judgement.policy {
                    div.wide { dt { "Policy" } dd { (text(departure)) } }
                }
            }
        }
    }
}

/// To the second, as people read it; the whole stands in `verdict.json`.
fn began(judgement: &Judgement) -> String {
    match judgement.started_at.split_at_checked(19) {
        Some((second, rest)) if rest.ends_with('Z') => format!("{} UTC", text(&second.replace('T', " "))),
        _ => text(&judgement.started_at),
    }
}

fn fact(name: &str, value: Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// What stands in the way, what happened there, what to do.
pub(super) fn sections(judgement: &Judgement) -> Vec<Section> {
    let blockers = &judgement.blockers;
    let body = html! {
        @if blockers.is_empty() {
            p { (chip(Tone::Good, "nothing")) " Everything planned was shown, and everything shown is right." }
        } @else {
            ul.blockers { @for blocker in blockers { (of_blocker(blocker)) } }
        }
    };
    let count = Some(blockers.len().to_string()).filter(|_| !blockers.is_empty());
    let mut sections = vec![Section { id: "blockers", title: "In the way of a GO", count, body }];
    if !judgement.courses.is_empty() {
        let body = html! { @for (place, course) in judgement.courses.iter().enumerate() { (course::figure(judgement, course, place)) } };
        let count = Some(judgement.courses.len().to_string());
        sections.push(Section { id: "courses", title: "What happened", count, body });
    }
    if !judgement.next_steps.is_empty() {
        let body = html! { ul.plain { @for step in &judgement.next_steps { li { (text(step)) } } } };
        sections.push(Section { id: "next", title: "Next steps", count: None, body });
    }
    sections
}

fn of_blocker(blocker: &Blocker) -> Markup {
    let (tone, word) = match (blocker.kind, blocker.severity) {
        (BlockerKind::InvariantViolated, _) => (Tone::Bad, "violated".to_owned()),
        (
            BlockerKind::FlawInFiles | BlockerKind::ScenarioFailed | BlockerKind::CheckFailed,
            Some(severity),
        ) => {
            let tone = if severity == Severity::Sev1 { Tone::Bad } else { Tone::Open };
            (tone, format!("failed, {}", severity.word()))
        }
        (BlockerKind::Waiver, _) => (Tone::Open, "waiver".to_owned()),
        (BlockerKind::SignOffMissing, _) => (Tone::Open, "not signed".to_owned()),
        (BlockerKind::ItemOpen, _) => (Tone::Open, "open".to_owned()),
        _ => (Tone::Open, "not shown".to_owned()),
    };
    html! {
        li class=(tone.class()) {
            strong { (text(&blocker.subject)) } (chip(tone, &word))
            p.said { (text(&blocker.message)) }
            p.said.soft { "What would mend it: " (text(&blocker.remedy)) }
        }
    }
}
