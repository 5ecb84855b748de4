//! What tells the kind of an error though it stands where ids and texts of users stand: statuses of HTTP, codes of
//! errors, phrases of the app's own in quotes. Never keeps what could be a name, an id or a secret.

use super::class;

/// Words behind which a number is a status, whatever follows.
const STATUS: [&str; 9] =
    ["status", "statuscode", "status_code", "http", "http/1.0", "http/1.1", "http/2", "http/3", "httpstatus"];
/// Words behind which a number from 400 on is one, unless it counts something (`failed 500 rows`).
const ENDED: [&str; 10] = [
    "failed",
    "with",
    "returned",
    "responded",
    "got",
    "answered",
    "received",
    "error",
    "response",
    "failure",
];
/// Words that make of the word `code` behind them one whose number tells a kind.
const CODED: [&str; 7] = ["status", "error", "response", "exit", "http", "return", "with"];
/// What a number that counts nothing may be followed by.
const BESIDE: [&str; 14] =
    ["for", "from", "on", "at", "by", "in", "to", "while", "when", "and", "but", "is", "was", "after"];
/// Words behind which an app says why.
const REASONS: [&str; 9] =
    ["error", "reason", "cause", "message", "failed", "failure", "because", "exception", "code"];
/// Letters of a code, and digits.
const CODE_LETTERS: usize = 40;
const CODE_DIGITS: usize = 5;
/// Words of a phrase, and its letters.
const PHRASE_WORDS: std::ops::RangeInclusive<usize> = 2..=6;
const PHRASE_LETTERS: usize = 60;

/// The word that a text ends with, in small letters and without the signs behind it.
fn last_word(text: &str) -> (String, &str) {
    let text = text.trim_end_matches([' ', ':', '=', '(', '[', '"', '\'']);
    let start = text.rfind(|letter: char| letter.is_whitespace() || "=([,;\"'".contains(letter));
    let (before, word) =
        text.split_at(start.map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8)));
    (word.to_ascii_lowercase(), before)
}

/// Whether a word between these texts tells the kind of an error as it stands: a status of HTTP (`failed with 503`,
/// not `failed 503 rows`), an exit code, or a code such as `P2002` where an error is named.
pub(super) fn is_code(bare: &str, before: &str, after: &str) -> bool {
    if let Some((key, value)) = bare.rsplit_once(':') {
        return is_status(value) && STATUS.contains(&key.to_ascii_lowercase().as_str());
    }
    let (last, further) = last_word(before);
    let is_coded = last == "code" && CODED.contains(&last_word(further).0.as_str());
    let is_ended = last.is_empty() || ENDED.contains(&last.as_str());
    if is_short_code(bare) {
        return is_coded || last == "code" || last == "error" || (last.is_empty() && after.starts_with(':'));
    }
    if is_coded && bare.len() <= 3 && bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    is_status(bare)
        && (STATUS.contains(&last.as_str())
            || (bare.as_bytes()[0] >= b'4' && is_ended && counts_nothing(after)))
}

fn is_status(word: &str) -> bool {
    word.len() == 3
        && word.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(word.as_bytes()[0], b'1'..=b'5')
}

/// `P2002`, `E11000`, `TS2345`, `ORA-00942`: a letter or three, and a number of a list.
fn is_short_code(word: &str) -> bool {
    let number = word.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    let letters = word.len() - number.len();
    // An issue's number begins with no zero.
    let number = number.strip_prefix("-0").map_or(number, |_| &number[1..]);
    (1..=3).contains(&letters)
        && (4..=5).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}

fn counts_nothing(after: &str) -> bool {
    if !after.starts_with(char::is_whitespace) {
        return !after.starts_with(['%', '/', '-']);
    }
    let next = after.split_whitespace().next().unwrap_or_default();
    let is_name = next.starts_with(|letter: char| !letter.is_lowercase() && !letter.is_ascii_digit());
    next.is_empty() || is_name || BESIDE.contains(&next.trim_end_matches([',', ';', ':', '.']))
}

/// Whether a quoted text is a phrase of the app's own: some words of letters alone that the message begins with, or
/// that stand behind what announces a reason. Elsewhere quotes hold what somebody typed; so do words that all begin as
/// names do.
pub(super) fn is_phrase(inner: &str, before: &str) -> bool {
    let (last, _) = last_word(before);
    let is_reason =
        REASONS.contains(&last.as_str()) || class::is_named(&format!("{}:", last_written(before)));
    let words: Vec<&str> = inner.split(' ').collect();
    if let [word] = words.as_slice() {
        return is_reason && (3..=CODE_LETTERS).contains(&word.len()) && is_constant(word);
    }
    let is_plain = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_alphabetic() || c == '-');
    let is_named = |word: &&str| word.starts_with(char::is_uppercase);
    (is_reason || last.is_empty())
        && PHRASE_WORDS.contains(&words.len())
        && inner.chars().count() <= PHRASE_LETTERS
        && words.iter().all(is_plain)
        && !words.iter().all(is_named)
}

fn last_written(before: &str) -> &str {
    before.trim_end_matches([' ', ':', '=', '(']).rsplit(char::is_whitespace).next().unwrap_or_default()
}

fn is_constant(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Whether the value of a field that holds an error's code is one, and not an id: `ECONNRESET`, `auth/expired`, 11000.
pub(super) fn is_error_code(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_number = text.strip_prefix('-').unwrap_or(text).len() == digits && digits > 0;
    digits <= CODE_DIGITS && (is_number || is_short_code(text) || is_word(text, digits > 0))
}

/// The same of a field that is called `code` alone, which may also hold a coupon or what a login goes on with: words
/// without digits, and statuses of HTTP.
pub(super) fn is_plain_code(text: &str) -> bool {
    is_http_error(text) || is_word(text, false)
}

/// Whether a text is a status of HTTP that tells of a failure.
pub(super) fn is_http_error(text: &str) -> bool {
    is_status(text) && text.as_bytes()[0] >= b'4'
}

fn is_word(text: &str, with_digits: bool) -> bool {
    let is_part = |byte: u8| {
        byte.is_ascii_alphabetic() || b"_-./:".contains(&byte) || (with_digits && byte.is_ascii_digit())
    };
    let has_long_digits = text.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        digits > 0 && digits < part.len() && part.len() > 8
    });
    // So are issues called.
    let is_numbered =
        text.rsplit_once('-').is_some_and(|(_, number)| number.bytes().all(|b| b.is_ascii_digit()));
    (2..=CODE_LETTERS).contains(&text.len())
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.bytes().all(is_part)
        && !has_long_digits
        && !is_numbered
        && !(with_digits && text.len() >= 6 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'))
}
