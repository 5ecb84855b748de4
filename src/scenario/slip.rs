//! Mistyped keywords that Gherkin takes for prose: `Givn …` right below `Scenario:` opens a description, and
//! a step, or a whole scenario, is lost without a word. Such a line is refused; nothing is corrected.

use cucumber::gherkin;

use super::text::{Fault, language};
use crate::spelling::{nearest, suggestion};

const STEPS: [&str; 5] = ["Given", "When", "Then", "And", "But"];
const HEADINGS: [&str; 7] =
    ["Background", "Rule", "Scenario", "Example", "Examples", "Scenario Outline", "Scenarios"];
/// Ordinary words that are as near to a keyword as a slip would be.
const ORDINARY: [&str; 13] =
    ["the", "they", "them", "these", "there", "than", "an", "any", "where", "give", "gives", "giving", "end"];

/// Every line of a description that looks like a keyword gone wrong. `lines` are those of the file.
pub(super) fn mistyped(feature: &gherkin::Feature, lines: &[&str]) -> Vec<Fault> {
    if lines.iter().filter_map(|line| language(line.trim())).any(|language| language != "en") {
        return vec![];
    }
    let mut described = vec![(&feature.description, feature.position.line)];
    described.extend(feature.background.iter().map(|b| (&b.description, b.position.line)));
    described.extend(feature.rules.iter().map(|r| (&r.description, r.position.line)));
    let in_rules = feature.rules.iter().flat_map(|rule| {
        described_in(&rule.scenarios)
            .chain(rule.background.iter().map(|b| (&b.description, b.position.line)))
            .collect::<Vec<_>>()
    });
    described.extend(described_in(&feature.scenarios).chain(in_rules));
    described.into_iter().flat_map(|(text, from)| slips(text.as_deref(), from, lines)).collect()
}

fn described_in(scenarios: &[gherkin::Scenario]) -> impl Iterator<Item = (&Option<String>, usize)> {
    scenarios.iter().flat_map(|scenario| {
        let examples = scenario.examples.iter().map(|e| (&e.description, e.position.line));
        std::iter::once((&scenario.description, scenario.position.line)).chain(examples)
    })
}

/// The slips of a description that stands below line `from`.
fn slips(description: Option<&str>, from: usize, lines: &[&str]) -> Vec<Fault> {
    let mut faults = vec![];
    let mut below = from;
    for text in description.unwrap_or_default().lines().map(str::trim).filter(|text| !text.is_empty()) {
        let found = lines.iter().skip(below).position(|line| line.trim() == text);
        below = found.map_or(below, |offset| below + offset + 1);
        if let Some(keyword) = meant(text) {
            let near = suggestion(Some(&keyword));
            let reason = format!("this line is prose, and looks like a mistyped keyword{near}");
            faults.push(Fault { line: below, column: 0, reason });
        }
    }
    faults
}

/// The keyword that a line of prose probably begins with.
fn meant(text: &str) -> Option<String> {
    let first = text.split_whitespace().next()?;
    let is_step = text.len() > first.len() && !ORDINARY.contains(&first.to_lowercase().as_str());
    let step = is_step.then(|| nearest(first.trim_end_matches(':'), STEPS)).flatten();
    let heading = || text.split_once(':').and_then(|(head, _)| nearest(head, HEADINGS));
    step.or_else(heading)
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn a_slip_is_told_from_prose() {
        for (text, expected) in [
            ("Givn a site", Some("Given")),
            ("given a site", Some("Given")),
            ("Whne it runs", Some("When")),
            ("Thn it ends", Some("Then")),
            ("Adn more", Some("And")),
            ("Given: a site", Some("Given")),
            ("Scenrio: lost", Some("Scenario")),
            ("Scenario outlin: lost", Some("Scenario Outline")),
            ("The worker that lost the lock cannot write.", None),
            ("One worker at a time makes the snapshot", None),
            ("They wait.", None),
            ("Note: nothing", None),
            ("Whoever lost the lock", None),
            ("", None),
        ] {
            assert_eq!(meant(text).as_deref(), expected, "{text}");
        }
    }
}
