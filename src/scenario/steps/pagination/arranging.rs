//! What lies in the listing, and what changes in it while somebody reads: written beneath the seams, because
//! a scenario's doing is not the app's.

use cucumber::{given, when};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{FIRST, Notes};
use crate::{
    app::{
        Ports,
        drift::{self, Change, Difference, DriftEvent},
    },
    scenario::{Failure, World, world::Step},
    store::{Range, Transaction},
};

/// How many events are written in one transaction.
const BATCH: usize = 500;
/// When the first planted event lies.
const FIRST_EVENT: &str = "2026-01-04T00:00:00Z";
/// How far apart planted times are.
const INTERVAL_MS: i64 = 1_000;

fn beginning() -> Result<Timestamp, Failure> {
    FIRST_EVENT.parse().map_err(|e| Failure::new(format!("the first event's time: {e}")))
}

/// The worker's ports with the bare store: what a scenario plants is not the app's doing.
fn ground(world: &mut World) -> Result<Ports, Failure> {
    let ports = world.worker(FIRST)?.app().ports().as_ref().clone();
    Ok(Ports { store: world.scene()?.stage.store.clone(), ..ports })
}

/// Plants `count` events from `start` on, `at_a_time` of them at each time.
async fn plant(
    world: &mut World,
    tenant: &str,
    start: Timestamp,
    count: usize,
    at_a_time: usize,
) -> Result<Vec<DriftEvent>, Failure> {
    let ports = ground(world)?;
    let mark = world.scene()?.platform.canary(tenant).map_err(|e| Failure::new(e.to_string()))?;
    let mark = mark.unwrap_or_default();
    world.notes::<Notes>().batches += 1;
    let batch = world.notes::<Notes>().batches;
    let mut all = Vec::with_capacity(count);
    for number in 0..count {
        let ms = i64::try_from(number / at_a_time.max(1)).unwrap_or(i64::MAX) * INTERVAL_MS;
        let at =
            start.saturating_add(SignedDuration::from_millis(ms)).map_err(|e| Failure::new(e.to_string()))?;
        let difference = Difference {
            change: [Change::Added, Change::Removed, Change::Changed][number % 3],
            entity: "field",
            entity_id: number.to_string(),
            name: format!("Field {number} {mark}"),
        };
        all.extend(drift::events(&ports, tenant, &format!("planted {batch}"), at, &[difference]));
    }
    for events in all.chunks(BATCH) {
        let broken = |e: &dyn std::fmt::Display| Failure::new(format!("events cannot be planted: {e}"));
        let transaction =
            drift::recorded(&ports, tenant, Transaction::new(), events).await.map_err(|e| broken(&e))?;
        ports.store.commit(transaction).await.map_err(|e| broken(&e))?;
    }
    Ok(all)
}

fn expect_served(world: &mut World, tenant: &str, events: Vec<DriftEvent>) {
    let planted = world.notes::<Notes>().planted.entry(tenant.to_owned()).or_default();
    planted.extend(events.into_iter().map(|event| ((event.at, event.id.clone()), event)));
}

#[given(expr = "tenant {string} has {int} drift event(s)")]
async fn has_events(world: &mut World, tenant: String, count: usize) -> Step {
    has_events_at_a_time(world, tenant, count, 1).await
}

#[given(expr = "tenant {string} has {int} drift events, {int} of them at each time")]
async fn has_events_at_a_time(world: &mut World, tenant: String, count: usize, at_a_time: usize) -> Step {
    let start = beginning()?;
    let events = plant(world, &tenant, start, count, at_a_time).await?;
    expect_served(world, &tenant, events);
    Ok(())
}

/// The last event that was served on the page before.
fn last_served(world: &mut World) -> Result<(String, DriftEvent), Failure> {
    let notes = world.notes::<Notes>();
    let reading = notes.reading.as_ref().ok_or_else(|| Failure::new("nobody reads"))?;
    let id = reading.pages.last().and_then(|page| page["items"].as_array()?.last()?["id"].as_str());
    let id = id.ok_or_else(|| Failure::new("the last page is empty"))?;
    let events = notes.planted.get(&reading.tenant).ok_or_else(|| Failure::new("nothing was planted"))?;
    let event = events.values().find(|event| event.id == id);
    let event = event.ok_or_else(|| Failure::new(format!("{id} was never planted")))?;
    Ok((reading.tenant.clone(), event.clone()))
}

