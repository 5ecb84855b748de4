//! Whether a value looks drawn at random, or stands in for one.

/// Parts of values that stand in for one, whatever the rule.
const PLACEHOLDERS: [&[u8]; 9] = [
    b"example",
    b"placeholder",
    b"redacted",
    b"xxxx",
    b"****",
    b"....",
    b"0123456789",
    b"1234567890",
    b"abcdefgh",
];
/// Parts of values under a name that are written by hand.
const BY_HAND: [&[u8]; 11] = [
    b"your",
    b"change",
    b"dummy",
    b"fake",
    b"mock",
    b"sample",
    b"process.env",
    b"import.meta",
    b"secrets.",
    b"replace",
    b"insert",
];

/// Bits a letter, after Shannon: 0 for one letter over and over, 8 at most.
pub(super) fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    #[allow(clippy::cast_precision_loss, reason = "values are short")]
    let length = value.len() as f64;
    counts.iter().filter(|count| **count > 0).fold(0.0, |bits, count| {
        let share = f64::from(*count) / length;
        bits - share * share.log2()
    })
}

/// Whether a value of any rule is one that documentation shows.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    holds_any(value, &PLACEHOLDERS)
}

/// Whether a value under a name looks drawn: letters and digits, and no word that stands in for a value.
pub(super) fn is_drawn(value: &[u8]) -> bool {
    let count = |kind: fn(&u8) -> bool| value.iter().filter(|byte| kind(byte)).count();
    let mut distinct = [false; 256];
    for byte in value {
        distinct[usize::from(*byte)] = true;
    }
    // `jira-api-v2` is a name; a drawn value mixes more.
    let mixed = count(u8::is_ascii_uppercase) > 0 && count(u8::is_ascii_lowercase) > 0;
    count(u8::is_ascii_digit) >= if mixed { 1 } else { 3 }
        && count(u8::is_ascii_alphabetic) > 0
        && distinct.iter().filter(|seen| **seen).count() >= 8
        && !holds_any(value, &BY_HAND)
        && !is_path(value)
}

/// `./src/v1/Token2.ts`, `arn:aws:iam::1234`, `projects/1/secrets/Name`: places, not values.
fn is_path(value: &[u8]) -> bool {
    let separators = value.iter().filter(|byte| matches!(byte, b'/' | b'\\' | b':')).count();
    value.starts_with(b"./")
        || value.starts_with(b"../")
        || value.starts_with(b"arn:")
        || separators >= 3 && value.len() < 40
}

fn holds_any(value: &[u8], parts: &[&[u8]]) -> bool {
    let lower = value.to_ascii_lowercase();
    parts.iter().any(|part| lower.windows(part.len()).any(|window| window == *part))
}
