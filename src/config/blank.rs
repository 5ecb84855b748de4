//! Keys of `gonogo.yaml` without a value: each reads as if something were asked, and asks for nothing. Never fills one
//! in.

use serde_json::Value;

/// What is wrong with the first key that has no value, with its place.
pub(super) fn complaint(settings: &Value) -> Option<String> {
    let (key, last) = first(settings)?;
    Some(format!(
        "{key}: expected a value after the colon, as a key without one asks for nothing: write one (`{last}: {{}}` where \
         all of it goes without saying), or take the key out"
    ))
}

/// The path of the first key without a value, and the key itself.
fn first(value: &Value) -> Option<(String, String)> {
    let within = |key: String, value: &Value| match first(value) {
        Some((below, last)) if below.starts_with('[') => Some((key + &below, last)),
        Some((below, last)) => Some((format!("{key}.{below}"), last)),
        None => None,
    };
    match value {
        Value::Object(map) => map.iter().find_map(|(key, value)| match value {
            Value::Null => Some((key.clone(), key.clone())),
            value => within(key.clone(), value),
        }),
        Value::Array(list) => {
            list.iter().enumerate().find_map(|(at, value)| within(format!("[{at}]"), value))
        }
        _ => None,
    }
}
