//! Our own `cucumber::Runner`, one per lane (a thread). Beside the stock one it knows time limits,
//! undefined steps as failures, retries that stay visible and a stop; and it leaves the panic hook alone.

use std::{
    collections::VecDeque,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError, mpsc::Sender},
    time::{Duration, Instant},
};

use cucumber::{
    Event, Runner, World as _, cli,
    event::{self, Retries, Source},
    gherkin, parser, step,
};
use futures::{
    FutureExt as _, StreamExt as _,
    channel::mpsc,
    future::ready,
    stream::{self, LocalBoxStream},
};
use tokio::{sync::watch, time::timeout};

use super::{
    failure::{self, Failure},
    ledger::Message,
    plan::Plan,
    run::Limits,
    steps,
    world::{Setup, World},
};
use crate::{
    evidence::{self, Fact, Outcome},
    spelling::{nearest, suggestion},
};

/// How long the world may take to be taken down.
const END_LIMIT: Duration = Duration::from_secs(5);

/// What all lanes share.
pub(super) struct Shared {
    pub plan: Arc<Plan>,
    pub setup: Arc<Setup>,
    pub steps: step::Collection<World>,
    pub limits: Limits,
    pub retries: usize,
    pub fail_fast: bool,
    pub queue: Queue,
    pub messages: Sender<Message>,
    pub stop: watch::Receiver<bool>,
}

/// Scenarios that no lane has begun.
#[derive(Default)]
pub(super) struct Queue(Mutex<VecDeque<usize>>);

impl Queue {
    pub(super) fn new(ordinals: impl IntoIterator<Item = usize>) -> Self {
        Self(Mutex::new(ordinals.into_iter().collect()))
    }

    fn next(&self) -> Option<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Nothing more is begun.
    pub(super) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// cucumber's `Parser`: deals out features that are parsed already, one scenario at a time, so that a lane
/// takes the next as soon as it has room. It is never pending.
pub(super) struct Dealer(pub Arc<Shared>);

impl cucumber::Parser<()> for Dealer {
    type Cli = cli::Empty;
    type Output = LocalBoxStream<'static, parser::Result<gherkin::Feature>>;

    fn parse(self, (): (), _: cli::Empty) -> Self::Output {
        let deal = move || {
            let ordinal = self.0.queue.next()?;
            self.0.plan.entry(ordinal).feature.as_deref().ok().cloned().map(Ok)
        };
        stream::iter(std::iter::from_fn(deal)).boxed_local()
    }
}

/// cucumber's `Runner` for one lane.
pub(super) struct Lane {
    pub number: usize,
    /// Scenarios at once.
    pub width: usize,
    pub shared: Arc<Shared>,
}

type Events = mpsc::UnboundedSender<parser::Result<Event<event::Cucumber<World>>>>;

impl Runner<World> for Lane {
    type Cli = cli::Empty;
    type EventStream = LocalBoxStream<'static, parser::Result<Event<event::Cucumber<World>>>>;

    fn run<S>(self, features: S, _: cli::Empty) -> Self::EventStream
    where
        S: stream::Stream<Item = parser::Result<gherkin::Feature>> + 'static,
    {
        let (events, received) = mpsc::unbounded();
        let work = async move {
            let send = |event| drop(events.unbounded_send(Ok(Event::new(event))));
            send(event::Cucumber::Started);
            let mut stop = self.shared.stop.clone();
            let all = features.for_each_concurrent(self.width, |feature| async {
                let Ok(feature) = feature else { return };
                if let Some(running) = Scenario::of(&self, feature, events.clone()) {
                    let green = running.run().await;
                    // Scenarios that never wait would keep the thread from those that do.
                    tokio::task::yield_now().await;
                    if !green && self.shared.fail_fast {
                        self.shared.queue.close();
                    }
                }
            });
            tokio::select! {
                () = all => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
            send(event::Cucumber::Finished);
        };
        stream::select(received, work.into_stream().filter_map(|()| ready(None))).boxed_local()
    }
}

/// One scenario on its way.
struct Scenario<'a> {
    lane: &'a Lane,
    ordinal: usize,
    feature: Source<gherkin::Feature>,
    rule: Option<Source<gherkin::Rule>>,
    scenario: Source<gherkin::Scenario>,
    events: Events,
}

impl<'a> Scenario<'a> {
    /// `None` cannot happen with a feature that the plan dealt.
    fn of(lane: &'a Lane, feature: gherkin::Feature, events: Events) -> Option<Self> {
        let rule = feature.rules.first().cloned();
        let scenario = match &rule {
            Some(rule) => rule.scenarios.first()?.clone(),
            None => feature.scenarios.first()?.clone(),
        };
        let ordinal = lane.shared.plan.ordinal(&feature, &scenario)?;
        let (feature, scenario) = (Source::new(feature), Source::new(scenario));
        Some(Self { lane, ordinal, feature, rule: rule.map(Source::new), scenario, events })
    }

