//! Steps that put a site in another order, change it all over, or let time and expired keys be as the
//! platform has them.

use std::time::Duration;

use cucumber::{given, when};

use crate::{
    mock_jira::{ListingOrder, SiteChange},
    scenario::{Failure, World, world::Step},
};

const DAY: Duration = Duration::from_secs(86_400);

#[when(expr = "a day passes")]
fn a_day_passes(world: &mut World) -> Step {
    world.pass(DAY)
}

#[given(expr = "expired keys of {string} linger")]
fn expired_keys_linger(world: &mut World, tenant: String) -> Step {
    let platform = &world.scene()?.platform;
    platform.linger_expired_keys(&tenant, true).map_err(|e| Failure::new(e.to_string()))
}

#[when(expr = "the site of {string} lists in another order")]
fn another_order(world: &mut World, tenant: String) -> Step {
    let platform = &world.scene()?.platform;
    platform.order_listings(&tenant, ListingOrder::Reversed).map_err(|e| Failure::new(e.to_string()))
}

/// Whatever an app looks at, something of it is another after this.
#[when(expr = "the site of {string} changes all over")]
fn changes_all_over(world: &mut World, tenant: String) -> Step {
    let platform = &world.scene()?.platform;
    let named = |name: &str| name.to_owned();
    for change in [
        SiteChange::AddProject { key: named("VISIT"), name: named("Visitors") },
        SiteChange::AddField {
            id: named("customfield_99999"),
            name: named("Visited by"),
            kind: named("string"),
        },
        SiteChange::AddStatus { name: named("Visited"), category: named("done") },
        SiteChange::AddIssues { count: 3 },
    ] {
        platform.change_site(&tenant, change).map_err(|e| Failure::new(e.to_string()))?;
    }
    Ok(())
}
