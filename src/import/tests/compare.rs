//! Test results held against those of the release before. Pure: says what changed, not whether that is allowed.

use std::collections::BTreeMap;

use super::{TestCase, TestOutcome, TestReport};

/// One test whose results changed, or that is worth a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// As [`TestCase::title`]; with ` #n` where a repeated result is gone.
    pub id: String,
    /// The worst result before, if there was one.
    pub before: Option<TestOutcome>,
    /// The worst result now, if there is one.
    pub now: Option<TestOutcome>,
    /// What the tool says about the result now.
    pub message: Option<String>,
}

/// What changed between two runs. Every list is sorted by id. Of several results of one test the worst counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Known before, not failing then, failing now.
    pub regressions: Vec<Change>,
    /// Failing before and now.
    pub pre_existing: Vec<Change>,
    /// Not there any more, or skipped now while it ran before; a test with fewer results than before, too.
    pub gone: Vec<Change>,
    /// Not there before, whatever it comes to now: a failing one is in this list alone.
    pub new: Vec<Change>,
    /// Failing before, passing now.
    pub fixed: Vec<Change>,
    /// Passing only after another try, now.
    pub flaky: Vec<Change>,
    /// Of the tests that ran now, how many passed, in percent; `None` when none ran.
    pub pass_rate_percent: Option<f64>,
}

impl Comparison {
    /// New tests that fail: neither regressions nor excused by what was before.
    pub fn new_failing(&self) -> impl Iterator<Item = &Change> {
        self.new.iter().filter(|change| change.now.is_some_and(TestOutcome::is_failing))
    }
}

/// The results of one test.
struct Results<'a> {
    worst: &'a TestCase,
    count: usize,
}

/// Compares two runs. Neither is checked for being whole.
#[must_use]
pub fn compare(before: &TestReport, now: &TestReport) -> Comparison {
    let (earlier, later) = (by_title(before), by_title(now));
    let mut comparison = Comparison {
        regressions: vec![],
        pre_existing: vec![],
        gone: vec![],
        new: vec![],
        fixed: vec![],
        flaky: vec![],
        pass_rate_percent: pass_rate_percent(&later),
    };
    for (id, found) in &later {
        let known = earlier.get(id);
        let (old, new) = (known.map(|known| known.worst.outcome), found.worst.outcome);
        let change =
            Change { id: id.clone(), before: old, now: Some(new), message: found.worst.message.clone() };
        if new == TestOutcome::Flaky {
            comparison.flaky.push(change.clone());
        }
        match old {
            None => comparison.new.push(change),
            Some(old) if old.is_failing() && new.is_failing() => comparison.pre_existing.push(change),
            Some(_) if new.is_failing() => comparison.regressions.push(change),
            Some(TestOutcome::Skipped) => {}
            Some(_) if new == TestOutcome::Skipped => comparison.gone.push(change),
            Some(old) if old.is_failing() => comparison.fixed.push(change),
            Some(_) => {}
        }
        let count = known.map_or(0, |known| known.count);
        for occurrence in found.count + 1..=count {
            comparison.gone.push(Change {
                id: format!("{id} #{occurrence}"),
                before: old,
                now: None,
                message: None,
            });
        }
    }
    let missing = earlier.iter().filter(|(id, _)| !later.contains_key(*id));
    comparison.gone.extend(missing.map(|(id, known)| Change {
        id: id.clone(),
        before: Some(known.worst.outcome),
        now: None,
        message: None,
    }));
    comparison.gone.sort_by(|one, other| one.id.cmp(&other.id));
    comparison
}

fn by_title(report: &TestReport) -> BTreeMap<String, Results<'_>> {
    let mut results: BTreeMap<String, Results<'_>> = BTreeMap::new();
    for case in &report.cases {
        let found = results.entry(case.title()).or_insert(Results { worst: case, count: 0 });
        found.count += 1;
        if case.outcome > found.worst.outcome {
            found.worst = case;
        }
    }
    results
}

