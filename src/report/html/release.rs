//! What the release rests on beside the scenarios: checks, people, waivers.

use maud::{Markup, html};

use super::{Section, Tone, chip, lasted, table, text};
use crate::judge::{
    CheckOutcome, CheckResult, Figure, Judgement, ReleaseResult, SignedResult, WaiverResult, WaiverStanding,
};

pub(super) fn sections(judgement: &Judgement) -> Vec<Section> {
    let mut sections = vec![];
    if let Some(release) = &judgement.release {
        let passed = release.checks.iter().filter(|check| check.outcome == CheckOutcome::Passed).count();
        sections.push(Section {
            id: "checks",
            title: "Checks of the release",
            count: Some(format!("{passed} of {} passed", release.checks.len())),
            body: html! { @for check in &release.checks { (of_check(check)) } },
        });
        sections.push(people(release));
        sections.extend(history(judgement, release));
        if !release.waivers.is_empty() {
            let rows = html! { @for waiver in &release.waivers { (of_waiver(waiver)) } };
            let heads = ["Waiver", "Covers", "Standing", "Why", "Answers for it", "Until"];
            let body = table("What is let pass for a while", &heads, &rows);
            let count = Some(release.waivers.len().to_string());
            sections.push(Section { id: "waivers", title: "Waivers", count, body });
        }
    }
    sections
}

/// The releases before, and this one first.
fn history(judgement: &Judgement, release: &ReleaseResult) -> Option<Section> {
    let before = release.history().count();
    let row = |version: &str, verdict: &str, root: Option<&str>| {
        html! {
            tr {
                th scope="row" { (text(version)) }
                td { (text(verdict)) }
                td { @match root { Some(root) => code { (text(root)) }, None => "this record" } }
            }
        }
    };
    let rows = html! {
        (row(&release.version, judgement.verdict.word(), None))
        @for past in release.history() {
            (row(past.version.as_deref().unwrap_or("unnamed"), &past.verdict, Some(&past.root)))
        }
    };
    let body = table(
        "This release and those before it, as each record names the one before",
        &["Version", "Verdict", "Root of its record"],
        &rows,
    );
    (before > 0).then(|| Section {
        id: "history",
        title: "History",
        count: Some(format!("{before} before")),
        body,
    })
}

fn of_check(check: &CheckResult) -> Markup {
    let tone = match check.outcome {
        CheckOutcome::Passed => Tone::Good,
        CheckOutcome::Failed => Tone::Bad,
        CheckOutcome::Undecided => Tone::Open,
    };
    html! {
        details open[tone != Tone::Good] {
            summary {
                (chip(tone, check.outcome.word()))
                @if let Some(id) = &check.waived_by { (chip(Tone::Open, &format!("waived by {}", text(id)))) }
                b { (text(&check.title)) }
                span.soft { (text(&check.id)) ", " (check.severity.word()) }
            }
            div.in {
                p.said { (text(&check.reason)) }
                @for (kind, items) in by_kind(check) {
                    h3 { (text(kind)) " (" (items.len()) ")" }
                    ul.plain { @for item in items { li { (text(item)) } } }
                }
                @if !check.files.is_empty() {
                    h3 { "Files read" }
                    ul.plain {
                        @for file in &check.files {
                            li { (text(&file.path)) ", as " (text(&file.format)) ", SHA-256 " code { (text(&file.sha256)) } }
                        }
                    }
                }
            }
            @if !check.figures.is_empty() { (figures(check)) }
        }
    }
}

fn figures(check: &CheckResult) -> Markup {
    let row = |figure: &Figure| {
        html! {
            tr {
                th scope="row" { (text(&figure.name)) }
                td { (figure.value.as_deref().map_or_else(|| "no data".to_owned(), text)) }
                td { (figure.limit.as_deref().map_or_else(String::new, text)) }
            }
        }
    };
    let rows = html! { @for figure in &check.figures { (row(figure)) } };
    table(&format!("Measured: {}", text(&check.title)), &["What", "Measured", "Threshold"], &rows)
}

/// A check's items, those of one kind together, in the order in which the kinds come up.
fn by_kind(check: &CheckResult) -> Vec<(&str, Vec<&str>)> {
    let mut kinds: Vec<(&str, Vec<&str>)> = vec![];
    for item in &check.items {
        match kinds.iter_mut().find(|(kind, _)| *kind == item.kind) {
            Some((_, items)) => items.push(&item.text),
            None => kinds.push((&item.kind, vec![&item.text])),
        }
    }
    kinds
}

fn people(release: &ReleaseResult) -> Section {
    let all = || release.sign_offs.iter().chain(&release.items);
    let signed = all().filter(|signed| signed.is_signed()).count();
    let row = |signed: &SignedResult| {
        let (tone, word) = match (signed.is_signed(), signed.rejected) {
            (true, _) => (Tone::Good, "signed"),
            (false, true) => (Tone::Bad, "rejected"),
            (false, false) => (Tone::Open, "open"),
        };
        html! {
            tr {
                th scope="row" { (text(&signed.name)) }
                td { (signed.stage.map_or("sign-off", |stage| stage.word())) }
                td { (chip(tone, word)) " " (signed.signed_by.len()) " of " (signed.needed.max(1)) }
                td {
                    (text(&signed.signed_by.join(", ")))
                    @for void in &signed.void { br; span.soft { "void: " (text(void)) } }
                }
                td.num { (signed.took_ms.map_or_else(String::new, lasted)) }
            }
        }
    };
    let rows = html! { @for signed in all() { (row(signed)) } };
    let heads = ["Role or item", "Stage", "Status", "Who", "Took"];
    let body = match all().count() {
        0 => html! { p { "The policy asks nobody to sign." } },
        _ => table("Who signed, and what a person does", &heads, &rows),
    };
    Section {
        id: "people",
        title: "Sign-offs and checklist",
        count: Some(format!("{signed} of {} signed", all().count())),
        body,
    }
}

fn of_waiver(waiver: &WaiverResult) -> Markup {
    let tone = if waiver.standing == WaiverStanding::InForce { Tone::Open } else { Tone::Bad };
    html! {
        tr {
            th scope="row" { (text(&waiver.id)) }
            td { (text(&waiver.check)) }
            td { (chip(tone, waiver.standing.word())) }
            td { (text(&waiver.reason)) }
            td { (text(&waiver.owner)) }
            td { (text(&waiver.expires)) }
        }
    }
}
