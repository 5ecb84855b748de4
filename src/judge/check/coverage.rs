//! Coverage of the lines that the change adds. Lines that cannot run do not count.

use super::{Finding, number};
use crate::evidence::{CheckFact, Limits};

#[allow(clippy::cast_precision_loss, reason = "counts of lines are far below 2^52")]
pub(super) fn judge(facts: &[&CheckFact], limits: &Limits) -> Finding {
    let mut finding = Finding::default();
    let (mut changed_in_all, mut run_in_all) = (0, 0);
    for fact in facts {
        let CheckFact::LinesRun { file, changed, run } = fact else { continue };
        changed_in_all += changed;
        run_in_all += run.min(changed);
        if run < changed {
            finding.item("not run", format!("{file}: {} of {changed} changed lines", changed - run));
        }
    }
    let rate = (changed_in_all > 0).then(|| 100.0 * run_in_all as f64 / changed_in_all as f64);
    let limit = limits.changed_lines_percent.map(|least| format!("at least {} %", number(least)));
    finding.figure("changed lines that ran", rate.map(|rate| format!("{} %", number(rate))), limit);
    finding.figure("changed lines", Some(changed_in_all.to_string()), None);
    match (rate, limits.changed_lines_percent) {
        (Some(rate), Some(least)) if rate < least => finding.failed.push(format!(
            "the tests run {} % of the changed lines, at least {} % is asked",
            number(rate),
            number(least)
        )),
        (Some(rate), _) => finding.shown = format!("the tests run {} % of the changed lines", number(rate)),
        (None, _) if !facts.iter().any(|fact| matches!(fact, CheckFact::FileRead { .. })) => {
            finding.missing.push("no coverage was read".to_owned());
        }
        (None, _) => finding.shown = "the change adds no line that a test could run".to_owned(),
    }
    finding
}
