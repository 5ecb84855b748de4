//! Calls of Jira with a literal route, and the names that resolvers answer to.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{File, Place};
use crate::jira;

/// A call of Jira that stands in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JiraCall {
    /// Where its route stands.
    pub place: Place,
    /// The method; `None` when it is no literal of the same call.
    pub method: Option<String>,
    /// The route as written, without its query; what is put in at run time is `{…}`.
    pub route: String,
    /// The operation, of `GET` when the method is open; `None` when the table has none, or the route leaves it
    /// open.
    pub operation: Option<&'static jira::Operation>,
    /// What the call does, as far as its literal parts tell.
    pub effect: jira::Effect,
    /// Whether every part of the path is literal.
    pub whole: bool,
}

/// `route` or one of its kin with a template, or a literal that begins like a path of Jira.
static ROUTE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:\broute\s*(`)|\bassumeTrustedRoute\s*\(\s*(["'`])|\brequestJira\s*\(\s*(["'`]))"#).ok()
});
static METHOD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\bmethod["']?\s*:\s*(?:["'`](\w+)["'`]|(.))"#).ok());
static DEFINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\.define\s*\(\s*["'`]([^"'`$]{1,100})["'`]"#).ok());
/// What stands in for a value that is put in at run time.
const OPEN: &str = "{…}";

pub(super) fn find(file: &File<'_>, code: &str) -> Vec<JiraCall> {
    let Some(routes) = ROUTE.as_ref() else { return vec![] };
    let mut calls = vec![];
    for found in routes.captures_iter(code) {
        let Some(quote) = found.iter().skip(1).flatten().next() else { continue };
        let Some(text) = literal(code, quote.start()) else { continue };
        let end = text.end;
        let mut route = flattened(&code[text]);
        // A sum goes on with what is not literal.
        if code[end + 1..].trim_start().starts_with('+') {
            route.push_str(OPEN);
        }
        let (path, query) = route.split_once('?').unwrap_or((&route, ""));
        if !path.starts_with("/rest/") {
            continue;
        }
        let method = method_of(code, quote.start(), end);
        // What is put in at run time is not held against the call.
        let query = query.replace(OPEN, "false");
        calls.push(call(file.place(quote.start()), method, path, &query));
    }
    calls
}

pub(super) fn resolvers(code: &str) -> Vec<String> {
    let Some(define) = DEFINE.as_ref() else { return vec![] };
    define.captures_iter(code).map(|found| found[1].to_owned()).collect()
}

fn call(place: Place, method: Option<String>, path: &str, query: &str) -> JiraCall {
    let path = path.trim_end_matches('/');
    // A value may be a part of a name, or a query of its own at the end.
    let open = path.strip_suffix(OPEN).filter(|rest| !rest.ends_with('/'));
    let concrete = open.unwrap_or(path).replace(OPEN, "x");
    // What is put in may hold several parts of a path: then nothing was found, and nothing is claimed.
    let found = jira::find(method.as_deref().unwrap_or("GET"), &concrete, query);
    let (operation, effect) = (found.operation, found.effect);
    JiraCall { place, method, route: path.to_owned(), operation, effect, whole: !path.contains(OPEN) }
}

/// The method of the call whose route stands there: a literal of its own options, `GET` when it has none, and
/// `None` when the route stands alone or the method is no literal.
fn method_of(code: &str, begin: usize, end: usize) -> Option<String> {
    let before = code[..begin].trim_end();
    let before = before.strip_suffix("route").unwrap_or(before);
    let opened = |before: &str| before.strip_suffix('(').unwrap_or(before).trim_end().to_owned();
    let before = opened(before.trim_end());
    let (before, trusted) = match before.strip_suffix("assumeTrustedRoute") {
        Some(rest) => (opened(rest.trim_end()), true),
        None => (before, false),
    };
    if !before.ends_with("requestJira") {
        return None;
    }
    let rest = code.get(end + 1..).unwrap_or_default();
    let rest = &rest[length(rest, &[',', ')'])..];
    let rest = arguments(if trusted { rest.strip_prefix(')').unwrap_or(rest) } else { rest });
    let Some(found) = METHOD.as_ref()?.captures(rest) else {
        // Options that are a name or a spread are not seen from here.
        let rest = rest.trim_start_matches(',').trim();
        let literal = rest.is_empty() || rest.starts_with('{') && !rest.contains("...");
        let shorthand = Regex::new(r"[{,]\s*method\s*[,}]").ok()?.is_match(rest);
        return (literal && !shorthand).then(|| "GET".to_owned());
    };
    found.get(1).map(|method| method.as_str().to_uppercase())
}

/// What follows in the same call: up to the bracket that closes it.
fn arguments(rest: &str) -> &str {
    &rest[..length(rest, &[')', ']', '}'])]
}

/// How far it is to the first of these that stands in no bracket opened on the way.
fn length(text: &str, ends: &[char]) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if depth == 0 && ends.contains(&letter) => return at,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// Where the text of the literal stands that begins with the quote at `begin`; `None` when it has no end.
fn literal(code: &str, begin: usize) -> Option<Range<usize>> {
    let bytes = code.as_bytes();
    let quote = *bytes.get(begin)?;
    let (mut at, mut depth) = (begin + 1, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'$' if quote == b'`' && bytes.get(at + 1) == Some(&b'{') => {
                depth += 1;
                at += 1;
            }
            b'{' if depth > 0 => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            byte if byte == quote && depth == 0 => return Some(begin + 1..at),
            b'\n' if quote != b'`' => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

/// A template with `{…}` for everything that is put in.
fn flattened(template: &str) -> String {
    let mut flat = String::new();
    let mut rest = template;
    while let Some((before, inner)) = rest.split_once("${") {
        flat.push_str(before);
        flat.push_str(OPEN);
        let mut depth = 1_usize;
        let end = inner.char_indices().find(|(_, letter)| {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        rest = end.map_or("", |(at, _)| &inner[at + 1..]);
    }
    flat.push_str(rest);
    flat.split_whitespace().collect()
}
