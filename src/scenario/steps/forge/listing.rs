//! Steps that read what a Forge app lists, page by page, as its own page would.

use std::collections::BTreeSet;

use cucumber::{given, then, when};
use serde_json::{Value, json};

use super::{firing, resolvers, trouble};
use crate::{
    evidence::Fact,
    scenario::{
        Failure, World,
        world::{Listing, Step},
    },
    subject::forge::InvocationEnd,
};

/// A listing that goes on for longer is called endless.
const MOST_PAGES: usize = 1_000;

/// What was read: one reading after the other, each a list of pages.
#[derive(Debug, Default)]
struct Readings {
    whole: Vec<Vec<Page>>,
    beside: Vec<Page>,
}

#[derive(Clone, Debug)]
struct Page {
    asked: usize,
    items: Vec<String>,
    has_more: Option<bool>,
    next_cursor: Option<String>,
}

fn listing(world: &World) -> Result<Listing, Failure> {
    world.scene()?.setup.listing.clone().ok_or_else(|| {
        Failure::not_exercised(
            "gonogo.yaml names no call that lists (forge: {listing: {call: …}}), and does not say that there is none",
        )
    })
}

#[given(expr = "the app has something to list for {string}")]
async fn has_something_to_list(world: &mut World, tenant: String) -> Step {
    listing(world)?;
    for _ in 0..2 {
        firing::all_fire(world).await?;
        trouble::a_day_passes(world)?;
        trouble::changes_all_over(world, tenant.clone())?;
    }
    firing::all_fire(world).await
}

#[when(expr = "the listing of {string} is read to its end, {int} to a page")]
async fn is_read(world: &mut World, tenant: String, size: usize) -> Step {
    let mut pages: Vec<Page> = vec![];
    loop {
        let cursor = pages.last().and_then(|page| page.next_cursor.clone());
        let page = page(world, &tenant, size, cursor).await?.map_err(Failure::new)?;
        let ends = page.next_cursor.is_none();
        pages.push(page);
        if ends {
            break;
        }
        if pages.len() >= MOST_PAGES {
            return Err(Failure::new(format!("the listing has no end within {MOST_PAGES} pages")));
        }
    }
    if pages.iter().all(|page| page.items.is_empty()) {
        return Err(Failure::not_exercised("the listing is empty, whatever happened on the site"));
    }
    world.notes::<Readings>().whole.push(pages);
    Ok(())
}

#[when(expr = "the listing of {string} is asked for with a cursor that was cut")]
async fn with_a_cut_cursor(world: &mut World, tenant: String) -> Step {
    let pages = world.notes::<Readings>().whole.first().cloned().unwrap_or_default();
    let cursor = pages.iter().find_map(|page| page.next_cursor.clone());
    let Some(cursor) = cursor else {
        return Err(Failure::not_exercised("the listing fits into one page: it gave no cursor out"));
    };
    let cut: String = cursor.chars().take(cursor.chars().count() / 2).collect();
    // A refusal in whatever form is as good as nothing.
    if let Ok(page) = page(world, &tenant, 2, Some(cut)).await? {
        world.notes::<Readings>().beside.push(page);
    }
    Ok(())
}

/// One page; or, in words, why there is none.
async fn page(
    world: &mut World,
    tenant: &str,
    size: usize,
    cursor: Option<String>,
) -> Result<Result<Page, String>, Failure> {
    let names = listing(world)?;
    let mut payload = json!({ names.limit.as_str(): size });
    if let Some(cursor) = cursor {
        payload[names.cursor.as_str()] = json!(cursor);
    }
    let answer = match resolvers::call(world, tenant, &names.call, payload).await? {
        InvocationEnd::Returned(answer) => answer,
        other => return Ok(Err(format!("the call {:?} gave no page: {other}", names.call))),
    };
    let Some(items) = answer[names.items.as_str()].as_array() else {
        return Ok(Err(format!("the answer of {:?} has no list named {:?}", names.call, names.items)));
    };
    let next = &answer[names.next_cursor.as_str()];
    let page = Page {
        asked: size,
        items: items.iter().map(identity).collect(),
        has_more: answer[names.has_more.as_str()].as_bool(),
        next_cursor: match next {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        },
    };
    world.record(Fact::PageServed {
        tenant: tenant.to_owned(),
        listing: names.call,
        limit: size,
        items: page.items.clone(),
        has_more: page.has_more.unwrap_or(page.next_cursor.is_some()),
        next_cursor: page.next_cursor.is_some(),
    })?;
    Ok(Ok(page))
}

/// What tells one item from another: its id, else all of it.
fn identity(item: &Value) -> String {
    match &item["id"] {
        Value::Null => item.to_string(),
        Value::String(id) => id.clone(),
        id => id.to_string(),
    }
}

#[then(expr = "both readings show the same items, each of them once")]
fn same_items(world: &mut World) -> Step {
    let readings = &world.notes::<Readings>().whole;
    let items = |pages: &[Page]| pages.iter().flat_map(|page| page.items.clone()).collect::<Vec<_>>();
    let read: Vec<Vec<String>> = readings.iter().map(|pages| items(pages)).collect();
    for items in &read {
        let mut seen = BTreeSet::new();
        if let Some(twice) = items.iter().find(|item| !seen.insert(item.as_str())) {
            return Err(Failure::new(format!("{twice:?} is listed twice")));
        }
    }
    let [small, large] = read.as_slice() else { return Err(Failure::new("there are not two readings")) };
    if small == large {
        return Ok(());
    }
    let missing = large.iter().find(|item| !small.contains(item));
    Err(Failure::new(match missing {
        Some(item) => format!("{item:?} is missing when the listing is read in small pages"),
        None => "the listing has another order, or more items, when it is read in small pages".to_owned(),
    }))
}

#[then(expr = "no page is longer than it was asked for")]
fn no_page_is_longer(world: &mut World) -> Step {
    let pages = world.notes::<Readings>().whole.iter().flatten();
    match pages.into_iter().find(|page| page.items.len() > page.asked) {
        None => Ok(()),
        Some(page) => Err(Failure::new(format!(
            "a page of {} was asked for, {} items came",
            page.asked,
            page.items.len()
        ))),
    }
}

#[then(expr = "more is announced exactly as long as more follows")]
fn more_is_announced(world: &mut World) -> Step {
    for pages in &world.notes::<Readings>().whole {
        for (place, page) in pages.iter().enumerate() {
            let follows = pages[place + 1..].iter().any(|later| !later.items.is_empty());
            if page.has_more.is_some_and(|announced| announced != follows) {
                let word = if follows { "nothing" } else { "more" };
                return Err(Failure::new(format!("page {} announces that {word} follows", place + 1)));
            }
        }
    }
    Ok(())
}

#[then(expr = "no item comes out of order or twice")]
fn nothing_comes_of_it(world: &mut World) -> Step {
    let Readings { whole, beside } = world.notes::<Readings>();
    let known: Vec<&String> = whole.iter().flatten().flat_map(|page| &page.items).collect();
    for page in beside.iter() {
        // Beginning again, or going on at the same place, shows nobody anything that is not theirs.
        let places: Vec<_> = page.items.iter().map(|item| known.iter().position(|k| *k == item)).collect();
        let in_order = places.iter().all(Option::is_some) && places.is_sorted();
        if !in_order {
            return Err(Failure::new("a cursor that was cut opens a page of other items"));
        }
    }
    Ok(())
}
