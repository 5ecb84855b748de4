//! Steps that put one tenant through trouble on days on which its site changes, and its twin, whose site is the
//! same, through none: in the end the storage of the one says of the changes what that of the other says.

use std::collections::BTreeMap;

use cucumber::{given, then, when};
use serde_json::{Value, json};

use super::{
    HOUR_MS, firing,
    flight::{land, reached, take_off},
    resolvers, scheduled,
    traces::{self, Trace},
    trouble,
};
use crate::{
    evidence::{Fact, Observation},
    mock_jira::{Held, Moment, SiteChange, TenantSpec, When},
    scenario::{Failure, World, world::Step},
    subject::forge::InvocationEnd,
};

/// Most places at which a trigger is killed, each on a day of its own.
const MOST_KILLS: usize = 6;
/// Most places at which one trigger is held while another runs.
const MOST_HELD: usize = 2;
const TWO_HOURS_MS: u64 = 2 * HOUR_MS as u64;
/// What comes to both sites is named after trees: no digits, which tell one run from another too.
const TREES: [&str; 14] = [
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Juniper", "Kauri", "Larch",
    "Maple", "Rowan", "Willow",
];

/// What came to both sites.
#[derive(Debug, Default)]
struct Grove(usize);

impl Grove {
    fn names(&self) -> Vec<String> {
        TREES.iter().take(self.0).map(|tree| format!("{tree} ")).collect()
    }
}

#[given(expr = "the Forge app is installed for {string} and, with the same site, for {string}")]
fn installed_for_twins(world: &mut World, one: String, twin: String) -> Step {
    world.install_forge(&one)?;
    world.install_forge_on(TenantSpec { twin_of: Some(one), ..TenantSpec::new(&twin) })
}

/// A day passes, and both sites change alike.
fn both_change(world: &mut World, tenants: &[String]) -> Result<bool, Failure> {
    let grove = world.notes::<Grove>();
    let Some(tree) = TREES.get(grove.0) else { return Ok(false) };
    grove.0 += 1;
    let number = grove.0;
    trouble::a_day_passes(world)?;
    for tenant in tenants {
        let platform = &world.scene()?.platform;
        let mark = platform.canary(tenant).map_err(|e| Failure::new(e.to_string()))?.unwrap_or_default();
        let named = |kind: &str| format!("{tree} {kind} {mark}");
        let kind = "string".to_owned();
        for change in [
            SiteChange::AddProject { key: format!("GROVE{number}"), name: named("project") },
            SiteChange::AddField { id: format!("customfield_97{number:03}"), name: named("field"), kind },
            SiteChange::AddStatus { name: named("status"), category: "new".to_owned() },
        ] {
            platform.change_site(tenant, change).map_err(|e| Failure::new(e.to_string()))?;
        }
    }
    Ok(true)
}

#[when(
    expr = "each day both sites change and each scheduled trigger is killed for {string} after another kind of write, but not for {string}"
)]
async fn killed_day_by_day(world: &mut World, tenant: String, twin: String) -> Step {
    let both = [tenant.clone(), twin.clone()];
    firing::fire_for(world, &both).await?;
    for place in 0..MOST_KILLS {
        both_change(world, &both)?;
        let mut killed = false;
        for trigger in scheduled(world)? {
            let start = super::since(world, 0, <[_]>::len);
            let flight = take_off(world, &trigger, &twin)?;
            land(world, flight).await?;
            let prefixes = super::since(world, start, kinds_written);
            // Of a run that needs nothing of Jira, only what lies there in the end tells whether it healed.
            let reads = super::seen::deeds(world, start, &twin).answered;
            let flight = take_off(world, &trigger, &tenant)?;
            match prefixes.get(place) {
                Some(prefix) => killed |= kill(world, flight, (&tenant, reads), prefix).await?,
                None => land(world, flight).await?,
            }
        }
        if !killed {
            break;
        }
        world.pass(std::time::Duration::from_millis(TWO_HOURS_MS))?;
        firing::fire_for(world, &both).await?;
    }
    Ok(())
}

/// Kills the invocation after its first write of a key that begins so.
async fn kill(
    world: &mut World,
    mut flight: super::flight::Flight,
    (tenant, is_damage): (&str, bool),
    prefix: &str,
) -> Result<bool, Failure> {
    let worker = flight.worker.clone();
    let late = world.scene()?.platform.hold(&worker, Moment::After, Held::Write(prefix.to_owned()));
    let held = reached(&late, &mut flight).await;
    if held {
        let key = super::records::last_written(world, tenant).unwrap_or_default();
        world.forge()?.instances.kill(&worker);
        let damage = format!("a scheduled trigger was killed after it wrote {key:?}, on a day with changes");
        world.record(Fact::WorkerCrashed { worker, barrier: format!("after it wrote {key}") })?;
        if is_damage {
            world.record(Fact::DamageDone { tenant: tenant.to_owned(), damage, key })?;
        }
    }
    late.release();
    land(world, flight).await?;
    Ok(held)
}

