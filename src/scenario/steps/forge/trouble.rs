//! Steps that put a site in another order, change it all over, or let time and expired keys be as the
//! platform has them.

use std::time::Duration;

use cucumber::{given, when};

use crate::{
    evidence::Fact,
    mock_jira::{ListingOrder, SiteChange},
    scenario::{Failure, World, world::Step},
};

const DAY: Duration = Duration::from_secs(86_400);

#[when(expr = "a day passes")]
pub(super) fn a_day_passes(world: &mut World) -> Step {
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
pub(super) fn changes_all_over(world: &mut World, tenant: String) -> Step {
    let before = super::since(world, 0, |log| {
        log.iter().filter(|o| matches!(o.fact, Fact::SiteChanged { .. })).count()
    });
    let platform = &world.scene()?.platform;
    let named = |name: &str| format!("{name} {before}");
    for change in [
        SiteChange::AddProject { key: format!("VISIT{before}"), name: named("Visitors") },
        SiteChange::AddField {
            id: format!("customfield_{}", 99_000 + before),
            name: named("Visited by"),
            kind: "string".to_owned(),
        },
        SiteChange::AddStatus { name: named("Visited"), category: "done".to_owned() },
        SiteChange::AddIssues { count: 3 },
    ] {
        platform.change_site(&tenant, change).map_err(|e| Failure::new(e.to_string()))?;
    }
    Ok(())
}
