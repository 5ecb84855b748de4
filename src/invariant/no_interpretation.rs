//! # Statement
//!
//! What the app says are facts: no judgement, no cause, no score, no advice.
//!
//! # Why it matters
//!
//! "12 fields were added" can be checked. "Your configuration is unhealthy" cannot, and is wrong for
//! somebody.
//!
//! # Evidence
//!
//! Text that the app showed, stored or sent. Names from the tenant's own data do not count where they
//! stand in double quotes: a project may well be called "Critical".
//!
//! # Violated when
//!
//! - a text holds a word of the policy's list: as a whole word, in any case;
//! - so does a text in the app's files that a person will be shown, even if no scenario shows it.
//!
//! # Remedy
//!
//! say what changed from what to what, without judging it
//!
//! # Areas
//!
//! What people see

use std::{cell::RefCell, rc::Rc};

use regex::{Regex, RegexBuilder};

use super::{Case, Finding};
use crate::evidence::{Fact, Log};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    let words = words(&log.policy.judging_words);
    let mut shown = false;
    for observation in log.observations {
        let (text, quoted, place): (&str, &[String], Option<&str>) = match &observation.fact {
            Fact::TextShown { text, quoted, .. } => {
                shown |= !text.trim().is_empty();
                (text, quoted, None)
            }
            Fact::AlertRaised { text, .. } => (text, &[], None),
            // A text that nobody was seen to be shown makes nothing hold.
            Fact::TextWritten { text, place } => (text, &[], Some(place)),
            _ => continue,
        };
        let Some(words) = &words else { continue };
        let own = own_words(text, quoted);
        if let Some(word) = words.captures(&own).and_then(|found| found.get(1)) {
            let said = || match place {
                Some(place) => format!("{place}: the text {text:?} says {:?}", word.as_str()),
                None => format!("the app says {:?}", word.as_str()),
            };
            case.violated(said, &[observation.seq]);
        }
    }
    case.needs(shown, "a text that the app shows");
    case.needs(words.is_some(), "a list of judging words in the policy");
    case.conclude()
}

/// The text without the tenant's names, and without characters that would hide a word.
fn own_words(text: &str, quoted: &[String]) -> String {
    let mut own: String = text.to_owned();
    let mut names: Vec<&String> = quoted.iter().filter(|name| !name.is_empty()).collect();
    // The longest first: a name may stand inside another.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        own = own.replace(&format!("\"{name}\""), "\"\"");
    }
    own.retain(|c| !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'));
    own
}

/// The list as one expression; `None` when it names no word, or cannot be searched for.
fn words(list: &[String]) -> Option<Rc<Regex>> {
    thread_local! {
        static LAST: RefCell<(Vec<String>, Option<Rc<Regex>>)> = RefCell::default();
    }
    LAST.with_borrow_mut(|(last, built)| {
        if last != list {
            *built = build(list).map(Rc::new);
            list.clone_into(last);
        }
        built.clone()
    })
}

fn build(list: &[String]) -> Option<Regex> {
    let words: Vec<String> = list
        .iter()
        .map(|word| word.split_whitespace().map(regex::escape).collect::<Vec<_>>().join(r"\s+"))
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        return None;
    }
    // An underscore ends a word here: `health_score` says what `health score` says.
    let edge = r"[^\p{L}\p{N}]";
    let pattern = format!("(?:^|{edge})({})(?:$|{edge})", words.join("|"));
    RegexBuilder::new(&pattern).case_insensitive(true).build().ok()
}