#[when(
    regex = r"^(\d+) drift events? (?:is|are) written (before the first one|before the reader's place|at the reader's place|behind the reader's place)$"
)]
async fn written(world: &mut World, count: usize, place: String) -> Step {
    let (tenant, last) = last_served(world)?;
    let half_ms = INTERVAL_MS / 2;
    let start = match place.as_str() {
        "before the first one" => beginning()?.saturating_sub(SignedDuration::from_hours(1)),
        "before the reader's place" => last.at.saturating_sub(SignedDuration::from_millis(half_ms)),
        "at the reader's place" => Ok(last.at),
        _ => last.at.saturating_add(SignedDuration::from_millis(half_ms)),
    };
    let start = start.map_err(|e| Failure::new(e.to_string()))?;
    let events = plant(world, &tenant, start, count, count).await?;
    world.notes::<Notes>().loose.extend(events.iter().map(|event| event.id.clone()));
    Ok(())
}

async fn delete(world: &mut World, tenant: &str, events: &[DriftEvent]) -> Step {
    let ports = ground(world)?;
    for event in events {
        let key = key_of(&ports, tenant, event).await?;
        let transaction = Transaction::new().delete(key);
        ports.store.commit(transaction).await.map_err(|e| Failure::new(e.to_string()))?;
        let notes = world.notes::<Notes>();
        notes.loose.insert(event.id.clone());
        if let Some(planted) = notes.planted.get_mut(tenant) {
            planted.remove(&(event.at, event.id.clone()));
        }
    }
    Ok(())
}

/// Where an event lies, by looking for it: how the app makes its keys is the app's business.
async fn key_of(ports: &Ports, tenant: &str, event: &DriftEvent) -> Result<String, Failure> {
    let range = Range { prefix: ports.keys.prefix("drift", &[tenant]), after: None, limit: usize::MAX >> 1 };
    let records = ports.store.scan(range).await.map_err(|e| Failure::new(e.to_string()))?;
    let found = records.into_iter().find(|record| {
        serde_json::from_slice::<DriftEvent>(&record.value).is_ok_and(|stored| stored.id == event.id)
    });
    found.map(|record| record.key).ok_or_else(|| Failure::new(format!("{} is not stored", event.id)))
}

#[when(
    regex = r"^(\d+) drift events? (?:is|are) deleted (that were served already|that the reader has not seen)$"
)]
async fn deleted(world: &mut World, count: usize, which: String) -> Step {
    let (tenant, last) = last_served(world)?;
    let place = (last.at, last.id.clone());
    let notes = world.notes::<Notes>();
    let planted = notes.planted.get(&tenant).into_iter().flatten();
    let served_already = which == "that were served already";
    let events: Vec<DriftEvent> = planted
        .filter(|(at, _)| if served_already { **at <= place } else { **at > place })
        .map(|(_, event)| event.clone())
        .collect();
    // Of those that were served, the latest: the reader's own place goes with them.
    let skipped = if served_already { events.len().saturating_sub(count) } else { 0 };
    let events: Vec<DriftEvent> = events.into_iter().skip(skipped).take(count).collect();
    if events.len() < count {
        return Err(Failure::new(format!("there are only {} such events", events.len())));
    }
    delete(world, &tenant, &events).await
}

#[when("the drift event at the reader's place is written anew")]
async fn touched(world: &mut World) -> Step {
    let (tenant, last) = last_served(world)?;
    let ports = ground(world)?;
    let key = key_of(&ports, &tenant, &last).await?;
    let value = serde_json::to_vec(&last).map_err(|e| Failure::new(e.to_string()))?;
    ports.store.commit(Transaction::new().put(key, value)).await.map_err(|e| Failure::new(e.to_string()))?;
    Ok(())
}

#[given(expr = "the stored count of drift events of {string} is {int} too low")]
async fn count_too_low(world: &mut World, tenant: String, by: usize) -> Step {
    let ports = ground(world)?;
    let key = ports.keys.key("drift_count", &[&tenant]);
    let broken = |e: &dyn std::fmt::Display| Failure::new(e.to_string());
    let record = ports.store.get(&key).await.map_err(|e| broken(&e))?;
    let record = record.ok_or_else(|| Failure::new("there is no count"))?;
    let mut count: Value = serde_json::from_slice(&record.value).map_err(|e| broken(&e))?;
    let added = count["by_kind"]["added"].as_u64().unwrap_or_default();
    let fewer = added.checked_sub(by as u64).ok_or_else(|| Failure::new("there are not so many"))?;
    count["by_kind"]["added"] = Value::from(fewer);
    let value = serde_json::to_vec(&count).map_err(|e| broken(&e))?;
    ports.store.commit(Transaction::new().put(key, value)).await.map_err(|e| broken(&e))?;
    Ok(())
}
