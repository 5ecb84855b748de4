//! `gonogo secrets`: what looks like a secret in a folder or in what is staged. Serves as a pre-commit hook; shows
//! no secret.

use std::{fmt::Write as _, path::Path};

use anyhow::anyhow;
use serde_json::{Value, json};

use super::{Console, Refusal, console::printable_lines};
use crate::{
    cli::Secrets,
    exit::Exit,
    secret::{self, ALLOW_FILE, Finding, Search},
};

/// Searches, tells what was found and what to do; the exit code is 1 when something was.
pub(super) fn secrets(arguments: &Secrets, console: &mut Console) -> Result<u8, Refusal> {
    let folder = arguments.dir.as_deref().unwrap_or(Path::new("."));
    let search = match arguments.staged {
        true => secret::staged(folder).map_err(Refusal::input)?,
        false => secret::search(folder).map_err(Refusal::input)?,
    };
    if arguments.json {
        let document = serde_json::to_vec_pretty(&document(&search)).map_err(Refusal::internal)?;
        console.document(&[&document[..], b"\n"].concat())?;
    } else {
        for note in search.notes() {
            console.remark(&note);
        }
        console.document(printable_lines(&told(&search, arguments.staged)).as_bytes())?;
    }
    match (search.findings.is_empty(), search.unread.is_empty()) {
        (false, _) => Ok(Exit::NoGo.code()),
        (true, true) => Ok(Exit::Go.code()),
        // Nothing was found in what could be read, which is not all.
        (true, false) => Err(Refusal::input(anyhow!("not all was searched: {}", search.unread.join("; ")))),
    }
}

fn told(search: &Search, staged: bool) -> String {
    let mut text = String::new();
    for finding in &search.findings {
        let _ = writeln!(text, "{}  {}  {}", place(finding), finding.rule.title, finding.shown);
        let _ = writeln!(text, "    {}", advice(finding, staged));
    }
    if !search.findings.is_empty() {
        for what in &search.unread {
            let _ = writeln!(text, "not searched: {what}");
        }
    }
    let (found, files, allowed) = (search.findings.len(), search.files, search.allowed.len());
    let count = |count: usize, what: &str| match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let searched = if staged { "staged files" } else { "files" };
    let _ = write!(text, "{} in {files} {searched}", count(found, "secret"));
    let _ = writeln!(text, "; {allowed} allowed, {} left out", count(search.left_out.len(), "file"));
    text
}

/// A path on one line, whatever is in its name.
fn place(finding: &Finding) -> String {
    finding.place().replace(['\n', '\r'], "\u{fffd}")
}

fn advice(finding: &Finding, staged: bool) -> String {
    let (revoke, fingerprint) = (finding.rule.revoke, &finding.shown.fingerprint);
    let mut advice = match staged {
        true => "take it out before you commit; ".to_owned(),
        false => format!("revoke it ({revoke}), then take it out of the files and of the history; "),
    };
    let _ = match finding.lacks_reason {
        true => write!(advice, "`gonogo:allow-secret` on its line counts only with a reason behind it"),
        false => write!(advice, "if it is none, add `{fingerprint} REASON` to {ALLOW_FILE}"),
    };
    advice
}

fn document(search: &Search) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "rule": finding.rule.id,
            "title": finding.rule.title,
            "file": finding.file,
            "line": finding.line(),
            "shown": finding.shown.to_string(),
            "fingerprint": finding.shown.fingerprint,
        })
    };
    let allowed = search.allowed.iter().map(|allowed| {
        let mut value = finding(&allowed.finding);
        value["reason"] = Value::from(allowed.reason.as_str());
        value
    });
    let left_out = search.left_out.iter().map(|(why, file)| json!({ "file": file, "why": why.word() }));
    json!({
        "findings": search.findings.iter().map(finding).collect::<Vec<_>>(),
        "allowed": allowed.collect::<Vec<_>>(),
        "files": search.files,
        "bytes": search.bytes,
        "left_out": left_out.collect::<Vec<_>>(),
        "not_read": search.unread,
        "notes": search.notes,
    })
}
