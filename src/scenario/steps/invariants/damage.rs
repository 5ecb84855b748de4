//! Steps that damage the app's own storage, written straight into it as a crash or a bad disk would leave it.

use cucumber::{given, then, when};
use serde_json::json;

use crate::{
    app::{
        idempotency::{JobRecord, Plan, State},
        lease::{self, LeaseRecord},
        plain::PlainKeys,
        port::KeyEncoder as _,
        snapshot::{SnapshotType, record::SnapshotRecord},
    },
    clock::Clock as _,
    evidence::Fact,
    scenario::{Failure, World, world::Step},
    store::Transaction,
};

fn window(world: &World) -> Result<String, Failure> {
    Ok(SnapshotType::Daily.window_start(world.scene()?.clock.now()))
}

async fn damaged(world: &mut World, tenant: String, damage: &str, key: String, change: Transaction) -> Step {
    let done = world.scene()?.stage.store.commit(change).await;
    done.map_err(|e| Failure::new(format!("the damage cannot be done: {e}")))?;
    world.record(Fact::DamageDone { tenant, damage: damage.to_owned(), key })
}

/// A lease whose holder is gone, granted `ago_s` seconds ago for 90.
fn orphan(world: &World, boot: Option<&str>) -> Result<Vec<u8>, Failure> {
    let now = world.scene()?.stage.store.time();
    let record = LeaseRecord {
        format: lease::FORMAT.to_owned(),
        owner: Some("a worker that is gone".to_owned()),
        fencing_token: 41,
        granted_ms: now.ms,
        expires_ms: now.ms + 90_000,
        boot: boot.unwrap_or(&now.boot).to_owned(),
    };
    serde_json::to_vec(&record).map_err(|e| Failure::new(e.to_string()))
}

#[given(expr = "a worker that is gone holds the snapshot lock of {string}")]
#[when(expr = "a worker that is gone holds the snapshot lock of {string}")]
async fn stale_lock(world: &mut World, tenant: String) -> Step {
    let key = PlainKeys.key("snapshot_lock", &[&tenant, "daily", &window(world)?]);
    let change = Transaction::new().put(&key, orphan(world, None)?);
    damaged(world, tenant, "stale lock", key, change).await
}

#[given(expr = "a worker of an earlier boot holds the snapshot lock of {string}")]
async fn lock_of_another_boot(world: &mut World, tenant: String) -> Step {
    let key = PlainKeys.key("snapshot_lock", &[&tenant, "daily", &window(world)?]);
    let change = Transaction::new().put(&key, orphan(world, Some("an earlier boot"))?);
    damaged(world, tenant, "lock of an earlier boot", key, change).await
}

#[given(expr = "a worker died in the middle of the job {string} for {string}")]
async fn dead_lease(world: &mut World, job: String, tenant: String) -> Step {
    let plan =
        Plan { tenant: tenant.clone(), job_type: job, window: window(world)?, inputs: json!({ "retry": 0 }) };
    let record =
        JobRecord { state: State::Running, attempt: 1, fencing_token: 41, ..JobRecord::planned(&plan) };
    let id = plan.job_id();
    let parts = [plan.tenant.as_str(), plan.job_type.as_str(), id.as_str()];
    let key = PlainKeys.key("job_lease", &parts);
    let change =
        Transaction::new().put(&key, orphan(world, None)?).put(PlainKeys.key("job", &parts), record.encode());
    damaged(world, tenant, "dead lease", key, change).await
}

#[when(regex = r#"^the (\w+) record of "([^"]*)" is corrupted$"#)]
async fn corrupted(world: &mut World, family: String, tenant: String) -> Step {
    let key = key_of(world, &family, &tenant)?;
    let change = Transaction::new().put(&key, b"\x00 half a rec".to_vec());
    damaged(world, tenant, "corrupt record", key, change).await
}

#[when(regex = r#"^the (\w+) record of "([^"]*)" is lost$"#)]
async fn lost(world: &mut World, family: String, tenant: String) -> Step {
    let key = key_of(world, &family, &tenant)?;
    let change = Transaction::new().delete(&key);
    damaged(world, tenant, "half a snapshot", key, change).await
}

fn key_of(world: &World, family: &str, tenant: &str) -> Result<String, Failure> {
    let window = window(world)?;
    let parts: &[&str] = match family {
        "snapshot" | "snapshot_done" | "snapshot_lock" => &[tenant, "daily", &window],
        "snapshot_latest" | "drift_count" => &[tenant],
        other => return Err(Failure::new(format!("the app has no single {other} record for a tenant"))),
    };
    Ok(PlainKeys.key(family, parts))
}

#[when(expr = "no job runs for {string} for {int} days")]
async fn missed_windows(world: &mut World, tenant: String, days: u64) -> Step {
    let key = PlainKeys.key("snapshot", &[&tenant, "daily", &window(world)?]);
    world.pass(std::time::Duration::from_secs(days * 86_400))?;
    world.record(Fact::DamageDone { tenant, damage: "missed window".to_owned(), key })
}

#[then(expr = "the snapshot of today's window of {string} is whole")]
async fn is_whole(world: &mut World, tenant: String) -> Step {
    let store = &world.scene()?.stage.store;
    let read = async |family: &str| {
        let record = store.get(&key_of(world, family, &tenant)?).await;
        let record = record.map_err(|e| Failure::new(format!("the store cannot be read: {e}")))?;
        record.ok_or_else(|| Failure::new(format!("there is no {family} record")))
    };
    let snapshot = SnapshotRecord::decode(&read("snapshot").await?.value);
    let snapshot = snapshot.ok_or_else(|| Failure::new("the snapshot cannot be read"))?;
    let done: serde_json::Value = serde_json::from_slice(&read("snapshot_done").await?.value)
        .map_err(|e| Failure::new(format!("the record of its completion cannot be read: {e}")))?;
    if done["hash"] == json!(snapshot.hash) && snapshot.tenant == tenant {
        Ok(())
    } else {
        Err(Failure::new("the snapshot and the record of its completion disagree"))
    }
}
