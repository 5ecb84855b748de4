//! What documents are put together from: one subject, one file. Each takes what is told and says nothing else.

pub(super) mod change;
pub(super) mod checks;
pub(super) mod decision;
pub(super) mod history;
pub(super) mod invariants;
pub(super) mod issues;
pub(super) mod people;
pub(super) mod procedure;
pub(super) mod readiness;
pub(super) mod rollback;
pub(super) mod scenarios;
pub(super) mod source;
pub(super) mod tests;

/// `1 check`, `2 checks`.
fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A length of time, as people say it.
fn lasted(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms / 1_000 % 60),
        _ => format!("{} h {} min", ms / 3_600_000, ms / 60_000 % 60),
    }
}

/// A text of several lines in one.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first names, and how many more there are.
fn some<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let mut shown = names.take(most).collect::<Vec<_>>().join(", ");
    if more > 0 {
        shown.push_str(&format!(" and {more} more"));
    }
    shown
}
