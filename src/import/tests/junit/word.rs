//! The words by which dialects say in a test's attributes how it ended. A word that is not known is no pass.

use super::Kind;
use crate::import::{Element, excerpt};

/// Attributes that hold such a word: googletest, CTest, Bazel and Katalon write `status` and `result`, NUnit's
/// converters `result`, `outcome` and `success`.
const ATTRIBUTES: [&str; 4] = ["status", "result", "outcome", "success"];

/// What the attributes of a test say: the strongest of their words, and each that is not known.
pub(super) fn told(element: &Element) -> (Option<Kind>, Vec<String>) {
    let (mut strongest, mut unknown) = (None, vec![]);
    for (key, word) in ATTRIBUTES.iter().filter_map(|key| Some((key, element.attribute(key)?))) {
        match meaning(key, word) {
            Some(kind) => strongest = strongest.max(kind),
            None => unknown.push(excerpt(&format!("{key}=\"{word}\""))),
        }
    }
    (strongest, unknown)
}

/// What a word says, within which `None` is a pass; `None` for a word that no known dialect has.
fn meaning(key: &str, word: &str) -> Option<Option<Kind>> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "true" if key == "success" => None,
        "false" if key == "success" => Some(Kind::Failure),
        // googletest says `run` of what was not left out, whatever it came to.
        "run" | "completed" | "pass" | "passed" | "success" | "successful" | "succeeded" | "ok" => None,
        "flaky" => Some(Kind::Flake),
        "notrun" | "skip" | "skipped" | "disabled" | "suppressed" | "ignored" | "pending" | "untested" => {
            Some(Kind::Skip)
        }
        "fail" | "failed" | "failure" | "broken" | "ko" | "timedout" | "timeout" => Some(Kind::Failure),
        "error" | "errored" | "panicked" | "crashed" | "aborted" | "interrupted" => Some(Kind::Error),
        _ => return None,
    })
}
