//! The older wire of the same storage: GraphQL at `/forge/entities/graphql`, as `@forge/api` spoke it before
//! `@forge/kvs`. The queries are those of that package; no other is understood.

use serde_json::{Value, json};

use super::{Response, Shelf, ok, text};
use crate::mock_jira::kvs::Refused;

/// Items of a listing that names no limit.
const LIMIT: usize = 10;

/// Answers one query.
pub(super) fn one(shelf: &mut Shelf<'_>, body: &Value) -> Result<Response, Refused> {
    let variables = &body["variables"];
    let query = text(body, "query");
    let input = &variables["input"];
    let space = |of: &Value| if of["encrypted"] == json!(true) { "secret" } else { "" };
    let done = |name: &str| json!({ "data": { "appStorage": { name: { "success": true, "errors": [] } } } });
    let is = |name: &str| query.contains(name);
    let answer = if is("forge_app_getApplicationStorageEntities") {
        entities(shelf, variables)
    } else if is("forge_app_getApplicationStorageEntity") {
        let key = text(variables, "key");
        let stored = shelf.get(space(variables), key)?.map(|stored| stored.value.clone());
        json!({ "data": { "appStoredEntity": { "key": key, "value": stored } } })
    } else if is("forge_app_setApplicationStorageEntity") {
        shelf.put(space(input), text(input, "key"), input["value"].clone(), false, None)?;
        done("setAppStoredEntity")
    } else if is("forge_app_deleteApplicationStorageEntity") {
        shelf.delete(space(input), text(input, "key"))?;
        done("deleteAppStoredEntity")
    } else if is("forge_app_getApplicationStorageCustomEntity") {
        let (key, name) = (text(variables, "key"), text(variables, "entityName"));
        let stored = shelf.get(&format!("entity {name}"), key)?.map(|stored| stored.value.clone());
        json!({ "data": { "appStoredCustomEntity": { "key": key, "entityName": name, "value": stored } } })
    } else if is("forge_app_setApplicationStorageCustomEntity") {
        let space = format!("entity {}", text(input, "entityName"));
        shelf.put(&space, text(input, "key"), input["value"].clone(), false, None)?;
        entity_done("setAppStoredCustomEntity")
    } else if is("forge_app_deleteApplicationStorageCustomEntity") {
        shelf.delete(&format!("entity {}", text(input, "entityName")), text(input, "key"))?;
        entity_done("deleteAppStoredCustomEntity")
    } else {
        json!({ "errors": [{ "message": "the query is not one of the storage's", "extensions": {} }] })
    };
    Ok(ok(&answer))
}

fn entity_done(name: &str) -> Value {
    json!({ "data": { "appStorageCustomEntity": { name: { "success": true, "errors": [] } } } })
}

fn entities(shelf: &Shelf<'_>, variables: &Value) -> Value {
    let prefix = variables["where"][0]["value"].as_str().unwrap_or_default();
    let after = variables["cursor"].as_str().filter(|cursor| !cursor.is_empty());
    let limit = variables["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LIMIT);
    let (found, _) = shelf.storage.query("", prefix, after, limit, shelf.now_ms);
    let edge = |(key, stored): &(String, super::Stored)| json!({ "node": { "key": key, "value": stored.value }, "cursor": key });
    json!({ "data": { "appStoredEntities": { "edges": found.iter().map(edge).collect::<Vec<_>>() } } })
}
