//! A document as a page, in the style of the report's: for people, and to be printed.

use maud::{Markup, html};

use super::Document;
use crate::{
    document::{Block, Step, Table},
    report::html::{Page, Part, Tone, chip, table, text, tone},
};

/// A cell that is not longer stands in one line.
const SHORT: usize = 14;

pub(super) fn render(document: &Document) -> Vec<u8> {
    let part = |(place, section): (usize, &crate::document::Section)| Part {
        id: format!("part-{place}"),
        title: text(&section.title),
        count: None,
        body: html! { @for block in &section.blocks { (of_block(block)) } },
    };
    let page = Page {
        title: text(&document.title),
        skip: "Skip to the document",
        header: banner(document),
        parts: document.sections.iter().enumerate().map(part).collect(),
        footer: html! { p { "Drawn by gonogo from the record that is named above. The record decides, not this page." } },
    };
    page.drawn()
}

fn banner(document: &Document) -> Markup {
    let tone = tone(document.verdict);
    html! {
        h1 { (text(&document.title)) }
        div class={ "banner " (tone.class()) } {
            p.verdict { span aria-hidden="true" { (tone.sign()) } (document.verdict) }
            p.lead { (text(&document.standing)) }
            dl {
                @for (name, value) in &document.source {
                    div.wide { dt { (text(name)) } dd { (text(value)) } }
                }
            }
        }
    }
}

fn of_block(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Text(said) => p.said { (text(said)) },
            Block::Gap(said) => p.said { (chip(Tone::Open, "gap")) " " (text(said)) },
            Block::List(items) => (list(items)),
            Block::Steps(steps) => ol { @for step in steps { (of_step(step)) } },
            Block::Table(shown) => (of_table(shown)),
            Block::Code(lines) => (code(lines)),
        }
    }
}

fn of_step(step: &Step) -> Markup {
    html! {
        li {
            strong.said { (text(&step.text)) }
            @if !step.commands.is_empty() { (code(&step.commands)) }
            @if !step.details.is_empty() { (list(&step.details)) }
        }
    }
}

fn list(items: &[String]) -> Markup {
    html! { ul.plain { @for item in items { li { (text(item)) } } } }
}

fn code(lines: &[String]) -> Markup {
    html! { pre { code { @for line in lines { (text(line)) "\n" } } } }
}

fn of_table(shown: &Table) -> Markup {
    let heads: Vec<String> = shown.heads.iter().map(|head| text(head)).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let rows = html! {
        @for row in &shown.rows {
            tr {
                @for (place, cell) in row.iter().enumerate() {
                    @let short = cell.chars().count() <= SHORT;
                    @if place == 0 { th.nw[short] scope="row" { (text(cell)) } } @else { td.nw[short] { (text(cell)) } }
                }
            }
        }
    };
    table(&text(&shown.caption), &heads, &rows)
}
