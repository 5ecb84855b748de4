//! The report as Markdown. Fits a CI step summary, and says so where it had to be cut.

use std::fmt::Write as _;

use super::{Look, brief, change, figure, scenarios, told};
use crate::{
    evidence::{Outcome, Rollout},
    judge::{Judgement, ReleaseResult},
};

/// A CI step summary takes 1 MiB; what is larger is dropped without a word. Bytes.
const LIMIT: usize = 900 << 10;
/// A cell shows so many characters.
const CELL: usize = 500;

pub(super) fn render(judgement: &Judgement, _: &Look) -> Vec<u8> {
    let mut out = String::new();
    head(&mut out, judgement);
    if !judgement.blockers.is_empty() {
        let rows = judgement.blockers.iter().map(|b| {
            let severity = b.severity.map_or("", |severity| severity.word());
            vec![text(&b.subject), severity.to_owned(), text(&b.message), text(&b.remedy)]
        });
        table(&mut out, "In the way of a GO", &["Subject", "Severity", "What", "Remedy"], rows);
    }
    let rows = judgement
        .invariants
        .iter()
        .map(|i| vec![text(&i.name), i.outcome.word().to_owned(), text(&i.reason), text(&i.statement)]);
    table(&mut out, "Invariants", &["Invariant", "Outcome", "Why", "Statement"], rows);
    let rows = judgement.issues.iter().map(|issue| {
        let (severity, status) = (issue.severity.word().to_owned(), issue.status.word().to_owned());
        vec![text(&issue.id), text(&issue.title), severity, status, issue.scenarios.to_string()]
    });
    table(&mut out, "Issues", &["Issue", "Title", "Severity", "Status", "Scenarios"], rows);
    let told =
        judgement.issues.iter().filter(|issue| !(issue.problem.is_empty() && issue.solution.is_empty()));
    let rows = told.map(|issue| {
        let by = issue.tags.join(", ");
        vec![text(&issue.id), text(&issue.problem), text(&issue.solution), text(&by)]
    });
    table(&mut out, "Issues in words", &["Issue", "Problem", "Solution", "Settled by"], rows);
    let rows = judgement.suites.iter().map(|suite| {
        let counts = [suite.planned, suite.passed, suite.failed, suite.undecided];
        let mut row = vec![text(&suite.name)];
        row.extend(counts.map(|count| count.to_string()));
        row
    });
    table(&mut out, "Test results", &["Feature", "Planned", "Passed", "Failed", "Undecided"], rows);
    let open = judgement.scenarios.iter().filter(|scenario| scenario.outcome != Outcome::Passed);
    let rows = open.map(|s| {
        let why = s.error.as_deref().unwrap_or_default();
        vec![text(&s.id), text(&s.name), s.outcome.word().to_owned(), text(why)]
    });
    table(&mut out, "Scenarios that did not pass", &["Scenario", "Name", "Outcome", "Why"], rows);
    if let Some(release) = &judgement.release {
        released(&mut out, release);
    }
    let rows = judgement.metrics.iter().map(|m| {
        let threshold = m.threshold.map_or(String::new(), |value| figure(Some(value), &m.unit));
        vec![m.name.clone(), figure(m.value, &m.unit), threshold, m.outcome.word().to_owned()]
    });
    table(&mut out, "Metrics", &["Metric", "Value", "Threshold", ""], rows);
    list(&mut out, "Next steps", judgement.next_steps.iter().map(|step| text(step)));
    let items = judgement.checklist.iter().map(|i| format!("{}: {}", i.status.word(), text(&i.item)));
    list(&mut out, "Deployment checklist", items);
    list(&mut out, "Rollback", judgement.rollback.iter().map(|step| text(step)));
    let checks = judgement.post_deploy.iter().map(|p| format!("{}: {}", text(&p.check), text(&p.target)));
    list(&mut out, "Post-deploy checks", checks);
    out.into_bytes()
}

fn released(out: &mut String, release: &ReleaseResult) {
    let title = format!("Release {}", text(&release.version));
    let rows = release.checks.iter().map(|check| {
        let waived = check.waived_by.as_ref().map_or(String::new(), |id| format!(", waived by {}", text(id)));
        let outcome = format!("{}{waived}", check.outcome.word());
        vec![text(&check.id), text(&check.title), outcome, text(&check.reason)]
    });
    table(out, &title, &["Check", "Title", "Outcome", "Why"], rows);
    let figures = release.checks.iter().flat_map(|check| {
        check.figures.iter().map(move |figure| {
            let value = figure.value.as_deref().unwrap_or("no data");
            let limit = figure.limit.as_deref().unwrap_or_default();
            vec![text(&check.id), text(&figure.name), text(value), text(limit)]
        })
    });
    table(out, "Figures of the checks", &["Check", "Figure", "Value", "Limit"], figures);
    let items = release.checks.iter().flat_map(|check| {
        check.items.iter().map(move |item| vec![text(&check.id), text(&item.kind), text(&item.text)])
    });
    table(out, "Found by the checks", &["Check", "What", "Which"], items);
    let files = release.checks.iter().flat_map(|check| {
        let row =
            |file: &crate::judge::FileSeen| vec![text(&file.path), text(&file.format), file.sha256.clone()];
        check.files.iter().map(row)
    });
    table(out, "Files read", &["File", "Format", "SHA-256"], files);
    let people = release.sign_offs.iter().chain(&release.items).map(|signed| {
        let stage = signed.stage.map_or("sign-off", |stage| stage.word());
        let word = if signed.is_signed() { "signed" } else { "open" };
        let who = signed.signed_by.iter().chain(&signed.void).cloned().collect::<Vec<_>>().join(", ");
        vec![text(&signed.name), stage.to_owned(), word.to_owned(), text(&who)]
    });
    table(out, "Sign-offs and checklist", &["What", "Stage", "Status", "Who"], people);
    let waivers = release.waivers.iter().map(|w| {
        let standing = w.standing.word().to_owned();
        vec![text(&w.id), text(&w.check), text(&w.reason), text(&w.owner), w.expires.clone(), standing]
    });
    table(out, "Waivers", &["Waiver", "Covers", "Reason", "Owner", "Expires", "Standing"], waivers);
    rollout(out, &release.rollout);
}

