//! Steps in which the app's own storage fails: one operation for a whole run, or all of it for a moment, wherever
//! that moment may fall.

use std::time::Duration;

use cucumber::when;

use super::{firing, news, records::Snapshots, trouble};
use crate::{
    evidence::Fact,
    mock_jira::{Fault, FaultRule, RetryAfter, When},
    scenario::{Failure, World, world::Step},
};

/// How long the storage is away: longer than a few tries take, shorter than a run may.
const AWAY: Duration = Duration::from_secs(10);
/// Most moments at which it goes away.
const MOST_MOMENTS: usize = 7;
/// When the triggers fire again. The two make a day: each trouble meets its app at noon.
const AFTERWARDS: Duration = Duration::from_secs(2 * 3_600);
const TILL_NEXT_DAY: Duration = Duration::from_secs(22 * 3_600);
const STORAGE: &str = "kvs";

#[when(
    expr = "one operation of the storage after the other fails for {string}, and in the end all of it, while news come to every site"
)]
async fn each_fails(world: &mut World, tenant: String) -> Step {
    let mut routes = trouble::used_operations(world, &tenant, |operation| operation.starts_with("kvs."));
    if routes.is_empty() {
        return Err(Failure::not_exercised("the app keeps nothing in its storage"));
    }
    routes.push(STORAGE.to_owned());
    for (number, route) in routes.iter().enumerate() {
        day_in_trouble(world, &tenant, route, number, When::Always).await?;
    }
    Ok(())
}

#[when(
    expr = "the storage of {string} is away for a moment, at one moment of a run after the other, while news come to every site"
)]
async fn away_for_a_moment(world: &mut World, tenant: String) -> Step {
    trouble::a_day_passes(world)?;
    news::comes_to_all(world)?;
    let start = super::since(world, 0, <[_]>::len);
    firing::fire_for(world, &super::installed(world)).await?;
    let moments = moments(&calls(world, start, &tenant));
    if moments.is_empty() {
        return Err(Failure::not_exercised("the app keeps nothing in its storage"));
    }
    for (number, after) in moments.into_iter().enumerate() {
        day_in_trouble(world, &tenant, STORAGE, number, When::Outage(after, AWAY)).await?;
    }
    Ok(())
}

/// A day with news on which the storage of one tenant fails; two hours later it is well again, and the triggers fire
/// once more.
async fn day_in_trouble(world: &mut World, tenant: &str, route: &str, number: usize, when: When) -> Step {
    world.pass(TILL_NEXT_DAY)?;
    news::comes_to_all(world)?;
    let others: Vec<String> = super::installed(world).into_iter().filter(|other| other != tenant).collect();
    firing::fire_for(world, &others).await?;
    let fault = match number % 2 {
        0 => Fault::Status(500),
        _ => Fault::TooManyRequests(RetryAfter::Absent),
    };
    let route = route.parse().map_err(|e| Failure::new(format!("{e}")))?;
    let tenants = [tenant.to_owned()];
    world.scene()?.platform.inject(FaultRule { tenant: Some(tenant.to_owned()), route, when, fault });
    firing::fire_for(world, &tenants).await?;
    world.scene()?.platform.clear_faults();
    world.pass(AFTERWARDS)?;
    // Whoever was interrupted rightly stores the same window again.
    let was_partial = std::mem::replace(&mut world.notes::<Snapshots>().is_partial, true);
    firing::fire_for(world, &tenants).await?;
    world.notes::<Snapshots>().is_partial = was_partial;
    Ok(())
}

/// The calls of the storage for a tenant from a place on.
fn calls(world: &World, start: usize, tenant: &str) -> Vec<String> {
    super::since(world, start, |log| {
        let call = |o: &crate::evidence::Observation| match &o.fact {
            Fact::RequestAnswered { tenant: Some(of), operation, .. }
                if of == tenant && operation.starts_with("kvs.") =>
            {
                Some(operation.clone())
            }
            _ => None,
        };
        log.iter().filter_map(call).collect()
    })
}

/// After how many calls the storage goes away: before each call that is of another operation than the one before it,
/// and in the middle of each row of equal ones. Of too many, some are left out, evenly.
fn moments(calls: &[String]) -> Vec<u64> {
    let mut found = vec![];
    let mut at = 0;
    while at < calls.len() {
        let row = calls[at..].iter().take_while(|call| *call == &calls[at]).count();
        found.push(at as u64);
        if row > 1 {
            found.push((at + row / 2) as u64);
        }
        at += row;
    }
    let stride = found.len().div_ceil(MOST_MOMENTS).max(1);
    found.into_iter().step_by(stride).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_storage_goes_away_at_each_turn_of_a_run_and_not_too_often() {
        let calls = |text: &str| text.split(' ').map(|call| format!("kvs.{call}")).collect::<Vec<_>>();
        assert_eq!(moments(&calls("get get set get set set set set")), [0, 1, 2, 3, 4, 6]);
        assert_eq!(moments(&[]), [0_u64; 0]);
        assert!(moments(&calls(&"get set ".repeat(40))).len() <= MOST_MOMENTS);
    }
}
