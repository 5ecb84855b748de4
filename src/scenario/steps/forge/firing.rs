//! Steps that fire the app's scheduled triggers: for everybody, twice at once, and killed on the way.

use std::time::Duration;

use cucumber::{given, when};

use super::{
    doubled::Pair,
    flight::{land, land_killed, reached, take_off},
    history, scheduled, seen, trouble,
};
use crate::{
    evidence::{Fact, Observation},
    mock_jira::{Barrier, Fault, FaultRule, Route, SiteChange, TenantSpec, When},
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
    let tenants = super::installed(world);
    fire_for(world, &tenants).await
}

/// Fires every scheduled trigger once for each of these.
pub(super) async fn fire_for(world: &mut World, tenants: &[String]) -> Step {
    for trigger in scheduled(world)? {
        for tenant in tenants {
            let flight = take_off(world, &trigger, tenant)?;
            land(world, flight).await?;
        }
    }
    Ok(())
}

#[when(
    expr = "every scheduled trigger fires for {string} on each of {int} days, while the site changes all over"
)]
async fn day_after_day(world: &mut World, tenant: String, days: usize) -> Step {
    for day in 0..days {
        if day > 0 {
            trouble::a_day_passes(world)?;
            trouble::changes_all_over(world, tenant.clone())?;
        }
        fire_for(world, std::slice::from_ref(&tenant)).await?;
        if day > 0 {
            history::note_day(world, &tenant)?;
        }
    }
    Ok(())
}

/// Most answers that are held back, one after the other: an app with more storage calls in a run is seen so far.
const MOST_LATE: u64 = 16;
/// Most races in which both runs are held.
const MOST_DOUBLE: usize = 4;
/// What lies between two runs at once.
const APART: Duration = Duration::from_secs(1);

#[when(
    expr = "every scheduled trigger fires twice at once for {string}, each answer of its storage to the first being late in turn"
)]
async fn all_fire_twice(world: &mut World, tenant: String) -> Step {
    for trigger in scheduled(world)? {
        let mut calls = vec![];
        for late in 1..=MOST_LATE {
            let (held, made) = race(world, &trigger, &tenant, ("kvs", late, APART), None).await?;
            if late <= 2 && made.len() > calls.len() {
                calls = made;
            }
            if !held {
                break;
            }
        }
        for (first, second) in double_races(&calls) {
            race(world, &trigger, &tenant, ("kvs", first, APART), Some(second)).await?;
        }
        // Jira lets the first wait, as long as it may with a 429; the second comes before that is over.
        trouble::a_day_passes(world)?;
        trouble::changes_all_over(world, tenant.clone())?;
        let wait = Duration::from_secs(trouble::long_wait_s(world)?);
        race(world, &trigger, &tenant, ("jira", 1, wait), None).await?;
    }
    Ok(())
}

/// Two runs at once, so far apart: the first is held at an answer of its storage, or of Jira, until the second has
/// ended, or until the second is held at one of its own and the first has ended. Returns whether the first came to be
/// held, and which calls of its storage the second made meanwhile.
async fn race(
    world: &mut World,
    trigger: &super::Job,
    tenant: &str,
    (route, late, apart): (&str, u64, Duration),
    later: Option<u64>,
) -> Result<(bool, Vec<String>), Failure> {
    let mut pair = Pair::begin(world, tenant)?;
    let barrier = hold(world, tenant, route, late)?;
    let mut first = take_off(world, trigger, tenant)?;
    let held = reached(&barrier, &mut first).await;
    world.forge()?.hold(&first.worker, held);
    // One answer alone is late: the second must not wait for it.
    world.scene()?.platform.clear_faults();
    pair.by_first(world)?;
    // Two runs at once are never at the same millisecond.
    world.pass(apart)?;
    let start = super::since(world, 0, <[_]>::len);
    let mut made = vec![];
    let other = later.map(|later| hold(world, tenant, "kvs", later)).transpose()?;
    let mut second = take_off(world, trigger, tenant)?;
    let workers = [first.worker.clone(), second.worker.clone()];
    let waiting = if let Some(other) = other
        && reached(&other, &mut second).await
    {
        world.forge()?.hold(&workers[1], true);
        world.scene()?.platform.clear_faults();
        Some((other, second))
    } else {
        world.scene()?.platform.clear_faults();
        land(world, second).await?;
        made = super::since(world, start, storage_calls);
        None
    };
    pair.by_second(world)?;
    world.pass(APART)?;
    world.forge()?.hold(&workers[0], false);
    barrier.release();
    land(world, first).await?;
    pair.by_first(world)?;
    if let Some((other, second)) = waiting {
        world.pass(APART)?;
        world.forge()?.hold(&workers[1], false);
        other.release();
        land(world, second).await?;
        pair.by_second(world)?;
    }
    pair.end(world, &trigger.key, [&workers[0], &workers[1]])?;
    if held {
        // The next pair has a window of its own, and something to do.
        trouble::a_day_passes(world)?;
        trouble::changes_all_over(world, tenant.to_owned())?;
    }
    Ok((held, made))
}

