//! Steps that tell the app of what happened, as the platform does: its installation, and events of Jira.

use cucumber::when;
use serde_json::{Value, json};

use super::{
    HOUR_MS, Job, PERSON,
    flight::{land, take_off},
};
use crate::{
    scenario::{Failure, World, world::Step},
    subject::forge::Trigger,
};

const INSTALLED: &str = "avi:forge:installed:app";
pub(super) const UPGRADED: &str = "avi:forge:upgraded:app";

#[when(expr = "the platform tells the app of its installation, for every tenant")]
async fn installed(world: &mut World) -> Step {
    send(world, |event| event == INSTALLED).await
}

#[when(expr = "each event that the app listens to is sent for every tenant")]
async fn all_are_sent(world: &mut World) -> Step {
    send(world, |event| ![INSTALLED, UPGRADED].contains(&event)).await
}

pub(super) async fn send(world: &mut World, is_meant: impl Fn(&str) -> bool) -> Step {
    let deployment = world.deployment()?;
    for tenant in super::installed(world) {
        for trigger in &deployment.manifest().event_triggers {
            for event in trigger.events.iter().filter(|event| is_meant(event)) {
                let call = Trigger::Event { key: trigger.key.clone(), event: body(world, &tenant, event)? };
                let job = Job { key: trigger.key.clone(), window_ms: HOUR_MS, call, kind: "event" };
                let flight = take_off(world, &job, &tenant)?;
                land(world, flight).await?;
            }
        }
    }
    Ok(())
}

/// What an event carries
/// (developer.atlassian.com/platform/forge/events-reference/jira and .../life-cycle).
fn body(world: &World, tenant: &str, event: &str) -> Result<Value, Failure> {
    let (cloud_id, installation) =
        world.scene()?.platform.installation(tenant).map_err(|e| Failure::new(e.to_string()))?;
    if event.starts_with("avi:forge:") {
        let context = format!("ari:cloud:jira::site/{cloud_id}");
        return Ok(json!({ "id": installation, "context": context, "eventType": event }));
    }
    let issue = json!({ "id": "10000", "key": "P0-1", "fields": { "summary": "An issue" } });
    Ok(json!({
        "eventType": event,
        "atlassianId": PERSON,
        "issue": issue,
        "associatedUsers": [{ "accountId": PERSON }],
        "timestamp": "1767614400000",
    }))
}
