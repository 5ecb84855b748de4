//! What gherkin's parser leaves open about a feature's text: cell counts, doc strings, the lines of an
//! outline's rows, and words for its errors.

use std::collections::HashMap;

use cucumber::gherkin;

use crate::spelling::nearest;

/// The parts of the raw text that the parser cuts or bends.
#[derive(Debug, Default)]
pub(super) struct Layout {
    tables: Vec<Table>,
    doc_strings: Vec<DocString>,
    faults: Vec<Fault>,
}

#[derive(Debug)]
struct Table {
    /// Lines of its rows, the header's first.
    rows: Vec<usize>,
    width: usize,
}

#[derive(Debug)]
struct DocString {
    line: usize,
    text: String,
}

/// Something that the text must not have.
#[derive(Debug)]
pub(super) struct Fault {
    pub line: usize,
    pub column: usize,
    pub reason: String,
}

impl Layout {
    /// Reads tables and doc strings off the raw lines.
    pub(super) fn of(lines: &[&str]) -> Self {
        let mut layout = Self::default();
        let mut open_table: Option<Table> = None;
        let mut number = 0;
        while number < lines.len() {
            let line = lines[number].trim();
            number += 1;
            if let Some(fence) = ["\"\"\"", "```"].into_iter().find(|fence| line.starts_with(fence)) {
                layout.tables.extend(open_table.take());
                number = layout.read_doc_string(lines, number, fence);
            } else if line.starts_with('|') {
                let width = cells(line);
                let table = open_table.get_or_insert(Table { rows: vec![], width });
                table.rows.push(number);
                if width != table.width {
                    let reason = format!("this row has {width} cells, its header has {}", table.width);
                    layout.faults.push(Fault { line: number, column: 0, reason });
                }
            } else if let Some(language) = language(line) {
                if !gherkin::is_language_supported(language) {
                    let reason = format!("the language `{language}` is not known");
                    layout.faults.push(Fault { line: number, column: 0, reason });
                }
            } else if !line.is_empty() && !line.starts_with('#') {
                layout.tables.extend(open_table.take());
            }
        }
        layout.tables.extend(open_table);
        if lines.iter().all(|line| line.trim().is_empty() || line.trim().starts_with('#')) {
            layout.faults.push(Fault {
                line: 1,
                column: 0,
                reason: "there is no `Feature:` in this file".into(),
            });
        }
        layout
    }

    /// Takes the doc string that opens on line `opened`; answers with the line after its end.
    fn read_doc_string(&mut self, lines: &[&str], opened: usize, fence: &str) -> usize {
        let opener = lines[opened - 1];
        let indent = opener.len() - opener.trim_start().len();
        let mut text = vec![];
        for (index, line) in lines.iter().enumerate().skip(opened) {
            if line.trim() == fence {
                self.doc_strings.push(DocString { line: opened, text: text.join("\n") });
                return index + 1;
            }
            let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
            text.push(line.get(blank.min(indent)..).unwrap_or_default().trim_end_matches('\r'));
        }
        let reason = "this doc string has no end".to_owned();
        self.faults.push(Fault { line: opened, column: indent + 1, reason });
        lines.len()
    }

    pub(super) fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter()
    }

    /// The text of the doc string of the step on this line.
    pub(super) fn doc_string_after(&self, step_line: usize) -> Option<String> {
        self.doc_strings.iter().find(|found| found.line > step_line).map(|found| found.text.clone())
    }

    /// The lines of the rows of the table that opens at or after this line, without the header's.
    fn rows_from(&self, line: usize) -> &[usize] {
        let table = self.tables.iter().find(|table| table.rows.first().is_some_and(|first| *first >= line));
        table.and_then(|table| table.rows.get(1..)).unwrap_or_default()
    }
}

fn cells(row: &str) -> usize {
    let (mut bars, mut escaped) = (0_usize, false);
    for letter in row.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '|' => bars += 1,
            _ => {}
        }
    }
    bars.saturating_sub(1)
}

/// The language that a line chooses, if it chooses one.
pub(super) fn language(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('#')?.trim_start().strip_prefix("language")?;
    rest.trim_start().strip_prefix(':').map(str::trim)
}

/// The line and column in gherkin's `Error at L:C: …`; the error gives them in no other way.
pub(super) fn position(error: &str) -> Option<(usize, usize)> {
    let mut parts = error.strip_prefix("Error at ")?.split(':');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

const STEPS: [&str; 5] = ["Given", "When", "Then", "And", "But"];
const HEADINGS: [&str; 9] = [
    "Feature",
    "Background",
    "Rule",
    "Scenario Outline",
    "Scenario Template",
    "Scenario",
    "Examples",
    "Example",
    "Scenarios",
];

/// What a line is, by its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Heading,
    Step,
    Row,
    Tag,
    /// Prose, or something that went wrong.
    Other,
}

