//! A promotion takes data of the whole step; each way to lack them holds.

mod course;
mod holds;
mod limits;
mod properties;

use jiff::Timestamp;

use super::{
    Answer, Asks, Data, Decided, Decision, File, FileKind, Plan, Refused, Step, Watched, When, rule,
};

/// When the rollouts of these tests begin. Seconds since 1970.
const BEGIN: i64 = 4_070_941_200;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(BEGIN + second).unwrap()
}

fn limit(id: &str, metric: &str, at_most: f64) -> Watched {
    let asks = Asks::Limits {
        metric: metric.to_owned(),
        at_least: None,
        at_most: Some(at_most),
        growth_percent: None,
    };
    Watched { id: id.to_owned(), asks, minutes_at_last: 0 }
}

/// Three steps of an hour; the share of errors must stay under one in a hundred.
fn plan() -> Plan {
    let step = |percent| Step { percent, minutes: 60 };
    Plan { steps: [5, 50, 100].map(step).to_vec(), watched: vec![limit("errors", "error_ratio", 0.01)] }
}

/// An answer of `query_range`: a sample a minute, from one second behind the begin to another.
fn every_minute(from: i64, to: i64, value: f64) -> Vec<(i64, f64)> {
    (from..=to).step_by(60).map(|second| (second, value)).collect()
}

fn matrix(series: &[(&str, &[(i64, f64)])]) -> String {
    let number = |value: f64| match value {
        v if v == f64::INFINITY => "+Inf".to_owned(),
        v if v == f64::NEG_INFINITY => "-Inf".to_owned(),
        v => v.to_string(),
    };
    let series = series.iter().map(|(name, points)| {
        let values = points.iter().map(|(second, value)| serde_json::json!([BEGIN + second, number(*value)]));
        let metric =
            if name.is_empty() { serde_json::json!({}) } else { serde_json::json!({ "__name__": name }) };
        serde_json::json!({ "metric": metric, "values": values.collect::<Vec<_>>() })
    });
    let data = serde_json::json!({ "resultType": "matrix", "result": series.collect::<Vec<_>>() });
    serde_json::json!({ "status": "success", "data": data }).to_string()
}

fn given(path: &str, text: impl Into<Vec<u8>>) -> File {
    let kind = if path.ends_with("log") { FileKind::Logs } else { FileKind::Metrics };
    File { kind, path: path.to_owned(), bytes: text.into() }
}

fn errors(points: &[(i64, f64)]) -> Vec<File> {
    vec![given("slo.json", matrix(&[("error_ratio", points)]))]
}

/// A rollout that is played.
struct Course {
    plan: Plan,
    past: Vec<Decided>,
}

impl Course {
    fn of(plan: Plan) -> Self {
        Self { plan, past: vec![] }
    }

    /// One that has begun.
    fn begun(plan: Plan) -> Self {
        let mut course = Self::of(plan);
        assert_eq!(course.call(0, &[]).decision, Decision::Begin);
        course
    }

    fn ask(&self, second: i64, files: &[File], let_out: Result<(), &str>) -> Result<Answer, Refused> {
        let when = When { at: at(second), rehearsed: false };
        rule(&self.plan, &self.past, let_out, &Data::read(files, when.at), when)
    }

    fn call(&mut self, second: i64, files: &[File]) -> Decided {
        let answer = self.ask(second, files, Ok(())).unwrap();
        if let Answer::New(decided) = &answer {
            self.past.push(decided.clone());
        }
        answer.decided().clone()
    }
}
