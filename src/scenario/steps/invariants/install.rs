//! Steps about what is there after an install, and about what a site and its neighbours keep to themselves.

use cucumber::{given, then, when};

use super::{log_shows, stored_drift};
use crate::{
    app::{plain::PlainKeys, port::KeyEncoder as _, snapshot::record::SnapshotRecord},
    evidence::{Effect, Fact, Observation},
    scenario::{Failure, World, world::Step},
    store::Range,
};

#[then(expr = "nobody had to act for {string}")]
fn nobody_acted(world: &mut World, whom: String) -> Step {
    if log_shows(world, |fact| matches!(fact, Fact::UserActed { tenant, .. } if *tenant == whom)) {
        return Err(Failure::new("a person acted"));
    }
    Ok(())
}

#[then(expr = "what {string} holds is stored")]
async fn content_is_stored(world: &mut World, tenant: String) -> Step {
    let scene = world.scene()?;
    let range = Range { prefix: PlainKeys.prefix("snapshot", &[&tenant]), after: None, limit: 100 };
    let records = scene.stage.store.scan(range).await;
    let records = records.map_err(|e| Failure::new(format!("the store cannot be read: {e}")))?;
    let whole = records.iter().filter_map(|record| SnapshotRecord::decode(&record.value));
    let marked: Vec<bool> = whole
        .filter(|snapshot| snapshot.tenant == tenant)
        .map(|snapshot| {
            let bytes = serde_json::to_vec(&snapshot.site).unwrap_or_default();
            scene.stage.canaries.carried_by(&bytes) == [tenant.clone()]
        })
        .collect();
    match marked.as_slice() {
        [] => Err(Failure::new("there is no snapshot of it")),
        all if all.iter().all(|own| *own) => Ok(()),
        _ => Err(Failure::new("a snapshot holds something else than this site")),
    }
}

#[then(expr = "the site of {string} is as it was")]
fn site_is_as_it_was(world: &mut World, whose: String) -> Step {
    let digests: Vec<String> = world.recorder().read(|log| {
        let digest = |observation: &Observation| match &observation.fact {
            Fact::SiteChanged { tenant, digest } if *tenant == whose => Some(digest.clone()),
            _ => None,
        };
        log.iter().filter_map(digest).collect()
    });
    let platform = &world.scene()?.platform;
    let now = platform.site_digest(&whose).map_err(|e| Failure::new(e.to_string()))?;
    match digests.first() {
        Some(first) if *first == now => Ok(()),
        _ => Err(Failure::new("its content is another now")),
    }
}

#[then(expr = "every request of {string} was answered as a read")]
fn all_reads(world: &mut World, whose: String) -> Step {
    let mut reads = 0;
    for entry in world.scene()?.platform.journal_entries() {
        if entry.tenant.as_deref() != Some(&whose) || entry.operation.starts_with("oauth") {
            continue;
        }
        if entry.effect != Effect::Read {
            return Err(Failure::new(format!("{} {} is none", entry.method, entry.path)));
        }
        reads += 1;
    }
    if reads == 0 { Err(Failure::new("there was no request")) } else { Ok(()) }
}

#[then(expr = "the drift of {string} names {string} and not {string}")]
async fn drift_names(world: &mut World, tenant: String, named: String, other: String) -> Step {
    let stored = stored_drift(world, &tenant).await?;
    let names = |name: &str| stored.iter().any(|text| text.contains(&format!("\"{name}\"")));
    if names(&named) && !names(&other) { Ok(()) } else { Err(Failure::new(format!("it is {stored:?}"))) }
}

#[given(expr = "the grant of {string} reaches the site of {string} too")]
fn grant_reaches(world: &mut World, tenant: String, other: String) -> Step {
    let platform = &world.scene()?.platform;
    platform.widen_grant(&tenant, &other).map_err(|e| Failure::new(e.to_string()))
}

#[when("the platform recovers")]
fn platform_recovers(world: &mut World) -> Step {
    world.scene()?.platform.clear_faults();
    Ok(())
}
