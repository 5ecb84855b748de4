//! Steps that change a site, or only how it is read, and compare the hashes of stored snapshots.

use cucumber::{given, then, when};

use super::hashes_of;
use crate::{
    mock_jira::{ListingOrder, SiteChange},
    scenario::{Failure, World, world::Step},
    subject::reference::Difference,
};

fn change(world: &mut World, tenant: &str, change: SiteChange) -> Step {
    let platform = &world.scene()?.platform;
    platform.change_site(tenant, change).map_err(|e| Failure::new(e.to_string()))
}

#[given(expr = "a field {string} is added to the site of {string}")]
#[when(expr = "a field {string} is added to the site of {string}")]
fn field_is_added(world: &mut World, name: String, tenant: String) -> Step {
    let id = format!("customfield_{}", 90_000 + name.bytes().map(u32::from).sum::<u32>());
    change(world, &tenant, SiteChange::AddField { id, name, kind: "string".to_owned() })
}

#[when(expr = "the status {string} of {string} is renamed to {string}")]
fn status_is_renamed(world: &mut World, name: String, tenant: String, to: String) -> Step {
    change(world, &tenant, SiteChange::RenameStatus { name, to })
}

#[when(expr = "{int} issues are added to the site of {string}")]
fn issues_are_added(world: &mut World, count: usize, tenant: String) -> Step {
    change(world, &tenant, SiteChange::AddIssues { count })
}

#[when(regex = r#"^a (project|field|status) (comes to|leaves) the site of "([^"]*)"$"#)]
fn comes_or_leaves(world: &mut World, what: String, way: String, tenant: String) -> Step {
    let (name, key, id) = ("Visitor".to_owned(), "VISIT".to_owned(), "customfield_99999".to_owned());
    let done = match (what.as_str(), way == "comes to") {
        ("project", true) => SiteChange::AddProject { key, name },
        ("project", false) => SiteChange::RemoveProject { key },
        ("field", true) => SiteChange::AddField { id, name, kind: "string".to_owned() },
        ("field", false) => SiteChange::RemoveField { id },
        (_, true) => SiteChange::AddStatus { name, category: "new".to_owned() },
        (_, false) => SiteChange::RemoveStatus { name },
    };
    change(world, &tenant, done)
}

#[given(expr = "worker {string} asks Jira for pages of {int}")]
fn asks_for_pages(world: &mut World, worker: String, size: usize) -> Step {
    let difference = Difference { jira_page_size: Some(size), ..Difference::default() };
    world.worker_with(&worker, &difference).map(|_| ())
}

#[when(regex = r#"^Jira lists in (natural|reversed|rotated) order for "([^"]*)"$"#)]
fn lists_in_order(world: &mut World, order: String, tenant: String) -> Step {
    let order = match order.as_str() {
        "reversed" => ListingOrder::Reversed,
        "rotated" => ListingOrder::Rotated,
        _ => ListingOrder::Natural,
    };
    let platform = &world.scene()?.platform;
    platform.order_listings(&tenant, order).map_err(|e| Failure::new(e.to_string()))
}

#[then(regex = r#"^the latest snapshots of "([^"]*)" hash (alike|differently)$"#)]
fn latest_hash(world: &mut World, tenant: String, how: String) -> Step {
    match hashes_of(world, &tenant).as_slice() {
        [.., one, other] if (one == other) == (how == "alike") => Ok(()),
        [.., one, other] => Err(Failure::new(format!("the hashes are {one} and {other}"))),
        all => Err(Failure::new(format!("there are {} snapshots", all.len()))),
    }
}

#[then(expr = "the first and the last snapshot of {string} hash alike")]
fn first_and_last_hash_alike(world: &mut World, tenant: String) -> Step {
    match hashes_of(world, &tenant).as_slice() {
        [first, .., last] if first == last => Ok(()),
        all => Err(Failure::new(format!("the hashes are {all:?}"))),
    }
}
