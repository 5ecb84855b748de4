//! Hosts that the source calls by a literal address, directly or through a constant of the same file.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

use super::{File, Place};

/// What sends a request when it is called with an address. `requestJira` and its kin take no host.
static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:\b(?:fetch|axios|got|ky|request|needle|WebSocket|EventSource|URL)\s*(?:<[^<>()]*>)?",
        r"|\b(?:axios|got|ky|http|https|needle|superagent)\s*\.\s*\w+\s*(?:<[^<>()]*>)?)",
        r#"\s*\(\s*(?:["'`](?:https?|wss?)://([^/"'`?#\s:$]+)|[`]\$\{\s*([\w$]+)\s*\}|([\w$]+)\s*[,)+])"#,
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
    let mut hosts = vec![];
    for found in call.captures_iter(code) {
        let Some(whole) = found.get(0) else { continue };
        let name = found.get(2).or(found.get(3)).and_then(|name| named.get(name.as_str()).copied());
        let Some(host) = found.get(1).map(|host| host.as_str()).or(name) else { continue };
        let host = host.rsplit('@').next().unwrap_or(host);
        if host.contains('.') {
            hosts.push((file.place(whole.start()), host.to_ascii_lowercase()));
        }
    }
    hosts
}
