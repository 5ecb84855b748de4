//! Holds what a step shows to what is watched: what is missed, what was not shown, what was measured. Decides nothing.

use jiff::Timestamp;

use super::{
    Asks, Data, Measured, Plan, Watched,
    data::Shown,
    window::{Coverage, Window, earlier, later, slack},
};
use crate::import::metrics::budget;

/// What a step comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Weighed {
    /// Objectives that are missed.
    pub missed: Vec<String>,
    /// What was not shown.
    pub missing: Vec<String>,
    /// What was measured.
    pub measured: Vec<Measured>,
}

/// The step that is watched.
pub(super) struct Watch<'a> {
    pub plan: &'a Plan,
    /// Its place, from 0.
    pub step: usize,
    /// When it began.
    pub since: Timestamp,
    /// When the first step began.
    pub began: Timestamp,
    pub data: &'a Data<'a>,
    /// Now.
    pub at: Timestamp,
}

impl Watch<'_> {
    /// Holds everything that is watched to its limits.
    pub fn weigh(&self) -> Weighed {
        let mut weighed = Weighed { missing: self.data.amiss().to_vec(), ..Weighed::default() };
        for watched in &self.plan.watched {
            match &watched.asks {
                Asks::Limits { metric, at_least, at_most, growth_percent } => {
                    let limits =
                        Limits { at_least: *at_least, at_most: *at_most, growth_percent: *growth_percent };
                    self.limits(watched, metric, &limits, &mut weighed);
                }
                Asks::Budget { good, total, target_percent } => {
                    self.budget(watched, good, total, *target_percent, &mut weighed);
                }
            }
        }
        weighed
    }

    fn limits(&self, watched: &Watched, metric: &str, limits: &Limits, weighed: &mut Weighed) {
        let id = &watched.id;
        if !limits.are_there() {
            weighed.missing.push(format!("{id}: it has no limit, and would always look fine"));
        }
        let before = limits.growth_percent.map(|growth| (growth, self.before(watched, metric)));
        let shown = self.data.shows(metric, self.window(), self.plan.has_one_metric());
        let mut measured = Measured { id: id.clone(), limit: limits.spoken(), samples: 0, value: None };
        match &shown {
            Err(why) => weighed.missing.push(format!("{id}: `{metric}` {why}")),
            Ok(shown) => {
                let grown =
                    before.as_ref().and_then(|(growth, before)| Some((*growth, *before.as_ref().ok()?)));
                let (worst, is_beyond) = limits.worst(shown, grown);
                (measured.samples, measured.value) = (shown.samples, Some(number(worst)));
                if is_beyond {
                    let value = number(worst);
                    weighed
                        .missed
                        .push(format!("{id}: `{metric}` is {value}, it should be {}", measured.limit));
                }
                weighed.missing.extend(self.uncovered(watched, metric, shown.coverage.as_ref()));
            }
        }
        if let Some((_, Err(why))) = before {
            weighed.missing.push(format!("{id}: before the rollout, `{metric}` {why}"));
        }
        weighed.measured.push(measured);
    }

    fn budget(&self, watched: &Watched, good: &str, total: &str, target: f64, weighed: &mut Weighed) {
        let id = &watched.id;
        let limit = format!("an error budget of {} % is not spent", number(100.0 - target));
        let mut measured = Measured { id: id.clone(), limit, samples: 0, value: None };
        match self.data.counted(good, total, self.window()) {
            Err(why) => weighed.missing.push(format!("{id}: {why}")),
            Ok(counted) => {
                measured.samples = counted.samples;
                let covers =
                    self.uncovered(watched, &format!("{good}` with `{total}"), counted.coverage.as_ref());
                weighed.missing.extend(covers);
                match budget(target, counted.good, counted.total) {
                    None => {
                        let (good, total) = (number(counted.good), number(counted.total));
                        weighed.missing.push(format!("{id}: {good} good of {total} in the step is no count"));
                    }
                    Some(budget) => {
                        let left = number(budget.left_percent);
                        if budget.left_percent <= 0.0 {
                            weighed
                                .missed
                                .push(format!("{id}: the error budget is spent, {left} % of it is left"));
                        }
                        measured.value = Some(format!("{left} % left"));
                    }
                }
            }
        }
        weighed.measured.push(measured);
    }

    fn window(&self) -> Window {
        Window { from: self.since, to: self.at }
    }

    /// What of the step is not covered, in words.
    fn uncovered(&self, watched: &Watched, metric: &str, coverage: Option<&Coverage>) -> Option<String> {
        let minutes = self.plan.minutes(self.step, watched);
        let due = later(self.since, minutes);
        let what = match coverage {
            None => Some("it has no finite sample".to_owned()),
            Some(coverage) => coverage.complaint(self.window(), due, slack(minutes)),
        };
        what.map(|what| format!("{}: `{metric}` does not cover the step: {what}", watched.id))
    }

    /// The middle of what a metric showed in the time before the rollout, as long as the step is watched: one old spike
    /// would hide any growth behind it. Data that do not cover that time say nothing of it.
    fn before(&self, watched: &Watched, metric: &str) -> Result<f64, String> {
        let minutes = self.plan.minutes(self.step, watched);
        let window = Window { from: earlier(self.began, minutes), to: self.began };
        let shown = self.data.shows(metric, window, self.plan.has_one_metric())?;
        let coverage = shown.coverage.as_ref().ok_or("has no finite sample")?;
        // The last sample before the begin may lie a little before it.
        if let Some(what) = coverage.complaint(window, coverage.last, slack(minutes)) {
            return Err(format!("does not cover the {minutes} min: {what}"));
        }
        match shown.middle {
            middle if middle.is_finite() && middle >= 0.0 => Ok(middle),
            middle => Err(format!("was {}: growth against that says nothing", number(middle))),
        }
    }
}

struct Limits {
    at_least: Option<f64>,
    at_most: Option<f64>,
    growth_percent: Option<f64>,
}

impl Limits {
    fn are_there(&self) -> bool {
        let mut there = [self.at_least, self.at_most, self.growth_percent].into_iter().flatten().peekable();
        there.peek().is_some() && there.all(f64::is_finite)
    }

    /// The sample that the limits like least, and whether it is beyond one. `grown` is the growth that is allowed, in
    /// percent, and what there was before.
    fn worst(&self, shown: &Shown, grown: Option<(f64, f64)>) -> (f64, bool) {
        let grown = grown.map(|(percent, before)| before * (1.0 + percent / 100.0));
        let is_low = self.at_least.is_some_and(|least| shown.least < least);
        let most = [self.at_most, grown].into_iter().flatten().reduce(f64::min);
        let is_high = most.is_some_and(|most| shown.most > most);
        let wants_little = self.at_most.is_some() || self.growth_percent.is_some();
        match is_low || !(is_high || wants_little) {
            true => (shown.least, is_low),
            false => (shown.most, is_high),
        }
    }

    fn spoken(&self) -> String {
        let limits = [
            self.at_least.map(|least| format!("at least {}", number(least))),
            self.at_most.map(|most| format!("at most {}", number(most))),
            self.growth_percent.map(|most| format!("at most {} % above before", number(most))),
        ];
        limits.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// As short as it is exact.
fn number(value: f64) -> String {
    format!("{value}")
}
