//! The checklist of a release: every item by stage, the automatic ones with what shows them, the others open or
//! signed, with the time that each took.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::{Look, brief, change, scenarios};
use crate::{
    evidence::{CheckKind, Stage},
    judge::{CheckOutcome, InvariantOutcome, IssueStatus, Judgement, SignedResult},
};

/// A cell shows so many characters.
const CELL: usize = 200;

/// A line of the checklist: item, status, what shows it, the time it took.
type Row = [String; 4];

pub(super) fn render(judgement: &Judgement, look: &Look) -> Vec<u8> {
    let mut out = String::new();
    let version = judgement.release.as_ref().map(|release| release.version.as_str());
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "Release {}: {}\n",
        brief(version.unwrap_or("without a policy"), 80),
        change(judgement)
    );
    for stage in Stage::ALL {
        let rows = rows(judgement, stage);
        if rows.is_empty() {
            continue;
        }
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_header([
            stage.word(),
            "status",
            "shown by",
            "took",
        ]);
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(look.width.max(40))
            .force_no_tty();
        table.add_rows(rows);
        let _ = writeln!(out, "{}\n", table.trim_fmt());
    }
    out.into_bytes()
}

fn rows(judgement: &Judgement, stage: Stage) -> Vec<Row> {
    let mut rows = if stage == Stage::PreDeploy { automatic(judgement) } else { vec![] };
    let Some(release) = &judgement.release else { return rows };
    for check in &release.checks {
        let due = match check.kind {
            CheckKind::Logs | CheckKind::Metrics => Stage::PostDeploy,
            CheckKind::Tests
            | CheckKind::Coverage
            | CheckKind::Change
            | CheckKind::Secrets
            | CheckKind::Previous => Stage::PreDeploy,
        };
        if due != stage {
            continue;
        }
        let waived = check.waived_by.as_ref().map_or(String::new(), |id| format!(", waived by {id}"));
        let status = match check.outcome {
            CheckOutcome::Passed => "done".to_owned(),
            CheckOutcome::Failed => format!("failed{waived}"),
            CheckOutcome::Undecided => format!("not shown{waived}"),
        };
        rows.push([brief(&check.title, CELL), status, brief(&check.reason, CELL), String::new()]);
    }
    rows.extend(release.items.iter().filter(|item| item.stage == Some(stage)).map(signed));
    if stage == Stage::PreDeploy {
        rows.extend(release.sign_offs.iter().map(|role| {
            let [name, status, who, took] = signed(role);
            [format!("sign-off: {name}"), status, who, took]
        }));
    }
    rows
}

/// What the run itself shows.
fn automatic(judgement: &Judgement) -> Vec<Row> {
    let counts = &judgement.counts;
    let done = |is: bool| if is { "done" } else { "open" }.to_owned();
    let took: u64 = judgement.suites.iter().map(|suite| suite.duration_ms).sum();
    let all = counts.planned > 0 && counts.passed == counts.planned;
    let shown = format!("{} of {} passed", counts.passed, scenarios(counts.planned));
    let held = judgement.invariants.iter().filter(|i| i.outcome == InvariantOutcome::Holds).count();
    let invariants = judgement.invariants.len();
    let mut rows = vec![
        ["every scenario passes".to_owned(), done(all), shown, lasted(took)],
        [
            "all invariants hold".to_owned(),
            done(invariants > 0 && held == invariants),
            format!("{held} of {invariants} hold"),
            String::new(),
        ],
    ];
    rows.extend(judgement.issues.iter().map(|issue| {
        let title = brief(&format!("{}: {}", issue.id, issue.title), CELL);
        let status = done(issue.status == IssueStatus::Settled);
        [title, status, format!("{}, {}", issue.status.word(), scenarios(issue.scenarios)), String::new()]
    }));
    rows
}

fn signed(item: &SignedResult) -> Row {
    let status = if item.is_signed() { "signed" } else { "open" };
    let who = item.signed_by.iter().cloned().chain(item.void.iter().map(|void| format!("void: {void}")));
    let took = item.took_ms.map_or(String::new(), lasted);
    [brief(&item.name, CELL), status.to_owned(), brief(&who.collect::<Vec<_>>().join(", "), CELL), took]
}

/// A length of time as people say it.
fn lasted(ms: u64) -> String {
    let seconds = ms / 1_000;
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, 0) => format!("{ms} ms"),
        (0, 0, 0, s) => format!("{s} s"),
        (0, 0, m, s) => format!("{m} min {s} s"),
        (0, h, m, _) => format!("{h} h {m} min"),
        (d, h, _, _) => format!("{d} d {h} h"),
    }
}
