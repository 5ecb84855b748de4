//! A document as Markdown, for a repository, a ticket or a wiki.

use std::fmt::Write as _;

use super::Document;
use crate::{
    document::{Block, Section, Step, Table},
    report::{self, printable},
};

/// A text shows so many characters; the whole stands in the JSON format.
const TEXT: usize = 2_000;

pub(super) fn render(document: &Document) -> Vec<u8> {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# {}\n\n**{}**\n", escaped(&document.title), escaped(&document.standing));
    for (name, value) in &document.source {
        let _ = writeln!(out, "- {}: {}", escaped(name), escaped(value));
    }
    for Section { title, blocks } in &document.sections {
        let _ = writeln!(out, "\n## {}", escaped(title));
        for block in blocks {
            out.push('\n');
            draw(&mut out, block);
        }
    }
    out.into_bytes()
}

fn draw(out: &mut String, block: &Block) {
    match block {
        Block::Text(text) => drop(writeln!(out, "{}", escaped(text))),
        Block::Gap(text) => drop(writeln!(out, "> **Gap:** {}", escaped(text))),
        Block::List(items) => {
            for item in items {
                let _ = writeln!(out, "- {}", escaped(item));
            }
        }
        Block::Steps(steps) => {
            for (place, step) in (1..).zip(steps) {
                draw_step(out, place, step);
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        Block::Table(table) => draw_table(out, table),
        Block::Code(lines) => draw_code(out, "", lines),
    }
}

fn draw_step(out: &mut String, place: usize, step: &Step) {
    let _ = writeln!(out, "{place}. {}", escaped(&step.text));
    for detail in &step.details {
        let _ = writeln!(out, "   - {}", escaped(detail));
    }
    if !step.commands.is_empty() {
        out.push('\n');
        draw_code(out, "   ", &step.commands);
        out.push('\n');
    }
}

/// The fence is longer than any run of backticks within: nothing closes it but its end.
fn draw_code(out: &mut String, indent: &str, lines: &[String]) {
    let runs = lines.iter().flat_map(|line| line.split(|c| c != '`').map(str::len));
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    let _ = writeln!(out, "{indent}{fence}sh");
    for line in lines {
        let _ = writeln!(out, "{indent}{}", printable(line));
    }
    let _ = writeln!(out, "{indent}{fence}");
}

fn draw_table(out: &mut String, table: &Table) {
    let Table { caption, heads, rows } = table;
    let cells = |cells: &[String]| cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" | ");
    let _ = writeln!(out, "{}:\n\n| {} |\n|{}", escaped(caption), cells(heads), " --- |".repeat(heads.len()));
    for row in rows {
        let _ = writeln!(out, "| {} |", cells(row));
    }
}

fn escaped(text: &str) -> String {
    report::escaped(text, TEXT)
}