fn rollout(out: &mut String, rollout: &Rollout) {
    for (title, steps) in [("Deployment", &rollout.deployment), ("Going back", &rollout.rollback)] {
        let rows = steps.iter().map(|step| {
            let command = step.command.as_deref().unwrap_or_default();
            vec![text(&step.title), text(command), step.minutes.to_string()]
        });
        table(out, title, &["Step", "Command", "Minutes"], rows);
    }
    let rows = rollout.canary.iter().map(|step| vec![step.percent.to_string(), step.minutes.to_string()]);
    table(out, "Canary", &["Percent", "Minutes"], rows);
    let rows = rollout.post_deploy.iter().map(|check| {
        let limits = [
            check.at_least.map(|least| format!("at least {least}")),
            check.at_most.map(|most| format!("at most {most}")),
            check.growth_percent.map(|most| format!("at most {most} % above before")),
        ];
        let limit = limits.into_iter().flatten().collect::<Vec<_>>().join(", ");
        vec![
            text(&check.id),
            text(&check.title),
            text(&check.metric),
            limit,
            check.window_minutes.to_string(),
        ]
    });
    table(out, "Looked at once it is out", &["Check", "What", "Metric", "Target", "Minutes"], rows);
}

fn head(out: &mut String, judgement: &Judgement) {
    let counts = &judgement.counts;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# {}\n", text(&told(judgement)));
    let _ = writeln!(
        out,
        "{}: {} planned, {} passed, {} failed, {} undecided.\n",
        text(&judgement.subject),
        scenarios(counts.planned),
        counts.passed,
        counts.failed,
        counts.undecided()
    );
    let _ = writeln!(out, "- Verdict: {}", text(&change(judgement)));
    let _ = writeln!(out, "- Exit code: {}", judgement.exit_code);
    for departure in &judgement.policy {
        let _ = writeln!(out, "- Policy: {}", text(departure));
    }
    if !judgement.accepted.is_empty() {
        let _ = writeln!(out, "- Accepted: {}", text(&judgement.accepted.join(", ")));
    }
    let _ = writeln!(out, "- Started: {}, seed {}", judgement.started_at, judgement.seed);
    let _ = writeln!(
        out,
        "- Evidence: {} observations, SHA-256 {}",
        judgement.evidence.observations, judgement.evidence.sha256
    );
    let _ = writeln!(out, "- gonogo {}", text(&judgement.tool.version));
}

/// A table; rows that no longer fit are counted instead.
fn table(out: &mut String, title: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "\n## {title}\n\n| {} |\n|{}", heads.join(" | "), " --- |".repeat(heads.len()));
    let mut cut = 0_usize;
    for row in rows {
        let row = format!("| {} |\n", row.join(" | "));
        // What follows the tables needs room of its own.
        if cut > 0 || out.len() + row.len() > LIMIT - (64 << 10) {
            cut += 1;
        } else {
            out.push_str(&row);
        }
    }
    if cut > 0 {
        let _ = writeln!(out, "\n*Cut: {cut} more rows stand in verdict.json.*");
    }
}

fn list(out: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let _ = writeln!(out, "\n## {title}\n");
    let mut cut = 0_usize;
    for item in items {
        if cut > 0 || out.len() + item.len() > LIMIT - (16 << 10) {
            cut += 1;
        } else {
            let _ = writeln!(out, "- {item}");
        }
    }
    if cut > 0 {
        let _ = writeln!(out, "\n*Cut: {cut} more stand in verdict.json.*");
    }
}

/// Text that Markdown and HTML leave as it is, in a cell of a table.
fn text(text: &str) -> String {
    escaped(text, CELL)
}

/// Text that Markdown and HTML leave as it is: one line, not longer than `limit` characters before it is escaped.
#[must_use]
pub fn escaped(text: &str, limit: usize) -> String {
    let mut safe = String::new();
    for c in brief(text, limit).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '|' | '`' | '*' | '[' | ']' | '\\' | '~' | '!' | '#' | '@' => {
                let _ = write!(safe, "&#{};", c as u32);
            }
            '_' => safe.push_str("\\_"),
            c => safe.push(c),
        }
    }
    safe
}
