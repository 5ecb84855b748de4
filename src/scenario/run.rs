//! A run: lanes work the plan off on their own threads, while this thread accounts for every scenario,
//! watches the clock and writes the evidence.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use cucumber::{Cucumber, World as _, cli};
use tokio::sync::watch;

use super::{
    collect::Collector,
    failure,
    ledger::{End, Ledger, Message, Sink},
    plan::Plan,
    runner::{Dealer, Lane, Queue, Shared},
    world::{Setup, World},
};
use crate::evidence::{Outcome, Planned};

/// How often the clock is looked at when nothing happens.
const TICK: Duration = Duration::from_millis(25);
/// How much later than its limit a scenario may report before its lane counts as blocked.
const GRACE: Duration = Duration::from_secs(2);

/// Time limits, all in real time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For one step.
    pub step: Duration,
    /// For one attempt at a scenario.
    pub scenario: Duration,
    /// For the whole run.
    pub run: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { step: seconds(10), scenario: seconds(30), run: seconds(600) }
    }
}

/// How to run a plan.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Scenarios at once.
    pub jobs: usize,
    /// Further attempts at a scenario that was not green; green after one of them is flaky.
    pub retries: usize,
    /// Begin no scenario after one that was not green.
    pub fail_fast: bool,
    /// Time limits.
    pub limits: Limits,
    /// Ends the run early from outside.
    pub stop: Stop,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { jobs: 8, retries: 0, fail_fast: false, limits: Limits::default(), stop: Stop::default() }
    }
}

/// Asks a run to end early. Clones ask the same run.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// What runs is abandoned, what did not is not begun.
    pub fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was asked for.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What the one who watches a run is told.
#[derive(Clone, Copy, Debug)]
pub enum ProgressEvent<'a> {
    /// So many scenarios are planned.
    Planned(usize),
    /// A scenario began.
    Began(&'a Planned),
    /// A scenario ended.
    Ended {
        /// Which.
        scenario: &'a Planned,
        /// How.
        outcome: Outcome,
        /// Real time.
        duration: Duration,
        /// Why it is not green.
        error: Option<&'a str>,
    },
}

/// What a run came to. A count of outcomes, no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// All planned scenarios.
    pub planned: usize,
    /// Those that passed.
    pub passed: usize,
    /// Those that were never run to an end.
    pub not_run: usize,
    /// Whether [`Stop`] ended it.
    pub stopped: bool,
    /// Whether its time limit ended it.
    pub timed_out: bool,
}

/// What the receiver of the evidence may answer.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Why a run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The evidence could not be kept; what was written so far is cut.
    #[error("cannot write the evidence: {0}")]
    Evidence(#[source] SinkError),
    /// No thread could be had.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] std::io::Error),
}

/// Runs a plan. Every planned scenario has one whole log in `sink`, in the order of the plan.
///
/// # Errors
/// When the evidence cannot be kept, or no thread can be had. A scenario's failure is no error.
pub fn run(
    plan: Plan,
    setup: Arc<Setup>,
    options: &RunOptions,
    sink: &mut dyn FnMut(&crate::evidence::Observation) -> Result<(), SinkError>,
    progress: &mut dyn FnMut(ProgressEvent<'_>),
) -> Result<Summary, ScenarioError> {
    let plan = Arc::new(plan);
    progress(ProgressEvent::Planned(plan.len()));
    let runnable: Vec<usize> =
        (0..plan.len()).filter(|ordinal| plan.entry(*ordinal).feature.is_ok()).collect();
    let jobs = options.jobs.clamp(1, runnable.len().max(1));
    let lanes = thread::available_parallelism().map_or(1, usize::from).min(jobs);
    let (sender, messages) = channel();
    let (stop, stopped) = watch::channel(false);
    let shared = Arc::new(Shared {
        plan: plan.clone(),
        setup,
        steps: World::collection(),
        limits: options.limits,
        retries: options.retries,
        fail_fast: options.fail_fast,
        queue: Queue::new(runnable),
        messages: sender,
        stop: stopped,
    });
    let threads = (0..lanes)
        .map(|number| start_lane(number, jobs.div_ceil(lanes), shared.clone()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(ScenarioError::Thread)?;
    let mut watch = Watch {
        ledger: Ledger::new(plan.clone()),
        plan,
        options,
        began: now(),
        lanes,
        done: 0,
        blocked: vec![],
        broken: None,
        stopped: false,
        timed_out: false,
        progress,
    };
    let written = watch.until_all_is_closed(&messages, sink);
    shared.queue.close();
    let orderly = watch.orderly();
    let summary = watch.summary();
    // A lane that is blocked, or abandoned, cannot be waited for.
    let _ = stop.send(true);
    if orderly {
        threads.into_iter().for_each(|thread| drop(thread.join()));
    }
    written.map_err(ScenarioError::Evidence)?;
    Ok(summary)
}

fn start_lane(number: usize, width: usize, shared: Arc<Shared>) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name(format!("lane-{number}")).spawn(move || {
        failure::watch_this_thread();
        let messages = shared.messages.clone();
        let work = || -> std::io::Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let options = cli::Opts {
                re_filter: None,
                tags_filter: None,
                parser: cli::Empty,
                runner: cli::Empty,
                writer: cli::Empty,
                custom: cli::Empty,
            };
            let collector = Collector::new(shared.plan.clone(), shared.messages.clone());
            let lane = Lane { number, width, shared: shared.clone() };
            let cucumber = Cucumber::<World, _, (), _, _>::custom(Dealer(shared), lane, collector)
                .with_cli::<cli::Empty>(options);
            tokio::task::LocalSet::new().block_on(&runtime, cucumber.run(()));
            Ok(())
        };
        let fault = match std::panic::catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(panic) => Some(failure::of_panic(&*panic).message),
        };
        let _ = messages.send(Message::LaneDone { fault });
    })
}

