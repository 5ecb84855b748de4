//! The steps, one group of them a file, named as its feature file. A step arranges, drives or looks; it
//! never asserts an invariant.

mod feature_gate;
mod forge;
mod idempotency;
mod invariants;
mod issue;
mod jira_client;
mod pagination;
mod process;
mod site;
mod snapshot_lock;
mod telemetry;
mod token_refresh;

use cucumber::codegen::{StepConstructor, WorldInventory, inventory};

use super::World;

/// A step that can be used, as `gonogo list steps` shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition {
    /// `Given`, `When` or `Then`.
    pub keyword: &'static str,
    /// Its text; `…` stands for what varies.
    pub text: String,
}

/// All steps, sorted.
#[must_use]
pub fn definitions() -> Vec<Definition> {
    fn of<T: inventory::Collect + StepConstructor<World>>(
        keyword: &'static str,
    ) -> impl Iterator<Item = Definition> {
        inventory::iter::<T>.into_iter().map(move |step| {
            let (_, pattern, _) = step.inner();
            Definition { keyword, text: readable(pattern().as_str()) }
        })
    }
    let mut found: Vec<Definition> = of::<<World as WorldInventory>::Given>("Given")
        .chain(of::<<World as WorldInventory>::When>("When"))
        .chain(of::<<World as WorldInventory>::Then>("Then"))
        .collect();
    found.sort();
    found
}

/// A step's pattern as a person would write it: groups become `…`, anchors and escapes go.
fn readable(pattern: &str) -> String {
    let (mut text, mut depth, mut escaped, mut in_class) = (String::new(), 0_usize, false, false);
    for letter in pattern.trim_start_matches('^').trim_end_matches('$').chars() {
        match letter {
            _ if escaped => {
                escaped = false;
                if depth == 0 {
                    text.push(letter);
                }
            }
            '\\' => escaped = true,
            // A bracket in a character class opens no group.
            '[' | ']' if depth > 0 => in_class = letter == '[',
            _ if in_class => {}
            '(' => {
                if depth == 0 {
                    text.push('…');
                }
                depth += 1;
            }
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => text.push(letter),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn a_pattern_reads_as_a_sentence() {
        for (pattern, expected) in [
            (r"^a Jira site$", "a Jira site"),
            (r"^a site with (\d+) issues$", "a site with … issues"),
            (r#"^the page "([^"(]*)" has ((?:-?\d+)|(?:\d+)) items\.$"#, r#"the page "…" has … items."#),
        ] {
            assert_eq!(readable(pattern), expected);
        }
    }
}
