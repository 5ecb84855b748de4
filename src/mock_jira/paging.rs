//! The ways in which Jira cuts listings into pages, and how a fault twists them.

use serde_json::{Value, json};

use super::route::Call;

/// How an answer is made wrong on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Twist {
    None,
    /// The page before once more.
    Repeat,
    /// `total` is off by so much.
    Total(i64),
    /// No page is the last.
    Endless,
    /// At most so many items, and not the last page.
    Short(usize),
    NoRefreshToken,
    ExtraScopes(Vec<String>),
}

/// The part of a listing that was asked for, after the server's own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub start: usize,
    pub limit: usize,
}

impl Window {
    /// From `startAt` and `maxResults`; Jira clamps without a word and echoes what it took.
    pub fn of(call: &Call<'_>, default: usize, most: usize) -> Self {
        let number = |name| call.query(name).and_then(|v| v.parse::<i64>().ok());
        let start = number("startAt").and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let limit = number("maxResults").and_then(|n| usize::try_from(n).ok()).unwrap_or(default);
        Self { start, limit: limit.min(most) }
    }
}

/// A page of items with numbers `0..total`, cut and twisted.
struct Page {
    items: Vec<Value>,
    total: i64,
    is_last: bool,
}

fn cut(window: Window, total: usize, twist: &Twist, item: impl FnMut(usize) -> Value) -> Page {
    let Window { start, limit } = window;
    let end = start.saturating_add(limit).min(total);
    let (first, end) = match twist {
        Twist::Repeat => (start.saturating_sub(limit), end.saturating_sub(if start > 0 { limit } else { 0 })),
        Twist::Short(most) => (start, end.min(start.saturating_add(*most))),
        _ => (start, end),
    };
    if *twist == Twist::Endless && total > 0 {
        let items = (start..start + limit.max(1)).map(|i| i % total).map(item).collect();
        return Page { items, total: (start + 2 * limit.max(1)) as i64, is_last: false };
    }
    let by = if let Twist::Total(by) = twist { *by } else { 0 };
    let items: Vec<Value> = (first..end.max(first)).map(item).collect();
    Page { items, total: total as i64 + by, is_last: end >= total }
}

/// `{self, nextPage?, startAt, maxResults, total, isLast, values}`.
pub(super) fn page_bean(
    call: &Call<'_>,
    window: Window,
    total: usize,
    twist: &Twist,
    item: impl FnMut(usize) -> Value,
) -> Value {
    let page = cut(window, total, twist, item);
    let below = call.path.splitn(5, '/').nth(4).unwrap_or_default();
    let address = |start: usize| {
        let kept: Vec<&str> = call
            .request
            .query
            .split('&')
            .filter(|pair| {
                !pair.is_empty() && !pair.starts_with("startAt=") && !pair.starts_with("maxResults=")
            })
            .collect();
        let rest = if kept.is_empty() { String::new() } else { format!("&{}", kept.join("&")) };
        format!("{}/{below}?startAt={start}&maxResults={}{rest}", call.base, window.limit)
    };
    let mut bean = json!({"self": address(window.start), "maxResults": window.limit, "startAt": window.start,
        "total": page.total, "isLast": page.is_last});
    if !page.is_last {
        bean["nextPage"] = json!(address(window.start + page.items.len()));
    }
    bean["values"] = Value::Array(page.items);
    bean
}

/// `{startAt, maxResults, total, <name>: […]}` without `isLast`.
pub(super) fn named_list(
    name: &str,
    window: Window,
    total: usize,
    twist: &Twist,
    item: impl FnMut(usize) -> Value,
) -> Value {
    let page = cut(window, total, twist, item);
    json!({"startAt": window.start, "maxResults": window.limit, "total": page.total, name: page.items})
}

/// A bare array: no totals, an empty one is the end.
pub(super) fn bare_array(
    window: Window,
    total: usize,
    twist: &Twist,
    item: impl FnMut(usize) -> Value,
) -> Value {
    Value::Array(cut(window, total, twist, item).items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(start: usize, limit: usize, total: usize, twist: &Twist) -> (Vec<usize>, i64, bool) {
        let page = cut(Window { start, limit }, total, twist, |i| json!(i));
        let items = page.items.iter().filter_map(|v| v.as_u64()).map(|n| n as usize).collect();
        (items, page.total, page.is_last)
    }

    #[test]
    fn a_page_is_cut_exactly_and_twisted_as_told() {
        for (start, limit, twist, expected) in [
            (0, 2, Twist::None, (vec![0, 1], 5, false)),
            (4, 2, Twist::None, (vec![4], 5, true)),
            (3, 2, Twist::None, (vec![3, 4], 5, true)),
            (5, 2, Twist::None, (vec![], 5, true)),
            (9, 2, Twist::None, (vec![], 5, true)),
            (2, 2, Twist::Repeat, (vec![0, 1], 5, false)),
            (0, 2, Twist::Total(7), (vec![0, 1], 12, false)),
            (4, 2, Twist::Endless, (vec![4, 0], 8, false)),
            (0, 4, Twist::Short(1), (vec![0], 5, false)),
        ] {
            assert_eq!(numbers(start, limit, 5, &twist), expected, "{start}+{limit} {twist:?}");
        }
    }
}
