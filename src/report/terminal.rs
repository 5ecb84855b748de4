//! The report for people. Failures stand by name, passes are counted.

use std::fmt::Write as _;

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, TableStyle, presets};

use super::{Look, brief, change, figure, printable, scenarios, told};
use crate::{
    evidence::Outcome,
    judge::{
        CheckOutcome, InvariantOutcome, IssueResult, IssueStatus, Judgement, MetricOutcome, ReleaseResult,
        Verdict, WaiverStanding,
    },
};

/// Below this a table cannot be drawn.
const NARROWEST: u16 = 40;
/// A cell shows so many characters; the whole text stands in `verdict.json`.
const CELL: usize = 300;
/// So many blockers and scenarios are named; the rest is counted.
const NAMED: usize = 50;

const STYLE: TableStyle = presets::UTF8_FULL_CONDENSED;

pub(super) fn render(judgement: &Judgement, look: &Look) -> Vec<u8> {
    let look = &Look { width: look.width.max(NARROWEST), ..*look };
    let mut out = String::new();
    banner(&mut out, judgement, look);
    invariants(&mut out, judgement, look);
    issues(&mut out, judgement, look);
    suites(&mut out, judgement, look);
    if let Some(release) = &judgement.release {
        checks(&mut out, release, look);
        people(&mut out, release, look);
    }
    metrics(&mut out, judgement, look);
    // What is read last stays on the screen: what to do about it, not a wall of green.
    blockers(&mut out, judgement, look);
    let evidence = &judgement.evidence;
    line(&mut out, look, &format!("evidence {} observations", evidence.observations));
    line(&mut out, look, &format!("sha256 {}", evidence.sha256));
    line(&mut out, look, &format!("verdict {}, exit code {}", change(judgement), judgement.exit_code));
    out.into_bytes()
}

fn banner(out: &mut String, judgement: &Judgement, look: &Look) {
    let colour = match judgement.verdict {
        Verdict::Go(_) => Color::Green,
        Verdict::NoGo => Color::Red,
        Verdict::GoAfterFixes | Verdict::Undecided => Color::Yellow,
    };
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    let cell = Cell::new(told(judgement)).fg(colour).add_attribute(Attribute::Bold);
    table.add_row(vec![cell]);
    let counts = &judgement.counts;
    let summary = format!(
        "{}: {} planned, {} passed, {} failed, {} undecided",
        brief(&judgement.subject, 80),
        scenarios(counts.planned),
        counts.passed,
        counts.failed,
        counts.undecided(),
    );
    table.add_row(vec![Cell::new(summary)]);
    for departure in &judgement.policy {
        table.add_row(vec![Cell::new(format!("policy: {}", brief(departure, 160)))]);
    }
    if !judgement.accepted.is_empty() {
        table.add_row(vec![Cell::new(format!("accepted: {}", brief(&judgement.accepted.join(", "), 80)))]);
    }
    draw(out, table, look);
}

fn blockers(out: &mut String, judgement: &Judgement, look: &Look) {
    if judgement.blockers.is_empty() {
        return;
    }
    let mut table = titled(&["In the way of a GO", "What", "Remedy"]);
    for blocker in judgement.blockers.iter().take(NAMED) {
        let weight = blocker.severity.map_or(String::new(), |severity| format!(" {}", severity.word()));
        table.add_row(vec![
            Cell::new(format!("{}{weight}", brief(&blocker.subject, CELL))).fg(Color::Red),
            Cell::new(brief(&blocker.message, CELL)),
            Cell::new(brief(&blocker.remedy, CELL)),
        ]);
    }
    draw(out, table, look);
    if let Some(more) = judgement.blockers.len().checked_sub(NAMED).filter(|more| *more > 0) {
        line(out, look, &format!("and {more} more in verdict.json"));
    }
}

fn invariants(out: &mut String, judgement: &Judgement, look: &Look) {
    let mut table = titled(&["Invariant", "Outcome", "Why"]);
    for invariant in &judgement.invariants {
        let colour = match invariant.outcome {
            InvariantOutcome::Holds => Color::Green,
            InvariantOutcome::Violated => Color::Red,
            InvariantOutcome::NotExercised => Color::Yellow,
        };
        table.add_row(vec![
            Cell::new(printable(&invariant.name)),
            Cell::new(invariant.outcome.word()).fg(colour),
            Cell::new(brief(&invariant.reason, CELL)),
        ]);
    }
    draw(out, table, look);
}

fn issues(out: &mut String, judgement: &Judgement, look: &Look) {
    if judgement.issues.is_empty() {
        return;
    }
    let mut table = titled(&["Issue", "Title", "Status"]);
    for issue in &judgement.issues {
        let colour = match issue.status {
            IssueStatus::Settled => Color::Green,
            IssueStatus::Open => Color::Red,
            IssueStatus::Undecided => Color::Yellow,
        };
        table.add_row(vec![
            Cell::new(brief(&issue.id, CELL)),
            Cell::new(brief(&issue_in_words(issue), CELL)),
            Cell::new(issue.status.word()).fg(colour),
        ]);
    }
    draw(out, table, look);
}

