//! Entities of the storage: queries by an index, and the conditions of a transaction. The mocked platform knows no
//! manifest: it serves the index of one attribute, and says so where an app asks for another.

use std::cmp::Ordering;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Response, Shelf, Stored, entry, invalid, ok, text};
use crate::mock_jira::kvs::Refused;

/// The index that every entity has.
const BY_KEY: &str = "by-key";
/// Most entries of one answer; the limit that a query without one has.
const LIMITS: (u64, u64) = (100, 10);

/// Answers `entity/query`: those that have the index's attribute, in its order.
pub(super) fn query(shelf: &Shelf<'_>, space: &str, body: &Value) -> Result<Response, Refused> {
    let (most, usual) = LIMITS;
    let limit = body["limit"].as_u64().unwrap_or(usual);
    if limit == 0 || limit > most {
        let message = "The limit must be between 1 and 100".to_owned();
        return Err(Refused(400, "LIST_QUERY_LIMIT_EXCEEDED", message));
    }
    if body["partition"].as_array().is_some_and(|partition| !partition.is_empty()) {
        return Err(invalid("the mocked platform does not know the partitions of an index"));
    }
    let index = text(body, "indexName");
    let place = |key: &str, stored: &Stored| match index {
        BY_KEY => json!(key),
        attribute => stored.value[attribute].clone(),
    };
    let (all, _) = shelf.storage.query(space, "", None, usize::MAX / 2, shelf.now_ms);
    // A name that is no attribute is that of an index which only the manifest describes.
    let is_attribute = index == BY_KEY || all.iter().any(|(_, stored)| !stored.value[index].is_null());
    if !all.is_empty() && !is_attribute {
        return Err(invalid(&format!(
            "the mocked platform knows the index of one attribute, and no entity has {index:?}"
        )));
    }
    let mut found = vec![];
    for (key, stored) in all {
        let at = place(&key, &stored);
        let range = body["range"].is_null() || holds(&at, &body["range"])?;
        if !at.is_null() && range && meets(&stored.value, &body["filters"])? {
            found.push((at, key, stored));
        }
    }
    let down = body["sort"] == "DESC";
    let order = |one: (&Value, &str), other: (&Value, &str)| {
        let order = compare(one.0, other.0).then_with(|| one.1.cmp(other.1));
        if down { order.reverse() } else { order }
    };
    found.sort_by(|one, other| order((&one.0, &one.1), (&other.0, &other.1)));
    if let Some(cursor) = body["cursor"].as_str().filter(|cursor| !cursor.is_empty()) {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid("the cursor is invalid"))?;
        let (at, key): (Value, String) =
            serde_json::from_slice(&bytes).map_err(|_| invalid("the cursor is invalid"))?;
        found.retain(|(value, name, _)| order((value, name), (&at, &key)) == Ordering::Greater);
    }
    let more = found.len() as u64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let data: Vec<Value> = found.iter().map(|(_, key, s)| entry(key, s, &body["options"])).collect();
    let mut page = json!({"data": data});
    if let Some((at, key, _)) = found.last().filter(|_| more) {
        page["cursor"] = json!(URL_SAFE_NO_PAD.encode(json!([at, key]).to_string()));
    }
    Ok(ok(&page))
}

/// Whether a value meets `{and: […]}` or `{or: […]}`; nothing asks for nothing.
pub(super) fn meets(value: &Value, conditions: &Value) -> Result<bool, Refused> {
    let each = |name: &str| -> Result<Vec<bool>, Refused> {
        let list = conditions[name].as_array().into_iter().flatten();
        list.map(|condition| holds(&value[text(condition, "property")], condition)).collect()
    };
    let (all, any) = (each("and")?, each("or")?);
    Ok(all.into_iter().all(|met| met) && (any.is_empty() || any.contains(&true)))
}

/// Whether an attribute meets one condition.
fn holds(attribute: &Value, condition: &Value) -> Result<bool, Refused> {
    let (first, second) = (&condition["values"][0], &condition["values"][1]);
    let order = || compare(attribute, first);
    let contains = || match (attribute, first) {
        (Value::String(text), Value::String(part)) => text.contains(part),
        (Value::Array(items), item) => items.contains(item),
        _ => false,
    };
    let name = text(condition, "condition");
    if attribute.is_null() && !name.contains("NOT") {
        return Ok(false);
    }
    Ok(match name {
        "EXISTS" => true,
        "NOT_EXISTS" => attribute.is_null(),
        "EQUAL_TO" => order() == Ordering::Equal,
        "NOT_EQUAL_TO" => order() != Ordering::Equal,
        "GREATER_THAN" => order() == Ordering::Greater,
        "GREATER_THAN_EQUAL_TO" => order() != Ordering::Less,
        "LESS_THAN" => order() == Ordering::Less,
        "LESS_THAN_EQUAL_TO" => order() != Ordering::Greater,
        "BETWEEN" => order() != Ordering::Less && compare(attribute, second) != Ordering::Greater,
        "BEGINS_WITH" => attribute.as_str().zip(first.as_str()).is_some_and(|(a, b)| a.starts_with(b)),
        "CONTAINS" => contains(),
        "NOT_CONTAINS" => !contains(),
        _ => return Err(invalid(&format!("unknown condition {name:?}"))),
    })
}

