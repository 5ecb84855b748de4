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
    LazyLock::new(|| Regex::new(r#"\bmethod["']?\s*:\s*(?:["'`](\w+)["'`]|([\w$]+)\s*[,}]|.)"#).ok());
static SHORTHAND: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[{,]\s*method\s*[,}]").ok());
static METHOD_WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"["'`]((?i:get|post|put|delete|patch))["'`]"#).ok());
static DEFINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\.define\s*\(\s*["'`]([^"'`$]{1,100})["'`]"#).ok());
/// A mapping from names to what answers them, as `makeResolver` takes it.
static MAKE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\bmakeResolver\s*(?:<[^()]{1,200}>\s*)?\(\s*\{").ok());
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^\s*(?:async\b\s*)?(?:["'`]([^"'`$]{1,100})["'`]|([A-Za-z_$][\w$]{0,100}))\s*(?:[:(]|$)"#)
        .ok()
});
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
        // What is put in at run time is not held against the call.
        let query = query.replace(OPEN, "false");
        let place = || file.place(quote.start());
        match method_of(code, quote.start(), end) {
            Method::Literal(method) => calls.push(call(place(), Some(method), path, &query)),
            Method::Open => calls.push(call(place(), None, path, &query)),
            Method::Named(name) => {
                let methods = methods_named(code, &name);
                if methods.is_empty() {
                    calls.push(call(place(), None, path, &query));
                }
                calls.extend(methods.into_iter().map(|method| call(place(), Some(method), path, &query)));
            }
        }
    }
    calls
}

pub(super) fn resolvers(code: &str) -> Vec<String> {
    let (Some(define), Some(make), Some(key)) = (DEFINE.as_ref(), MAKE.as_ref(), KEY.as_ref()) else {
        return vec![];
    };
    let defined = define.captures_iter(code).map(|found| found[1].to_owned());
    let made = make.find_iter(code).flat_map(|found| entries(&code[found.end()..]));
    let made = made.filter_map(|entry| {
        let found = key.captures(entry)?;
        found.get(1).or(found.get(2)).map(|name| name.as_str().to_owned())
    });
    defined.chain(made).collect()
}

/// The entries of the mapping whose bracket was just opened.
fn entries(mut rest: &str) -> Vec<&str> {
    let mut entries = vec![];
    loop {
        let end = length(rest, &[',', ')', ']', '}']);
        entries.push(&rest[..end]);
        match rest.get(end..).and_then(|rest| rest.strip_prefix(',')) {
            Some(next) => rest = next,
            None => return entries,
        }
    }
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

/// What a call says of its method.
enum Method {
    Literal(String),
    /// The name that holds it.
    Named(String),
    Open,
}

/// The method of the call whose route stands there: what its options say, `GET` when a call of Jira has none. A
/// route that is handed to a function of the app's own has the method that stands beside it, if one does.
fn method_of(code: &str, begin: usize, end: usize) -> Method {
    let before = code[..begin].trim_end();
    let before = before.strip_suffix("route").unwrap_or(before);
    let opened = |before: &str| before.strip_suffix('(').unwrap_or(before).trim_end().to_owned();
    let before = opened(before.trim_end());
    let (before, trusted) = match before.strip_suffix("assumeTrustedRoute") {
        Some(rest) => (opened(rest.trim_end()), true),
        None => (before, false),
    };
    let is_call = before.ends_with("requestJira");
    let rest = code.get(end + 1..).unwrap_or_default();
    // What a route is added up with belongs to it in a call; elsewhere it may be another statement.
    let rest = if is_call || trusted { &rest[length(rest, &[',', ')'])..] } else { rest.trim_start() };
    let rest = arguments(if trusted { rest.strip_prefix(')').unwrap_or(rest) } else { rest });
    if !is_call && !rest.starts_with(',') {
        return Method::Open;
    }
    let Some(found) = METHOD.as_ref().and_then(|method| method.captures(rest)) else {
        if SHORTHAND.as_ref().is_some_and(|shorthand| shorthand.is_match(rest)) {
            return Method::Named("method".to_owned());
        }
        // Options that are a name or a spread are not seen from here.
        let rest = rest.trim_start_matches(',').trim();
        let literal = rest.is_empty() || rest.starts_with('{') && !rest.contains("...");
        return if is_call && literal { Method::Literal("GET".to_owned()) } else { Method::Open };
    };
    match (found.get(1), found.get(2)) {
        (Some(literal), _) => Method::Literal(literal.as_str().to_uppercase()),
        (None, Some(name)) => Method::Named(name.as_str().to_owned()),
        (None, None) => Method::Open,
    }
}

/// The methods that stand literally where a name is given its value: all that the file shows.
fn methods_named(code: &str, name: &str) -> Vec<String> {
    let mut methods = vec![];
    let given = format!(r"\b{}\s*(?::\s*[\w|' \x22]+)?=([^=>][^;\n]*)", regex::escape(name));
    let (Ok(given), Some(word)) = (Regex::new(&given), METHOD_WORD.as_ref()) else { return methods };
    for found in given.captures_iter(code) {
        for word in word.captures_iter(&found[1]) {
            let method = word[1].to_uppercase();
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
    }
    methods
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
