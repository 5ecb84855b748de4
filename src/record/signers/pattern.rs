//! The pattern lists of ssh_config(5): `*`, `?`, commas, and `!` for what is not meant.

/// Whether a list names the text: one of its patterns does, and none that begins with `!`.
pub fn lists(patterns: &str, text: &str) -> bool {
    let mut is_listed = false;
    for pattern in patterns.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern.as_bytes(), text.as_bytes()) => return false,
            Some(_) => {}
            None => is_listed |= matches(pattern.as_bytes(), text.as_bytes()),
        }
    }
    is_listed
}

/// Tries each star at its shortest and goes back to the last one alone: linear in both but for that one.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut place, mut star) = (0, 0, None);
    while place < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(b'?') => {
                at += 1;
                place += 1;
            }
            Some(byte) if *byte == text[place] => {
                at += 1;
                place += 1;
            }
            _ => match star {
                Some((star_at, tried)) => {
                    star = Some((star_at, tried + 1));
                    at = star_at + 1;
                    place = tried + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_match_as_those_of_ssh_config() {
        for (patterns, text, listed) in [
            ("a@b.c", "a@b.c", true),
            ("a@b.c", "A@b.c", false),
            ("x,a@b.c", "a@b.c", true),
            ("*@b.c", "a@b.c", true),
            ("*@b.c", "a@b.cc", false),
            ("*,!a@b.c", "a@b.c", false),
            ("!a@b.c", "z", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "ab ab", true),
            ("*a*b", "ba", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(lists(patterns, text), listed, "{patterns} {text}");
        }
    }
}