    /// Runs it until it is green or no retry is left; tells whether it was green at once.
    async fn run(&self) -> bool {
        let mut retries = Retries::initial(self.lane.shared.retries);
        loop {
            self.emit(event::Scenario::Started, retries);
            let green = self.attempt(retries).await.is_ok();
            self.emit(event::Scenario::Finished, retries);
            match retries.next_try() {
                Some(next) if !green => retries = next,
                _ => return green && retries.current == 0,
            }
        }
    }

    fn emit(&self, event: event::Scenario<World>, retries: Retries) {
        let event = event::Cucumber::scenario(
            self.feature.clone(),
            self.rule.clone(),
            self.scenario.clone(),
            event.with_retries(Some(retries)),
        );
        drop(self.events.unbounded_send(Ok(Event::new(event))));
    }

    async fn attempt(&self, retries: Retries) -> Result<(), Failure> {
        let shared = &self.lane.shared;
        let (lane, ordinal) = (self.lane.number, self.ordinal);
        let deadline = now() + shared.limits.scenario;
        let _ = shared.messages.send(Message::Began { lane, ordinal });
        let mut world = match guarded(shared.limits.scenario, World::new()).await {
            Ok(Ok(world)) => world,
            Ok(Err(error)) => return Err(self.unbuilt(&error.to_string(), retries)),
            Err(failure) => return Err(self.unbuilt(&failure.message, retries)),
        };
        let attempt = u32::try_from(retries.current + 1).unwrap_or(u32::MAX);
        let planned = &shared.plan.entry(ordinal).planned;
        let begun = world.begin(shared.setup.clone(), planned, ordinal, attempt);
        let begun = guarded(shared.limits.scenario, begun).await;
        let recorder = world.recorder();
        let _ = shared.messages.send(Message::Recording { ordinal, recorder: recorder.clone() });
        let mut held = match begun {
            Ok(Ok(())) => Ok(()),
            Ok(Err(message)) => Err(self.unbuilt(&message, retries)),
            Err(failure) => Err(self.unbuilt(&failure.message, retries)),
        };
        if held.is_ok() {
            held = self.steps(&mut world, &recorder, deadline, retries).await;
        }
        if let Err(failure) = guarded(END_LIMIT, world.end()).await {
            held = held.and(Err(self.hook_failed(event::HookType::After, failure, retries)));
        }
        held
    }

