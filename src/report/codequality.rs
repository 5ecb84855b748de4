//! GitLab Code Quality: a JSON list of findings, each with a place in the tree. Empty only for an UNCONDITIONAL GO.

use serde::Serialize;

use super::{Look, Weight, brief, findings, printable};
use crate::judge::Judgement;

#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u64,
}

pub(super) fn render(judgement: &Judgement, _: &Look) -> Vec<u8> {
    let entries: Vec<Entry> = findings(judgement)
        .into_iter()
        .map(|finding| {
            let waived = finding.waiver.map_or(String::new(), |waiver| {
                brief(&format!(" (waiver {}, until {})", waiver.id, waiver.expires), 200)
            });
            Entry {
                fingerprint: finding.fingerprint(),
                description: format!("{}: {}{waived}", brief(finding.subject, 300), finding.message),
                severity: match finding.weight {
                    Weight::Stops => "blocker",
                    Weight::NotShown => "critical",
                    Weight::ToFix => "major",
                    Weight::Minor => "minor",
                    Weight::Waived => "info",
                },
                check_name: finding.rule,
                location: Location {
                    path: printable(&finding.place.path),
                    lines: Lines { begin: finding.place.line },
                },
            }
        })
        .collect();
    // Text and numbers alone: nothing that fails to serialise.
    let mut bytes = serde_json::to_vec_pretty(&entries).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