pub(super) fn storage_calls(log: &[Observation]) -> Vec<String> {
    let call = |o: &Observation| match &o.fact {
        Fact::RequestAnswered { operation, .. } if operation.starts_with("kvs.") => Some(operation.clone()),
        _ => None,
    };
    log.iter().filter_map(call).collect()
}

/// Where a run reads and then writes by what it read, two runs can both read before either writes. The first is
/// held at such a reading, the second after its own writing, and at each reading that follows it.
fn double_races(calls: &[String]) -> Vec<(u64, u64)> {
    let reads =
        |at: usize| calls.get(at).is_some_and(|call| call.ends_with("get") || call.ends_with("query"));
    let mut races = vec![];
    for at in (0..calls.len().saturating_sub(1)).filter(|at| reads(*at) && !reads(at + 1)) {
        let mut seconds = vec![at + 1];
        seconds.extend((at + 2..calls.len()).take_while(|later| reads(*later)).take(2));
        races.extend(seconds.into_iter().map(|second| (at as u64 + 1, second as u64 + 1)));
    }
    races.truncate(MOST_DOUBLE);
    races
}

/// Fires each trigger for `control` in peace first: only if that writes more than the one is killed after, something
/// is left undone that the app must heal.
#[when(
    regex = r#"^each scheduled trigger is killed after its (first|second|third) write for "([^"]*)", or before its last if there are fewer for "([^"]*)"$"#
)]
async fn each_is_killed(world: &mut World, write: String, tenant: String, control: String) -> Step {
    let mut killed = 0;
    for trigger in scheduled(world)? {
        let start = super::since(world, 0, <[_]>::len);
        let flight = take_off(world, &trigger, &control)?;
        land(world, flight).await?;
        // After its last write nothing is left undone; who writes but once is killed before it does.
        let writes = seen::deeds(world, start, &control).records as u64;
        let place = nth(&write)?.min(writes.saturating_sub(1));
        let (late, damage) = match place {
            0 => (hold(world, &tenant, "jira", 1)?, "killed before it had written anything".to_owned()),
            place => {
                let damage = format!("killed after {place} of its {writes} writes ({{key}})");
                (hold(world, &tenant, "kvs.set", place)?, damage)
            }
        };
        let flight = take_off(world, &trigger, &tenant)?;
        let damage = format!("{} was {damage}", trigger.key);
        killed += usize::from(land_killed(world, flight, &late, &damage).await?);
    }
    if killed == 0 {
        let what =
            "no scheduled trigger asks Jira or writes to its storage, so none could be killed on its way";
        return Err(Failure::not_exercised(what));
    }
    Ok(())
}

#[given(expr = "the Forge app is installed for {string} and, with a large site, for {string}")]
fn installed_for_large(world: &mut World, small: String, large: String) -> Step {
    world.install_forge(&small)?;
    // Lists of projects and fields fill their last page; with one more of each, that one is alone on a page.
    let issues_per_page = 20;
    world.install_forge_on(TenantSpec {
        projects: 50,
        custom_fields: 189,
        issues: 400,
        issues_per_page,
        ..TenantSpec::new(&large)
    })?;
    // One project has more than one page of issues; those that wait for a new one are in it.
    let more = SiteChange::AddIssues { count: issues_per_page };
    world.scene()?.platform.change_site(&large, more).map_err(|e| Failure::new(e.to_string()))
}

fn nth(word: &str) -> Result<u64, Failure> {
    let place = ["first", "second", "third"].iter().position(|known| *known == word);
    place.map(|place| place as u64 + 1).ok_or_else(|| Failure::new(format!("{word:?} is no place")))
}

/// Holds the nth answer on this route back until it is released.
pub(super) fn hold(world: &World, tenant: &str, route: &str, nth: u64) -> Result<Barrier, Failure> {
    let route: Route = route.parse().map_err(|e| Failure::new(format!("{e}")))?;
    let barrier = Barrier::new();
    let (when, fault) = (When::Nth(nth), Fault::Hold(barrier.clone()));
    world.scene()?.platform.inject(FaultRule { tenant: Some(tenant.to_owned()), route, when, fault });
    Ok(barrier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_held_around_each_writing_that_follows_a_reading() {
        let calls = |text: &str| text.split(' ').map(|call| format!("kvs.{call}")).collect::<Vec<_>>();
        for (made, expected) in [
            ("get get set get set set", vec![(2, 3), (2, 4), (4, 5)]),
            ("set set", vec![]),
            ("get set", vec![(1, 2)]),
            ("query transaction", vec![(1, 2)]),
            ("get", vec![]),
        ] {
            assert_eq!(double_races(&calls(made)), expected, "{made}");
        }
    }
}
