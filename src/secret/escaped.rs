//! What a text writes in escapes, made readable again: `%5F` of addresses, `\u005f` and `\x5f` of code and JSON. Knows no
//! rule; tells of every letter where it stands in the text.

use std::ops::Range;

/// Letters of the shortest run that is looked at: those of the shortest token.
const SHORTEST: usize = 20;
/// Letters of the longest run that is read in one; what follows is a run of its own.
const LONGEST: usize = 1 << 20;

/// Letters without a blank between them, at least one of them in an escape.
pub(super) struct Run {
    /// What they are.
    pub text: Vec<u8>,
    /// Where each letter begins, and where the last one ends.
    places: Vec<usize>,
}

impl Run {
    /// Where a part of the letters stands in the text.
    pub fn place(&self, part: &Range<usize>) -> Range<usize> {
        self.places[part.start]..self.places[part.end]
    }
}

/// The runs of a text that hold escapes, in their order and apart.
pub(super) fn runs(text: &[u8]) -> impl Iterator<Item = Run> {
    let (mut from, mut last_end) = (0, 0);
    std::iter::from_fn(move || {
        while let Some(at) = memchr::memchr2(b'%', b'\\', text.get(from..)?).map(|gap| from + gap) {
            from = at + 1;
            if escape(&text[at..]).is_none() {
                continue;
            }
            let before = text[last_end..at].iter().rev().take(LONGEST).take_while(|byte| is_part(**byte));
            let run = run(text, at - before.count());
            from = run.places[run.text.len()];
            last_end = from;
            if run.text.len() >= SHORTEST {
                return Some(run);
            }
        }
        None
    })
}

fn run(text: &[u8], begin: usize) -> Run {
    let mut run = Run { text: vec![], places: vec![] };
    let mut at = begin;
    while at < text.len() && run.text.len() < LONGEST {
        let (letter, width) = match escape(&text[at..]) {
            Some(escape) => escape,
            None if is_part(text[at]) => (char::from(text[at]), 1),
            None => break,
        };
        let known = run.text.len();
        // Only ASCII stands for itself in a token; of anything else it matters that it is no letter of one.
        run.text.extend(letter.encode_utf8(&mut [0; 4]).as_bytes());
        run.places.resize(run.places.len() + run.text.len() - known, at);
        at += width;
    }
    run.places.push(at);
    run
}

/// What stands in tokens and in addresses.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.=~+/:@&?#,;".contains(&byte)
}

/// The letter of the escape that a text begins with, and how many bytes it takes.
fn escape(text: &[u8]) -> Option<(char, usize)> {
    let digits = |from: usize, to: usize| {
        let digits = std::str::from_utf8(text.get(from..to)?).ok()?;
        let are_digits = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| are_digits)?;
        // Half of a pair is no letter, but it is written.
        Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), to))
    };
    if text.first() == Some(&b'%') {
        return digits(1, 3);
    }
    // A text within a text has its backslashes twice, or more often.
    let slashes = text.iter().take(16).take_while(|byte| **byte == b'\\').count();
    match text.get(slashes).filter(|_| slashes > 0)? {
        b'x' => digits(slashes + 1, slashes + 3),
        b'u' if text.get(slashes + 1) == Some(&b'{') => {
            let end = text.iter().take(slashes + 9).position(|byte| *byte == b'}')?;
            digits(slashes + 2, end).map(|(letter, end)| (letter, end + 1))
        }
        b'u' => digits(slashes + 1, slashes + 5),
        b'/' => Some(('/', slashes + 1)),
        b'n' | b'r' | b't' => Some((' ', slashes + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{find, redacted};
    use super::*;

    const DRAWN: &str = "k3Jd9sLq0ZxVb7NmTyR2wQe5HuCg8PfAoI1t";

    #[test]
    fn a_token_that_is_written_in_escapes_is_found_at_its_place_and_is_put_out_of_sight() {
        let token = format!("{}_{DRAWN}", "ghp");
        let all = |each: fn(u8) -> String| token.bytes().map(each).collect::<String>();
        let rows = [
            format!("{}%5F{DRAWN}", "ghp"),
            format!("{}%5f{DRAWN}", "ghp"),
            format!("{}\\u005f{DRAWN}", "ghp"),
            format!("{}\\\\u005F{DRAWN}", "ghp"),
            format!("{}\\u{{5f}}{DRAWN}", "ghp"),
            format!("{}\\x5f{DRAWN}", "\\x67hp"),
            format!("{}%255F{DRAWN}", "ghp"),
            all(|byte| format!("%{byte:02X}")),
            all(|byte| format!("\\x{byte:02x}")),
            all(|byte| format!("\\u{byte:04x}")),
        ];
        let bare = find("", token.as_bytes())[0].shown.fingerprint.clone();
        for written in rows {
            for (before, behind) in
                [("", ""), ("x = '", "'"), ("https://h/?a=1&t=", "&b=%20"), ("\n\n\"%20", "%20")]
            {
                let text = format!("{before}{written}{behind}");
                let found = find("a.ts", text.as_bytes());
                assert_eq!(
                    found.iter().map(|seen| seen.rule.id).collect::<Vec<_>>(),
                    ["github-token"],
                    "{text}"
                );
                assert_eq!(&text[found[0].at.clone()], written, "{text}");
                assert_eq!(found[0].shown.fingerprint, bare, "{text}");
                assert_eq!(found[0].line, 1 + before.matches('\n').count());
                assert!(!redacted(&text).contains(&DRAWN[4..10]), "{}", redacted(&text));
            }
        }
    }

    #[test]
    fn what_stands_behind_an_escape_or_holds_one_beside_is_found_as_it_is() {
        let token = format!("{}_{DRAWN}", "ghp");
        for (text, how) in [
            (format!("'first\\n{token}'"), false),
            (format!("?x=%20{token}"), false),
            (format!("a%20{token}%20b"), false),
            (format!("https:\\/\\/hooks.slack{}\\/services\\/T0AB12\\/B0CD34\\/{DRAWN}", ".com"), true),
        ] {
            let found = find("a.ts", text.as_bytes());
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(found[0].shown.to_string().contains("in escapes"), how, "{text}");
        }
        let two = format!("?a={token}&b={}%2D{}", "glpat", &DRAWN[..20]);
        let ids: Vec<_> = find("a", two.as_bytes()).iter().map(|seen| seen.rule.id).collect();
        assert_eq!(ids, ["github-token", "gitlab-token"]);
    }

    #[test]
    fn every_letter_of_a_run_has_its_place_and_odd_escapes_are_none() {
        for (text, expected) in [
            ("%", 0),
            ("\\", 0),
            ("\\u{}aaaaaaaaaaaaaaaaaaaaaaaa", 0),
            ("%+1aaaaaaaaaaaaaaaaaaaaaaaaaa", 0),
            ("\\ud800aaaaaaaaaaaaaaaaaaaaaaaa", 1),
            ("\\u{1f600}aaaaaaaaaaaaaaaaaaaaaaaa", 1),
            ("%e4aaaaaaaaaaaaaaaaaaaaaaaa aaa%41", 1),
            ("%41aaaaaaaaaaaaaaaaaaaaaaa%4 %41aaaaaaaaaaaaaaaaaaaaaaa", 2),
        ] {
            let runs: Vec<Run> = runs(text.as_bytes()).collect();
            assert_eq!(runs.len(), expected, "{text}");
            for run in runs {
                assert_eq!(run.places.len(), run.text.len() + 1, "{text}");
                assert!(run.places.is_sorted() && run.places[run.text.len()] <= text.len(), "{text}");
            }
        }
    }
}
