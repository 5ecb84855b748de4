//! Steps that any process can be driven by: several instances of it, stopped and killed in the middle of what
//! they do, and what lies in its tenants' storage. They know nothing of any one app but what it described.

mod answers;
mod listing;
mod outages;
mod storage;
mod weekly;

use std::time::Duration;

use cucumber::{given, then, when};

use super::site::FIRST;
use crate::{
    evidence::Fact,
    mock_jira::{Held, Moment, Route},
    scenario::{Failure, World, world::Step},
};

/// The longest life of a lock that can run out within the time that a job has.
const LONGEST_LOCK_S: u64 = 840;

fn moment(word: &str) -> Moment {
    if word == "before" { Moment::Before } else { Moment::After }
}

/// How the keys of this family begin, as the app described it.
async fn prefix(world: &mut World, family: &str) -> Result<String, Failure> {
    let process = world.process(FIRST).await?;
    let prefix = process.description().storage.prefix(family);
    prefix.map(str::to_owned).ok_or_else(|| {
        Failure::not_exercised(&format!(
            "the driver's describe names no storage for {family} records: `storage.{family}`"
        ))
    })
}

#[given(regex = r#"^instance "([^"]*)" will be stopped (before|after) it writes a (lock|snapshot) record$"#)]
async fn stopped_at_a_write(world: &mut World, worker: String, when: String, family: String) -> Step {
    let held = Held::Write(prefix(world, &family).await?);
    world.stop_at(&worker, moment(&when), held, format!("{when} it writes a {family} record")).await
}

#[given(regex = r#"^instance "([^"]*)" will be stopped (before|after) it asks for "([^"]*)"$"#)]
async fn stopped_at_a_request(world: &mut World, worker: String, when: String, route: String) -> Step {
    let known: Route = route.parse().map_err(|e| Failure::new(format!("{e}")))?;
    world.stop_at(&worker, moment(&when), Held::Request(known), format!("{when} it asks for {route}")).await
}

#[when(expr = "instance {string} is stopped there")]
async fn is_stopped(world: &mut World, worker: String) -> Step {
    world.wait_stopped(&worker).await
}

#[when(expr = "instance {string} goes on")]
async fn goes_on(world: &mut World, worker: String) -> Step {
    world.go_on(&worker).await
}

#[when(expr = "instance {string} is killed there")]
async fn is_killed(world: &mut World, worker: String) -> Step {
    world.kill_there(&worker).await
}

#[when("the life of a lock runs out")]
async fn lock_runs_out(world: &mut World) -> Step {
    let life_s = world.process(FIRST).await?.description().lock_life_s;
    match life_s {
        Some(life_s @ 1..=LONGEST_LOCK_S) => world.pass(Duration::from_secs(life_s + 1)),
        Some(life_s) => Err(Failure::new(format!(
            "a lock of {life_s} s outlives the job that holds it: between 1 and {LONGEST_LOCK_S} s can be shown"
        ))),
        None => Err(Failure::not_exercised("the driver's describe names no life of its lock: `lock_life_s`")),
    }
}

#[when(expr = "instance {string} is told to end")]
async fn told_to_end(world: &mut World, worker: String) -> Step {
    let ended = world.process(&worker).await?.shutdown().await;
    world.forget_worker(&worker)?;
    world.remember_answer(&worker, ended.map(|()| serde_json::Value::Null));
    Ok(())
}

#[then(expr = "nothing of instance {string} is left")]
fn nothing_left(world: &mut World, worker: String) -> Step {
    world.answer(&worker).map(|_| ())
}

// --- the operations -----------------------------------------------------------------------------

#[when(expr = "every operation that the app describes is called for {string}")]
async fn every_operation(world: &mut World, tenant: String) -> Step {
    let worker = world.subject(FIRST).await?;
    let described: Vec<String> = worker.describe().await.into_iter().map(|(name, _)| name).collect();
    // The install comes first and the removal last, whatever order they are described in.
    let order = ["install", "run_job", "create_snapshot", "list_drift", "get_token_state", "uninstall"];
    if let Some(unknown) = described.iter().find(|name| !order.contains(&name.as_str())) {
        return Err(Failure::new(format!("the protocol has no operation {unknown:?}")));
    }
    answers::nothing_undescribed(world, &tenant, &described).await?;
    for operation in order.into_iter().filter(|name| described.iter().any(|known| known == name)) {
        let stored = answers::snapshots(world, &tenant).len();
        let consent = world.consent(&tenant)?;
        let answer = match operation {
            "install" => worker.install(&tenant, consent).await,
            "run_job" => worker.run_job("snapshot_daily", Some(&tenant)).await,
            "create_snapshot" => worker.create_snapshot(&tenant, "weekly", true).await,
            "list_drift" => worker.list_drift(&tenant, None, None).await,
            "get_token_state" => worker.token_state(&tenant).await,
            _ => worker.uninstall(&tenant).await,
        };
        world.remember_answer(FIRST, answer);
        let answer = world.answer(FIRST)?.clone();
        match operation {
            "create_snapshot" => answers::stored_as_told(world, &tenant, stored, &answer).await?,
            "get_token_state" => answers::state_as_issued(world, &tenant, &answer)?,
            "uninstall" => {
                nothing_is_left(world, &tenant)?;
                answers::nobody_is_known(world, &tenant).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Who removes an app takes its data along.
fn nothing_is_left(world: &World, tenant: &str) -> Step {
    let stored = world.scene()?.platform.stored_keys(tenant).map_err(|e| Failure::new(e.to_string()))?;
    match stored.first() {
        None => Ok(()),
        Some((key, _)) => {
            let count = stored.len();
            Err(Failure::new(format!(
                "after the removal {count} records of {tenant:?} are left, {key:?} first"
            )))
        }
    }
}

#[then("each of them answered with what it describes")]
async fn each_answered(world: &mut World) -> Step {
    let described = world.subject(FIRST).await?.describe().await;
    world.recorder().read(|log| {
        for (name, fields) in &described {
            let answered = log.iter().rev().find_map(|observation| match &observation.fact {
                Fact::OperationAnswered { operation, answered: true, fields } if operation == name => {
                    Some(fields)
                }
                _ => None,
            });
            let Some(answered) = answered else {
                return Err(Failure::new(format!("{name} did not answer")));
            };
            if fields.is_empty() && !answered.is_empty() {
                return Err(Failure::new(format!(
                    "{name} answers with {answered:?} and describes none of it: its contract is empty"
                )));
            }
            if let Some(lost) = fields.iter().find(|field| !answered.contains(field)) {
                return Err(Failure::new(format!("the answer of {name} lacks {lost:?}, which it describes")));
            }
        }
        Ok(())
    })
}

#[when(expr = "worker {string} takes a {word} snapshot of {string}")]
async fn takes_a_snapshot(world: &mut World, worker: String, kind: String, tenant: String) -> Step {
    let answer = world.subject(&worker).await?.create_snapshot(&tenant, &kind, true).await;
    world.remember_answer(&worker, answer);
    Ok(())
}

#[then(expr = "worker {string} has an answer")]
fn has_an_answer(world: &mut World, worker: String) -> Step {
    world.answer(&worker).map(|_| ())
}
