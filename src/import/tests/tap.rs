//! Test Anything Protocol 12 to 14, with node's subtests before their test and vitest's `{ }` blocks after it. Counts
//! leaves; a test that stands for its subtests counts when it fails and none of them does.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Gathered, TestCase, TestFormat, TestOutcome, TestReport, message};
use crate::import::{ImportError, Line, Lines, MESSAGE_LIMIT, Source};

/// Subtests within subtests.
const DEPTH_LIMIT: usize = 64;

static POINT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(not )?ok\b(?: +(\d+))?(?: +-(?: +|$)| +|$)(.*)$").ok());
static PLAN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^1\.\.(\d+)\s*(?:#.*)?$").ok());
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\s# time=([\d.]+)ms$").ok());
static DIRECTIVE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?:^|[^\\])(#\s*(skip|todo)\S*(?:\s+(.*))?)$").ok());

/// The tests at one depth of indentation.
struct Level {
    indent: usize,
    /// Of the first case at this depth or deeper.
    first: usize,
    failing_before: u64,
    plan: Option<u64>,
    seen: u64,
    /// vitest names the parent first and closes it by `}`.
    parent: Option<Point>,
}

struct Point {
    is_ok: bool,
    name: String,
    directive: Option<(TestOutcome, String)>,
    duration_ms: Option<f64>,
}

struct Reading {
    gathered: Gathered,
    levels: Vec<Level>,
    /// Indentation of an open diagnostic block.
    diagnostic: Option<usize>,
    /// The case to which a diagnostic block would belong, and its text.
    last: Option<usize>,
    text: String,
    has_version: bool,
}

/// Reads all lines.
pub(super) fn read(source: &mut Source<'_>) -> Result<TestReport, ImportError> {
    let path = source.path().to_owned();
    let mut lines = Lines::new(&path, source.rewound()?);
    let mut reading = Reading {
        gathered: Gathered::new(TestFormat::Tap),
        levels: vec![],
        diagnostic: None,
        last: None,
        text: String::new(),
        has_version: false,
    };
    reading.deeper(0, None).map_err(|what| lines.error(what))?;
    while let Some(line) = lines.next_line()? {
        reading.take(&line).map_err(|what| lines.error(what))?;
    }
    reading.gathered.illegal(lines.illegal());
    reading.finish().map_err(|what| lines.error(what))
}

impl Reading {
    fn take(&mut self, line: &Line) -> Result<(), String> {
        if !line.is_ended {
            self.gathered.incomplete(format!("is cut off: line {} has no end", line.number));
        }
        let text = line.text.trim_end();
        let plain = text.trim_start_matches([' ', '\t']);
        let indent = text.len() - plain.len();
        if let Some(block) = self.diagnostic {
            if plain == "..." && indent == block {
                self.diagnostic = None;
            } else if self.text.len() < MESSAGE_LIMIT {
                self.text.extend(text.chars().take(MESSAGE_LIMIT));
                self.text.push('\n');
            }
            return Ok(());
        }
        if plain == "---" && self.last.is_some() {
            self.diagnostic = Some(indent);
            return Ok(());
        }
        self.explain();
        if let Some(point) = POINT.as_ref().and_then(|regex| regex.captures(plain)) {
            return self.point(indent, line.number, &point);
        }
        if let Some(plan) = PLAN.as_ref().and_then(|regex| regex.captures(plain)) {
            return self.plan(indent, line.number, &plan);
        }
        self.other(indent, plain)
    }

    fn other(&mut self, indent: usize, plain: &str) -> Result<(), String> {
        if plain == "}" {
            let is_open =
                self.levels.iter().skip(1).any(|level| level.parent.is_some() && level.indent > indent);
            return if is_open { self.close_block(indent) } else { Ok(()) };
        }
        if let Some(version) = plain.strip_prefix("TAP version ").filter(|_| indent == 0) {
            if !["12", "13", "14"].contains(&version.trim()) {
                return Err("is of a TAP version that is not known: expected 12, 13 or 14".to_owned());
            }
            if self.has_version || !self.gathered.cases.is_empty() {
                self.gathered.incomplete("holds two TAP documents in one");
            }
            self.has_version = true;
        }
        if let Some(why) = plain.strip_prefix("Bail out!") {
            let why = message(why).map(|why| format!(": {why}")).unwrap_or_default();
            self.gathered.incomplete(format!("bailed out{why}"));
        }
        Ok(())
    }

    fn deeper(&mut self, indent: usize, parent: Option<Point>) -> Result<(), String> {
        if self.levels.len() > DEPTH_LIMIT {
            return Err(format!("is nested deeper than {DEPTH_LIMIT} subtests"));
        }
        let first = self.gathered.cases.len();
        let failing_before = self.gathered.failing;
        self.levels.push(Level { indent, first, failing_before, plan: None, seen: 0, parent });
        Ok(())
    }

    /// Makes the level of this indentation the innermost; what lies deeper stays pending for its parent.
    fn enter(&mut self, indent: usize) -> Result<(), String> {
        while let Some(level) = self.levels.last() {
            if level.indent < indent {
                // A block's own level takes the indentation of its first line.
                return self.deeper(indent, None);
            }
            if level.indent == indent {
                return Ok(());
            }
            if self.levels.len() == 1 {
                break;
            }
            let orphan = self.leave();
            if orphan.is_some() {
                self.gathered.incomplete("has subtests without the test that they belong to");
            }
        }
        Ok(())
    }

    /// Closes the innermost level and checks its plan; its parent, if that was named first.
    fn leave(&mut self) -> Option<Level> {
        let level = self.levels.pop()?;
        self.check_plan(&level, "a subtest");
        Some(level)
    }

    fn check_plan(&mut self, level: &Level, whose: &str) {
        match level.plan {
            Some(plan) if plan == level.seen => {}
            Some(plan) => {
                let seen = level.seen;
                self.gathered.incomplete(format!("{whose} plans {plan} tests, shows {seen}"));
            }
            None => self.gathered.incomplete(format!("{whose} has no plan (`1..N`)")),
        }
    }

    fn plan(&mut self, indent: usize, number: u64, plan: &Captures<'_>) -> Result<(), String> {
        self.enter(indent)?;
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let Ok(count) = plan[1].parse::<u64>() else { return Err("has a plan beyond any number".to_owned()) };
        if level.plan.is_some() {
            self.gathered.incomplete(format!("has a second plan in line {number}"));
        }
        level.plan = Some(count);
        Ok(())
    }

    fn point(&mut self, indent: usize, number: u64, captures: &Captures<'_>) -> Result<(), String> {
        // Subtests of this test stand before it, one level deeper.
        let mut subtests = None;
        while self.levels.last().is_some_and(|level| level.indent > indent) && self.levels.len() > 1 {
            if subtests.is_some() {
                self.gathered.incomplete("has subtests without the test that they belong to");
            }
            if self.levels.last().is_some_and(|level| level.parent.is_some()) {
                self.gathered.incomplete(format!("has a block that is not closed before line {number}"));
            }
            subtests = self.leave();
        }
        self.enter(indent)?;
        let told = captures.get(2).and_then(|n| n.as_str().parse::<u64>().ok());
        if let Some(level) = self.levels.last_mut() {
            level.seen += 1;
            let seen = level.seen;
            if let Some(told) = told.filter(|told| *told != seen) {
                self.gathered.note(format!("line {number} is numbered {told} and is the test {seen} there"));
            }
        }
        let rest = &captures[3];
        let is_ok = captures.get(1).is_none();
        match rest.strip_suffix('{').filter(|name| name.ends_with(' ')) {
            Some(name) => {
                self.last = None;
                self.deeper(indent + 1, Some(point(is_ok, name.trim_end())))
            }
            None => self.settle(point(is_ok, rest), subtests),
        }
    }

    /// vitest's `}`.
    fn close_block(&mut self, indent: usize) -> Result<(), String> {
        let mut subtests: Option<Level> = None;
        while let Some(level) = self.levels.last() {
            if level.indent <= indent || self.levels.len() == 1 {
                break;
            }
            // Where a block's lines are indented further than by one, its tests are one level below its own.
            let is_block = level.parent.is_some();
            let Some(mut level) = self.levels.pop() else { break };
            match (is_block, subtests.take()) {
                (false, None) => {
                    self.check_plan(&level, "a subtest");
                    subtests = Some(level);
                }
                (false, Some(_)) => {
                    self.gathered.incomplete("has subtests without the test that they belong to");
                    subtests = Some(level);
                }
                (true, below) => {
                    let parent = level.parent.take();
                    if let Some(parent) = parent {
                        self.settle(parent, Some(below.unwrap_or(level)))?;
                    }
                    break;
                }
            }
        }
        self.last = None;
        Ok(())
    }

    /// Takes a test in, or names its subtests after it.
    fn settle(&mut self, point: Point, subtests: Option<Level>) -> Result<(), String> {
        let outcome = match (&point.directive, point.is_ok) {
            (Some((TestOutcome::Skipped, word)), is_ok) if is_ok || word == "todo" => TestOutcome::Skipped,
            (_, true) => TestOutcome::Passed,
            (_, false) => TestOutcome::Failed,
        };
        if let Some(level) = subtests.filter(|level| level.first < self.gathered.cases.len()) {
            let below = self.gathered.cases.len() - level.first;
            self.gathered.hold(below.saturating_mul(point.name.len() + " › ".len()))?;
            for case in &mut self.gathered.cases[level.first..] {
                case.suite = match case.suite.as_str() {
                    "" => point.name.clone(),
                    below => format!("{} › {below}", point.name),
                };
            }
            let is_told = self.gathered.failing > level.failing_before;
            self.last = None;
            if outcome != TestOutcome::Failed || is_told {
                return Ok(());
            }
        }
        self.gathered.push(TestCase {
            suite: String::new(),
            class: String::new(),
            name: point.name,
            occurrence: 1,
            outcome,
            duration_ms: point.duration_ms,
            message: point.directive.and_then(|(_, why)| message(&why)),
        })?;
        self.last = Some(self.gathered.cases.len() - 1);
        Ok(())
    }

    /// The diagnostic block of the last test becomes its message.
    fn explain(&mut self) {
        let text = std::mem::take(&mut self.text);
        let case = self.last.take().and_then(|last| self.gathered.cases.get_mut(last));
        if let Some(case) = case.filter(|case| case.outcome.is_failing() && case.message.is_none()) {
            case.message = message(&text);
        }
    }

    fn finish(mut self) -> Result<TestReport, String> {
        if self.diagnostic.is_some() {
            self.gathered.incomplete("is cut off within a diagnostic block");
        }
        self.explain();
        while self.levels.len() > 1 {
            self.leave();
            self.gathered.incomplete("is cut off within subtests");
        }
        if let Some(level) = self.levels.pop() {
            self.check_plan(&level, "the whole");
        }
        Ok(self.gathered.finish())
    }
}

fn point(is_ok: bool, rest: &str) -> Point {
    let (mut name, mut duration_ms, mut directive) = (rest.trim_end(), None, None);
    if let Some(time) = TIME.as_ref().and_then(|regex| regex.captures(name)) {
        duration_ms = time[1].parse::<f64>().ok();
        name = &name[..time.get(0).map_or(0, |whole| whole.start())];
    }
    if let Some(found) = DIRECTIVE.as_ref().and_then(|regex| regex.captures(name)) {
        let why = found.get(3).map_or("", |why| why.as_str());
        let word = found[2].to_ascii_lowercase();
        let said = if why.is_empty() { word.clone() } else { format!("{word}: {why}") };
        directive = Some((TestOutcome::Skipped, if word == "todo" { "todo".to_owned() } else { said }));
        name = &name[..found.get(1).map_or(0, |whole| whole.start())];
    }
    Point { is_ok, name: name.trim().replace("\\#", "#"), directive, duration_ms }
}
