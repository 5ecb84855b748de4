//! The app's queues as the platform keeps them: an event waits until it is due, comes again when its consumer fails or
//! asks for it, and now and then comes twice
//! (developer.atlassian.com/platform/forge/runtime-reference/async-events-api).

use std::time::Duration;

use cucumber::given;
use serde_json::{Value, json};

use super::{HOUR_MS, Job};
use crate::{
    clock::Clock as _,
    scenario::{Failure, World, world::Step},
    subject::forge::{InvocationEnd, Trigger},
};

/// Most events that are delivered after one invocation: an app that feeds itself for ever is stopped.
pub(super) const MOST_DELIVERED: usize = 1_000;
/// How often the platform brings an event again.
const MOST_RETRIES: u64 = 4;
/// Longest time that an app may ask it to wait, and how long it waits unasked.
const LONGEST_S: u64 = 900;
const UNASKED_S: u64 = 60;

/// Whether each event comes twice in this scenario.
#[derive(Debug, Default)]
pub(super) struct Twice(pub bool);

#[given(expr = "each event of a queue comes twice")]
fn comes_twice(world: &mut World) -> Step {
    world.notes::<Twice>().0 = true;
    Ok(())
}

/// An event on its way to a consumer.
#[derive(Clone, Debug)]
pub(super) struct Event {
    consumer: String,
    body: Value,
    due_ms: i64,
    retries: u64,
    retry: Value,
}

/// Why an event comes again, and when.
#[derive(Debug)]
pub(super) struct Retry {
    after_s: u64,
    reason: String,
    data: Value,
}

impl Retry {
    /// What the end of a consumer's invocation asks for; other invocations are never made again.
    pub fn of(job: &Job, end: &InvocationEnd) -> Option<Self> {
        if job.kind != "queue" {
            return None;
        }
        let unasked =
            |reason: &str| Self { after_s: UNASKED_S, reason: reason.to_owned(), data: Value::Null };
        match end {
            InvocationEnd::Returned(answer) if answer["_retry"] == json!(true) => {
                let options = &answer["retryOptions"];
                Some(Self {
                    after_s: options["retryAfter"].as_u64().unwrap_or(1).clamp(1, LONGEST_S),
                    reason: options["retryReason"].as_str().unwrap_or("FUNCTION_RETRY_REQUEST").to_owned(),
                    data: options["retryData"].clone(),
                })
            }
            InvocationEnd::Returned(_) | InvocationEnd::LoadFailed { .. } => None,
            InvocationEnd::Threw { .. } | InvocationEnd::Died { .. } => {
                Some(unasked("FUNCTION_PLATFORM_UNKNOWN_ERROR"))
            }
            InvocationEnd::TimedOut { .. } => Some(unasked("FUNCTION_TIME_OUT")),
        }
    }
}

impl Event {
    /// Its next delivery, unless it has come too often already.
    pub fn again(&self, world: &World, retry: &Retry) -> Result<Option<Self>, Failure> {
        let retries = self.retries + 1;
        let context = json!({ "retryCount": retries, "retryReason": retry.reason, "retryData": retry.data });
        let due_ms = now_ms(world)? + ms(retry.after_s);
        Ok((retries <= MOST_RETRIES).then(|| Self { due_ms, retries, retry: context, ..self.clone() }))
    }

    /// Lets time pass until it is due.
    pub fn wait(&self, world: &World) -> Step {
        let left = u64::try_from(self.due_ms - now_ms(world)?).unwrap_or(0);
        if left > 0 {
            world.scene()?.clock.advance(Duration::from_millis(left));
        }
        Ok(())
    }

    /// The invocation that it brings about.
    pub fn job(&self) -> Job {
        let (key, body, retry) = (self.consumer.clone(), self.body.clone(), self.retry.clone());
        let call = Trigger::Consumer { key: key.clone(), body, retry };
        Job { key, window_ms: HOUR_MS, call, kind: "queue" }
    }
}

/// Takes what the app pushed to its queues since the last look.
pub(super) fn take_pushed(world: &World, tenant: &str, waiting: &mut Vec<Event>) -> Step {
    let pushed = world.scene()?.platform.take_pushed(tenant).map_err(|e| Failure::new(e.to_string()))?;
    let (deployment, now_ms) = (world.deployment()?, now_ms(world)?);
    for (queue, event) in pushed {
        let delay_s = event["delayInSeconds"].as_u64().unwrap_or(0).min(LONGEST_S);
        for consumer in deployment.manifest().consumers.iter().filter(|consumer| consumer.queue == queue) {
            waiting.push(Event {
                consumer: consumer.key.clone(),
                body: event.get("body").cloned().unwrap_or_else(|| event.clone()),
                due_ms: now_ms + ms(delay_s),
                retries: 0,
                retry: Value::Null,
            });
        }
    }
    Ok(())
}

/// The event that is due first; of several, the one that waits longest.
pub(super) fn next(waiting: &mut Vec<Event>) -> Option<Event> {
    let first = (0..waiting.len()).min_by_key(|at| waiting[*at].due_ms)?;
    Some(waiting.remove(first))
}

fn now_ms(world: &World) -> Result<i64, Failure> {
    Ok(world.scene()?.clock.now().as_millisecond())
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_again_when_its_consumer_fails_or_asks_for_it_and_nothing_else_does() {
        let job = |kind| Job {
            key: "k".to_owned(),
            window_ms: HOUR_MS,
            call: Trigger::Scheduled { key: "k".to_owned() },
            kind,
        };
        let asked = |after: u64| {
            InvocationEnd::Returned(json!({"_retry": true, "retryOptions": {"retryAfter": after}}))
        };
        let threw = || InvocationEnd::Threw { name: "E".into(), message: "m".into(), at: None };
        for (kind, end, expected) in [
            ("queue", asked(30), Some(30)),
            ("queue", asked(4_000), Some(LONGEST_S)),
            ("queue", threw(), Some(UNASKED_S)),
            ("queue", InvocationEnd::TimedOut { after_s: 55 }, Some(UNASKED_S)),
            ("queue", InvocationEnd::Returned(json!({"outcome": "failed"})), None),
            ("scheduled", asked(30), None),
            ("scheduled", threw(), None),
        ] {
            assert_eq!(Retry::of(&job(kind), &end).map(|retry| retry.after_s), expected, "{kind} {end:?}");
        }
    }
}