fn kind(line: &str) -> Kind {
    let headed = |heading: &str| line.strip_prefix(heading).is_some_and(|rest| rest.starts_with(':'));
    match line.split_once(' ') {
        _ if HEADINGS.iter().any(|heading| headed(heading)) => Kind::Heading,
        _ if line.starts_with('|') => Kind::Row,
        _ if line.starts_with('@') => Kind::Tag,
        Some((word, _)) if word == "*" || STEPS.contains(&word) => Kind::Step,
        _ => Kind::Other,
    }
}

/// The line that is wrong, and why, when the parser gives up at `line` (from 1): it reads on to where nothing
/// fits any more, which is often the line after.
pub(super) fn culprit(lines: &[&str], line: usize) -> (usize, String) {
    let at = |number: usize| lines.get(number.saturating_sub(1)).map_or("", |line| line.trim());
    let own = || (line, reason(at(line)));
    if lines.iter().filter_map(|line| language(line.trim())).any(|language| language != "en") {
        return own();
    }
    let read: Vec<(usize, Kind)> =
        outside_doc_strings(lines).take_while(|(number, _)| *number <= line).collect();
    let heading = read.iter().rposition(|(number, kind)| *number < line && *kind == Kind::Heading);
    let Some(heading) = heading else { return own() };
    // Prose below a heading is a description, up to the first line that is none.
    let prose = read[heading + 1..].iter().take_while(|(_, kind)| *kind == Kind::Other).count();
    let body = &read[heading + 1 + prose..];
    let misplaced = body.windows(2).find_map(|pair| match *pair {
        [_, (number, Kind::Other)] => Some((number, reason(at(number)))),
        [(number, Kind::Tag), (_, Kind::Step | Kind::Row)] => {
            Some((number, "a tag cannot stand before this".into()))
        }
        _ => None,
    });
    if let Some(found) = misplaced {
        return found;
    }
    let is_first = body.first().is_none_or(|(number, _)| *number >= line);
    let tags = read[..heading].iter().rev().take_while(|(_, kind)| *kind == Kind::Tag);
    let no_tag =
        |number: usize| at(number).split_whitespace().find(|tag| tag.len() < 2 || !tag.starts_with('@'));
    let mut wrong = tags.filter_map(|(number, _)| no_tag(*number).map(|tag| (*number, tag)));
    match (is_first, wrong.next()) {
        (true, Some((number, tag))) => (number, format!("`{tag}` names no tag")),
        (true, None) if at(read[heading].0).starts_with("Background:") => {
            (read[heading].0, "`Background` cannot stand here".into())
        }
        _ => own(),
    }
}

/// The lines that mean something, numbered from 1.
fn outside_doc_strings<'a>(lines: &'a [&str]) -> impl Iterator<Item = (usize, Kind)> + 'a {
    let mut fence: Option<&str> = None;
    (1..).zip(lines).filter_map(move |(number, line)| {
        let line = line.trim();
        let opens = ["\"\"\"", "```"].into_iter().find(|fence| line.starts_with(fence));
        match fence {
            Some(open) => {
                fence = fence.filter(|_| line != open);
                None
            }
            None if opens.is_some() => {
                fence = opens;
                None
            }
            None if line.is_empty() || line.starts_with('#') => None,
            None => Some((number, kind(line))),
        }
    })
}

/// Words for a line that does not parse. The parser's own are a set of characters.
fn reason(line: &str) -> String {
    let line = line.trim();
    let word = line.split([' ', ':']).next().unwrap_or_default();
    if line.is_empty() {
        return "the file ends, or a part of it, before it is complete".into();
    }
    if STEPS.contains(&line) {
        return format!("`{line}` stands without a text");
    }
    let begins = HEADINGS.iter().find(|heading| line.starts_with(**heading) && heading.starts_with(word));
    if let (Some(heading), Kind::Other) = (begins, kind(line)) {
        return format!("`{heading}` needs a colon");
    }
    if let Some(keyword) = begins.or_else(|| STEPS.iter().find(|step| **step == word)) {
        return format!("`{keyword}` cannot stand here");
    }
    match nearest(word, HEADINGS.into_iter().chain(STEPS)) {
        Some(keyword) => format!("this is no step, tag, table or keyword; did you mean `{keyword}`?"),
        None => "this is no step, tag, table or keyword".into(),
    }
}

/// Calls `change` with every step, those of backgrounds included.
pub(super) fn each_step(feature: &mut gherkin::Feature, mut change: impl FnMut(&mut gherkin::Step)) {
    let rules = feature.rules.iter_mut().flat_map(|rule| {
        rule.background
            .iter_mut()
            .flat_map(|background| &mut background.steps)
            .chain(rule.scenarios.iter_mut().flat_map(|scenario| &mut scenario.steps))
    });
    feature
        .background
        .iter_mut()
        .flat_map(|background| &mut background.steps)
        .chain(feature.scenarios.iter_mut().flat_map(|scenario| &mut scenario.steps))
        .chain(rules)
        .for_each(&mut change);
}

