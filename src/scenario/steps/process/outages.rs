//! Steps about a platform that fails or asks to be left alone, and about what a driven app makes of that: it
//! neither makes up content nor asks again at once.

use std::collections::{BTreeMap, BTreeSet};

use cucumber::{given, then, when};
use jiff::{SignedDuration, Timestamp};

use crate::{
    evidence::{Fact, Observation, is_jira},
    mock_jira::{Fault, FaultRule, Route, When},
    scenario::{Failure, World, world::Step},
};

/// The least wait before a request is sent again that was answered with 429 and no time.
const LEAST_WAIT: SignedDuration = SignedDuration::from_millis(500);

#[when(expr = "Jira answers {string} to every request for {string} of {string} after the first {int}")]
#[given(expr = "Jira answers {string} to every request for {string} of {string} after the first {int}")]
fn fails_later(world: &mut World, status: String, route: String, tenant: String, first: u64) -> Step {
    let route: Route = route.parse().map_err(|e| Failure::new(format!("{e}")))?;
    let status = status.parse().map_err(|_| Failure::new(format!("{status:?} is no status")))?;
    let (fault, when) = (Fault::Status(status), When::After(first));
    world.scene()?.platform.inject(FaultRule { tenant: Some(tenant), route, when, fault });
    Ok(())
}

/// Neither the job nor any tenant's part of it may be told as done.
#[then(expr = "the job of worker {string} did not report success")]
fn no_success(world: &mut World, worker: String) -> Step {
    let Ok(report) = world.last_answer(&worker)? else { return Ok(()) };
    let parts = report["tenants"].as_array().into_iter().flatten();
    if std::iter::once(report).chain(parts).any(|part| part["outcome"] == "succeeded") {
        return Err(Failure::new(format!("nothing could be read, and it reported {report}")));
    }
    Ok(())
}

#[then(expr = "all snapshots of {string} hash alike")]
fn all_alike(world: &mut World, whose: String) -> Step {
    let hashes: BTreeSet<String> = world.recorder().read(|log| {
        let of = |observation: &Observation| match &observation.fact {
            Fact::SnapshotStored { tenant, hash, .. } if *tenant == whose => Some(hash.clone()),
            _ => None,
        };
        log.iter().filter_map(of).collect()
    });
    match hashes.len() {
        0 => Err(Failure::new("there is no snapshot")),
        1 => Ok(()),
        count => Err(Failure::new(format!("the site is as it was, and there are {count} hashes"))),
    }
}

/// Whether an operation belongs to this part of the platform.
fn is_of(part: &str, operation: &str) -> bool {
    match part {
        "Jira" => is_jira(operation),
        "the storage" => operation.starts_with("kvs"),
        _ => operation == "oauth.token",
    }
}

/// Nothing is asked of that part of the platform before the time that a 429 named.
#[then(
    regex = r#"^(Jira|the storage|the token endpoint) of "([^"]*)" was left alone for as long as it asked$"#
)]
fn left_alone(world: &mut World, part: String, whose: String) -> Step {
    let (asked, early) = world.recorder().read(|log| {
        let (mut until, mut asked, mut early) = (None, 0, 0);
        for observation in log {
            let Fact::RequestAnswered { tenant: Some(tenant), operation, retry_after_s, .. } =
                &observation.fact
            else {
                continue;
            };
            if *tenant != whose || !is_of(&part, operation) {
                continue;
            }
            let at_ms = observation.at.as_millisecond();
            early += usize::from(until.is_some_and(|until| at_ms < until));
            if let Some(wait_s) = retry_after_s {
                asked += 1;
                // A date says whole seconds.
                until = i64::try_from(*wait_s).ok().map(|wait_s| at_ms / 1_000 * 1_000 + wait_s * 1_000);
            }
        }
        (asked, early)
    });
    match (asked, early) {
        (0, _) => Err(Failure::new("it asked for nothing")),
        (_, 0) => Ok(()),
        (_, early) => Err(Failure::new(format!("{early} requests came before the time that it named"))),
    }
}

/// The same request is not sent again at once when it was answered with 429.
#[then(expr = "no request for {string} that was answered with 429 came again at once")]
fn not_at_once(world: &mut World, whose: String) -> Step {
    let (refused, again) = world.recorder().read(|log| {
        let mut refused: BTreeMap<String, Timestamp> = BTreeMap::new();
        let mut again = vec![];
        for observation in log {
            let Fact::RequestAnswered { tenant: Some(tenant), method, path, status, .. } = &observation.fact
            else {
                continue;
            };
            if *tenant != whose {
                continue;
            }
            let what = format!("{method} {path}");
            if refused.get(&what).is_some_and(|at| observation.at.duration_since(*at) < LEAST_WAIT) {
                again.push(what.clone());
            }
            match status {
                429 => refused.insert(what, observation.at),
                _ => refused.remove(&what),
            };
        }
        (refused.len() + again.len(), again)
    });
    match (refused, again.first()) {
        (0, _) => Err(Failure::new("nothing was answered with 429")),
        (_, None) => Ok(()),
        (_, Some(what)) => {
            Err(Failure::new(format!("{} requests came again at once, {what} first", again.len())))
        }
    }
}
