//! Accounts for every planned scenario and writes each log, whole, in the order of the plan, as soon as
//! that is possible. Judges nothing.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{failure::Failure, plan::Plan};
use crate::evidence::{Fact, Observation, Outcome, Recorder, Source};

/// What the lanes tell the ledger.
pub(super) enum Message {
    /// An attempt began.
    Began { lane: usize, ordinal: usize },
    /// The open log of the attempt that began last.
    Recording { ordinal: usize, recorder: Recorder },
    /// An attempt ended; `last` if there is no other.
    Ended { ordinal: usize, failure: Option<Failure>, last: bool },
    /// A lane has nothing left to do; or it broke.
    LaneDone { fault: Option<String> },
}

/// Where a closed log goes.
pub(super) type Sink<'a> = &'a mut dyn FnMut(&Observation) -> Result<(), super::run::SinkError>;

/// How one scenario ended.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub ordinal: usize,
    pub outcome: Outcome,
    pub duration: Duration,
    pub error: Option<String>,
}

pub(super) struct Running {
    pub lane: usize,
    pub since: Instant,
    begun: Instant,
    attempts: Vec<Option<Recorder>>,
}

pub(super) struct Ledger {
    plan: Arc<Plan>,
    pub(super) running: BTreeMap<usize, Running>,
    closed: BTreeMap<usize, Vec<Observation>>,
    outcomes: Vec<Option<Outcome>>,
    next: usize,
}

impl Ledger {
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        let outcomes = vec![None; plan.len()];
        Self { plan, running: BTreeMap::new(), closed: BTreeMap::new(), outcomes, next: 0 }
    }

    pub(super) fn began(&mut self, lane: usize, ordinal: usize, now: Instant) {
        if self.outcomes[ordinal].is_some() {
            return;
        }
        let running = self.running.entry(ordinal).or_insert_with(|| Running {
            lane,
            since: now,
            begun: now,
            attempts: vec![],
        });
        running.since = now;
        running.attempts.push(None);
    }

    pub(super) fn recording(&mut self, ordinal: usize, recorder: Recorder) {
        let running = self.running.get_mut(&ordinal);
        if let Some(attempt) = running.and_then(|running| running.attempts.last_mut()) {
            *attempt = Some(recorder);
        }
    }

    /// Closes a scenario after its last attempt.
    pub(super) fn ended(&mut self, ordinal: usize, failure: Option<Failure>, now: Instant) -> Option<End> {
        let attempts = self.running.get(&ordinal).map_or(0, |running| running.attempts.len());
        let (outcome, error) = match failure {
            Some(failure) => (failure.outcome, Some(failure.message)),
            None if attempts > 1 => (Outcome::Flaky, Some(format!("passed only at attempt {attempts}"))),
            None => (Outcome::Passed, None),
        };
        self.close(ordinal, outcome, error, now)
    }

    /// Closes a scenario; whoever closes it first is right.
    pub(super) fn close(
        &mut self,
        ordinal: usize,
        outcome: Outcome,
        error: Option<String>,
        now: Instant,
    ) -> Option<End> {
        if self.outcomes[ordinal].is_some() {
            return None;
        }
        let running = self.running.remove(&ordinal);
        let duration = running.as_ref().map_or(Duration::ZERO, |running| now - running.begun);
        let attempts = running.map(|running| running.attempts).unwrap_or_default();
        self.outcomes[ordinal] = Some(outcome);
        let log = self.log(ordinal, &attempts, outcome, duration, error.clone());
        self.closed.insert(ordinal, log);
        Some(End { ordinal, outcome, duration, error })
    }

    fn log(
        &self,
        ordinal: usize,
        attempts: &[Option<Recorder>],
        outcome: Outcome,
        duration: Duration,
        error: Option<String>,
    ) -> Vec<Observation> {
        let planned = self.plan.entry(ordinal).planned.clone();
        let mut log = vec![];
        let mut at = Timestamp::UNIX_EPOCH;
        let note = |log: &mut Vec<Observation>, at, source, fact| {
            let seq = log.len() as u64;
            log.push(Observation { scenario: ordinal, seq, at, source, fact });
        };
        let observe =
            |attempt: &Option<Recorder>| attempt.as_ref().map(Recorder::observations).unwrap_or_default();
        let observed: Vec<Vec<Observation>> = attempts.iter().map(observe).collect();
        if let Some(first) = observed.iter().flatten().next() {
            at = first.at;
        }
        note(&mut log, at, Source::Scenario, Fact::ScenarioPlanned(planned));
        for (attempt, observations) in (1..).zip(observed) {
            at = observations.first().map_or(at, |first| first.at);
            note(&mut log, at, Source::Scenario, Fact::AttemptStarted { attempt });
            for observation in observations {
                at = observation.at;
                note(&mut log, at, observation.source, observation.fact);
            }
        }
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        note(&mut log, at, Source::Scenario, Fact::ScenarioEnded { outcome, duration_ms, error });
        log
    }

    /// Writes what is closed and next in the plan.
    pub(super) fn flush(&mut self, sink: Sink<'_>) -> Result<(), super::run::SinkError> {
        while let Some(log) = self.closed.remove(&self.next) {
            for observation in &log {
                sink(observation)?;
            }
            self.next += 1;
        }
        Ok(())
    }

    pub(super) fn all_closed(&self) -> bool {
        self.outcomes.iter().all(Option::is_some)
    }

    pub(super) fn still_open(&self) -> Vec<usize> {
        (0..self.outcomes.len()).filter(|ordinal| self.outcomes[*ordinal].is_none()).collect()
    }

    pub(super) fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.iter().filter(|found| **found == Some(outcome)).count()
    }
}
