//! What is amiss in an app's files, each with its place and what would mend it. Takes the manifest and the
//! literal parts of the source; claims nothing about what only a run can show.

mod manifest;

use std::path::Path;

use super::{Manifest, Place, Source};
use crate::{
    evidence::FlawKind,
    jira::{self, Effect},
};

/// Something amiss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing it is.
    pub kind: FlawKind,
    /// The scope, host, module or function concerned.
    pub subject: String,
    /// Where it stands.
    pub place: Place,
    /// What was seen, in a phrase.
    pub text: String,
    /// What would mend it, in a phrase.
    pub remedy: String,
}

/// Everything that is amiss, in the order of the files.
#[must_use]
pub fn check(folder: &Path, manifest: &Manifest, source: &Source) -> Vec<Finding> {
    let mut findings = manifest::check(folder, manifest);
    calls(manifest, source, &mut findings);
    hosts(manifest, source, &mut findings);
    for (place, kind) in &source.secrets {
        findings.push(Finding {
            kind: FlawKind::CommittedSecret,
            subject: (*kind).to_owned(),
            place: place.clone(),
            text: format!("a secret lies in the tree: {kind}"),
            remedy:
                "revoke it, take it out of the tree and its history, and keep it in an encrypted variable"
                    .into(),
        });
    }
    findings.sort_by(|a, b| (&a.place, a.kind, &a.text).cmp(&(&b.place, b.kind, &b.text)));
    findings.dedup();
    findings
}

/// Calls of Jira that write, or that the manifest's scopes do not allow. A call whose method is open, or whose
/// route the table does not have and which is not literal to its end, is held against nothing.
fn calls(manifest: &Manifest, source: &Source, findings: &mut Vec<Finding>) {
    for call in &source.calls {
        let Some(method) = &call.method else { continue };
        let what = format!("{method} {}", call.route);
        let mut found = |kind, subject: &str, text, remedy| {
            let (subject, place) = (subject.to_owned(), call.place.clone());
            findings.push(Finding { kind, subject, place, text, remedy });
        };
        let Some(operation) = call.operation else {
            if call.whole {
                let text = format!("{what} is no known operation of Jira, and so counts as a write");
                let remedy = "call an operation of the platform's REST API that only reads".to_owned();
                found(FlawKind::WriteInSource, "unknown", text, remedy);
            }
            continue;
        };
        let allowed = operation.allowed_by(&manifest.scopes);
        if call.effect == Effect::Write {
            let refused = if allowed { "" } else { ", under scopes that do not even allow it" };
            let text = format!("{what} ({}) writes to Jira{refused}", operation.id);
            found(
                FlawKind::WriteInSource,
                operation.id,
                text,
                "take the call out: the app may only read".into(),
            );
        } else if !allowed {
            let needed = match (operation.classic_scopes.as_slice(), operation.granular_scopes.as_slice()) {
                ([], granular) => granular.join(", "),
                (classic, []) => classic.join(", "),
                (classic, granular) => format!("{}, or {}", classic.join(", "), granular.join(", ")),
            };
            let text = format!("{what} ({}) needs a scope that the manifest does not ask for", operation.id);
            let remedy = format!("ask for {needed} in permissions.scopes, or take the call out");
            found(FlawKind::MissingScope, operation.id, text, remedy);
        }
    }
}

/// Where messages to people are handed in; `*.` covers what is below a domain.
const SPEAKS: [&str; 14] = [
    "hooks.slack.com",
    "slack.com",
    "discord.com",
    "discordapp.com",
    "*.webhook.office.com",
    "outlook.office.com",
    "api.telegram.org",
    "chat.googleapis.com",
    "events.pagerduty.com",
    "api.opsgenie.com",
    "api.sendgrid.com",
    "api.mailgun.net",
    "api.postmarkapp.com",
    "api.twilio.com",
];

/// Hosts that are called by a literal address and that the manifest does not name, or that speak to people.
fn hosts(manifest: &Manifest, source: &Source, findings: &mut Vec<Finding>) {
    for (place, host) in &source.hosts {
        // What runs in the browser is allowed by the client's list.
        let in_browser = !place.file.starts_with("src/") || place.file.starts_with("src/frontend/");
        let client = manifest.client_egress.iter().filter(|_| in_browser);
        let mut found = |kind, text, remedy| {
            let (subject, place) = (host.clone(), place.clone());
            findings.push(Finding { kind, subject, place, text, remedy });
        };
        if manifest.egress.iter().chain(client).any(|entry| covers(entry, host)) {
            if SPEAKS.iter().any(|entry| covers(entry, host)) {
                let text = format!("calls {host}, whose purpose is to speak to people");
                let remedy = format!(
                    "take the call out, or name {host} under invariants.egress in gonogo.yaml, if speaking there is meant"
                );
                found(FlawKind::AlertInSource, text, remedy);
            }
            continue;
        }
        found(
            FlawKind::UndeclaredHost,
            format!("calls {host}, which the manifest does not name"),
            format!("take the call out, or name {host} under permissions.external.fetch"),
        );
    }
}

/// Whether an entry of the manifest's list allows a host. The platform looks at protocol and host, not at paths.
fn covers(entry: &str, host: &str) -> bool {
    let declared = host_of(entry);
    match declared.strip_prefix("*.") {
        _ if declared == "*" => true,
        Some(domain) => {
            let domain = domain.to_ascii_lowercase();
            host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
        }
        None => declared.eq_ignore_ascii_case(host),
    }
}

/// The host of an address as the manifest writes it: no protocol, no path, no port.
pub(super) fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    }
}

/// Whether a scope is one that there is.
fn is_known(scope: &str) -> bool {
    jira::known_scopes().binary_search(&scope).is_ok()
}

#[cfg(test)]
mod tests;
