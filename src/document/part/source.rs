//! Where a document was drawn from, so that anybody can draw it again and hold it to its record.

use super::super::{Played, Source, Told};

/// By name and value.
pub(in crate::document) fn lines(told: &Told<'_>) -> Vec<(String, String)> {
    let Told { judgement, source, .. } = told;
    let mut lines: Vec<(String, String)> = vec![];
    let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
    let previous = source.previous.as_ref().or(judgement.previous_verdict.as_ref());
    line(
        "Verdict",
        match previous {
            Some(previous) => format!("{} (before: {previous})", judgement.verdict),
            None => format!("{} (no record before)", judgement.verdict),
        },
    );
    let (stated, when) = &source.stated;
    if stated != judgement.verdict.word() {
        line(
            "Stated in the record",
            format!("{stated}, added {when}; judged again here with the sign-offs that count"),
        );
    }
    if !judgement.accepted.is_empty() {
        line("Accepted by the caller", judgement.accepted.join(", "));
    }
    let release = judgement.release.as_ref();
    line(
        "Release",
        match release {
            Some(release) => format!("version {} of {}", release.version, judgement.subject),
            None => format!("{}; no \"release\" in gonogo.yaml, so no version", judgement.subject),
        },
    );
    let commit = release.and_then(|release| release.commit.clone());
    line("Commit", commit.unwrap_or_else(|| "not told: no repository was read".to_owned()));
    let tool = &judgement.tool.version;
    line("Run", format!("began {}, seed {}, gonogo {tool}", judgement.started_at, judgement.seed));
    let evidence = &judgement.evidence;
    line("Evidence", format!("{} observations, SHA-256 {}", evidence.observations, evidence.sha256));
    line("Record", format!("{} entries, root {}", source.size, source.root));
    line("Seal", seal(source));
    if let Some(Played { at, decision, percent, why, .. }) = source.rollout.last() {
        line("Rollout", format!("{decision} at {at}, {percent} % have it from then on: {}", why.join("; ")));
    }
    line("Sign-offs", signed(source));
    for departure in &judgement.policy {
        line("Policy", departure.clone());
    }
    lines
}

fn seal(source: &Source) -> String {
    match (&source.sealed_by, source.is_expected_key) {
        (Some(key), true) => format!("the key {key}, the one that was expected"),
        (Some(key), false) => format!("the key {key}; whose it is was not asked (--key)"),
        (None, _) => {
            "none: the record is unsigned; its hashes agree, but anybody could have written them all"
                .to_owned()
        }
    }
}

fn signed(source: &Source) -> String {
    let Source { signers, sign_offs, at, .. } = source;
    match (sign_offs, signers) {
        (0, _) => "none in the record".to_owned(),
        (count, Some(sha256)) => {
            format!("{count} in the record, held to the allowed signers of SHA-256 {sha256}, keys as of {at}")
        }
        (count, None) => {
            format!("{count} in the record, none of which counts: no file of allowed signers was given")
        }
    }
}
