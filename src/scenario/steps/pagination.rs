//! Steps about the app's own listing: drift events are planted beneath the seams, pages are read as a client
//! reads them, and what was served is looked up in the evidence. Nothing here knows how the app pages.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cucumber::{given, then, when};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::site::FIRST;
use crate::{
    app::{
        Ports,
        drift::{self, Change, Difference, DriftBatches, DriftEvent, DriftQuery},
    },
    evidence::Fact,
    scenario::{Failure, World, world::Step},
    store::{Range, Transaction},
    subject::{CallError, Subject as _},
};

/// The most pages that any reading here may take: an endless one fails instead of running on.
const PAGE_LIMIT: usize = 400;
/// How many events are written in one transaction.
const BATCH: usize = 500;
/// When the first planted event lies.
const FIRST_EVENT: &str = "2026-01-04T00:00:00Z";
/// How far apart planted times are.
const INTERVAL_MS: i64 = 1_000;

/// What these steps remember.
#[derive(Default)]
struct Notes {
    /// By tenant, in the listing's order: what must be served.
    planted: BTreeMap<String, BTreeMap<Place, DriftEvent>>,
    /// Ids of events that may be served or not: they came or went while somebody read.
    loose: BTreeSet<String>,
    batches: u64,
    reading: Option<Reading>,
    refusal: Option<String>,
    cursor: Option<String>,
}

/// Time, then id: the listing's order.
type Place = (Timestamp, String);

/// A reading of one tenant's listing, page by page.
#[derive(Clone, Default)]
struct Reading {
    tenant: String,
    limit: i64,
    next: Option<String>,
    pages: Vec<Value>,
}

// --- arranging ----------------------------------------------------------------------------------

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

// --- reading ------------------------------------------------------------------------------------

/// Reads one more page of the open reading; `false` behind the last.
async fn read_page(world: &mut World) -> Result<bool, Failure> {
    let worker = world.worker(FIRST)?;
    let notes = world.notes::<Notes>();
    let reading = notes.reading.as_mut().ok_or_else(|| Failure::new("nobody reads"))?;
    if !reading.pages.is_empty() && reading.next.is_none() {
        return Ok(false);
    }
    if reading.pages.len() >= PAGE_LIMIT {
        return Err(Failure::new(format!("the listing has not ended after {PAGE_LIMIT} pages")));
    }
    let (tenant, limit, cursor) = (reading.tenant.clone(), reading.limit, reading.next.clone());
    let page = worker.list_drift(&tenant, Some(limit), cursor.as_deref()).await;
    let page = page.map_err(|e| Failure::new(format!("the listing stopped: {e}")))?;
    if let Some(reading) = &mut world.notes::<Notes>().reading {
        reading.next = page["next_cursor"].as_str().map(str::to_owned);
        reading.pages.push(page);
    }
    Ok(true)
}

fn open(world: &mut World, tenant: &str, limit: i64) {
    let reading = Reading { tenant: tenant.to_owned(), limit, ..Reading::default() };
    world.notes::<Notes>().reading = Some(reading);
}

#[when(expr = "the first page of drift events of {string} is read, {int} to a page")]
async fn first_page(world: &mut World, tenant: String, limit: i64) -> Step {
    open(world, &tenant, limit);
    read_page(world).await.map(drop)
}

#[when("the next page of drift events is read")]
async fn next_page(world: &mut World) -> Step {
    if read_page(world).await? { Ok(()) } else { Err(Failure::new("there is no next page")) }
}

#[when("the rest of the drift events is read")]
async fn rest(world: &mut World) -> Step {
    while read_page(world).await? {}
    Ok(())
}

#[when(expr = "the drift events of {string} are read to the end, {int} to a page")]
async fn read_to_the_end(world: &mut World, tenant: String, limit: i64) -> Step {
    open(world, &tenant, limit);
    rest(world).await
}

