//! "Did you mean": the nearest of the names that there are; and what a parser says, in the words of who wrote the
//! file. Never corrects anything by itself.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The name nearest to `word`, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&word, &name.to_lowercase());
    let (distance, name) = names.into_iter().map(|name| (distance(name), name)).min()?;
    let longest = word.chars().count().max(name.chars().count());
    (distance * 5 <= longest * 2).then(|| name.to_owned())
}

/// `; did you mean …?`, or nothing.
#[must_use]
pub fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

/// A parser's message without the names that only the program's own source has: `expected struct App` is a mapping
/// to whoever wrote the file.
#[must_use]
pub fn in_words(message: &str) -> String {
    static MISMATCH: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"invalid (?:type|value): (.*?), expected (.*?)( at line \d+ column \d+)?$").ok()
    });
    let Some(mismatch) = MISMATCH.as_ref() else { return message.to_owned() };
    let told = |found: &Captures<'_>| {
        format!(
            "expected {}, found {}{}",
            wanted(&found[2]),
            had(&found[1]),
            found.get(3).map_or("", |at| at.as_str())
        )
    };
    mismatch.replace(message, told).into_owned()
}

/// What a parser wants.
fn wanted(expected: &str) -> &str {
    let whole = ["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize"];
    match expected {
        "a map" => "a mapping, `key: value`",
        "a sequence" => "a list",
        "a string" | "string" => "a text",
        "a boolean" | "bool" => "`true` or `false`",
        "f32" | "f64" => "a number",
        number if whole.contains(&number) => "a whole number",
        name if name.starts_with("struct ") || name.starts_with("internally tagged enum ") => {
            "a mapping, `key: value`"
        }
        name if name.starts_with("a tuple") || name.starts_with("tuple struct ") => "a list",
        name if name.starts_with("enum ") || name.starts_with("variant ") => {
            "one of the names that there are"
        }
        other => other,
    }
}

/// What a parser had.
fn had(found: &str) -> String {
    match found {
        "map" => "a mapping".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" | "unit value" | "unit" | "Option value" => "nothing".to_owned(),
        other => {
            let kinds = ["integer ", "floating point ", "boolean ", "string "];
            let bare = kinds.iter().find_map(|kind| other.strip_prefix(kind));
            bare.unwrap_or(other).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let names = ["read_only_jira", "tenant_isolation", "silent_by_default"];
        for (word, expected) in [
            ("read_only_jirra", Some("read_only_jira")),
            ("Tenant_Isolatoin", Some("tenant_isolation")),
            ("x", None),
            ("entirely different", None),
        ] {
            assert_eq!(nearest(word, names).as_deref(), expected, "{word}");
        }
    }

    #[test]
    fn what_a_parser_says_names_no_type_of_the_program() {
        for (said, expected) in [
            (
                "app: invalid type: integer `3`, expected struct App",
                "app: expected a mapping, `key: value`, found `3`",
            ),
            (
                "invalid type: sequence, expected struct Baseline with 9 elements at line 1 column 2",
                "expected a mapping, `key: value`, found a list at line 1 column 2",
            ),
            (
                "a.b: invalid type: string \"x, y\", expected a sequence",
                "a.b: expected a list, found \"x, y\"",
            ),
            ("invalid type: unit value, expected a string", "expected a text, found nothing"),
            ("invalid type: map, expected u64", "expected a whole number, found a mapping"),
            ("invalid value: integer `-1`, expected u64", "expected a whole number, found `-1`"),
            ("invalid length 1, expected a tuple of size 2", "invalid length 1, expected a tuple of size 2"),
            (
                "jobs: invalid type: boolean `true`, expected a number from 1",
                "jobs: expected a number from 1, found `true`",
            ),
            ("unknown field `a`", "unknown field `a`"),
        ] {
            assert_eq!(in_words(said), expected);
        }
    }
}