/// The letters with which the keys begin that were written, each once, in order.
fn kinds_written(log: &[Observation]) -> Vec<String> {
    let mut kinds: Vec<String> = vec![];
    for observation in log {
        if let Fact::KeyWritten { key, .. } = &observation.fact {
            let letters = super::records::plain(key).chars().take_while(char::is_ascii_alphabetic);
            let kind: String = letters.collect();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    kinds
}

#[when(expr = "the site of {string} is down for a day on which both sites change, but not that of {string}")]
async fn down_for_a_day(world: &mut World, tenant: String, twin: String) -> Step {
    let both = [tenant.clone(), twin];
    both_change(world, &both)?;
    super::super::site::inject(world, "503", "jira", Some(tenant), When::Always)?;
    firing::fire_for(world, &both).await?;
    world.scene()?.platform.clear_faults();
    both_change(world, &both)?;
    firing::fire_for(world, &both).await
}

#[when(
    expr = "two scheduled triggers run at once for {string}, one of them held where it is about to write, and not at once for {string}"
)]
async fn two_at_once(world: &mut World, tenant: String, twin: String) -> Step {
    let triggers = scheduled(world)?;
    let both = [tenant.clone(), twin.clone()];
    for (at, held) in triggers.iter().take(2).enumerate() {
        let Some(other) = triggers.iter().take(2).nth(1 - at) else { return Ok(()) };
        for place in 0..MOST_HELD {
            both_change(world, &both)?;
            let start = super::since(world, 0, <[_]>::len);
            let flight = take_off(world, held, &twin)?;
            land(world, flight).await?;
            let places = super::since(world, start, readings_before_writings);
            let flight = take_off(world, other, &twin)?;
            land(world, flight).await?;
            let late = match places.iter().rev().nth(place) {
                Some(nth) => Some(firing::hold(world, &tenant, "kvs", *nth)?),
                None => None,
            };
            let mut first = take_off(world, held, &tenant)?;
            let is_held = match &late {
                Some(late) => reached(late, &mut first).await,
                None => false,
            };
            world.forge()?.hold(&first.worker, is_held);
            world.scene()?.platform.clear_faults();
            let second = take_off(world, other, &tenant)?;
            land(world, second).await?;
            world.forge()?.hold(&first.worker, false);
            if let Some(late) = late {
                late.release();
            }
            land(world, first).await?;
            if place + 1 >= places.len() {
                break;
            }
        }
    }
    Ok(())
}

/// Places among the calls of its storage, counted from 1, of those readings that a writing follows.
fn readings_before_writings(log: &[Observation]) -> Vec<u64> {
    let calls = firing::storage_calls(log);
    let reads = |call: &String| call.ends_with("get") || call.ends_with("query");
    let pairs = calls.windows(2).enumerate();
    pairs.filter(|(_, pair)| reads(&pair[0]) && !reads(&pair[1])).map(|(at, _)| at as u64 + 1).collect()
}

#[then(expr = "what the app says of the changes of {string}, it says of those of {string}")]
async fn twins_agree(world: &mut World, tenant: String, twin: String) -> Step {
    let names = world.notes::<Grove>().names();
    let (ours, theirs) = (traces::of(world, &tenant, &names)?, traces::of(world, &twin, &names)?);
    let (our_count, their_count) = (by_text(&ours), by_text(&theirs));
    if let Some(trace) = theirs.iter().find(|trace| !our_count.contains_key(trace.text.as_str())) {
        return Err(Failure::new(format!(
            "for {tenant:?} there is nothing like {}, as it lies there for {twin:?}, whose site changed alike on the \
             same day and whose runs nothing disturbed; the runs of {tenant:?} that came later did not make up for \
             it: {}",
            trace.shown(),
            last_words(world, &tenant)
        )));
    }
    let doubled = |text: &str| their_count.get(text).is_some_and(|count| our_count[text] > *count);
    let doubled: Vec<&Trace> = ours.iter().filter(|trace| doubled(&trace.text)).collect();
    if doubled.is_empty() || world.deployment()?.manifest().resolvers.is_empty() {
        return Ok(());
    }
    // What lies there twice may be the rest of a run that was cut short; what a page shows twice is no rest.
    for name in resolvers::calls_to_make(world, &*world.deployment()?)? {
        let (ours, theirs) =
            (shown(world, &tenant, &name, &names).await?, shown(world, &twin, &name, &names).await?);
        let (our_count, their_count) = (by_text(&ours), by_text(&theirs));
        let is_twice = |trace: &&&Trace| {
            let theirs = their_count.get(trace.text.as_str());
            theirs.is_some_and(|count| our_count.get(trace.text.as_str()).is_some_and(|ours| ours > count))
        };
        if let Some(trace) = doubled.iter().find(is_twice) {
            let text = trace.text.as_str();
            let keys: Vec<&str> = doubled.iter().filter(|t| t.text == text).map(|t| t.key.as_str()).collect();
            return Err(Failure::new(format!(
                "the resolver {name:?} shows {} more often for {tenant:?} than for {twin:?}, whose site changed alike \
                 and whose runs nothing disturbed: it lies under {}; a run that does again what one before it had \
                 begun must find it by its key",
                trace.shown(),
                keys.join(" and ")
            )));
        }
    }
    Ok(())
}