/// This thread's view of a run.
struct Watch<'a> {
    ledger: Ledger,
    plan: Arc<Plan>,
    options: &'a RunOptions,
    began: Instant,
    lanes: usize,
    done: usize,
    blocked: Vec<usize>,
    broken: Option<String>,
    stopped: bool,
    timed_out: bool,
    progress: &'a mut dyn FnMut(ProgressEvent<'_>),
}

impl Watch<'_> {
    fn until_all_is_closed(&mut self, messages: &Receiver<Message>, sink: Sink<'_>) -> Result<(), SinkError> {
        for ordinal in 0..self.plan.len() {
            if let Err(why) = self.plan.entry(ordinal).feature {
                let end = self.ledger.close(ordinal, Outcome::Empty, Some(why.to_owned()), now());
                self.tell(end);
            }
        }
        loop {
            self.ledger.flush(sink)?;
            if self.ledger.all_closed() {
                return Ok(());
            }
            match messages.recv_timeout(TICK) {
                Ok(message) => self.hear(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.done = self.lanes,
            }
            self.look_at_the_clock();
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Began { lane, ordinal } => {
                self.ledger.began(lane, ordinal, now());
                (self.progress)(ProgressEvent::Began(&self.plan.entry(ordinal).planned));
            }
            Message::Recording { ordinal, recorder } => self.ledger.recording(ordinal, recorder),
            Message::Ended { ordinal, failure, last: true } => {
                let end = self.ledger.ended(ordinal, failure, now());
                self.tell(end);
            }
            Message::Ended { .. } => {}
            Message::LaneDone { fault } => {
                self.done += 1;
                self.broken = self.broken.take().or(fault);
            }
        }
    }

    fn look_at_the_clock(&mut self) {
        let now = now();
        if self.options.stop.asked() {
            self.stopped = true;
            self.close_open(Outcome::NotRun, "interrupted while it ran", "the run was interrupted before it");
        } else if now - self.began > self.options.limits.run {
            self.timed_out = true;
            let limit = self.options.limits.run.as_millis();
            let cut = format!("the whole run took longer than its limit of {limit} ms");
            // Not the scenario was too slow: what it would have come to, nobody saw.
            self.close_open(Outcome::NotRun, &cut, &cut);
        } else if self.done == self.lanes {
            let why = match &self.broken {
                Some(fault) => format!("the runner broke: {fault}"),
                None => "the run ended early, at a scenario that was not green".into(),
            };
            self.close_open(Outcome::NotRun, &why, &why);
        } else {
            self.find_blocked(now);
        }
    }

    /// A step that blocks its thread takes its lane along; the others go on.
    fn find_blocked(&mut self, now: Instant) {
        let limit = self.options.limits.scenario;
        let overdue: Vec<(usize, usize)> = self
            .ledger
            .running
            .iter()
            .filter(|(_, running)| now - running.since > limit + GRACE)
            .map(|(ordinal, running)| (*ordinal, running.lane))
            .collect();
        for (ordinal, lane) in overdue {
            let why =
                format!("took longer than its limit of {} ms and blocked its thread", limit.as_millis());
            let end = self.ledger.close(ordinal, Outcome::TimedOut, Some(why), now);
            self.tell(end);
            if !self.blocked.contains(&lane) {
                self.blocked.push(lane);
            }
        }
        if self.blocked.len() + self.done >= self.lanes && !self.blocked.is_empty() {
            let why = "every thread is blocked by a step";
            self.close_open(Outcome::TimedOut, why, why);
        }
    }

    /// Closes what is still open: what runs with `outcome`, what was never begun as not run.
    fn close_open(&mut self, outcome: Outcome, running: &str, waiting: &str) {
        for ordinal in self.ledger.still_open() {
            let (outcome, why) = match self.ledger.running.contains_key(&ordinal) {
                true => (outcome, running),
                false => (Outcome::NotRun, waiting),
            };
            let end = self.ledger.close(ordinal, outcome, Some(why.to_owned()), now());
            self.tell(end);
        }
    }

    fn tell(&mut self, end: Option<End>) {
        if let Some(End { ordinal, outcome, duration, error }) = end {
            let scenario = &self.plan.entry(ordinal).planned;
            let error = error.as_deref();
            (self.progress)(ProgressEvent::Ended { scenario, outcome, duration, error });
        }
    }

    fn orderly(&self) -> bool {
        !self.stopped && !self.timed_out && self.blocked.is_empty() && self.ledger.all_closed()
    }

    fn summary(&self) -> Summary {
        Summary {
            planned: self.plan.len(),
            passed: self.ledger.count(Outcome::Passed),
            not_run: self.ledger.count(Outcome::NotRun),
            stopped: self.stopped,
            timed_out: self.timed_out,
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the limits of a run are real time")]
fn now() -> Instant {
    Instant::now()
}
