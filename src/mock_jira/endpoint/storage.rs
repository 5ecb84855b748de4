//! The wire of Forge's key-value storage, as Forge Containers have it: `/forge/storage/kvs/v1/…`. Every write
//! is recorded.

mod entity;
mod legacy;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{
        kvs::{Refused, Storage, Stored},
        paging::Twist,
        platform::State,
        route::{Call, Surface},
        tenant::Tenant,
    },
    Response, json_response, no_content, ok,
};
use crate::evidence::{Fact, Readings};

/// Most operations in one transaction or batch.
const BATCH: usize = 25;

/// What a call did to a key of the storage, or was kept from doing.
#[derive(Debug)]
pub(super) enum Deed {
    Written { key: String, version: u64, text: String },
    Deleted { key: String },
    Refused { key: String },
}

/// Answers a storage call for the installation that it names.
pub(super) fn answer(
    state: &mut State,
    call: &Call<'_>,
    twist: &Twist,
    now: Timestamp,
    record: &dyn Fn(Fact),
) -> Response {
    let most = if let Twist::Short(most) = twist { (*most).max(1) } else { usize::MAX };
    let Some(tenant) = call.tenant else {
        return refused(&Refused(401, "UNAUTHORIZED", "No installation is named".to_owned()));
    };
    if call.request.method != "POST" {
        return refused(&Refused(405, "METHOD_NOT_ALLOWED", "Use POST".to_owned()));
    }
    let mut shelf = Shelf {
        storage: &mut state.tenants[tenant].storage,
        now_ms: now.as_millisecond(),
        most,
        deeds: vec![],
    };
    let answered = match call.surface {
        Surface::LegacyStorage => legacy::one(&mut shelf, &call.json()),
        _ => one(&mut shelf, call.path, &call.json()),
    };
    let deeds = shelf.deeds;
    for deed in deeds {
        record(fact_of(deed, &state.tenants, tenant, call.worker()));
    }
    answered.unwrap_or_else(|refusal| refused(&refusal))
}

/// A deed as a fact. Storages of installations are apart: the tenant is a part of where a record lies.
fn fact_of(deed: Deed, tenants: &[Tenant], at: usize, worker: &str) -> Fact {
    let (name, worker) = (&tenants[at].id, worker.to_owned());
    let tenant = Some(name.clone());
    let place = |key: String| format!("{name}/{key}");
    match deed {
        Deed::Written { key, version, text } => {
            let readings = Readings::of(text.as_bytes());
            let marked =
                |tenant: &&Tenant| tenant.site.canary.as_deref().is_some_and(|mark| readings.hold(mark));
            let carries = tenants.iter().filter(marked).map(|tenant| tenant.id.clone()).collect();
            Fact::KeyWritten { tenant, worker, key: place(key), version, carries }
        }
        Deed::Deleted { key } => Fact::KeyDeleted { tenant, worker, key: place(key) },
        Deed::Refused { key } => Fact::WriteRefused { tenant, worker, key: place(key) },
    }
}

/// An installation's storage in the hands of one call, and what the call did to it.
pub(super) struct Shelf<'a> {
    storage: &'a mut Storage,
    now_ms: i64,
    /// Most entries in a page, whatever is asked for.
    most: usize,
    deeds: Vec<Deed>,
}

impl Shelf<'_> {
    fn get(&self, space: &str, key: &str) -> Result<Option<&Stored>, Refused> {
        self.storage.get(space, key, self.now_ms)
    }

    fn put(
        &mut self,
        space: &str,
        key: &str,
        value: Value,
        exclusive: bool,
        ttl_ms: Option<i64>,
    ) -> Result<Stored, Refused> {
        let text = value.to_string();
        let stored = self.storage.set(space, key, value, exclusive, ttl_ms, self.now_ms).cloned();
        let key = shown(space, key);
        self.deeds.push(match stored {
            Ok(_) => Deed::Written { key, version: self.storage.writes, text },
            Err(_) => Deed::Refused { key },
        });
        stored
    }

    fn delete(&mut self, space: &str, key: &str) -> Result<(), Refused> {
        self.storage.delete(space, key)?;
        self.deeds.push(Deed::Deleted { key: shown(space, key) });
        Ok(())
    }
}