/// What an answer of a resolver says of these things.
async fn shown(world: &World, tenant: &str, call: &str, names: &[String]) -> Result<Vec<Trace>, Failure> {
    let mark =
        world.scene()?.platform.canary(tenant).map_err(|e| Failure::new(e.to_string()))?.unwrap_or_default();
    let payload = json!({ "limit": 100, "pageSize": 100, "maxResults": 100 });
    let answer = match resolvers::call(world, tenant, call, payload).await? {
        InvocationEnd::Returned(answer) => answer,
        _ => Value::Null,
    };
    Ok(traces::within(&answer, &mark, names))
}

fn by_text(traces: &[Trace]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for trace in traces {
        *counts.entry(trace.text.as_str()).or_default() += 1;
    }
    counts
}

/// What the last runs of a tenant came to, in words.
pub(super) fn last_words(world: &World, whom: &str) -> String {
    let mut said = super::since(world, 0, |log| {
        let ended = |o: &Observation| match &o.fact {
            Fact::JobEnded { job, tenant: Some(tenant), report, .. } if tenant == whom => {
                let said: String = report["said"].as_str().unwrap_or_default().chars().take(120).collect();
                Some(format!("{job} {} {said} at {}", report["outcome"].as_str().unwrap_or_default(), o.at))
            }
            _ => None,
        };
        log.iter().rev().filter_map(ended).take(3).collect::<Vec<_>>()
    });
    said.reverse();
    said.join("; ")
}

#[when(expr = "every scheduled trigger fires in new instances for {string}, whose site is that of {string}")]
async fn alone(world: &mut World, tenant: String, twin: String) -> Step {
    let spec = TenantSpec { twin_of: Some(twin), ..other_numbers(&tenant) };
    world.install_forge_on(spec)?;
    let forge = world.forge()?;
    let warm: Vec<String> = forge.instances.names().iter().map(|_| forge.reserve()).collect();
    firing::fire_for(world, &[tenant]).await?;
    warm.iter().for_each(|name| forge.free(name));
    Ok(())
}

/// A site that differs from others in what stands behind ids that all of them have.
fn other_numbers(tenant: &str) -> TenantSpec {
    TenantSpec { issues: 75, shifted: 1, ..TenantSpec::new(tenant) }
}

#[given(
    expr = "the Forge app is installed for {string} and, where other numbers stand behind the same ids, for {string}"
)]
fn installed_for_others(world: &mut World, one: String, other: String) -> Step {
    world.install_forge(&one)?;
    world.install_forge_on(other_numbers(&other))
}

#[then(expr = "what is stored of the site of {string} is what is stored of that of {string}")]
fn same_is_stored(world: &mut World, one: String, other: String) -> Step {
    let platform = &world.scene()?.platform;
    let refused = |e: crate::mock_jira::UnknownTenant| Failure::new(e.to_string());
    let mark = platform.canary(&one).map_err(refused)?.unwrap_or_default();
    let names = platform.names(&one).map_err(refused)?.into_iter();
    let names: Vec<String> = names.map(|name| name.replace(&mark, "").trim_end().to_owned()).collect();
    let (first, alone) = (traces::of(world, &one, &names)?, traces::of(world, &other, &names)?);
    let missing = |these: &[Trace], those: &[Trace]| {
        these.iter().find(|trace| those.iter().all(|other| other.counted != trace.counted)).cloned()
    };
    let (Some(trace), Some(other_trace)) = (missing(&first, &alone), missing(&alone, &first)) else {
        return Ok(());
    };
    Err(Failure::new(format!(
        "for {one:?}, served by an instance that had served another tenant, the app stored {}; for {other:?}, whose site \
         is the same and whose instance was new, it stored {}: most likely something of the other tenant is kept in \
         the module's state, under an id that both sites have",
        trace.shown(),
        other_trace.shown()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tree_is_named_in_another() {
        for (at, tree) in TREES.iter().enumerate() {
            assert!(!tree.contains(|c: char| c.is_ascii_digit()));
            assert!(
                TREES.iter().enumerate().all(|(other, name)| other == at || !name.contains(tree)),
                "{tree}"
            );
        }
    }
}