/// The title, and where the policy tells them problem and solution.
fn issue_in_words(issue: &IssueResult) -> String {
    let mut words = vec![issue.title.clone()];
    for (what, text) in [("problem", &issue.problem), ("solution", &issue.solution)] {
        if !text.is_empty() {
            words.push(format!("{what}: {text}"));
        }
    }
    words.join("; ")
}

fn suites(out: &mut String, judgement: &Judgement, look: &Look) {
    let mut table = titled(&["Feature", "Planned", "Passed", "Failed", "Undecided"]);
    let (green, open): (Vec<_>, Vec<_>) =
        judgement.suites.iter().partition(|suite| suite.planned > 0 && suite.passed == suite.planned);
    for suite in &open {
        table.add_row(vec![
            brief(&suite.name, CELL),
            suite.planned.to_string(),
            suite.passed.to_string(),
            suite.failed.to_string(),
            suite.undecided.to_string(),
        ]);
    }
    let passed: usize = green.iter().map(|suite| suite.passed).sum();
    if !green.is_empty() {
        let features = if green.len() == 1 { "feature" } else { "features" };
        let whole = format!("{} {features} passed whole", green.len());
        let counts = [passed, passed, 0, 0].map(|count| count.to_string());
        table.add_row([vec![whole], counts.to_vec()].concat());
    }
    draw(out, table, look);
    let open = judgement.scenarios.iter().filter(|scenario| scenario.outcome != Outcome::Passed);
    for scenario in open.take(NAMED) {
        let text = format!("{}: {} ({})", scenario.outcome.word(), scenario.name, scenario.id);
        line(out, look, &text);
    }
}

fn checks(out: &mut String, release: &ReleaseResult, look: &Look) {
    let title = format!("Release {}", brief(&release.version, 80));
    let mut table = titled(&[&title, "Outcome", "Why"]);
    for check in &release.checks {
        let colour = match check.outcome {
            CheckOutcome::Passed => Color::Green,
            CheckOutcome::Failed => Color::Red,
            CheckOutcome::Undecided => Color::Yellow,
        };
        let waived = if check.waived_by.is_some() { ", waived" } else { "" };
        table.add_row(vec![
            Cell::new(brief(&check.title, CELL)),
            Cell::new(format!("{}{waived}", check.outcome.word())).fg(colour),
            Cell::new(brief(&check.reason, CELL)),
        ]);
    }
    draw(out, table, look);
}

fn people(out: &mut String, release: &ReleaseResult, look: &Look) {
    let mut table = titled(&["Signed or waived by", "Status", "Who"]);
    for signed in release.sign_offs.iter().chain(&release.items) {
        let (word, colour) =
            if signed.is_signed() { ("signed", Color::Green) } else { ("open", Color::Yellow) };
        let who = signed.signed_by.iter().chain(&signed.void).cloned().collect::<Vec<_>>().join(", ");
        table.add_row(vec![
            Cell::new(brief(&signed.name, CELL)),
            Cell::new(word).fg(colour),
            Cell::new(brief(&who, CELL)),
        ]);
    }
    for waiver in &release.waivers {
        let colour = if waiver.standing == WaiverStanding::InForce { Color::Yellow } else { Color::Red };
        table.add_row(vec![
            Cell::new(brief(&format!("{}: {} ({})", waiver.id, waiver.check, waiver.reason), CELL)),
            Cell::new(format!("waiver {}", waiver.standing.word())).fg(colour),
            Cell::new(brief(&format!("{}, until {}", waiver.owner, waiver.expires), CELL)),
        ]);
    }
    if table.row_count() > 0 {
        draw(out, table, look);
    }
}

fn metrics(out: &mut String, judgement: &Judgement, look: &Look) {
    let mut table = titled(&["Metric", "Value", "Threshold", ""]);
    for metric in &judgement.metrics {
        table.add_row(vec![
            metric.name.clone(),
            figure(metric.value, &metric.unit),
            metric.threshold.map_or(String::new(), |threshold| figure(Some(threshold), &metric.unit)),
            match metric.outcome {
                MetricOutcome::Counted | MetricOutcome::NoData => String::new(),
                outcome => outcome.word().to_owned(),
            },
        ]);
    }
    draw(out, table, look);
}

fn titled(titles: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(titles.iter().map(|title| Cell::new(title).add_attribute(Attribute::Bold)));
    table
}

fn draw(out: &mut String, mut table: Table, look: &Look) {
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(look.width).force_no_tty();
    if look.colour {
        table.enforce_styling();
    }
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}\n", table.trim_fmt());
}

/// A line outside of tables, cut at the width.
fn line(out: &mut String, look: &Look, text: &str) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).add_row(vec![brief(text, CELL)]);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(look.width).force_no_tty();
    let _ = writeln!(out, "{}", table.trim_fmt());
}
