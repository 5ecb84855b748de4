//! Steps of the scenarios that exercise the invariants, one theme a file. They arrange and look; whether an
//! invariant holds is judged from the log, never here.

mod baseline;
mod damage;
mod hashing;
mod install;
mod jobs;
mod wording;

use crate::{
    app::{plain::PlainKeys, port::KeyEncoder as _},
    evidence::{Fact, Observation},
    scenario::{Failure, World},
    store::Range,
};

/// Whether the log holds a fact of this kind.
fn log_shows(world: &World, is_it: impl Fn(&Fact) -> bool) -> bool {
    world.recorder().read(|log| log.iter().any(|Observation { fact, .. }| is_it(fact)))
}

/// Hashes of the tenant's stored snapshots, in the order in which they came to lie there.
fn hashes_of(world: &World, whose: &str) -> Vec<String> {
    world.recorder().read(|log| {
        let hash = |observation: &Observation| match &observation.fact {
            Fact::SnapshotStored { tenant, hash, .. } if tenant == whose => Some(hash.clone()),
            _ => None,
        };
        log.iter().filter_map(hash).collect()
    })
}

/// The sentences of the tenant's stored drift events, oldest first, as they lie in the store.
async fn stored_drift(world: &World, tenant: &str) -> Result<Vec<String>, Failure> {
    let prefix = PlainKeys.prefix("drift", &[tenant]);
    let range = Range { prefix, after: None, limit: 1_000 };
    let records = world.scene()?.stage.store.scan(range).await;
    let records = records.map_err(|e| Failure::new(format!("the store cannot be read: {e}")))?;
    let text = |value: &[u8]| {
        let event: serde_json::Value = serde_json::from_slice(value).ok()?;
        Some(event["text"].as_str()?.to_owned())
    };
    Ok(records.iter().filter_map(|record| text(&record.value)).collect())
}
