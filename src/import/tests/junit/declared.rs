//! What a suite declares of itself, held against what stands in it. More elements than declared is a remark; fewer,
//! or a total that cannot be read, keep the file from counting as whole.

use crate::import::{Element, excerpt};

/// The totals of a suite.
#[derive(Default)]
pub(super) struct Declared {
    tests: Option<u64>,
    failing: Option<u64>,
    skipped: Option<u64>,
    /// Totals that are no numbers, as `name="value"`.
    unread: Vec<String>,
}

/// What stands in a suite and in the suites within it.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown {
    /// Tests in the suite itself.
    pub own: u64,
    /// Tests in it and in the suites within it.
    pub total: u64,
    /// Of these, such as are skipped.
    pub skipped: u64,
    /// Skipped tests that the suites within it declare.
    pub skipped_within: u64,
    /// Failing tests, or `<failure>` and `<error>` elements if these are more: some tools count them.
    pub failing: u64,
}

/// What differs.
pub(super) enum Differs {
    /// It keeps the file from counting as whole.
    Lacks(String),
    /// It changes no result.
    Noted(String),
}

impl Declared {
    /// What the attributes of a suite declare.
    pub(super) fn of(element: &Element) -> Self {
        let mut unread = vec![];
        let mut total = |keys: &[&str]| {
            let mut sum: Option<u64> = None;
            for (key, value) in keys.iter().filter_map(|key| Some((key, element.attribute(key)?))) {
                match value.trim().parse::<u64>() {
                    Ok(count) => sum = Some(sum.unwrap_or_default().saturating_add(count)),
                    Err(_) => unread.push(excerpt(&format!("{key}=\"{value}\""))),
                }
            }
            sum
        };
        let (tests, failing) = (total(&["tests"]), total(&["failures", "errors"]));
        let skipped = total(&["skipped", "disabled"]);
        Self { tests, failing, skipped, unread }
    }

    /// Tests that are skipped by what it declares, or else by what the suites within it do.
    pub(super) fn skipped(&self, within: u64) -> u64 {
        self.skipped.unwrap_or_default().max(within)
    }

    /// What differs from what is shown. `is_pytest`: it adds every subtest that passed to `tests` and writes an
    /// element for the test around them alone (`_pytest/junitxml.py`, `pytest_sessionfinish`; seen with pytest 9).
    pub(super) fn differs(&self, shown: Shown, is_pytest: bool) -> Vec<Differs> {
        let mut differs: Vec<_> = self
            .unread
            .iter()
            .map(|total| Differs::Lacks(format!("declares {total}, which is no number")))
            .collect();
        // Some count nested suites as one, some by what they hold.
        if let Some(tests) = self.tests.filter(|tests| *tests != shown.own && *tests != shown.total) {
            let what = format!("declares {tests} tests, holds {}", shown.total);
            // libtest and mocha-junit-reporter count the tests that did not run and write no element for them.
            let unwritten = self.skipped(shown.skipped_within).saturating_sub(shown.skipped);
            let lacks = tests > shown.total.saturating_add(unwritten) && !is_pytest;
            differs.push(if lacks { Differs::Lacks(what) } else { Differs::Noted(what) });
        }
        if let Some(failing) = self.failing.filter(|failing| *failing > shown.failing) {
            let what = format!("declares {failing} failing tests, shows {}", shown.failing);
            differs.push(Differs::Lacks(what));
        }
        differs
    }
}
