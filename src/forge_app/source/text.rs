//! Texts that a person is shown: between the tags of a page, and literals under names that show.

use std::sync::LazyLock;

use regex::Regex;

use super::{File, Place};
use crate::secret;

const LONGEST: usize = 200;

static BETWEEN_TAGS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[>}]([^<>{}();=|&]*\p{L}[^<>{}();=|&]*)(?:</|\{)").ok());
static OF_PAGE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r">([^<>]*\p{L}[^<>]*)<").ok());
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?:^|[\s{,(])["']?(?:text|title|message|label|description|placeholder|heading|header|subtitle)["']?"#,
        r#"(?:\s*:\s*|=\{?)(?:"([^"\n]*)"|'((?:[^'\\\n]|\\.)*)'|`([^`]*)`)"#,
    ))
    .ok()
});
static PUT_IN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$\{[^}]*\}").ok());
static UNSEEN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?is)<script\b.*?</script>|<style\b.*?</style>|<!--.*?-->").ok());
/// What goes to a log or is thrown is no text for a person.
const NOT_SHOWN: [&str; 4] = ["console.", "throw ", "logger.", "log("];
/// First words of code that stands between brackets as text does.
const CODE_WORDS: [&str; 24] = [
    "abstract",
    "as",
    "async",
    "await",
    "case",
    "catch",
    "class",
    "const",
    "declare",
    "default",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "finally",
    "from",
    "function",
    "import",
    "interface",
    "let",
    "return",
    "try",
    "type",
];

pub(super) fn of_page(file: &File<'_>) -> Vec<(Place, String)> {
    let (Some(unseen), Some(between)) = (UNSEEN.as_ref(), OF_PAGE.as_ref()) else { return vec![] };
    // As many bytes, so that places stay.
    let seen = unseen.replace_all(file.text, |found: &regex::Captures<'_>| {
        found[0].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect::<String>()
    });
    matches(file, &seen, between).collect()
}

pub(super) fn of_code(file: &File<'_>, code: &str) -> Vec<(Place, String)> {
    let (Some(named), Some(between)) = (NAMED.as_ref(), BETWEEN_TAGS.as_ref()) else { return vec![] };
    let mut texts: Vec<_> = matches(file, code, named)
        .filter(|(place, _)| {
            let line = code.lines().nth(place.line - 1).unwrap_or_default();
            !NOT_SHOWN.iter().any(|sign| line.contains(sign))
        })
        .collect();
    if file.ends_with(&["tsx", "jsx", "js"]) {
        let is_code = |text: &str| CODE_WORDS.contains(&text.split(' ').next().unwrap_or_default());
        texts.extend(matches(file, code, between).filter(|(_, text)| !is_code(text)));
    }
    texts.sort();
    texts.dedup();
    texts
}

fn matches<'a>(
    file: &'a File<'_>,
    text: &'a str,
    pattern: &'a Regex,
) -> impl Iterator<Item = (Place, String)> + 'a {
    pattern.captures_iter(text).filter_map(|found| {
        let group = found.iter().skip(1).flatten().next()?;
        // The names of variables are not what a person reads.
        let said =
            PUT_IN.as_ref().map_or(group.as_str().into(), |put_in| put_in.replace_all(group.as_str(), "…"));
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_text = words.chars().any(char::is_alphabetic) && !secret::holds(&words);
        let begin = group.start() + group.as_str().len() - group.as_str().trim_start().len();
        is_text.then(|| (file.place(begin), words.chars().take(LONGEST).collect()))
    })
}