/// Numbers by their size, texts by their letters, one kind before the other.
fn compare(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => one.to_string().cmp(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock_jira::{endpoint::storage::one, kvs::Storage};

    fn asked(storage: &mut Storage, action: &str, body: &Value) -> (u16, Value) {
        let answer = one(&mut Shelf { storage, now_ms: 0, most: usize::MAX, deeds: vec![] }, action, body);
        let answer = answer.unwrap_or_else(|refusal| super::super::refused(&refusal));
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn stored() -> Storage {
        let mut storage = Storage::default();
        let some = [
            ("c", json!({"n": 3})),
            ("a", json!({"n": 10, "s": "x"})),
            ("b", json!({"n": 3})),
            ("d", json!({})),
        ];
        for (key, value) in some {
            let entity = json!({"entityName": "e", "key": key, "value": value});
            assert_eq!(asked(&mut storage, "entity/set", &entity).0, 204);
        }
        storage
    }

    #[test]
    fn entities_are_found_by_an_index_in_its_order_page_by_page() {
        let mut storage = stored();
        let like = |condition: &str, value: Value| json!({"condition": condition, "values": [value]});
        let of = |property: &str, mut condition: Value| {
            condition["property"] = json!(property);
            condition
        };
        for (query, expected) in [
            (json!({"indexName": "n"}), "bca"),
            (json!({"indexName": "n", "sort": "DESC"}), "acb"),
            (json!({"indexName": "by-key"}), "abcd"),
            (json!({"indexName": "n", "range": like("GREATER_THAN", json!(3))}), "a"),
            (json!({"indexName": "n", "range": {"condition": "BETWEEN", "values": [2, 9]}}), "bc"),
            (json!({"indexName": "by-key", "range": like("BEGINS_WITH", json!("d"))}), "d"),
            (
                json!({"indexName": "by-key", "filters": {"and": [of("s", like("EQUAL_TO", json!("x")))]}}),
                "a",
            ),
            (json!({"indexName": "n", "filters": {"or": [of("s", like("NOT_EXISTS", json!(true)))]}}), "bc"),
        ] {
            for limit in [1, 100] {
                let (mut keys, mut cursor) = (String::new(), Value::Null);
                loop {
                    let mut query = query.clone();
                    (query["entityName"], query["limit"], query["cursor"]) =
                        (json!("e"), json!(limit), cursor);
                    let page = asked(&mut storage, "entity/query", &query).1;
                    let data = page["data"].as_array().expect("data");
                    keys.extend(data.iter().filter_map(|entry| entry["key"].as_str()));
                    cursor = page["cursor"].clone();
                    if cursor.is_null() {
                        break;
                    }
                }
                assert_eq!(keys, expected, "{query}, {limit} to a page");
            }
        }
    }

    #[test]
    fn what_the_platform_here_cannot_serve_is_said_and_not_guessed() {
        let mut storage = stored();
        for (more, says) in [
            (json!({"indexName": "i", "partition": ["x"]}), "does not know the partitions"),
            (json!({"indexName": "i"}), "no entity has"),
            (json!({"indexName": "n", "range": {"condition": "NEAR", "values": [1]}}), "unknown condition"),
            (json!({"indexName": "n", "cursor": "x"}), "cursor is invalid"),
        ] {
            let mut query = more;
            query["entityName"] = json!("e");
            let (status, body) = asked(&mut storage, "entity/query", &query);
            let said = body["message"].as_str().unwrap_or_default();
            assert!(status == 400 && said.contains(says), "{query}: {said}");
        }
    }

    #[test]
    fn a_transaction_happens_only_where_its_conditions_are_met() {
        let mut storage = stored();
        let is_x = json!({"and": [{"property": "s", "condition": "EQUAL_TO", "values": ["x"]}]});
        for (key, status, then) in [("b", 400, 404), ("z", 400, 404), ("a", 204, 200)] {
            let check = json!([{"entityName": "e", "key": key, "conditions": is_x}]);
            let parts = json!({"set": [{"key": "done", "value": 1}], "check": check});
            assert_eq!(asked(&mut storage, "transaction", &parts).0, status, "{key}");
            assert_eq!(asked(&mut storage, "get", &json!({"key": "done"})).0, then, "{key}");
        }
    }
}
