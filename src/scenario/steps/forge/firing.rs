//! Steps that fire the app's scheduled triggers: for everybody, twice at once, and killed on the way.

use cucumber::{given, when};

use super::{
    flight::{land, reached, take_off},
    records, scheduled, seen, trouble,
};
use crate::{
    evidence::Fact,
    mock_jira::{Barrier, Fault, FaultRule, Route, TenantSpec, When},
    scenario::{Failure, World, world::Step},
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
pub(super) async fn all_fire(world: &mut World) -> Step {
    for trigger in scheduled(world)? {
        for tenant in super::installed(world) {
            let flight = take_off(world, &trigger, &tenant)?;
            land(world, flight).await?;
        }
    }
    Ok(())
}

/// Most answers that are held back, one after the other: an app with more storage calls in a run is seen so far.
const MOST_LATE: u64 = 16;

#[when(
    expr = "every scheduled trigger fires twice at once for {string}, each answer of its storage to the first being late in turn"
)]
async fn all_fire_twice(world: &mut World, tenant: String) -> Step {
    for trigger in scheduled(world)? {
        for late in 1..=MOST_LATE {
            let late = hold(world, &tenant, "kvs", late)?;
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
            if !held {
                break;
            }
            // The next pair has a window of its own, and something to do.
            trouble::a_day_passes(world)?;
            trouble::changes_all_over(world, tenant.clone())?;
        }
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

#[given(expr = "the Forge app is installed for {string} and, with a large site, for {string}")]
fn installed_for_large(world: &mut World, small: String, large: String) -> Step {
    world.install_forge(&small)?;
    world.install_forge_on(TenantSpec {
        projects: 130,
        custom_fields: 170,
        issues: 400,
        ..TenantSpec::new(&large)
    })
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
