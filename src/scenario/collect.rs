//! Hears cucumber's events and folds those of an attempt into how it ended. Runs nothing itself.

use std::{
    collections::HashMap,
    sync::{Arc, mpsc::Sender},
};

use cucumber::{Event, Writer, cli, event, gherkin, parser, writer};

use super::{
    failure::{self, Failure},
    ledger::Message,
    plan::Plan,
    world::World,
};
use crate::evidence::Outcome;

/// cucumber's `Writer`: one per lane.
pub(super) struct Collector {
    plan: Arc<Plan>,
    messages: Sender<Message>,
    open: HashMap<usize, Attempt>,
}

#[derive(Default)]
struct Attempt {
    passed: usize,
    failure: Option<Failure>,
}

impl Collector {
    pub(super) fn new(plan: Arc<Plan>, messages: Sender<Message>) -> Self {
        Self { plan, messages, open: HashMap::new() }
    }

    fn scenario(
        &mut self,
        feature: &gherkin::Feature,
        scenario: &gherkin::Scenario,
        event: event::RetryableScenario<World>,
    ) {
        use event::{Hook, Scenario as Happened};
        let Some(ordinal) = self.plan.ordinal(feature, scenario) else { return };
        let retries = event.retries;
        match event.event {
            Happened::Started => {
                self.open.insert(ordinal, Attempt::default());
            }
            Happened::Background(_, event) | Happened::Step(_, event) => self.step(ordinal, event),
            Happened::Hook(_, Hook::Failed(_, info)) => self.failed(ordinal, failure::of_panic(&*info)),
            Happened::Hook(..) | Happened::Log(_) => {}
            Happened::Finished => {
                let attempt = self.open.remove(&ordinal).unwrap_or_default();
                let failure = attempt.failure.or_else(|| {
                    // Green is what every step said, not the absence of a complaint.
                    let missing = attempt.passed < scenario.steps.len();
                    missing.then(|| Failure::of(Outcome::NotRun, "not every step ran"))
                });
                let last = failure.is_none() || retries.is_none_or(|retries| retries.left == 0);
                let _ = self.messages.send(Message::Ended { ordinal, failure, last });
            }
        }
    }

    fn step(&mut self, ordinal: usize, event: event::Step<World>) {
        use event::{Step as Happened, StepError};
        let failure = match event {
            Happened::Started => return,
            Happened::Passed(..) => {
                self.open.entry(ordinal).or_default().passed += 1;
                return;
            }
            Happened::Skipped => Failure::of(Outcome::Undefined, "the step was skipped"),
            Happened::Failed(_, _, _, StepError::NotFound) => {
                Failure::of(Outcome::Undefined, "the step has no definition")
            }
            Happened::Failed(_, _, _, StepError::AmbiguousMatch(error)) => {
                Failure::of(Outcome::Ambiguous, error.to_string())
            }
            Happened::Failed(_, _, _, StepError::Panic(info)) => failure::of_panic(&*info),
        };
        self.failed(ordinal, failure);
    }

    fn failed(&mut self, ordinal: usize, failure: Failure) {
        self.open.entry(ordinal).or_default().failure.get_or_insert(failure);
    }
}

impl Writer<World> for Collector {
    type Cli = cli::Empty;

    async fn handle_event(&mut self, event: parser::Result<Event<event::Cucumber<World>>>, _: &cli::Empty) {
        use event::{Cucumber as Top, Feature as InFeature, Rule as InRule};
        // Features are parsed before the run; an error cannot come from there.
        let Ok(event) = event else { return };
        match event.into_inner() {
            Top::Feature(feature, InFeature::Scenario(scenario, event))
            | Top::Feature(feature, InFeature::Rule(_, InRule::Scenario(scenario, event))) => {
                self.scenario(&feature, &scenario, event);
            }
            _ => {}
        }
    }
}

impl writer::Normalized for Collector {}