#[when(expr = "a page of drift events of {string} is read without a size")]
async fn page_without_size(world: &mut World, tenant: String) -> Step {
    let answer = world.worker(FIRST)?.list_drift(&tenant, None, None).await;
    let page = answer.map_err(|e| Failure::new(e.to_string()))?;
    open(world, &tenant, 0);
    if let Some(reading) = &mut world.notes::<Notes>().reading {
        reading.pages.push(page);
    }
    Ok(())
}

#[when(expr = "the drift events of {string} are streamed in batches of {int}")]
async fn streamed(world: &mut World, tenant: String, size: usize) -> Step {
    let worker = world.worker(FIRST)?;
    let ports = worker.app().ports().clone();
    let mut batches = DriftBatches::new(&ports, &tenant, size);
    open(world, &tenant, 0);
    while let Some(batch) = batches.next_batch().await.map_err(|e| Failure::new(e.to_string()))? {
        let page = serde_json::json!({ "items": batch, "limit": size });
        let Some(reading) = &mut world.notes::<Notes>().reading else { continue };
        reading.pages.push(page);
        if reading.pages.len() > PAGE_LIMIT {
            return Err(Failure::new(format!("the stream has not ended after {PAGE_LIMIT} batches")));
        }
    }
    Ok(())
}

// --- cursors ------------------------------------------------------------------------------------

