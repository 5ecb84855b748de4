//! When metrics were measured, held against what is released: what is older than it, or of a time to come, tells
//! nothing of it.

use jiff::Timestamp;

use super::{MetricReport, Selector, Series, named};
use crate::{evidence::Objective, import::SKEW};

/// When what counts can have been measured.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Not before this, where that can be told: when what is released was committed.
    pub since: Option<Timestamp>,
    /// Not after this: when it is read.
    pub until: Timestamp,
}

impl MetricReport {
    /// What of the metrics that objectives name was measured at another time, a sentence each. A file that tells no
    /// times is as old as it is.
    #[must_use]
    pub fn of_other_times(&self, objectives: &[Objective], times: Times) -> Vec<String> {
        let amiss = |name: &String| {
            let series = Selector::parse(name).ok().and_then(|selector| self.one(&selector).ok())?;
            times.amiss(series).map(|why| format!("the metric `{name}` {why}"))
        };
        named(objectives).into_iter().filter_map(amiss).collect()
    }
}

impl Times {
    fn amiss(self, series: &Series) -> Option<String> {
        let newest = series.points.iter().filter_map(|(at, _)| *at).max_by(f64::total_cmp)?;
        let told = shown(newest);
        let until = self.until;
        if newest.is_nan() || newest > until.as_millisecond() as f64 / 1000.0 + SKEW.as_secs_f64() {
            return Some(format!("was measured {told}, which is yet to come: it is {until}"));
        }
        // A commit knows seconds only.
        let since = self.since.filter(|since| newest < since.as_second() as f64)?;
        Some(format!("was measured {told} at the latest, before the commit of {since}"))
    }
}

/// A time as people read it.
fn shown(at: f64) -> String {
    #[allow(clippy::cast_possible_truncation, reason = "what is too large for a time is refused by it")]
    let time = Timestamp::from_second(at as i64);
    time.map_or_else(|_| format!("at {at}"), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::super::Source;
    use super::*;
    use crate::evidence::Budgeted;

    const COMMITTED: &str = "2026-01-01T00:00:00.9Z";
    const NOW: &str = "2026-01-03T00:00:00Z";

    fn told(text: &str, objectives: &[Objective], since: Option<&str>) -> Vec<String> {
        let report =
            super::super::read_source(&mut Source::bytes(Path::new("m"), text.as_bytes())).expect("read");
        let time = |text: &str| text.parse::<Timestamp>().expect("a time");
        report.of_other_times(objectives, Times { since: since.map(time), until: time(NOW) })
    }

    fn answer(kind: &str, result: &str) -> String {
        format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#)
    }

    #[test]
    fn what_was_measured_before_the_commit_or_is_yet_to_come_is_told_with_its_times() {
        let vector =
            |at: &str| answer("vector", &format!(r#"[{{"metric":{{"__name__":"up"}},"value":[{at},"1"]}}]"#));
        let matrix =
            |at: &str| answer("matrix", &format!(r#"[{{"metric":{{}},"values":[[1,"1"],[{at},"1"]]}}]"#));
        let metrics = |at: &str| format!("# TYPE up unknown\nup 1 {at}\n# EOF\n");
        let up = [Objective { metric: "up".to_owned(), ..Objective::default() }];
        let old = "before the commit of 2026-01-01T00:00:00.9Z";
        let to_come = "which is yet to come: it is 2026-01-03T00:00:00Z";
        for (text, expected) in [
            (answer("scalar", r#"[0,"1970"]"#), format!("1970-01-01T00:00:00Z at the latest, {old}")),
            (answer("scalar", r#"[1767225600,"1"]"#), String::new()),
            (vector("1767225599"), format!("2025-12-31T23:59:59Z at the latest, {old}")),
            (vector("1767225600"), String::new()),
            (vector("1767398700"), String::new()),
            (vector("1767398701"), format!("2026-01-03T00:05:01Z, {to_come}")),
            (vector("1e300"), format!("{}, {to_come}", shown(1e300))),
            (matrix("1767225600"), String::new()),
            (matrix("1700000000"), format!("2023-11-14T22:13:20Z at the latest, {old}")),
            (metrics("1700000000.5"), format!("2023-11-14T22:13:20Z at the latest, {old}")),
            (metrics("1767225600.5"), String::new()),
            // Seconds where milliseconds are due.
            ("up 1 1767225600\n".to_owned(), format!("1970-01-21T10:53:45Z at the latest, {old}")),
            ("up 1 1767225600000\n".to_owned(), String::new()),
            ("up 1\n".to_owned(), String::new()),
            ("other 1 5\n".to_owned(), String::new()),
        ] {
            let expected: Vec<String> = Some(expected)
                .filter(|why| !why.is_empty())
                .map(|why| format!("the metric `up` was measured {why}"))
                .into_iter()
                .collect();
            assert_eq!(told(&text, &up, Some(COMMITTED)), expected, "{text}");
        }
        assert_eq!(told("up 1 5\n", &up, None), Vec::<String>::new());
        assert_eq!(told("up 1 5000000000000\n", &up, None).len(), 1);
    }

    #[test]
    fn each_part_of_an_error_budget_has_its_time() {
        let budget = Budgeted {
            good: "good".to_owned(),
            total: "all".to_owned(),
            target_percent: 99.0,
            window_days: 28,
        };
        let objective = [Objective { metric: "a".to_owned(), budget: Some(budget), ..Objective::default() }];
        let found = told("good 1 1000\nall 1 1767225600000\na 1 1000\n", &objective, Some(COMMITTED));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("the metric `good` was measured 1970-01-01T00:00:01Z"), "{found:?}");
    }
}
