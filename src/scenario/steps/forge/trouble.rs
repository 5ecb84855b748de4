//! Steps that put a site in another order, change it all over, or let time and expired keys be as the
//! platform has them.

use std::{collections::BTreeMap, time::Duration};

use cucumber::{given, when};

use super::firing;
use crate::{
    evidence::{Fact, is_jira},
    mock_jira::{ListingOrder, SiteChange, When},
    scenario::{Failure, World, world::Step},
};

const DAY: Duration = Duration::from_secs(86_400);

#[when(expr = "a day passes")]
pub(super) fn a_day_passes(world: &mut World) -> Step {
    world.pass(DAY)
}

/// When the next run is due of whatever runs most often.
#[when(expr = "the time of the next run comes")]
fn next_run_comes(world: &mut World) -> Step {
    let shortest_ms = super::scheduled(world)?.iter().map(|job| job.window_ms).min().unwrap_or_default();
    world.pass(Duration::from_millis(u64::try_from(shortest_ms).unwrap_or_default()))
}

#[when(expr = "a minute passes")]
fn a_minute_passes(world: &mut World) -> Step {
    world.pass(Duration::from_secs(60))
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

/// Most operations that meet trouble, one after the other.
const MOST_OPERATIONS: usize = 12;
/// A long wait, for a function that may take so long and for one that may not.
const LATE_S: (u64, u64) = (45, 10);

#[when(expr = "one operation of Jira after the other answers {string} to {string} for a day")]
async fn each_answers(world: &mut World, fault: String, tenant: String) -> Step {
    each_operation(world, &tenant, &fault, When::Always).await
}

#[when(
    expr = "one operation of Jira after the other answers {string} to {string} from its second request on, for a day"
)]
async fn each_breaks_off(world: &mut World, fault: String, tenant: String) -> Step {
    each_operation(world, &tenant, &fault, When::After(1)).await
}

#[when(expr = "one operation of Jira after the other asks {string} once to come back late")]
async fn each_is_limited(world: &mut World, tenant: String) -> Step {
    let late_s = long_wait_s(world)?;
    each_operation(world, &tenant, &format!("429 with Retry-After {late_s}"), When::First(1)).await
}

/// How long Jira may have a run wait, by how long the platform lets all scheduled triggers run.
pub(super) fn long_wait_s(world: &World) -> Result<u64, Failure> {
    let deployment = world.deployment()?;
    let manifest = deployment.manifest();
    let fired: Vec<&str> = manifest.scheduled_triggers.iter().map(|t| t.function.as_str()).collect();
    let of_fired = manifest.functions.iter().filter(|function| fired.contains(&function.key.as_str()));
    let is_patient =
        of_fired.into_iter().all(|function| function.timeout_s.is_some_and(|s| s > 2 * LATE_S.0));
    Ok(if is_patient { LATE_S.0 } else { LATE_S.1 })
}

/// Fires all triggers of a tenant once for each operation that the app has used there, while that one alone is in
/// trouble; a day lies between.
async fn each_operation(world: &mut World, tenant: &str, fault: &str, when: When) -> Step {
    let used = used_operations(world, tenant, is_jira);
    if used.is_empty() {
        return Err(Failure::not_exercised("the app asks Jira for nothing"));
    }
    for operation in &used {
        a_day_passes(world)?;
        super::super::site::inject(world, fault, operation, Some(tenant.to_owned()), when)?;
        firing::fire_for(world, &[tenant.to_owned()]).await?;
        world.scene()?.platform.clear_faults();
    }
    Ok(())
}

/// The operations of a kind that the app has used for a tenant, in the order of their first use, each once.
pub(super) fn used_operations(world: &World, tenant: &str, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    super::since(world, 0, |log| {
        let mut used: Vec<String> = vec![];
        for observation in log {
            if let Fact::RequestAnswered { tenant: Some(of), operation, .. } = &observation.fact
                && of == tenant
                && is_meant(operation)
                && operation != "unknown"
                && !used.contains(operation)
            {
                used.push(operation.clone());
            }
        }
        used.truncate(MOST_OPERATIONS);
        used
    })
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

/// Jira takes any sign in a name.
const ANY_SIGN: &str = "(€) \"ß\" <b> 🚀";

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
    let named = |name: &str| format!("{name} {before} {ANY_SIGN} {mark}");
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
    let latest = ["Visitors", "Visited by", "Visited", "Renamed", "Renamed field"];
    notes.1.insert(tenant.clone(), latest.map(|name| format!("{name} {before} (")).to_vec());
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
struct Visitors(BTreeMap<String, Visitor>, BTreeMap<String, Vec<String>>);

/// The names that the last change of a tenant's site brought there, as far as no app writes them
/// otherwise.
pub(super) fn latest_names(world: &mut World, tenant: &str) -> Vec<String> {
    world.notes::<Visitors>().1.get(tenant).cloned().unwrap_or_default()
}

#[derive(Debug)]
struct Visitor {
    key: String,
    field: String,
    status: String,
}
