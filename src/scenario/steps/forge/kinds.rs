//! Steps that change one kind of thing at a time, on a small site and on a large one: what an app sees of the
//! one, it must see of the other. Who reads only the first page of a list does not.

use cucumber::{then, when};

use super::{firing, trouble};
use crate::{
    evidence::Fact,
    mock_jira::SiteChange,
    scenario::{Failure, World, world::Step},
};

const KINDS: [&str; 4] = ["project", "field", "status", "issue"];

/// What each kind of change came to: kind, whether the small site's hash changed, whether the large one's did.
#[derive(Debug, Default)]
struct Changes(Vec<(&'static str, bool, bool)>);

#[when(expr = "each day another kind of change comes to both sites, and every scheduled trigger fires")]
async fn one_kind_a_day(world: &mut World) -> Step {
    let tenants = super::installed(world);
    let [small, large] = tenants.as_slice() else { return Err(Failure::new("there are not two tenants")) };
    for kind in KINDS {
        let before = [latest(world, small), latest(world, large)];
        for tenant in [small, large] {
            let platform = &world.scene()?.platform;
            platform.change_site(tenant, change(kind)).map_err(|e| Failure::new(e.to_string()))?;
        }
        trouble::a_day_passes(world)?;
        firing::all_fire(world).await?;
        let differs = |place: usize, tenant: &str| before[place] != latest(world, tenant);
        let came = (kind, differs(0, small), differs(1, large));
        world.notes::<Changes>().0.push(came);
    }
    Ok(())
}

/// Something new, at the end of its list.
fn change(kind: &str) -> SiteChange {
    let name = format!("Newcomer {kind}");
    match kind {
        "project" => SiteChange::AddProject { key: "ZNEW".to_owned(), name },
        "field" => {
            SiteChange::AddField { id: "customfield_98000".to_owned(), name, kind: "string".to_owned() }
        }
        "status" => SiteChange::AddStatus { name, category: "new".to_owned() },
        _ => SiteChange::AddIssues { count: 1 },
    }
}

/// The hashes that were stored last for a tenant, one for each trigger.
fn latest(world: &World, whose: &str) -> Vec<String> {
    super::since(world, 0, |log| {
        let mut latest = std::collections::BTreeMap::new();
        for observation in log {
            if let Fact::SnapshotStored { tenant, snapshot_type, hash, .. } = &observation.fact
                && tenant == whose
            {
                latest.insert(snapshot_type.clone(), hash.clone());
            }
        }
        latest.into_values().collect()
    })
}

#[then(expr = "what the small site's change altered, the large site's altered too")]
fn both_alter(world: &mut World) -> Step {
    let changes = &world.notes::<Changes>().0;
    if changes.iter().all(|(_, small, _)| !small) {
        return Err(Failure::not_exercised("nothing that a trigger stores changes with the site"));
    }
    match changes.iter().find(|(_, small, large)| *small && !large) {
        None => Ok(()),
        Some((kind, ..)) => Err(Failure::new(format!(
            "a new {kind} alters what is stored of a small site and not of a large one: a list is not read to its end"
        ))),
    }
}
