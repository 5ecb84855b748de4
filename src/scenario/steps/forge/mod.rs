//! Steps that any Forge app can be put through, one theme a file. They fire triggers as the platform does and
//! look at what came of it in the traffic and the storage; what the app answers proves nothing.

mod firing;
mod records;
mod release;
mod resolvers;
mod seen;
mod trouble;

use crate::{
    evidence::{Fact, Observation},
    scenario::{Failure, World},
};

/// A scheduled trigger that a step works with.
#[derive(Clone, Debug)]
struct Scheduled {
    key: String,
    interval_ms: i64,
}

/// The app's scheduled triggers, in the order of the manifest.
fn scheduled(world: &World) -> Result<Vec<Scheduled>, Failure> {
    let deployment = world.deployment()?;
    let triggers: Vec<Scheduled> = deployment
        .manifest()
        .scheduled_triggers
        .iter()
        .map(|trigger| Scheduled { key: trigger.key.clone(), interval_ms: interval_ms(&trigger.interval) })
        .collect();
    if triggers.is_empty() {
        return Err(Failure::not_exercised("the manifest has no scheduled trigger that calls a function"));
    }
    Ok(triggers)
}

/// The length of a window: the trigger's interval, an hour when it is none of the platform's.
fn interval_ms(name: &str) -> i64 {
    let minutes = match name {
        "fiveMinute" => 5,
        "day" => 24 * 60,
        "week" => 7 * 24 * 60,
        _ => 60,
    };
    minutes * 60_000
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
