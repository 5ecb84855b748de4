//! Reports: one format, one file. Draws a judgement into bytes; decides nothing, and touches neither a
//! file nor a terminal.

mod checklist;
mod codequality;
mod ctrf;
mod finding;
mod github;
pub mod html;
mod json;
mod junit;
mod markdown;
mod sarif;
mod schema;
mod terminal;

pub use markdown::escaped;
pub use schema::{report_schema, schema_of};

use finding::{Finding, Weight, findings, place_of, uri};

use crate::judge::Judgement;

/// How a report should look; decided once, by the caller.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns that a line may take.
    pub width: u16,
    /// Whether colour may be used.
    pub colour: bool,
}

/// A format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// As the command line names it.
    pub name: &'static str,
    /// Its file in the output folder; `None` for the terminal's own.
    pub file_name: Option<&'static str>,
    /// What it is for, in a line.
    pub about: &'static str,
    /// Draws a judgement.
    pub render: fn(&Judgement, &Look) -> Vec<u8>,
}

/// Every format. A new one is its own file and a line here.
#[must_use]
pub fn formats() -> &'static [Format] {
    const fn format(
        name: &'static str,
        file_name: Option<&'static str>,
        about: &'static str,
        render: fn(&Judgement, &Look) -> Vec<u8>,
    ) -> Format {
        Format { name, file_name, about, render }
    }
    const FORMATS: &[Format] = &[
        format("terminal", None, "tables for people", terminal::render),
        format("json", Some("verdict.json"), "everything, for programs", json::render),
        format("markdown", Some("report.md"), "for a CI step summary or an audit", markdown::render),
        format("html", Some("report.html"), "a page for people, and to be printed", html::render),
        format("checklist", None, "every item of the release, open or done", checklist::render),
        format("junit", Some("junit.xml"), "for CI test views", junit::render),
        format("sarif", None, "findings, for GitHub's code scanning", sarif::render),
        format("codequality", None, "findings, for GitLab's Code Quality", codequality::render),
        format("ctrf", None, "tests in the Common Test Report Format", ctrf::render),
        format("github", None, "annotations of a GitHub workflow, on its stdout", github::render),
    ];
    FORMATS
}

/// The format of this name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    formats().iter().find(|format| format.name == name)
}

/// One visible line of a text from the evidence: control characters, line ends and marks that reorder or
/// hide text become symbols, and so does what would be a command to the machine of a CI that reads the line.
#[must_use]
pub fn printable(text: &str) -> String {
    let begun = text.trim_start();
    let (sign, rest) = match begun {
        _ if begun.starts_with("::") => ("∷", &begun[2..]),
        _ if begun.starts_with("##[") => ("♯♯[", &begun[3..]),
        _ => ("", text),
    };
    let shown = rest.chars().map(|c| match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{fffe}'
        | '\u{ffff}' => '\u{fffd}',
        c => c,
    });
    sign.chars().chain(shown).collect()
}

/// As [`printable`], and not longer than `limit` characters.
fn brief(text: &str, limit: usize) -> String {
    // A text of a megabyte is not walked through to its end.
    let end = text.char_indices().nth(limit).map_or(text.len(), |(end, _)| end);
    let mut brief = printable(&text[..end]);
    if end < text.len() {
        brief.pop();
        brief.push('…');
    }
    brief
}

/// So many scenarios, in words.
fn scenarios(count: usize) -> String {
    format!("{count} scenario{}", if count == 1 { "" } else { "s" })
}

/// A figure with its unit, or `no data`.
fn figure(value: Option<f64>, unit: &str) -> String {
    match value {
        None => "no data".to_owned(),
        Some(value) if unit.is_empty() => value.to_string(),
        Some(value) => format!("{value} {unit}"),
    }
}

/// Who overrides the verdict says why in so many characters; the whole stands in `verdict.json`.
const TOLD: usize = 500;

/// The verdict's word, and beside it who overrides it.
fn told(judgement: &Judgement) -> String {
    brief(&judgement.told(), TOLD)
}

/// The previous verdict and the new one.
fn change(judgement: &Judgement) -> String {
    match &judgement.previous_verdict {
        Some(previous) => format!("{} → {}", brief(previous, 40), told(judgement)),
        None => format!("none → {}", told(judgement)),
    }
}
