//! Steps that call every operation of the released version, and plant records as earlier versions wrote them.

use cucumber::{given, then, when};
use serde_json::{Value, json};

use super::stored_drift;
use crate::{
    app::{plain::PlainKeys, port::KeyEncoder as _},
    evidence::{Fact, Observation},
    scenario::{Failure, World, world::Step},
    store::Transaction,
    subject::Subject as _,
};

/// The day before every scenario's first one.
const WINDOW: &str = "2026-01-04";
/// A field that only old records know: whoever reads them sees that it is gone.
const GONE: &str = "Gone since";

fn old_record(tenant: &str, format: u64) -> Option<Value> {
    let mut record = json!({
        "format": format,
        "tenant": tenant,
        "snapshot_type": "daily",
        "window": WINDOW,
        "taken_at": "2026-01-04T12:00:00Z",
        "hash": "00",
    });
    match format {
        1 => record["fields"] = json!([{ "id": "customfield_1", "name": GONE }]),
        2 => {
            record["fencing_token"] = json!(1);
            record["site"] = json!({ "field": { "customfield_1": { "name": GONE, "detail": {} } } });
        }
        _ => return None,
    }
    Some(record)
}

#[given(expr = "a snapshot of {string} in the format {int}, as an earlier version stored it")]
async fn old_snapshot(world: &mut World, tenant: String, format: u64) -> Step {
    let record = old_record(&tenant, format);
    let record = record.ok_or_else(|| Failure::new("no version wrote this format"))?;
    let key = PlainKeys.key("snapshot", &[&tenant, "daily", WINDOW]);
    let store = &world.scene()?.stage.store;
    let written = store.commit(Transaction::new().put(&key, record.to_string())).await;
    written.map_err(|e| Failure::new(format!("it cannot be planted: {e}")))?;
    world.record(Fact::OldRecordPlanted { tenant, record: key, format: format!("snapshot/{format}") })
}

/// What was read shows in what was written: the drift between the old record and the site.
#[then(expr = "the next snapshot of {string} was compared with the one in the format {int}")]
async fn was_compared(world: &mut World, tenant: String, format: u64) -> Step {
    let drift = stored_drift(world, &tenant).await?;
    // However the sentence goes: only the old record knows the name.
    let accepted = drift.iter().any(|text| text.contains(&format!("\"{GONE}\"")));
    world.record(Fact::OldRecordRead { tenant, format: format!("snapshot/{format}"), accepted })?;
    if accepted { Ok(()) } else { Err(Failure::new(format!("the drift is {drift:?}"))) }
}

#[when(expr = "every operation of the released version is called for {string}")]
async fn every_operation(world: &mut World, tenant: String) -> Step {
    let worker = world.worker(super::super::site::FIRST)?;
    let consent = world.consent(&tenant)?;
    let answers = [
        worker.install(&tenant, consent).await,
        worker.run_job("snapshot_daily", Some(&tenant)).await,
        worker.create_snapshot(&tenant, "weekly", false).await,
        worker.create_snapshot(&tenant, "weekly", true).await,
        worker.list_drift(&tenant, None, None).await,
        worker.uninstall(&tenant).await,
    ];
    for answer in answers {
        world.remember_answer(super::super::site::FIRST, answer);
    }
    Ok(())
}

#[then("each of them answered")]
fn each_answered(world: &mut World) -> Step {
    let (promised, answered) = world.recorder().read(|log| {
        let mut promised = vec![];
        let mut answered = vec![];
        for Observation { fact, .. } in log {
            match fact {
                Fact::BaselineRead { operations, .. } => {
                    promised.extend(operations.iter().map(|(name, _)| name.clone()));
                }
                Fact::OperationAnswered { operation, answered: true, .. } => answered.push(operation.clone()),
                _ => {}
            }
        }
        (promised, answered)
    });
    match promised.iter().find(|name| !answered.contains(name)) {
        None if !promised.is_empty() => Ok(()),
        missing => Err(Failure::new(format!("{missing:?} of {promised:?} did not"))),
    }
}