/// What becomes of a good cursor.
fn spoilt(cursor: &str, how: &str) -> Result<String, Failure> {
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_else(|_| cursor.as_bytes().to_vec());
    let last = bytes.len().checked_sub(1).ok_or_else(|| Failure::new("the cursor is empty"))?;
    match how {
        "forged at its end" => bytes[last] ^= 1,
        // Behind format and length lies the position; its last letters name the row.
        "forged to name another row" => {
            let middle = last.saturating_sub(32);
            bytes[middle] = if bytes[middle] == b'0' { b'1' } else { b'0' };
        }
        "given the number of another format" => bytes[0] = bytes[0].wrapping_add(1),
        "cut in half" => return Ok(cursor[..cursor.len() / 2].to_owned()),
        "short of its last letter" => return Ok(cursor[..cursor.len() - 1].to_owned()),
        "replaced by other text" => return Ok("page=2&offset=100".to_owned()),
        "emptied" => return Ok(String::new()),
        other => return Err(Failure::new(format!("{other:?} is no way to spoil a cursor"))),
    }
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A cursor as a client holds it after one page.
async fn cursor_of(world: &mut World, tenant: &str, query: DriftQuery) -> Result<String, Failure> {
    let worker = world.worker(FIRST)?;
    let call = worker.app().list_drift(tenant, query, Some(2), None);
    let page = worker.for_tenant(Some(tenant), call).await.map_err(|e| Failure::new(e.to_string()))?;
    let page = page.map_err(|e| Failure::new(e.to_string()))?;
    page.next_cursor.ok_or_else(|| Failure::new("the page has no cursor"))
}

#[given(expr = "a cursor of {string}")]
async fn a_cursor(world: &mut World, tenant: String) -> Step {
    let cursor = cursor_of(world, &tenant, DriftQuery::default()).await?;
    world.notes::<Notes>().cursor = Some(cursor);
    Ok(())
}

#[given(expr = "a cursor of {string} for the added ones alone")]
async fn a_filtered_cursor(world: &mut World, tenant: String) -> Step {
    let cursor = cursor_of(world, &tenant, DriftQuery { kind: Some(Change::Added) }).await?;
    world.notes::<Notes>().cursor = Some(cursor);
    Ok(())
}

#[given(expr = "the cursor is {string}")]
fn is_spoilt(world: &mut World, how: String) -> Step {
    let notes = world.notes::<Notes>();
    let cursor = notes.cursor.as_deref().ok_or_else(|| Failure::new("there is no cursor"))?;
    notes.cursor = Some(spoilt(cursor, &how)?);
    Ok(())
}

#[when(expr = "the cursor is used for the drift events of {string}")]
async fn cursor_used(world: &mut World, tenant: String) -> Step {
    let cursor = world.notes::<Notes>().cursor.clone();
    let answer = world.worker(FIRST)?.list_drift(&tenant, Some(2), cursor.as_deref()).await;
    world.notes::<Notes>().refusal = match answer {
        Ok(_) => None,
        Err(CallError::Refused(why)) => Some(why),
        Err(other) => return Err(Failure::new(other.to_string())),
    };
    Ok(())
}

#[then(expr = "the cursor is refused with {string}")]
fn cursor_refused(world: &mut World, words: String) -> Step {
    match &world.notes::<Notes>().refusal {
        Some(why) if why.contains(&words) => Ok(()),
        Some(why) => Err(Failure::new(format!("the refusal says: {why}"))),
        None => Err(Failure::new("the cursor was accepted")),
    }
}

#[then(expr = "no drift event of {string} was served")]
fn nothing_served(world: &mut World, tenant: String) -> Step {
    let served = pages_served(world, &tenant).concat();
    if served.is_empty() { Ok(()) } else { Err(Failure::new(format!("{} were", served.len()))) }
}

// --- what was seen ------------------------------------------------------------------------------

/// The ids on each page that the evidence shows for the tenant.
fn pages_served(world: &World, tenant: &str) -> Vec<Vec<String>> {
    world.recorder().read(|log| {
        let of_tenant = |fact: &Fact| match fact {
            Fact::PageServed { tenant: whose, items, .. } if whose == tenant => Some(items.clone()),
            _ => None,
        };
        log.iter().filter_map(|o| of_tenant(&o.fact)).collect()
    })
}

fn reading(world: &mut World) -> Result<Reading, Failure> {
    world.notes::<Notes>().reading.clone().ok_or_else(|| Failure::new("nobody read"))
}

/// Each event that was there all the time is among `served` exactly once, and the order is kept.
fn complete(world: &mut World, tenant: &str, served: &[String]) -> Step {
    let notes = world.notes::<Notes>();
    let firm: Vec<&str> =
        notes.planted.get(tenant).into_iter().flatten().map(|((_, id), _)| id.as_str()).collect();
    let mut once = BTreeSet::new();
    if let Some(twice) = served.iter().find(|id| !once.insert(id.as_str())) {
        return Err(Failure::new(format!("{twice} was served twice")));
    }
    let seen: Vec<&str> = served.iter().map(String::as_str).filter(|id| !notes.loose.contains(*id)).collect();
    if seen == firm {
        return Ok(());
    }
    let missing = firm.iter().filter(|id| !once.contains(**id)).count();
    Err(Failure::new(format!(
        "{} of {} events were served, {missing} are missing, or their order is another",
        seen.len(),
        firm.len()
    )))
}

#[then("each drift event that was there all the time was served once, in order")]
fn served_once(world: &mut World) -> Step {
    let reading = reading(world)?;
    let pages = pages_served(world, &reading.tenant);
    let last = pages.len().saturating_sub(reading.pages.len());
    complete(world, &reading.tenant, &pages[last..].concat())
}

#[then("each drift event came once, in order")]
fn came_once(world: &mut World) -> Step {
    let reading = reading(world)?;
    let items = reading.pages.iter().flat_map(|page| page["items"].as_array().into_iter().flatten());
    let ids: Vec<String> = items.filter_map(|item| item["id"].as_str()).map(str::to_owned).collect();
    complete(world, &reading.tenant, &ids)
}

#[then(expr = "{int} page(s) of drift events was/were served")]
fn so_many_pages(world: &mut World, count: usize) -> Step {
    let reading = reading(world)?;
    let pages = pages_served(world, &reading.tenant).len();
    if pages == count { Ok(()) } else { Err(Failure::new(format!("{pages} were served"))) }
}

#[then("no page but the first one was empty")]
fn no_empty_page(world: &mut World) -> Step {
    let reading = reading(world)?;
    let pages = pages_served(world, &reading.tenant);
    match pages.iter().skip(1).position(Vec::is_empty) {
        Some(index) => Err(Failure::new(format!("page {} was empty", index + 2))),
        None => Ok(()),
    }
}

#[then("only the last page said that nothing follows")]
fn end_is_told(world: &mut World) -> Step {
    let tenant = reading(world)?.tenant;
    let told: Vec<(bool, bool)> = world.recorder().read(|log| {
        let of_tenant = |fact: &Fact| match fact {
            Fact::PageServed { tenant: whose, has_more, next_cursor, .. } if *whose == tenant => {
                Some((*has_more, *next_cursor))
            }
            _ => None,
        };
        log.iter().filter_map(|o| of_tenant(&o.fact)).collect()
    });
    let last = told.len().saturating_sub(1);
    let right = told.iter().enumerate().all(|(i, page)| *page == (i < last, i < last));
    if right && !told.is_empty() { Ok(()) } else { Err(Failure::new(format!("they said {told:?}"))) }
}

#[then(expr = "the page size was {int}")]
fn page_size(world: &mut World, size: usize) -> Step {
    let tenant = reading(world)?.tenant;
    let (limit, items) = world
        .recorder()
        .read(|log| {
            log.iter().rev().find_map(|o| match &o.fact {
                Fact::PageServed { tenant: whose, limit, items, .. } if *whose == tenant => {
                    Some((*limit, items.len()))
                }
                _ => None,
            })
        })
        .ok_or_else(|| Failure::new("no page was served"))?;
    if limit == size && items <= size {
        return Ok(());
    }
    Err(Failure::new(format!("the page says {limit} and holds {items}")))
}

#[then(expr = "the page holds {int} drift event(s)")]
fn page_holds(world: &mut World, count: usize) -> Step {
    let reading = reading(world)?;
    let items = reading.pages.last().and_then(|page| page["items"].as_array()).map_or(0, Vec::len);
    if items == count { Ok(()) } else { Err(Failure::new(format!("it holds {items}"))) }
}

#[then(expr = "the page says {string}")]
fn page_says(world: &mut World, expected: String) -> Step {
    let reading = reading(world)?;
    let page = reading.pages.last().and_then(Value::as_object);
    let page = page.ok_or_else(|| Failure::new("no page was read"))?;
    let mut said: Vec<String> = page
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "items" | "next_cursor"))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    said.push(format!("items={}", page.get("items").and_then(Value::as_array).map_or(0, Vec::len)));
    let cursor = page.get("next_cursor").map(|c| if c.is_null() { "none" } else { "given" });
    said.push(format!("next_cursor={}", cursor.unwrap_or("missing")));
    said.sort();
    let said = said.join(" ");
    if said == expected { Ok(()) } else { Err(Failure::new(format!("it says {said}"))) }
}

