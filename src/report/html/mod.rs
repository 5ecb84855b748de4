//! The page: one file, no script, nothing from elsewhere, its style pinned by a hash. Prints whole. What is amiss
//! comes first and stands open; what passed is folded, and every bit of it is there.

mod course;
mod deployment;
mod gate;
mod page;
mod release;
mod scenario;
mod verdict;

pub use page::{Page, Part};
pub use verdict::tone;

use maud::{Markup, html};

use super::{Look, brief, change, figure, printable, scenarios};
use crate::judge::Judgement;

/// A text shows so many characters; the whole stands in `verdict.json`.
const TEXT: usize = 1_500;

pub(super) fn render(judgement: &Judgement, _: &Look) -> Vec<u8> {
    let sections: Vec<Section> = [
        verdict::sections(judgement),
        gate::sections(judgement),
        release::sections(judgement),
        deployment::sections(judgement),
    ]
    .into_iter()
    .flatten()
    .collect();
    let part = |section| {
        let Section { id, title, count, body } = section;
        Part { id: id.to_owned(), title: title.to_owned(), count, body }
    };
    let page = Page {
        title: format!("{}: {}", judgement.verdict, brief(&judgement.subject, 120)),
        skip: "Skip to what stands in the way",
        header: verdict::banner(judgement),
        parts: sections.into_iter().map(part).collect(),
        footer: html! { p { "Drawn by gonogo " (text(&judgement.tool.version)) " from the evidence alone." } },
    };
    page.drawn()
}

/// A part of the page that the list of contents names.
struct Section {
    id: &'static str,
    title: &'static str,
    count: Option<String>,
    body: Markup,
}

/// How something stands; shown by a sign and a word, never by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Not known, or to be looked at.
    Open,
    /// Neither.
    Plain,
}

impl Tone {
    /// Its class in the style sheet.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Open => "open",
            Self::Plain => "",
        }
    }

    /// Its sign.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓ ",
            Self::Bad => "✕ ",
            Self::Open => "? ",
            Self::Plain => "",
        }
    }
}

/// A word with its sign.
#[must_use]
pub fn chip(tone: Tone, word: &str) -> Markup {
    html! { span class={ "chip " (tone.class()) } { span aria-hidden="true" { (tone.sign()) } (word) } }
}

/// A text of the evidence: what hides or reorders becomes a symbol, lines stay lines.
#[must_use]
pub fn text(text: &str) -> String {
    let end = text.char_indices().nth(TEXT).map_or(text.len(), |(end, _)| end);
    let mut shown = text[..end].split('\n').map(printable).collect::<Vec<_>>().join("\n");
    if end < text.len() {
        shown.push('…');
    }
    shown
}

/// A table in a frame that scrolls by itself where the page is narrow.
#[must_use]
pub fn table(caption: &str, heads: &[&str], rows: &Markup) -> Markup {
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
