//! Steps about the app's own listing: drift events are planted beneath the seams, pages are read as a client
//! reads them, and what was served is looked up in the evidence. Nothing here knows how the app pages.

mod arranging;
mod cursors;
mod seen;

use std::collections::{BTreeMap, BTreeSet};

use cucumber::when;
use jiff::Timestamp;
use serde_json::Value;

use super::site::FIRST;
use crate::{
    app::drift::{DriftBatches, DriftEvent},
    evidence::Fact,
    scenario::{Failure, World, world::Step},
    subject::Subject as _,
};

/// The most pages that any reading here may take: an endless one fails instead of running on.
const PAGE_LIMIT: usize = 400;

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
