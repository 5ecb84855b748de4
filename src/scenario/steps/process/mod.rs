//! Steps that any process can be driven by: several instances of it, stopped and killed in the middle of what
//! they do, and what lies in its tenants' storage. They know nothing of any one app but what it described.

mod storage;

use std::{collections::BTreeSet, time::Duration};

use cucumber::{given, then, when};

use super::site::FIRST;
use crate::{
    evidence::{Fact, is_jira},
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
    for operation in order.into_iter().filter(|name| described.iter().any(|known| known == name)) {
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
        world.answer(FIRST)?;
        if operation == "uninstall" {
            nothing_is_left(world, &tenant)?;
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

/// Nothing is asked of a tenant's site before the time that a 429 named.
#[then(expr = "Jira of {string} was left alone for as long as it asked")]
fn left_alone(world: &mut World, whose: String) -> Step {
    let (asked, early) = world.recorder().read(|log| {
        let (mut until, mut asked, mut early) = (None, 0, 0);
        for observation in log {
            let Fact::RequestAnswered { tenant: Some(tenant), operation, retry_after_s, .. } =
                &observation.fact
            else {
                continue;
            };
            if *tenant != whose || !is_jira(operation) {
                continue;
            }
            let at_ms = observation.at.as_millisecond();
            early += usize::from(until.is_some_and(|until| at_ms < until));
            if let Some(wait_s) = retry_after_s {
                asked += 1;
                until = i64::try_from(*wait_s).ok().map(|wait_s| at_ms + wait_s * 1_000);
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

#[then(expr = "worker {string} has an answer")]
fn has_an_answer(world: &mut World, worker: String) -> Step {
    world.answer(&worker).map(|_| ())
}

// --- the drift listing --------------------------------------------------------------------------

/// More pages than any listing of these scenarios has.
const MOST_PAGES: usize = 1_000;

/// What a listing came to, read to its end.
#[derive(Default)]
struct Listing {
    pages: Vec<usize>,
    ids: Vec<String>,
    texts: Vec<String>,
}

#[when(expr = "the drift of {string} is read to its end, {int} to a page")]
async fn read_to_the_end(world: &mut World, tenant: String, limit: i64) -> Step {
    let worker = world.subject(FIRST).await?;
    let mut listing = Listing::default();
    let mut cursor: Option<String> = None;
    loop {
        let page = worker.list_drift(&tenant, Some(limit), cursor.as_deref()).await;
        let page = page.map_err(|e| Failure::new(format!("the listing was refused: {e}")))?;
        let items = page["items"].as_array().ok_or_else(|| Failure::new("a page has no `items`"))?;
        let text = |item: &serde_json::Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
        listing.pages.push(items.len());
        listing.ids.extend(items.iter().map(|item| text(item, "id")));
        listing.texts.extend(items.iter().map(|item| text(item, "text")));
        let next = page["next_cursor"].as_str().map(str::to_owned);
        if page["has_more"] != serde_json::Value::Bool(next.is_some()) {
            return Err(Failure::new("`has_more` and `next_cursor` disagree"));
        }
        if listing.pages.len() > MOST_PAGES || (next.is_some() && next == cursor) {
            return Err(Failure::new("the listing does not end"));
        }
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    *world.notes::<Listing>() = listing;
    Ok(())
}

#[then(expr = "no page has more than {int} items and none comes twice")]
fn whole_pages(world: &mut World, most: usize) -> Step {
    let listing = world.notes::<Listing>();
    if let Some(long) = listing.pages.iter().find(|count| **count > most) {
        return Err(Failure::new(format!("a page has {long} items")));
    }
    let different: BTreeSet<&String> = listing.ids.iter().collect();
    if different.len() != listing.ids.len() || listing.ids.iter().any(String::is_empty) {
        return Err(Failure::new("an item comes twice, or has no `id`"));
    }
    Ok(())
}

#[then(expr = "the listing has more than {int} page(s)")]
fn several_pages(world: &mut World, count: usize) -> Step {
    let pages = world.notes::<Listing>().pages.len();
    if pages > count { Ok(()) } else { Err(Failure::new(format!("there were {pages}"))) }
}

#[then(expr = "the listing tells of {string}")]
fn tells_of(world: &mut World, name: String) -> Step {
    let listing = world.notes::<Listing>();
    let quoted = format!("{name:?}");
    if listing.texts.iter().any(|text| text.contains(&quoted)) {
        return Ok(());
    }
    Err(Failure::new(format!("no text holds the name {quoted} in double quotes: {:#?}", listing.texts)))
}
