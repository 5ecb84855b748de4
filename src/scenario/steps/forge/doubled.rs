//! What lies in a tenant's storage, as it would be told apart by a person: without the ids, times and tokens that
//! differ from run to run. Shows whether two runs of one trigger both left the same there.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::{
    evidence::Fact,
    scenario::{Failure, World, world::Step},
};

/// How often each thing lies in the storage: a record, or an item of a list in a record.
type Contents = BTreeMap<String, u64>;

/// How much of a thing a report shows.
const SHOWN_CHARS: usize = 120;
/// Names of fields that tell one run from another, in lower case.
const OF_A_RUN: [&str; 9] = ["id", "_id", "uuid", "owner", "token", "nonce", "runid", "run", "generation"];
static VOLATILE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^(?:\d{4}-\d\d-\d\d(?:[t ].*)?|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}",
        r"|0?\.\d+|\d{10,})$",
    ))
    .ok()
});
/// No number on a site is as large as a time in milliseconds.
const SMALLEST_TIME: f64 = 1e11;

/// What the two runs of a pair brought to a tenant's storage.
#[derive(Debug)]
pub(super) struct Pair {
    tenant: String,
    /// What people named on the tenant's site, and its mark.
    names: Vec<String>,
    begin: Stored,
    last: Stored,
    first: Contents,
    second: Contents,
}

type Stored = BTreeMap<String, Value>;

impl Pair {
    /// The pair begins.
    pub fn begin(world: &World, tenant: &str) -> Result<Self, Failure> {
        let platform = &world.scene()?.platform;
        let refused = |e: crate::mock_jira::UnknownTenant| Failure::new(e.to_string());
        let mut names = platform.names(tenant).map_err(refused)?;
        names.extend(platform.canary(tenant).map_err(refused)?);
        // They are looked for in JSON.
        for name in &mut names {
            let written = Value::from(name.as_str()).to_string();
            *name = written.get(1..written.len() - 1).unwrap_or_default().to_owned();
        }
        let begin = stored(world, tenant)?;
        let (first, second) = (Contents::new(), Contents::new());
        Ok(Self { tenant: tenant.to_owned(), names, last: begin.clone(), begin, first, second })
    }

    /// What came since the last look was brought by the first run.
    pub fn by_first(&mut self, world: &World) -> Step {
        let now = stored(world, &self.tenant)?;
        grown(&self.last, &now, &self.names, &mut self.first);
        self.last = now;
        Ok(())
    }

    /// What came since the last look was brought by the second run.
    pub fn by_second(&mut self, world: &World) -> Step {
        let now = stored(world, &self.tenant)?;
        grown(&self.last, &now, &self.names, &mut self.second);
        self.last = now;
        Ok(())
    }

    /// Takes down what both brought and what lies there from both of them.
    pub fn end(self, world: &World, trigger: &str, workers: [&str; 2]) -> Step {
        let both: Vec<&String> = self.first.keys().filter(|thing| self.second.contains_key(*thing)).collect();
        if both.is_empty() {
            return Ok(());
        }
        let at = world.scene()?.platform.requests_served();
        let mut left = Contents::new();
        grown(&self.begin, &self.last, &self.names, &mut left);
        // What one of them took away again, nobody finds twice.
        for thing in both.into_iter().filter(|thing| left.get(*thing).is_some_and(|count| *count > 1)) {
            let shown: String = thing.chars().take(SHOWN_CHARS).collect();
            let keys = self.keys_of(thing);
            let digest = hex::encode(&Sha256::digest(thing.as_bytes())[..6]);
            for worker in workers {
                world.record(Fact::EffectApplied {
                    sink: format!("the app's storage, by two runs of {trigger} at once"),
                    tenant: self.tenant.clone(),
                    worker: worker.to_owned(),
                    idempotency_key: format!("{shown} (under {keys}; {digest}, request {at})"),
                    fencing_token: 0,
                })?;
            }
        }
        Ok(())
    }
}

impl Pair {
    /// The keys under which a thing lies now.
    fn keys_of(&self, thing: &String) -> String {
        let holds = |key: &String, value: &Value| {
            contents_of([(key, value)].into_iter(), &self.names).contains_key(thing)
        };
        let held = self.last.iter().filter(|(key, value)| holds(key, value));
        held.map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(" and ")
    }
}

fn stored(world: &World, tenant: &str) -> Result<Stored, Failure> {
    let stored = world.scene()?.platform.stored_keys(tenant).map_err(|e| Failure::new(e.to_string()))?;
    Ok(stored.into_iter().collect())
}

