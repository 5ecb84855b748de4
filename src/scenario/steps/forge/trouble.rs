//! Steps that put a site in another order, change it all over, or let time and expired keys be as the
//! platform has them.

use std::{collections::BTreeMap, time::Duration};

use cucumber::{given, when};

use crate::{
    evidence::Fact,
    mock_jira::{ListingOrder, SiteChange, When},
    scenario::{Failure, World, world::Step},
};

const DAY: Duration = Duration::from_secs(86_400);

#[when(expr = "a day passes")]
pub(super) fn a_day_passes(world: &mut World) -> Step {
    world.pass(DAY)
}

#[when(
    regex = r#"^Jira answers "([^"]*)" to (the first 2 requests|every third request|every request) of "([^"]*)", once trouble begins$"#
)]
fn trouble_begins(world: &mut World, fault: String, which: String, tenant: String) -> Step {
    let when = match which.as_str() {
        "the first 2 requests" => When::First(2),
        "every third request" => When::EveryNth(3),
        _ => When::Always,
    };
    super::super::site::inject(world, &fault, "jira", Some(tenant), when)
}

#[when(expr = "the trouble ends")]
fn trouble_ends(world: &mut World) -> Step {
    world.scene()?.platform.clear_faults();
    Ok(())
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
    let refused = |e: &dyn std::fmt::Display| Failure::new(e.to_string());
    let mark = platform.canary(&tenant).map_err(|e| refused(&e))?.unwrap_or_default();
    // The names carry the tenant's mark: they must not be seen anywhere else.
    let named = |name: &str| format!("{name} {before} {mark}");
    let (key, field) = (format!("VISIT{before}"), format!("customfield_{}", 99_000 + before));
    let mut changes = vec![
        SiteChange::AddProject { key: key.clone(), name: named("Visitors") },
        SiteChange::AddField { id: field.clone(), name: named("Visited by"), kind: "string".to_owned() },
        SiteChange::AddStatus { name: named("Visited"), category: "done".to_owned() },
        SiteChange::AddIssues { count: 3 },
        SiteChange::RenameProject { key: "P1".to_owned(), name: named("Renamed") },
        SiteChange::RenameField { id: "customfield_10021".to_owned(), name: named("Renamed field") },
    ];
    let notes = world.notes::<Visitors>();
    if let Some(Visitor { key, field, status }) =
        notes.0.insert(tenant.clone(), Visitor { key, field, status: named("Visited") })
    {
        changes.push(SiteChange::RemoveProject { key });
        changes.push(SiteChange::RemoveField { id: field });
        changes.push(SiteChange::RemoveStatus { name: status });
    }
    let platform = &world.scene()?.platform;
    for change in changes {
        platform.change_site(&tenant, change).map_err(|e| refused(&e))?;
    }
    Ok(())
}

#[when(expr = "the site of every tenant changes all over")]
fn all_change_all_over(world: &mut World) -> Step {
    for tenant in super::installed(world) {
        changes_all_over(world, tenant)?;
    }
    Ok(())
}

/// What the last change of each tenant's site brought there; the next one takes it away again.
#[derive(Debug, Default)]
struct Visitors(BTreeMap<String, Visitor>);

#[derive(Debug)]
struct Visitor {
    key: String,
    field: String,
    status: String,
}
