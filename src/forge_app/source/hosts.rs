//! Hosts that the source calls by a literal address, directly or through a constant of the same file.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use regex::Regex;

use super::{File, Place};

/// A call with an address as its first argument: the name, the address's host, or the constant that holds it.
static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b([\w$]+(?:\s*\.\s*[\w$]+)?)\s*(?:<[^<>()]*>)?\s*\(\s*",
        r#"(?:["'`](?:https?|wss?)://([^/"'`?#\s:$]+)|[`]\$\{\s*([\w$]+)\s*\}|([\w$]+)\s*[,)+])"#,
    ))
    .ok()
});
/// What sends a request when it is called with an address. `requestJira` and its kin take no host.
const SENDERS: [&str; 9] =
    ["fetch", "axios", "got", "ky", "request", "needle", "WebSocket", "EventSource", "URL"];
/// What sends a request by one of its methods.
const CLIENTS: [&str; 9] = ["api", "axios", "got", "ky", "http", "https", "needle", "superagent", "undici"];
/// Names taken out of a module that sends requests.
static TAKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:import\s+(?:([\w$]+)\s*,?\s*)?(?:\{([^}]*)\}|\*\s*as\s+([\w$]+))?\s*from\s*",
        r"|(?:const|let|var)\s+(?:([\w$]+)|\{([^}]*)\})\s*=\s*require\s*\(\s*)",
        r#"["'](?:node:)?(?:https?|http2|axios|got|ky|undici|node-fetch|cross-fetch|needle|superagent)["']"#,
    ))
    .ok()
});
static CONSTANT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"\b(?:const|let|var)\s+([\w$]+)\s*(?::\s*\w+\s*)?=\s*["'`](?:https?|wss?)://([^/"'`?#\s:$]+)"#,
    )
    .ok()
});

pub(super) fn find(file: &File<'_>, code: &str) -> Vec<(Place, String)> {
    let (Some(call), Some(constant)) = (CALL.as_ref(), CONSTANT.as_ref()) else { return vec![] };
    let named: HashMap<&str, &str> = constant
        .captures_iter(code)
        .filter_map(|found| Some((found.get(1)?.as_str(), found.get(2)?.as_str())))
        .collect();
    let taken = taken(code);
    let sends = |name: &str| match name.split_once('.') {
        None => SENDERS.contains(&name) || taken.contains(name),
        Some((client, method)) => {
            let (client, method) = (client.trim(), method.trim());
            CLIENTS.contains(&client) || taken.contains(client) || method == "fetch"
        }
    };
    let mut hosts = vec![];
    for found in call.captures_iter(code) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
        let of_constant = found.get(3).or(found.get(4)).and_then(|name| named.get(name.as_str()).copied());
        let Some(host) = found.get(2).map(|host| host.as_str()).or(of_constant) else { continue };
        let host = host.rsplit('@').next().unwrap_or(host);
        if host.contains('.') && sends(name.as_str()) {
            hosts.push((file.place(whole.start()), host.to_ascii_lowercase()));
        }
    }
    hosts
}

/// Names under which a file has functions or modules that send requests.
fn taken(code: &str) -> HashSet<&str> {
    let mut names = HashSet::new();
    for found in TAKEN.iter().flat_map(|taken| taken.captures_iter(code)) {
        names.extend([1, 3, 4].into_iter().filter_map(|group| found.get(group)).map(|name| name.as_str()));
        for list in [2, 5].into_iter().filter_map(|group| found.get(group)) {
            // `a as b` and `a: b` are `b` here.
            let parts = list.as_str().split(',');
            names.extend(parts.filter_map(|part| part.trim().rsplit([' ', ':']).next()));
        }
    }
    names
}
