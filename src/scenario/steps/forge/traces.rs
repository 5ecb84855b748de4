//! What an app's storage says of a thing on the site: each object there that names it, whatever its key, its place
//! in a record and the run that wrote it. Says nothing of what is right.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::doubled::lasting;
use crate::scenario::{Failure, World};

/// How much of a trace a report shows.
const SHOWN_CHARS: usize = 100;

/// An object in the storage that names a thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    /// The key of the record that it lies in.
    pub key: String,
    /// The names of its fields: what kind of object it is.
    pub shape: String,
    /// Its texts, without what tells one run from another, without words that hold digits, and without the tenant's
    /// mark.
    pub text: String,
    /// As `text`, with those values that are numbers.
    pub counted: String,
    /// All of it, but for what tells one run from another.
    pub whole: String,
}

impl Trace {
    /// The trace as a report shows it.
    pub fn shown(&self) -> String {
        let text: String = self.whole.chars().take(SHOWN_CHARS).collect();
        let rest = if text.len() < self.whole.len() { "…" } else { "" };
        format!("`{text}{rest}` (under the key {:?})", self.key)
    }
}

/// What lies in a tenant's storage of the things whose names contain one of these.
pub(super) fn of(world: &World, tenant: &str, names: &[String]) -> Result<Vec<Trace>, Failure> {
    let platform = &world.scene()?.platform;
    let stored = platform.stored_keys(tenant).map_err(|e| Failure::new(e.to_string()))?;
    let mark = platform.canary(tenant).map_err(|e| Failure::new(e.to_string()))?.unwrap_or_default();
    let mut traces = vec![];
    for (key, value) in &stored {
        traces
            .extend(within(value, &mark, names).into_iter().map(|trace| Trace { key: key.clone(), ..trace }));
    }
    Ok(traces)
}

/// The traces in one value; they have no key yet.
pub(super) fn within(value: &Value, mark: &str, names: &[String]) -> Vec<Trace> {
    let mut traces = vec![];
    let named: Vec<&str> = names.iter().map(String::as_str).collect();
    collect(value, &named, &mut traces);
    for trace in &mut traces {
        if !mark.is_empty() {
            trace.whole = trace.whole.replace(mark, "");
        }
        let whole: Value = serde_json::from_str(&trace.whole).unwrap_or_default();
        trace.counted = wordy(&whole, true).to_string();
        trace.text = wordy(&whole, false).to_string();
    }
    traces
}

fn collect(value: &Value, names: &[&str], traces: &mut Vec<Trace>) {
    let named = |value: &Value| {
        let Value::String(text) = value else { return false };
        names.iter().any(|name| text.contains(name))
    };
    match value {
        Value::Object(fields) => {
            if fields.values().any(named) && !fields.values().any(|value| packed(value).is_some()) {
                traces.push(trace(value, fields.keys().map(String::as_str)));
            }
            fields.values().for_each(|value| collect(value, names, traces));
        }
        Value::Array(items) => {
            let texts = items.iter().filter(|item| named(item) && packed(item).is_none());
            traces.extend(texts.map(|item| trace(item, ["text"].into_iter())));
            items.iter().for_each(|item| collect(item, names, traces));
        }
        text => {
            if let Some(inner) = packed(text) {
                collect(&inner, names, traces);
            }
        }
    }
}

/// What a text holds that is JSON itself.
fn packed(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim_start();
    text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok())?
}

fn trace<'a>(value: &Value, fields: impl Iterator<Item = &'a str>) -> Trace {
    // Names of fields that are ids tell one thing from another, not one kind from another.
    let kind = |name: &'a str| if name.contains(|c: char| c.is_ascii_digit()) { "#" } else { name };
    let shape: BTreeSet<&str> = fields.map(kind).collect();
    let shape = shape.into_iter().collect::<Vec<_>>().join(",");
    Trace { shape, whole: lasting(value).to_string(), ..Trace::default() }
}

/// A value without its numbers, if they are not to be kept, and without words that hold digits or an address: ids,
/// dates and the tenant's own host.
fn wordy(value: &Value, keeps_numbers: bool) -> Value {
    let is_kept = |value: &Value| !value.is_boolean() && (keeps_numbers || !value.is_number());
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| is_kept(value));
            Value::Object(kept.map(|(name, value)| (name.clone(), wordy(value, keeps_numbers))).collect())
        }
        Value::Array(items) => {
            let kept = items.iter().filter(|value| is_kept(value));
            Value::Array(kept.map(|value| wordy(value, keeps_numbers)).collect())
        }
        Value::String(text) => {
            let lasts = |word: &&str| !word.contains(|c: char| c.is_ascii_digit()) && !word.contains("://");
            Value::String(text.split_whitespace().filter(lasts).collect::<Vec<_>>().join(" "))
        }
        other => other.clone(),
    }
}

/// How often each shape names a thing.
pub(super) fn shapes(traces: &[Trace]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for trace in traces {
        *counts.entry(trace.shape.as_str()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_thing_is_found_wherever_it_is_named_and_whoever_wrote_it() {
        let names = ["Team 7 ".to_owned()];
        let event = json!({"id": "x", "at": "2026-01-05T12:00:00Z", "text": "Field \"Team 7 m\" was added."});
        let packed = json!(event.to_string());
        for (value, expected) in [
            (json!({"fields": [{"name": "Team 7 m", "n": 3}, {"name": "Other"}]}), vec![("n,name", 1)]),
            (event.clone(), vec![("at,id,text", 1)]),
            (packed.clone(), vec![("at,id,text", 1)]),
            (json!({"log": packed}), vec![("at,id,text", 1)]),
            (json!({"10001": "Team 7 m", "10002": "Other"}), vec![("#", 1)]),
            (json!(["Team 7 m", "Team 71 m"]), vec![("text", 1)]),
            (json!({"count": 3}), vec![]),
        ] {
            let found = within(&value, "m", &names);
            assert_eq!(shapes(&found).into_iter().collect::<Vec<_>>(), expected, "{value}");
            assert!(found.iter().all(|trace| !trace.text.contains("7 m") && !trace.text.contains("2026")));
        }
    }
}