#[then(expr = "no read of the store asked for more than {int} records")]
fn bounded_reads(world: &mut World, most: usize) -> Step {
    let gauge = &world.scene()?.stage.gauge;
    let (scans, limit, records) = (gauge.scans(), gauge.largest_limit(), gauge.most_records());
    if scans > 0 && limit <= most && records <= most {
        return Ok(());
    }
    Err(Failure::new(format!("of {scans} reads the largest asked for {limit} and brought {records}")))
}

#[then(expr = "at most {int} reads of the store were made")]
fn few_reads(world: &mut World, most: u64) -> Step {
    let scans = world.scene()?.stage.gauge.scans();
    if (1..=most).contains(&scans) { Ok(()) } else { Err(Failure::new(format!("{scans} were made"))) }
}

#[then(expr = "a new reading of {string} shows all of them, the late one too")]
async fn reads_anew(world: &mut World, tenant: String) -> Step {
    let seen: BTreeSet<String> = {
        read_to_the_end(world, tenant.clone(), 100).await?;
        let pages = reading(world)?.pages.len();
        let served = pages_served(world, &tenant);
        served[served.len().saturating_sub(pages)..].concat().into_iter().collect()
    };
    let notes = world.notes::<Notes>();
    let planted = notes.planted.get(&tenant).into_iter().flatten().map(|((_, id), _)| id);
    let missing = planted.chain(&notes.loose).filter(|id| !seen.contains(*id)).count();
    if missing == 0 { Ok(()) } else { Err(Failure::new(format!("{missing} are missing"))) }
}