/// A key with the space that it lies in; plain keys have none.
fn shown(space: &str, key: &str) -> String {
    if space.is_empty() { key.to_owned() } else { format!("{space}:{key}") }
}

fn refused(Refused(status, code, message): &Refused) -> Response {
    json_response(*status, &json!({"code": code, "message": message}))
}

fn one(shelf: &mut Shelf<'_>, action: &str, body: &Value) -> Result<Response, Refused> {
    let (space, action) = match action.split_once('/') {
        Some(("secret", action)) => ("secret".to_owned(), action),
        Some(("entity", action)) => (format!("entity {}", text(body, "entityName")), action),
        _ => (String::new(), action),
    };
    match action {
        "get" => match shelf.get(&space, text(body, "key"))? {
            Some(stored) => Ok(ok(&entry(text(body, "key"), stored, &body["options"]))),
            None => Err(Refused(404, "KEY_NOT_FOUND", "The key was not found".to_owned())),
        },
        "set" => {
            let stored = set(shelf, &space, body)?;
            if body["options"]["returnValue"].is_null() {
                return Ok(no_content());
            }
            Ok(ok(&entry(text(body, "key"), &stored, &body["options"])))
        }
        "delete" => shelf.delete(&space, text(body, "key")).map(|()| no_content()),
        "query" if !space.is_empty() => entity::query(shelf, &space, body),
        "query" => query(shelf, &space, body),
        "transaction" => transaction(shelf, body),
        "batch/set" | "batch/get" | "batch/delete" => batch(shelf, action, body),
        _ => Err(Refused(404, "NOT_FOUND", "No such storage operation".to_owned())),
    }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

fn set(shelf: &mut Shelf<'_>, space: &str, body: &Value) -> Result<Stored, Refused> {
    let options = &body["options"];
    let exclusive = match options["keyPolicy"].as_str() {
        None | Some("OVERRIDE") => false,
        Some("FAIL_IF_EXISTS") => true,
        Some(other) => return Err(Refused(400, "INVALID_REQUEST", format!("unknown keyPolicy {other}"))),
    };
    let ttl_ms = match &options["ttl"] {
        Value::Null => None,
        ttl => Some(duration_ms(ttl)?),
    };
    shelf.put(space, text(body, "key"), body["value"].clone(), exclusive, ttl_ms)
}

fn duration_ms(ttl: &Value) -> Result<i64, Refused> {
    let unit_ms = match ttl["unit"].as_str() {
        Some("SECONDS") => 1_000,
        Some("MINUTES") => 60_000,
        Some("HOURS") => 3_600_000,
        Some("DAYS") => 86_400_000,
        _ => return Err(Refused(400, "INVALID_REQUEST", "the ttl has no known unit".to_owned())),
    };
    let count = ttl["value"].as_i64().filter(|n| *n > 0);
    count
        .map(|n| n.saturating_mul(unit_ms))
        .ok_or_else(|| Refused(400, "INVALID_REQUEST", "the ttl must be positive".to_owned()))
}

fn entry(key: &str, stored: &Stored, options: &Value) -> Value {
    let mut entry = json!({"key": key, "value": stored.value});
    let asked = options["metadataFields"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let time = |ms: i64| Timestamp::from_millisecond(ms).map(|t| t.to_string()).unwrap_or_default();
    for field in asked {
        match (field, stored.expires_ms) {
            ("CREATED_AT", _) => entry["createdAt"] = json!(time(stored.created_ms)),
            ("UPDATED_AT", _) => entry["updatedAt"] = json!(time(stored.updated_ms)),
            ("EXPIRE_TIME", Some(at)) => entry["expireTime"] = json!(time(at)),
            _ => {}
        }
    }
    entry
}

fn invalid(message: &str) -> Refused {
    Refused(400, "INVALID_REQUEST", message.to_owned())
}

fn query(shelf: &Shelf<'_>, space: &str, body: &Value) -> Result<Response, Refused> {
    let limit = body["limit"].as_u64().unwrap_or(10);
    if limit == 0 || limit > 100 {
        return Err(Refused(
            400,
            "LIST_QUERY_LIMIT_EXCEEDED",
            "The limit must be between 1 and 100".to_owned(),
        ));
    }
    let mut prefix = "";
    for clause in body["where"].as_array().into_iter().flatten() {
        match (clause["property"].as_str(), clause["condition"].as_str(), clause["values"][0].as_str()) {
            (Some("key"), Some("BEGINS_WITH"), Some(value)) => prefix = value,
            _ => return Err(invalid("only BEGINS_WITH on the key is supported")),
        }
    }
    let after = match body["after"].as_str().filter(|cursor| !cursor.is_empty()) {
        None => None,
        Some(cursor) => {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid("the cursor is invalid"))?;
            Some(String::from_utf8(bytes).map_err(|_| invalid("the cursor is invalid"))?)
        }
    };
    let (found, more) =
        shelf.storage.query(space, prefix, after.as_deref(), (limit as usize).min(shelf.most), shelf.now_ms);
    let mut page =
        json!({"data": found.iter().map(|(key, s)| entry(key, s, &body["options"])).collect::<Vec<_>>()});
    if let Some((last, _)) = found.last().filter(|_| more) {
        page["cursor"] = json!(URL_SAFE_NO_PAD.encode(last));
    }
    Ok(ok(&page))
}

fn transaction(shelf: &mut Shelf<'_>, body: &Value) -> Result<Response, Refused> {
    let of = |name: &str| body[name].as_array().cloned().unwrap_or_default();
    let (sets, deletes, checks) = (of("set"), of("delete"), of("check"));
    if sets.len() + deletes.len() + checks.len() > BATCH {
        return Err(Refused(400, "TRANSACTION_LIMIT_EXCEEDED", "At most 25 operations".to_owned()));
    }
    // All of it happens or nothing does: it is tried on a copy.
    let mut copy = shelf.storage.clone();
    let mut tried = Shelf { storage: &mut copy, now_ms: shelf.now_ms, most: shelf.most, deeds: vec![] };
    for item in sets.iter().chain(&deletes).chain(&checks) {
        let stored = shelf.get(&space_of(item), text(item, "key"))?;
        if !entity::meets(stored.map_or(&Value::Null, |stored| &stored.value), &item["conditions"])? {
            // No documentation names the code; apps cannot go by it.
            return Err(Refused(
                400,
                "CONDITION_NOT_MET",
                "A condition of the transaction is not met".to_owned(),
            ));
        }
    }
    for item in &sets {
        set(&mut tried, &space_of(item), item)?;
    }
    for item in &deletes {
        tried.delete(&space_of(item), text(item, "key"))?;
    }
    shelf.deeds.append(&mut tried.deeds);
    *shelf.storage = copy;
    Ok(no_content())
}

fn space_of(item: &Value) -> String {
    item["entityName"].as_str().map_or_else(String::new, |name| format!("entity {name}"))
}

fn batch(shelf: &mut Shelf<'_>, action: &str, body: &Value) -> Result<Response, Refused> {
    let items = body.as_array().or_else(|| body["items"].as_array()).cloned().unwrap_or_default();
    if items.is_empty() || items.len() > BATCH {
        return Err(Refused(400, "BATCH_LIMIT_EXCEEDED", "Between 1 and 25 items".to_owned()));
    }
    let (mut done, mut failed) = (vec![], vec![]);
    for item in &items {
        let key = text(item, "key");
        let result = match action {
            "batch/set" => set(shelf, &space_of(item), item).map(|_| json!({"key": key})),
            "batch/delete" => shelf.delete(&space_of(item), key).map(|()| json!({"key": key})),
            _ => shelf.get(&space_of(item), key).and_then(|stored| match stored {
                Some(stored) => Ok(entry(key, stored, &item["options"])),
                None => Err(Refused(404, "KEY_NOT_FOUND", "The key was not found".to_owned())),
            }),
        };
        match result {
            Ok(value) => done.push(value),
            Err(Refused(_, code, message)) => {
                failed.push(json!({"key": key, "error": {"code": code, "message": message}}));
            }
        }
    }
    Ok(ok(&json!({"successfulKeys": done, "failedKeys": failed})))
}
