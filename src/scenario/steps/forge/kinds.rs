//! Steps that change one kind of thing at a time, on a small site and on a large one: what an app sees of the
//! one, it must see of the other. Who reads only the first page of a list does not.

use cucumber::{then, when};

use super::{firing, records::Snapshots, trouble};
use crate::{
    mock_jira::SiteChange,
    scenario::{Failure, World, world::Step},
};

const KINDS: [&str; 4] = ["project", "field", "status", "issue"];

/// What each kind of change came to.
#[derive(Debug, Default)]
struct Changes(Vec<Change>);

#[derive(Debug)]
struct Change {
    kind: &'static str,
    /// Whether the small site's hash changed.
    small: bool,
    /// Whether the large one's did.
    large: bool,
    /// Whether the small site's did when another of the kind came.
    again: Option<bool>,
}

#[when(expr = "each day another kind of change comes to both sites, and every scheduled trigger fires")]
async fn one_kind_a_day(world: &mut World) -> Step {
    let tenants = super::installed(world);
    let [small, large] = tenants.as_slice() else { return Err(Failure::new("there are not two tenants")) };
    world.notes::<Snapshots>().is_partial = true;
    for kind in KINDS {
        let altered = bring(world, kind, 0, &tenants).await?;
        let [is_small, is_large] = [small, large].map(|tenant| altered.contains(tenant));
        world.notes::<Changes>().0.push(Change { kind, small: is_small, large: is_large, again: None });
    }
    // Who passes over every other one sees the next. Issues may rightly count in one project and not in another.
    for (place, kind) in KINDS.into_iter().enumerate().filter(|(_, kind)| *kind != "issue") {
        let altered = bring(world, kind, 1, std::slice::from_ref(small)).await?;
        let is_altered = altered.contains(small);
        if let Some(change) = world.notes::<Changes>().0.get_mut(place) {
            change.again = Some(is_altered);
        }
    }
    Ok(())
}

/// Brings something new to these sites and fires a day later; returns whose hashes are others now.
async fn bring(
    world: &mut World,
    kind: &str,
    number: usize,
    tenants: &[String],
) -> Result<Vec<String>, Failure> {
    let before: Vec<_> = tenants.iter().map(|tenant| world.notes::<Snapshots>().latest(tenant)).collect();
    for tenant in tenants {
        let platform = &world.scene()?.platform;
        platform.change_site(tenant, change(kind, number)).map_err(|e| Failure::new(e.to_string()))?;
    }
    trouble::a_day_passes(world)?;
    firing::fire_for(world, tenants).await?;
    let snapshots = world.notes::<Snapshots>();
    let is_other = |(tenant, before): &(&String, Vec<String>)| snapshots.latest(tenant) != *before;
    Ok(tenants.iter().zip(before).filter(is_other).map(|(tenant, _)| tenant.clone()).collect())
}

/// Something new, at the end of its list.
fn change(kind: &str, number: usize) -> SiteChange {
    let name = format!("Newcomer {kind} {number}");
    match kind {
        "project" => SiteChange::AddProject { key: format!("ZNEW{number}"), name },
        "field" => {
            SiteChange::AddField { id: format!("customfield_9800{number}"), name, kind: "string".to_owned() }
        }
        "status" => SiteChange::AddStatus { name, category: "new".to_owned() },
        _ => SiteChange::AddIssues { count: 1 },
    }
}

#[then(expr = "what the small site's change altered, the large site's altered too")]
fn both_alter(world: &mut World) -> Step {
    let changes = &world.notes::<Changes>().0;
    if changes.iter().all(|change| !change.small) {
        return Err(Failure::not_exercised("nothing that a trigger stores changes with the site"));
    }
    if let Some(Change { kind, .. }) = changes.iter().find(|change| change.small && !change.large) {
        return Err(Failure::new(format!(
            "a new {kind} alters what is stored of a small site and not of a large one: a list is not read to its end"
        )));
    }
    match changes.iter().find(|change| change.again.is_some_and(|again| again != change.small)) {
        None => Ok(()),
        Some(Change { kind, .. }) => Err(Failure::new(format!(
            "of two new things of the kind {kind:?}, one alters what is stored and the other does not: a part of the \
             site is left out"
        ))),
    }
}
