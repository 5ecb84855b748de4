//! Steps that look at, and damage, what an app has in its tenants' storage on the platform.

use cucumber::{then, when};
use serde_json::{Value, json};

use super::prefix;
use crate::{
    mock_jira::SiteChange,
    scenario::{Failure, World, world::Step},
};

/// The keys of a family in a tenant's storage with their values, in the order of keys.
pub(super) async fn stored(
    world: &mut World,
    family: &str,
    tenant: &str,
) -> Result<Vec<(String, Value)>, Failure> {
    let prefix = prefix(world, family).await?;
    let all = world.scene()?.platform.stored_keys(tenant).map_err(|e| Failure::new(e.to_string()))?;
    Ok(all.into_iter().filter(|(key, _)| key.starts_with(&prefix)).collect())
}

#[then(expr = "a snapshot of {string} lies in its storage, and nothing of anybody else")]
async fn own_content(world: &mut World, tenant: String) -> Step {
    if stored(world, "snapshot", &tenant).await?.is_empty() {
        return Err(Failure::new("there is none"));
    }
    let scene = world.scene()?;
    let all = scene.platform.stored_keys(&tenant).map_err(|e| Failure::new(e.to_string()))?;
    let text = json!(all).to_string();
    let others: Vec<String> = scene
        .stage
        .canaries
        .carried_by(text.as_bytes())
        .into_iter()
        .filter(|other| *other != tenant)
        .collect();
    if others.is_empty() { Ok(()) } else { Err(Failure::new(format!("it holds data of {others:?}"))) }
}

#[when(regex = r#"^the latest (snapshot|lock) record of "([^"]*)" is (spoilt|emptied|cut in half|lost)$"#)]
async fn is_damaged(world: &mut World, family: String, tenant: String, how: String) -> Step {
    let records = stored(world, &family, &tenant).await?;
    let Some((key, value)) = records.into_iter().next_back() else {
        return Err(Failure::new(format!("there is no {family} record to be damaged")));
    };
    let left = match how.as_str() {
        "spoilt" => Some(json!("\u{fffd}\u{fffd} spoilt")),
        "emptied" => Some(json!({})),
        "cut in half" => Some(half(value)),
        _ => None,
    };
    let damage = format!("a {family} record is {how}");
    let platform = &world.scene()?.platform;
    platform.damage_key(&tenant, &key, &damage, left).map_err(|e| Failure::new(e.to_string()))
}

/// Half of what an object holds: as if its writer had died in between.
fn half(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let count = fields.len() / 2;
            Value::Object(fields.into_iter().take(count).collect())
        }
        _ => Value::Null,
    }
}

#[when(expr = "{int} fields are added to the site of {string}")]
fn fields_are_added(world: &mut World, count: u32, tenant: String) -> Step {
    for number in 0..count {
        let id = format!("customfield_{}", 50_000 + number);
        let change = SiteChange::AddField { id, name: format!("Added {number}"), kind: "string".to_owned() };
        let platform = &world.scene()?.platform;
        platform.change_site(&tenant, change).map_err(|e| Failure::new(e.to_string()))?;
    }
    Ok(())
}
