//! The page: one file, no script, nothing from elsewhere, its style pinned by a hash. Prints whole. What is amiss
//! comes first and stands open; what passed is folded, and every bit of it is there.

mod course;
mod deployment;
mod gate;
mod release;
mod scenario;
mod verdict;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::{Look, brief, change, figure, printable, scenarios};
use crate::judge::Judgement;

const STYLE: &str = include_str!("style.css");
/// A text shows so many characters; the whole stands in `verdict.json`.
const TEXT: usize = 1_500;

pub(super) fn render(judgement: &Judgement, _: &Look) -> Vec<u8> {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    let sections: Vec<Section> = [
        verdict::sections(judgement),
        gate::sections(judgement),
        release::sections(judgement),
        deployment::sections(judgement),
    ]
    .into_iter()
    .flatten()
    .collect();
    let title = format!("{}: {}", judgement.verdict, brief(&judgement.subject, 120));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to what stands in the way" }
                header {
                    (verdict::banner(judgement))
                    nav aria-label="Sections" {
                        ul { @for section in &sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                    }
                }
                main id="main" {
                    @for section in &sections {
                        section aria-labelledby=(section.id) {
                            h2 id=(section.id) {
                                (section.title)
                                @if let Some(count) = &section.count { span.count { (count) } }
                            }
                            (section.body)
                        }
                    }
                }
                footer { p { "Drawn by gonogo " (text(&judgement.tool.version)) " from the evidence alone." } }
            }
        }
    };
    let mut bytes = page.into_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

/// A part of the page that the list of contents names.
struct Section {
    id: &'static str,
    title: &'static str,
    count: Option<String>,
    body: Markup,
}

/// How something stands; shown by a sign and a word, never by colour alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Good,
    Bad,
    Open,
    Plain,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Open => "open",
            Self::Plain => "",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓ ",
            Self::Bad => "✕ ",
            Self::Open => "? ",
            Self::Plain => "",
        }
    }
}

fn chip(tone: Tone, word: &str) -> Markup {
    html! { span class={ "chip " (tone.class()) } { span aria-hidden="true" { (tone.sign()) } (word) } }
}

/// A text of the evidence: what hides or reorders becomes a symbol, lines stay lines.
fn text(text: &str) -> String {
    let end = text.char_indices().nth(TEXT).map_or(text.len(), |(end, _)| end);
    let mut shown = text[..end].split('\n').map(printable).collect::<Vec<_>>().join("\n");
    if end < text.len() {
        shown.push('…');
    }
    shown
}

/// A table in a frame that scrolls by itself where the page is narrow.
fn table(caption: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// A length of time, short.
fn lasted(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms / 1_000 % 60),
        3_600_000..86_400_000 => format!("{} h {} min", ms / 3_600_000, ms / 60_000 % 60),
        _ => format!("{} d {} h", ms / 86_400_000, ms / 3_600_000 % 24),
    }
}
