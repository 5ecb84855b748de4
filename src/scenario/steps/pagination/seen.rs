//! What was served, as the evidence and the gauge at the store's seam show it.

use std::collections::BTreeSet;

use cucumber::then;
use serde_json::Value;

use super::{Notes, Reading, pages_served, read_to_the_end};
use crate::{
    evidence::Fact,
    scenario::{Failure, World, world::Step},
};

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
