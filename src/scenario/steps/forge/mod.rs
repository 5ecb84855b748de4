//! Steps that any Forge app can be put through, one theme a file. They fire triggers as the platform does and
//! look at what came of it in the traffic and the storage; what the app answers proves nothing.

mod doubled;
mod events;
mod firing;
mod flight;
mod history;
mod kinds;
mod listing;
mod news;
mod queue;
mod records;
mod release;
mod resolvers;
mod seen;
mod storage;
mod traces;
mod trouble;
mod twins;

use crate::{
    evidence::{Fact, Observation},
    scenario::{Failure, World},
    subject::forge::Trigger,
};

const HOUR_MS: i64 = 3_600_000;
/// Who looks at the app's pages, and is named in its events.
const PERSON: &str = "5b10a2844c20165700ede21g";

/// Something that the platform has the app do.
#[derive(Clone, Debug)]
struct Job {
    /// Key of the module that asks for it.
    key: String,
    /// How long one run's work counts as done.
    window_ms: i64,
    call: Trigger,
    /// `scheduled`, `event` or `queue`.
    kind: &'static str,
}

/// The app's scheduled triggers, in the order of the manifest.
fn scheduled(world: &World) -> Result<Vec<Job>, Failure> {
    let deployment = world.deployment()?;
    let triggers: Vec<Job> = deployment
        .manifest()
        .scheduled_triggers
        .iter()
        .map(|trigger| Job {
            key: trigger.key.clone(),
            window_ms: window_ms(&trigger.interval),
            call: Trigger::Scheduled { key: trigger.key.clone() },
            kind: "scheduled",
        })
        .collect();
    if triggers.is_empty() {
        return Err(Failure::not_exercised("the manifest has no scheduled trigger that calls a function"));
    }
    Ok(triggers)
}

/// The length of a window: the trigger's interval, an hour when it is none of the platform's.
fn window_ms(interval: &str) -> i64 {
    match interval {
        "fiveMinute" => HOUR_MS / 12,
        "day" => 24 * HOUR_MS,
        "week" => 7 * 24 * HOUR_MS,
        _ => HOUR_MS,
    }
}

/// The observations of a log from a place on.
fn since<T>(world: &World, start: usize, look: impl Fn(&[Observation]) -> T) -> T {
    world.recorder().read(|log| look(log.get(start..).unwrap_or_default()))
}

/// The tenants for whom the app is installed, in the order of their installation.
fn installed(world: &World) -> Vec<String> {
    since(world, 0, |log| {
        let tenant = |o: &Observation| match &o.fact {
            Fact::Installed { tenant, .. } => Some(tenant.clone()),
            _ => None,
        };
        log.iter().filter_map(tenant).collect()
    })
}
