//! What was measured of the deployed app, against its objectives; and kinds of errors that were not there before.
//! A metric without data is neither within nor beyond.

use super::{Finding, number, with_unit};
use crate::evidence::{Budgeted, CheckFact, Limits, Objective, Of, PlannedCheck};

pub(super) fn judge(facts: &[&CheckFact], planned: &PlannedCheck, limits: &Limits) -> Finding {
    let mut finding = Finding::default();
    let objectives = limits.objectives.get(&planned.id).map_or(&[][..], Vec::as_slice);
    if objectives.is_empty() {
        finding.missing.push("no objective is set for what is measured".to_owned());
    }
    for objective in objectives {
        hold(&mut finding, facts, objective);
    }
    let of_before = |fact: &&CheckFact| matches!(fact, CheckFact::FileRead { of: Of::Before, .. });
    let compared = facts.iter().any(of_before);
    for fact in facts {
        let CheckFact::PatternSeen { template, now, before } = fact else { continue };
        // Without a log of before nobody knows what is new.
        if compared && *before == 0 && *now > 0 {
            finding.failed.push(format!("a new kind of error, {now} times: {template}"));
            finding.item("new error", format!("{now} × {template}"));
        } else {
            finding.item("error", format!("{now} × (before: {before}) {template}"));
        }
    }
    finding.shown = format!(
        "{} within their limits",
        objectives.iter().map(|o| o.metric.as_str()).collect::<Vec<_>>().join(", ")
    );
    finding
}

fn hold(finding: &mut Finding, facts: &[&CheckFact], objective: &Objective) {
    if let Some(budget) = &objective.budget {
        return spend(finding, facts, objective, budget);
    }
    let Objective { metric, at_least, at_most, growth_percent, budget: _ } = objective;
    let (now, unit) = value(facts, Of::Now, metric);
    let (before, _) = value(facts, Of::Before, metric);
    let limits = [
        at_least.map(|least| format!("at least {}", with_unit(least, unit))),
        at_most.map(|most| format!("at most {}", with_unit(most, unit))),
        growth_percent.map(|most| format!("at most {} % above before", number(most))),
    ];
    let limit = limits.into_iter().flatten().collect::<Vec<_>>().join(", ");
    finding.figure(metric, now.map(|now| with_unit(now, unit)), Some(limit.clone()));
    let Some(now) = now else {
        finding.missing.push(format!("no data on {metric}"));
        return;
    };
    let mut beyond = at_least.is_some_and(|least| now < least) || at_most.is_some_and(|most| now > most);
    if let Some(most) = growth_percent {
        match before {
            Some(before) => beyond |= now > before * (1.0 + most / 100.0),
            None => finding.missing.push(format!("no data on {metric} of before")),
        }
    }
    if beyond {
        finding.failed.push(format!("{metric} is {}, it should be {limit}", with_unit(now, unit)));
    }
}

/// What is left of an error budget: one that is spent to its end is over.
fn spend(finding: &mut Finding, facts: &[&CheckFact], objective: &Objective, budget: &Budgeted) {
    let Budgeted { good: _, total: _, target_percent, window_days } = budget;
    let (metric, of_left) = (&objective.metric, objective.budget_left());
    let share = value(facts, Of::Now, metric).0;
    let left = value(facts, Of::Now, &of_left).0;
    let limit = format!("at least {} % over {window_days} days", number(*target_percent));
    let percent = |value: f64| format!("{} %", number(value));
    finding.figure(metric, share.map(percent), Some(limit.clone()));
    finding.figure(&of_left, left.map(percent), Some("above 0 %".to_owned()));
    match share.zip(left) {
        None => finding.missing.push(format!("no data on {metric}: its error budget cannot be told")),
        Some((share, left)) if left <= 0.0 => {
            let (share, left) = (percent(share), percent(left));
            finding.failed.push(format!(
                "the error budget of {metric} is spent: {left} of it is left; {share} are good, it should be {limit}"
            ));
        }
        Some(_) => {}
    }
}

/// The value, if it is one that can be compared, and its unit.
fn value<'a>(facts: &[&'a CheckFact], whose: Of, metric: &str) -> (Option<f64>, &'a str) {
    let mut found = facts.iter().filter_map(|fact| match fact {
        CheckFact::Measured { of, name, value, unit, samples } if *of == whose && name == metric => {
            let usable = value.filter(|value| value.is_finite() && *samples > 0);
            Some((usable, unit.as_str()))
        }
        _ => None,
    });
    found.next().unwrap_or((None, ""))
}

#[cfg(test)]
mod tests;
