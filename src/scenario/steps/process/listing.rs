//! Steps that read what a driven app tells of a site's changes, page by page, and hold it against what was done
//! to the site.

use std::collections::BTreeSet;

use cucumber::{then, when};
use serde_json::Value;

use super::super::site::FIRST;
use crate::scenario::{Failure, World, world::Step};

/// More pages than any listing of these scenarios has.
const MOST_PAGES: usize = 1_000;

/// What a listing came to, read to its end.
#[derive(Default)]
struct Listing {
    pages: Vec<usize>,
    items: Vec<Item>,
}

/// What gonogo reads of an item.
struct Item {
    id: String,
    name: String,
    change: Option<String>,
    text: String,
}

/// The ids that a listing had when it was noted.
#[derive(Default)]
struct Noted(Option<BTreeSet<String>>);

impl Item {
    fn of(item: &Value) -> Self {
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let change = item["change"].as_str().map(str::to_owned);
        Self { id: text("id"), name: text("name"), change, text: text("text") }
    }
}

async fn read(world: &mut World, tenant: &str, limit: i64) -> Result<Listing, Failure> {
    let worker = world.subject(FIRST).await?;
    let mut listing = Listing::default();
    let mut cursor: Option<String> = None;
    loop {
        let page = worker.list_drift(tenant, Some(limit), cursor.as_deref()).await;
        let page = page.map_err(|e| Failure::new(format!("the listing was refused: {e}")))?;
        let items = page["items"].as_array().ok_or_else(|| Failure::new("a page has no `items`"))?;
        listing.pages.push(items.len());
        listing.items.extend(items.iter().map(Item::of));
        let next = page["next_cursor"].as_str().map(str::to_owned);
        if page["has_more"] != Value::Bool(next.is_some()) {
            return Err(Failure::new("`has_more` and `next_cursor` disagree"));
        }
        if listing.pages.len() > MOST_PAGES || (next.is_some() && next == cursor) {
            return Err(Failure::new("the listing does not end"));
        }
        match next {
            Some(next) => cursor = Some(next),
            None => return Ok(listing),
        }
    }
}

#[when(expr = "the drift of {string} is read to its end, {int} to a page")]
async fn read_to_the_end(world: &mut World, tenant: String, limit: i64) -> Step {
    *world.notes::<Listing>() = read(world, &tenant, limit).await?;
    Ok(())
}

#[then(expr = "no page has more than {int} items and none comes twice")]
fn whole_pages(world: &mut World, most: usize) -> Step {
    let listing = world.notes::<Listing>();
    if let Some(long) = listing.pages.iter().find(|count| **count > most) {
        return Err(Failure::new(format!("a page has {long} items")));
    }
    let different: BTreeSet<&String> = listing.items.iter().map(|item| &item.id).collect();
    if different.len() != listing.items.len() || listing.items.iter().any(|item| item.id.is_empty()) {
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
    if listing.items.iter().any(|item| item.text.contains(&quoted)) {
        return Ok(());
    }
    let texts: Vec<&String> = listing.items.iter().map(|item| &item.text).collect();
    Err(Failure::new(format!("no text holds the name {quoted} in double quotes: {texts:#?}")))
}

// --- what is new in it --------------------------------------------------------------------------

#[when(expr = "it is noted what the drift of {string} tells")]
async fn is_noted(world: &mut World, tenant: String) -> Step {
    let listing = read(world, &tenant, 50).await?;
    world.notes::<Noted>().0 = Some(listing.items.into_iter().map(|item| item.id).collect());
    Ok(())
}

/// What is listed now and was not when it was noted.
async fn new_items(world: &mut World, tenant: &str) -> Result<Vec<Item>, Failure> {
    let listing = read(world, tenant, 50).await?;
    let noted = world.notes::<Noted>().0.clone();
    let noted = noted.ok_or_else(|| Failure::new("it was never noted what the drift tells"))?;
    Ok(listing.items.into_iter().filter(|item| !noted.contains(&item.id)).collect())
}

#[then(expr = "the drift of {string} tells nothing new")]
async fn nothing_new(world: &mut World, tenant: String) -> Step {
    match new_items(world, &tenant).await?.first() {
        None => Ok(()),
        Some(item) => Err(Failure::new(format!("nothing of the site changed, and it tells: {}", item.text))),
    }
}

#[then(regex = r#"^the drift of "([^"]*)" newly tells that "([^"]*)" was (added|removed)$"#)]
async fn tells_truly(world: &mut World, tenant: String, name: String, change: String) -> Step {
    let items = new_items(world, &tenant).await?;
    let own: Vec<&Item> = items.iter().filter(|item| item.name == name).collect();
    if own.is_empty() {
        return Err(Failure::new(format!("none of its new items has the `name` {name:?}")));
    }
    for item in own {
        match item.change.as_deref() {
            None => {
                return Err(Failure::not_exercised(
                    "the items of list_drift do not say which `change` they tell of",
                ));
            }
            Some(told) if told == change => {}
            Some(told) => {
                return Err(Failure::new(format!("it was {change}, and the item's `change` is {told:?}")));
            }
        }
        let opposite = if change == "added" { "removed" } else { "added" };
        let own_words = item.text.replace(&format!("{name:?}"), "").to_lowercase();
        if own_words.contains(opposite) && !own_words.contains(change.as_str()) {
            return Err(Failure::new(format!("it was {change}, and the text is: {}", item.text)));
        }
    }
    Ok(())
}

#[then(expr = "the drift of {string} newly names {string} and nothing else")]
async fn names_nothing_else(world: &mut World, tenant: String, name: String) -> Step {
    let items = new_items(world, &tenant).await?;
    match items.iter().find(|item| !item.name.is_empty() && item.name != name) {
        None => Ok(()),
        Some(item) => {
            Err(Failure::new(format!("{:?} did not change, and it tells: {}", item.name, item.text)))
        }
    }
}