/// Takes out the outlines without a row: expanding them would make them vanish.
pub(super) fn take_rowless(feature: &mut gherkin::Feature) -> Vec<gherkin::Scenario> {
    fn rows(scenario: &gherkin::Scenario) -> usize {
        let tables = scenario.examples.iter().filter_map(|examples| examples.table.as_ref());
        tables.map(|table| table.rows.len().saturating_sub(1)).sum()
    }
    fn rowless(scenario: &gherkin::Scenario) -> bool {
        let outline = !scenario.examples.is_empty()
            || scenario.keyword.contains("Outline")
            || scenario.keyword.contains("Template");
        outline && rows(scenario) == 0
    }
    let mut taken = vec![];
    for rule in &mut feature.rules {
        let tags = rule.tags.clone();
        taken.extend(rule.scenarios.extract_if(.., |scenario| rowless(scenario)).map(|mut scenario| {
            scenario.tags.splice(0..0, tags.iter().cloned());
            scenario
        }));
    }
    taken.extend(feature.scenarios.extract_if(.., |scenario| rowless(scenario)));
    taken
}

/// For each outline, by its own line: the lines of its rows, in the order of their expansion.
pub(super) fn row_lines(feature: &gherkin::Feature, layout: &Layout) -> HashMap<usize, Vec<usize>> {
    let scenarios = feature.scenarios.iter().chain(feature.rules.iter().flat_map(|rule| &rule.scenarios));
    let outlines = scenarios.filter(|scenario| !scenario.examples.is_empty());
    outlines
        .map(|outline| {
            let tables = outline.examples.iter().filter(|examples| examples.table.is_some());
            let rows = tables.flat_map(|examples| layout.rows_from(examples.position.line));
            (outline.span.start, rows.copied().collect())
        })
        .collect()
}

/// Gives each expanded row the line that it has in the file, and its number in its name.
pub(super) fn place_rows(feature: &mut gherkin::Feature, rows: &HashMap<usize, Vec<usize>>) {
    let mut placed: HashMap<usize, usize> = HashMap::new();
    let in_rules = feature.rules.iter_mut().flat_map(|rule| &mut rule.scenarios);
    for scenario in feature.scenarios.iter_mut().chain(in_rules) {
        // An expanded row keeps the span of its outline.
        let Some(lines) = rows.get(&scenario.span.start) else { continue };
        let index = placed.entry(scenario.span.start).or_default();
        if let Some(line) = lines.get(*index) {
            scenario.position = gherkin::LineCol { line: *line, col: 1 };
        }
        *index += 1;
        if lines.len() > 1 {
            scenario.name = format!("{} (row {index})", scenario.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::scenario::source::{Source, load};

    #[test]
    fn the_line_that_is_wrong_is_named_and_not_the_one_where_the_parser_gave_up() {
        for (text, line, reason) in [
            ("Scenario: s\n  Given x\n  junk here\n  Given y", 4, "no step, tag, table or keyword"),
            ("Scenario: s\n  Given x\n  Givenx y\n  When z", 4, "did you mean `Given`?"),
            ("Scenario: s\n  Given x\n  Given\n  When y", 4, "`Given` stands without a text"),
            ("Scenario: s\n  Given x\n    | a |\n  junk\n  Given y", 5, "no step, tag, table"),
            (
                "Scenario: s\n  Given x\n  \"\"\"\n  prose\n  \"\"\"\n  junk\n  When y",
                7,
                "no step, tag, table",
            ),
            ("Scenario: s\n  prose\n  Given x\n  junk\n  When y", 5, "no step, tag, table or keyword"),
            ("Scenario: s\n  Given x\n  @tag\n  When y", 4, "a tag cannot stand before this"),
            ("@a @\nScenario: s\n  Given x", 2, "`@` names no tag"),
            ("Scenario: s\n  Given x\nBackground:\n  Given y", 4, "`Background` cannot stand here"),
            ("Background:\n  Given x\nScenario s\n  Given y", 4, "`Scenario` needs a colon"),
            ("Scenario Outline: s\n  Given <a>\nExamples\n  | a |\n  | b |", 4, "`Examples` needs a colon"),
            (
                "Scenario Outline: s\n  Given <a>\nExamples:\n  | a |\n  | b |\n  Given y",
                7,
                "`Given` cannot stand here",
            ),
        ] {
            let bytes = format!("Feature: F\n{text}\n").into_bytes();
            let error =
                load(&[Source { path: Path::new("x.feature").into(), bytes }]).expect_err(text).to_string();
            let named = error.starts_with(&format!("x.feature:{line}:")) && error.contains(reason);
            assert!(named, "{text}\n{error}");
        }
    }
}