    async fn steps(
        &self,
        world: &mut World,
        recorder: &evidence::Recorder,
        deadline: Instant,
        retries: Retries,
    ) -> Result<(), Failure> {
        let in_rule = self.rule.iter().filter_map(|rule| rule.background.as_ref());
        let backgrounds = self.feature.background.iter().chain(in_rule);
        let background = backgrounds.flat_map(|background| &background.steps).map(|step| (true, step));
        for (in_background, step) in background.chain(self.scenario.steps.iter().map(|step| (false, step))) {
            let source = Source::new(step.clone());
            let (started, passed, failed): (_, fn(_, _, _) -> _, fn(_, _, _, _, _) -> _) = if in_background {
                (
                    event::Scenario::background_step_started(source.clone()),
                    event::Scenario::background_step_passed,
                    event::Scenario::background_step_failed,
                )
            } else {
                (
                    event::Scenario::step_started(source.clone()),
                    event::Scenario::step_passed,
                    event::Scenario::step_failed,
                )
            };
            self.emit(started, retries);
            match self.step(world, step, deadline).await {
                Ok((captures, location)) => {
                    let fact = Fact::StepPassed { step: format!("{}{}", step.keyword, step.value) };
                    recorder.record(evidence::Source::Scenario, fact);
                    self.emit(passed(source, captures, location), retries);
                }
                Err(failure) => {
                    let step = format!("{}{}", step.keyword, step.value);
                    let (outcome, message) = (failure.outcome, failure.message.clone());
                    let fact = Fact::StepFailed { step: step.clone(), outcome, message };
                    recorder.record(evidence::Source::Scenario, fact);
                    let failure = Failure::of(outcome, format!("{step}: {}", failure.message));
                    let error = event::StepError::Panic(Arc::new(failure.clone()));
                    self.emit(failed(source, None, None, None, error), retries);
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    async fn step(
        &self,
        world: &mut World,
        step: &gherkin::Step,
        deadline: Instant,
    ) -> Result<(regex::CaptureLocations, Option<step::Location>), Failure> {
        let (run, captures, location, context) = match self.lane.shared.steps.find(step) {
            Ok(Some(found)) => found,
            Ok(None) => return Err(undefined(step)),
            Err(ambiguous) => return Err(Failure::of(Outcome::Ambiguous, several(&ambiguous))),
        };
        fits(step)?;
        let begun = now();
        let limit = self.lane.shared.limits.step.min(deadline.saturating_duration_since(begun));
        guarded(limit, run(world, context)).await?;
        if begun.elapsed() > limit {
            // A step that never yields cannot be cut short; it is too late all the same.
            return Err(too_long(limit));
        }
        Ok((captures, location))
    }

    fn unbuilt(&self, message: &str, retries: Retries) -> Failure {
        let failure = Failure::of(Outcome::Panicked, format!("cannot set the scenario up: {message}"));
        self.hook_failed(event::HookType::Before, failure, retries)
    }

    fn hook_failed(&self, hook: event::HookType, failure: Failure, retries: Retries) -> Failure {
        self.emit(event::Scenario::hook_failed(hook, None, Arc::new(failure.clone())), retries);
        failure
    }
}

/// Runs a future of the scenario's: panics and too much time become failures.
async fn guarded<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Failure> {
    failure::forget();
    match timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(panic)) => Err(failure::of_panic(&*panic)),
        Err(_) => Err(too_long(limit)),
    }
}

fn too_long(limit: Duration) -> Failure {
    Failure::of(Outcome::TimedOut, format!("took longer than its limit of {} ms", limit.as_millis()))
}

/// What stands under a step must be something that the step looks at. A step takes a doc string if its text
/// ends with a colon; none takes a table.
fn fits(step: &gherkin::Step) -> Result<(), Failure> {
    let reason = match (step.value.ends_with(':'), &step.docstring, &step.table) {
        (_, _, Some(_)) => "this step takes no table",
        (true, None, None) => "this step needs a doc string",
        (false, Some(_), None) => "this step takes no doc string",
        _ => return Ok(()),
    };
    Err(Failure::of(Outcome::Undefined, reason))
}

fn undefined(step: &gherkin::Step) -> Failure {
    let definitions = steps::definitions();
    let keyword = format!("{:?}", step.ty);
    // The same text under another keyword is the likeliest slip.
    let texts = definitions.iter().map(|definition| definition.text.as_str());
    let nearest = nearest(&step.value, texts).map(|text| {
        let same = |definition: &&steps::Definition| definition.text == text;
        let keyword = definitions
            .iter()
            .filter(same)
            .find(|definition| definition.keyword == keyword)
            .or_else(|| definitions.iter().find(same))
            .map_or("", |definition| definition.keyword);
        format!("{keyword} {text}")
    });
    let message = format!("no step is defined for this{}", suggestion(nearest.as_deref()));
    Failure::of(Outcome::Undefined, message)
}

fn several(ambiguous: &step::AmbiguousMatchError) -> String {
    let matches = ambiguous.possible_matches.iter().map(|(pattern, place)| match place {
        Some(place) => format!("{pattern} ({}:{})", place.path, place.line),
        None => pattern.to_string(),
    });
    format!("more than one step is defined for this: {}", matches.collect::<Vec<_>>().join(", "))
}

#[allow(clippy::disallowed_methods, reason = "a step's limit is real time")]
fn now() -> Instant {
    Instant::now()
}
