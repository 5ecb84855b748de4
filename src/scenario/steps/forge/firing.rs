//! Steps that fire the app's scheduled triggers: for everybody, twice at once, and killed on the way.

use cucumber::{given, when};
use tokio::task::JoinHandle;

use super::{Scheduled, records, scheduled, seen};
use crate::{
    evidence::{Ending, Fact},
    mock_jira::{Barrier, Fault, FaultRule, Route, When},
    scenario::{Failure, World, world::Step},
    subject::forge::{InvocationEnd, Invoked, Trigger},
};

#[given(expr = "the Forge app is installed for {string}")]
async fn installed_for_one(world: &mut World, tenant: String) -> Step {
    world.install_forge(&tenant)
}

#[given(expr = "the Forge app is installed for {string} and {string}")]
async fn installed_for_two(world: &mut World, one: String, other: String) -> Step {
    world.install_forge(&one)?;
    world.install_forge(&other)
}

#[when(expr = "every scheduled trigger fires for every tenant")]
async fn all_fire(world: &mut World) -> Step {
    for trigger in scheduled(world)? {
        for tenant in super::installed(world) {
            let flight = take_off(world, &trigger, &tenant)?;
            land(world, flight).await?;
        }
    }
    Ok(())
}

#[when(
    regex = r#"^every scheduled trigger fires twice at once for "([^"]*)", the (first|second|third) answer of its storage to the first being late$"#
)]
async fn all_fire_twice(world: &mut World, tenant: String, answer: String) -> Step {
    for trigger in scheduled(world)? {
        let late = hold(world, &tenant, "kvs", nth(&answer)?)?;
        let mut first = take_off(world, &trigger, &tenant)?;
        let held = reached(&late, &mut first).await;
        world.forge()?.hold(&first.worker, held);
        // One answer alone is late: the second must not wait for it.
        world.scene()?.platform.clear_faults();
        let second = take_off(world, &trigger, &tenant)?;
        land(world, second).await?;
        world.forge()?.hold(&first.worker, false);
        late.release();
        land(world, first).await?;
    }
    Ok(())
}

/// Fires each trigger for `control` in peace first: only where that writes more than the one is killed after,
/// something is left undone that the app must heal.
#[when(
    regex = r#"^each scheduled trigger is killed after its (first|second|third) write for "([^"]*)", where it writes more for "([^"]*)"$"#
)]
async fn each_is_killed(world: &mut World, write: String, tenant: String, control: String) -> Step {
    let mut killed = 0;
    for trigger in scheduled(world)? {
        let start = super::since(world, 0, <[_]>::len);
        let flight = take_off(world, &trigger, &control)?;
        land(world, flight).await?;
        if seen::deeds(world, start, &control).records as u64 <= nth(&write)? {
            continue;
        }
        let late = hold(world, &tenant, "kvs.set", nth(&write)?)?;
        let mut flight = take_off(world, &trigger, &tenant)?;
        let held = reached(&late, &mut flight).await;
        world.scene()?.platform.clear_faults();
        if held {
            let worker = flight.worker.clone();
            let key = records::last_written(world, &tenant).unwrap_or_default();
            world.forge()?.instances.kill(&worker);
            world.record(Fact::WorkerCrashed { worker, barrier: format!("after it wrote {key}") })?;
            let damage = format!("{} was killed after its {write} write", trigger.key);
            world.record(Fact::DamageDone { tenant: tenant.clone(), damage, key })?;
            killed += 1;
        }
        late.release();
        land(world, flight).await?;
    }
    if killed == 0 {
        let what = format!("no scheduled trigger writes more than {} to its storage", nth(&write)?);
        return Err(Failure::not_exercised(&what));
    }
    Ok(())
}

fn nth(word: &str) -> Result<u64, Failure> {
    let place = ["first", "second", "third"].iter().position(|known| *known == word);
    place.map(|place| place as u64 + 1).ok_or_else(|| Failure::new(format!("{word:?} is no place")))
}

/// Holds the nth answer on this route back until it is released.
fn hold(world: &World, tenant: &str, route: &str, nth: u64) -> Result<Barrier, Failure> {
    let route: Route = route.parse().map_err(|e| Failure::new(format!("{e}")))?;
    let barrier = Barrier::new();
    let (when, fault) = (When::Nth(nth), Fault::Hold(barrier.clone()));
    world.scene()?.platform.inject(FaultRule { tenant: Some(tenant.to_owned()), route, when, fault });
    Ok(barrier)
}

/// A trigger under way.
struct Flight {
    trigger: Scheduled,
    tenant: String,
    worker: String,
    /// Where the log stood at its start.
    start: usize,
    task: JoinHandle<Invoked>,
    ended: Option<Invoked>,
}

/// Waits until the answer is held, or the invocation has ended without it.
async fn reached(late: &Barrier, flight: &mut Flight) -> bool {
    tokio::select! {
        () = late.wait_reached() => true,
        ended = &mut flight.task => {
            flight.ended = ended.ok();
            false
        }
    }
}

fn take_off(world: &mut World, trigger: &Scheduled, tenant: &str) -> Result<Flight, Failure> {
    let forge = world.forge()?;
    let worker = forge.reserve();
    let start = super::since(world, 0, <[_]>::len);
    world.record(Fact::JobStarted {
        job: trigger.key.clone(),
        tenant: Some(tenant.to_owned()),
        worker: worker.clone(),
        trigger: "scheduled".to_owned(),
    })?;
    let (call, whom, name) =
        (Trigger::Scheduled { key: trigger.key.clone() }, tenant.to_owned(), worker.clone());
    let task = tokio::task::spawn(async move { forge.instances.invoke_on(&name, &whom, &call).await });
    Ok(Flight { trigger: trigger.clone(), tenant: tenant.to_owned(), worker, start, task, ended: None })
}

/// Takes down how an invocation ended, and what it left in the storage.
async fn land(world: &mut World, flight: Flight) -> Step {
    let Flight { trigger, tenant, worker, start, task, ended } = flight;
    let invoked = match ended {
        Some(invoked) => invoked,
        None => task.await.map_err(|e| Failure::new(format!("the invocation was lost: {e}")))?,
    };
    world.forge()?.free(&worker);
    let did = seen::deeds(world, start, &tenant);
    let ending = match &invoked.end {
        InvocationEnd::Returned(answer) if seen::admits_failure(answer) => Ending::Failed,
        InvocationEnd::Returned(_) if did.answered => Ending::Succeeded,
        InvocationEnd::Returned(_) if did.requests > 0 => Ending::Failed,
        InvocationEnd::Returned(_) => Ending::Skipped,
        InvocationEnd::Threw { .. } | InvocationEnd::LoadFailed { .. } => Ending::Threw,
        InvocationEnd::TimedOut { .. } => Ending::Hung,
        InvocationEnd::Died { .. } if seen::was_killed(world, &worker) => Ending::Crashed,
        InvocationEnd::Died { .. } => Ending::Threw,
    };
    records::note_snapshot(world, &trigger, &tenant, &worker, start)?;
    let report = seen::report(&did, &invoked);
    seen::note_end(world, &trigger.key, &tenant, &invoked.end, &did);
    world.record(Fact::JobEnded { job: trigger.key, tenant: Some(tenant), worker, ending, report })
}