fn pass_rate_percent(results: &BTreeMap<String, Results<'_>>) -> Option<f64> {
    let ran = results.values().filter(|found| found.worst.outcome != TestOutcome::Skipped).count();
    let passed = results.values().filter(|found| found.worst.outcome.is_passing()).count();
    (ran > 0).then(|| passed as f64 * 100.0 / ran as f64)
}

#[cfg(test)]
mod comparing {
    use super::super::{TestFormat, read_bytes};
    use super::*;

    /// `name outcome` a line, in words of TAP.
    fn report(lines: &[&str]) -> TestReport {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let text = format!("1..{}\n{body}", lines.len());
        read_bytes(std::path::Path::new("run"), text.as_bytes(), Some(TestFormat::Tap)).unwrap()
    }

    fn ids(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| change.id.as_str()).collect()
    }

    #[test]
    fn every_change_is_in_its_list() {
        let before = report(&[
            "ok - stays",
            "ok - breaks",
            "not ok - broken",
            "not ok - mended",
            "ok - lost",
            "ok - now skipped",
            "not ok - hidden",
            "ok - never ran # SKIP",
            "ok - still skipped # SKIP",
            "ok - twice",
            "ok - twice",
        ]);
        let now = report(&[
            "ok - stays",
            "not ok - breaks",
            "not ok - broken",
            "ok - mended",
            "ok - now skipped # SKIP",
            "ok - hidden # SKIP",
            "not ok - never ran",
            "ok - still skipped # SKIP",
            "ok - twice",
            "ok - added",
            "not ok - added and broken",
        ]);
        let found = compare(&before, &now);
        assert_eq!(ids(&found.regressions), ["breaks", "never ran"]);
        assert_eq!(ids(&found.pre_existing), ["broken"]);
        assert_eq!(ids(&found.fixed), ["mended"]);
        assert_eq!(ids(&found.gone), ["hidden", "lost", "now skipped", "twice #2"]);
        assert_eq!(ids(&found.new), ["added", "added and broken"]);
        assert_eq!(
            found.new_failing().map(|change| change.id.as_str()).collect::<Vec<_>>(),
            ["added and broken"]
        );
        // Of eight tests that ran, four failed.
        assert_eq!(found.pass_rate_percent, Some(50.0));
    }

    #[test]
    fn the_worst_of_several_results_counts() {
        let before = report(&["ok - a", "ok - a"]);
        let now = report(&["not ok - a", "ok - a"]);
        let found = compare(&before, &now);
        assert_eq!(ids(&found.regressions), ["a"]);
        assert_eq!(found.pass_rate_percent, Some(0.0));
        assert_eq!(compare(&now, &now).pre_existing.len(), 1);
    }

    #[test]
    fn flaky_is_shown_and_counts_as_passed() {
        let before = report(&["ok - a"]);
        let mut now = before.clone();
        now.cases[0].outcome = TestOutcome::Flaky;
        let found = compare(&before, &now);
        assert_eq!(ids(&found.flaky), ["a"]);
        assert!(found.regressions.is_empty() && found.gone.is_empty());
        assert_eq!(found.pass_rate_percent, Some(100.0));
    }

    #[test]
    fn no_test_that_ran_is_no_rate() {
        let skipped = report(&["ok - a # SKIP"]);
        assert_eq!(compare(&skipped, &skipped).pass_rate_percent, None);
    }

    #[test]
    fn files_of_one_run_are_one_report() {
        let mut all = report(&["ok - a"]);
        let mut other = report(&["not ok - a"]);
        other.incomplete = Some("is cut off".to_owned());
        all.absorb(other);
        let ids: Vec<_> = all.cases.iter().map(TestCase::id).collect();
        assert_eq!(ids, ["a", "a #2"]);
        assert_eq!(all.incomplete.as_deref(), Some("is cut off"));
    }
}