/// Adds what there is more of now than before. What was not touched is not looked at.
fn grown(before: &Stored, now: &Stored, names: &[String], by: &mut Contents) {
    let touched = |of: &Stored, other: &Stored| {
        let touched = of.iter().filter(|(key, value)| other.get(*key) != Some(value));
        contents_of(touched, names)
    };
    let (before, now) = (touched(before, now), touched(now, before));
    for (thing, count) in now {
        let more = count.saturating_sub(before.get(&thing).copied().unwrap_or_default());
        if more > 0 {
            *by.entry(thing).or_default() += more;
        }
    }
}

/// What says nothing of the site is left out: locks and logs of runs are each run's own.
fn contents_of<'a>(stored: impl Iterator<Item = (&'a String, &'a Value)>, names: &[String]) -> Contents {
    let mut contents = Contents::new();
    for (key, value) in stored {
        let kind = key.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
        let mut note = |value: &Value| {
            let text = lasting(value).to_string();
            if names.iter().any(|name| text.contains(name.as_str())) || holds_list(value) {
                *contents.entry(format!("{kind} {text}")).or_default() += 1;
            }
        };
        note(value);
        let fields = value.as_object().into_iter().flat_map(Map::values);
        let lists = fields.chain([value]).filter_map(Value::as_array);
        lists.flatten().filter(|item| item.is_object()).for_each(&mut note);
    }
    contents
}

fn holds_list(value: &Value) -> bool {
    let fields = value.as_object().into_iter().flat_map(Map::values);
    fields.chain([value]).filter_map(Value::as_array).any(|list| list.len() >= 2)
}

/// The value without what differs from run to run.
pub(super) fn lasting(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, value)| {
                !OF_A_RUN.contains(&name.to_lowercase().as_str()) && !is_volatile(value)
            });
            Value::Object(kept.map(|(name, value)| (name.clone(), lasting(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(lasting).collect()),
        other => other.clone(),
    }
}

fn is_volatile(value: &Value) -> bool {
    match value {
        Value::String(text) => VOLATILE.as_ref().is_some_and(|volatile| volatile.is_match(text)),
        Value::Number(number) => {
            number.as_f64().is_some_and(|number| number.fract() != 0.0 || number >= SMALLEST_TIME)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What two runs both brought, by what lay there before, after the first and after the second.
    fn doubled(looks: [&[(&str, Value)]; 3]) -> usize {
        let names = ["Visitors".to_owned()];
        let [before, first, second] = looks.map(|stored| {
            stored.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect::<Stored>()
        });
        let (mut by_first, mut by_second) = (Contents::new(), Contents::new());
        grown(&before, &first, &names, &mut by_first);
        grown(&first, &second, &names, &mut by_second);
        by_first.keys().filter(|thing| by_second.contains_key(*thing)).count()
    }

    #[test]
    fn the_same_under_two_keys_is_double_and_an_overwrite_a_lock_or_a_log_is_not() {
        let event =
            |id: &str, at: &str| json!({"id": id, "at": at, "text": "Project \"Visitors\" was added."});
        let one = ("drift:a1", event("x", "2026-01-05T00:00:00Z"));
        let other = ("drift:b2", event("y", "2026-01-05T00:00:09Z"));
        let lock = |token: u64| json!({"owner": format!("run {token}"), "token": token, "released": true});
        let log = |at: u64| json!({"at": 1_767_000_000_000_u64 + at, "outcome": "succeeded"});
        let other_event = ("drift:c3", json!({"id": "z", "text": "Project \"Visitors\" was removed."}));
        for (first, second, expected) in [
            (vec![one.clone()], vec![one.clone(), other.clone()], 1),
            (vec![one.clone()], vec![("drift:a1", event("y", "2026-01-06T00:00:00Z"))], 0),
            (vec![one.clone()], vec![one.clone(), other_event], 0),
            (vec![("lock:1", lock(1))], vec![("lock:1", lock(1)), ("lock:2", lock(2))], 0),
            (vec![("log:1", log(1))], vec![("log:1", log(1)), ("log:2", log(2))], 0),
            (vec![("all", json!([one.1]))], vec![("all", json!([one.1, other.1]))], 1),
            (
                vec![("keys:17", json!({"k": ["A", "B"]}))],
                vec![("keys:17", json!({"k": ["A", "B"]})), ("keys:18", json!({"k": ["A", "B"]}))],
                1,
            ),
        ] {
            assert_eq!(doubled([&[], &first, &second]), expected, "{first:?} {second:?}");
        }
    }
}
