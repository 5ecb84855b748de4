//! The modules of a manifest: what calls which function, in the file's order. Types that a gate need not know
//! are looked through for functions and words, and for nothing else.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{
    super::{Consumer, EventTrigger, Function, Manifest, Mention, ScheduledTrigger, Use},
    filled,
};

/// Keys of a module whose texts a person is shown.
const SHOWN: [&str; 5] = ["title", "label", "description", "tooltip", "subtitle"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFunction {
    #[serde(deserialize_with = "filled")]
    key: String,
    #[serde(deserialize_with = "filled")]
    handler: String,
    #[serde(default)]
    timeout_seconds: Option<u64>,
}

#[derive(Deserialize)]
struct RawScheduled {
    #[serde(deserialize_with = "filled")]
    key: String,
    interval: String,
    #[serde(default)]
    function: Option<String>,
}

#[derive(Deserialize)]
struct RawEvent {
    #[serde(deserialize_with = "filled")]
    key: String,
    #[serde(default)]
    function: Option<String>,
    events: Vec<EventName>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected the name of an event, or `{eventType: …}`")]
enum EventName {
    Plain(String),
    Filtered {
        #[serde(rename = "eventType")]
        event_type: String,
    },
}

#[derive(Deserialize)]
struct RawConsumer {
    #[serde(deserialize_with = "filled")]
    key: String,
    queue: String,
    #[serde(default)]
    function: Option<String>,
    #[serde(default)]
    resolver: Option<RawResolver>,
}

#[derive(Deserialize)]
struct RawResolver {
    #[serde(default)]
    function: Option<String>,
    #[serde(default)]
    method: Option<String>,
}

/// The modules by type, in the file's order.
#[derive(Default)]
pub(super) struct Modules {
    functions: Vec<RawFunction>,
    scheduled: Vec<RawScheduled>,
    events: Vec<RawEvent>,
    consumers: Vec<RawConsumer>,
    others: Vec<(String, Vec<Map<String, Value>>)>,
    order: Vec<String>,
}

impl<'de> Deserialize<'de> for Modules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByType;
        impl<'de> Visitor<'de> for ByType {
            type Value = Modules;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping from module types to lists of modules")
            }

            fn visit_unit<E>(self) -> Result<Modules, E> {
                Ok(Modules::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Modules, A::Error> {
                let mut modules = Modules::default();
                while let Some(kind) = map.next_key::<String>()? {
                    match kind.as_str() {
                        "function" => modules.functions = map.next_value()?,
                        "scheduledTrigger" => modules.scheduled = map.next_value()?,
                        "trigger" => modules.events = map.next_value()?,
                        "consumer" => modules.consumers = map.next_value()?,
                        _ => modules.others.push((kind.clone(), map.next_value()?)),
                    }
                    modules.order.push(kind);
                }
                Ok(modules)
            }
        }
        deserializer.deserialize_any(ByType)
    }
}

impl Modules {
    pub(super) fn into_manifest(self, manifest: &mut Manifest) {
        for kind in &self.order {
            let keys: Vec<&str> = match kind.as_str() {
                "function" => continue,
                "scheduledTrigger" => self.scheduled.iter().map(|module| module.key.as_str()).collect(),
                "trigger" => self.events.iter().map(|module| module.key.as_str()).collect(),
                "consumer" => self.consumers.iter().map(|module| module.key.as_str()).collect(),
                _ => {
                    let modules = self.others.iter().filter(|(other, _)| other == kind);
                    modules.flat_map(|(_, list)| list).map(key_of).collect()
                }
            };
            manifest.modules.extend(keys.into_iter().map(|key| format!("{kind}:{key}")));
        }
        for (kind, list) in &self.others {
            for module in list {
                let name = format!("{kind}:{}", key_of(module));
                module.iter().for_each(|(key, value)| look_at(key, value, &name, Use::Function, manifest));
            }
        }
        manifest.functions = self.functions.into_iter().map(RawFunction::known).collect();
        self.scheduled.into_iter().for_each(|module| module.add_to(manifest));
        self.events.into_iter().for_each(|module| module.add_to(manifest));
        self.consumers.into_iter().for_each(|module| module.add_to(manifest));
    }
}

impl RawFunction {
    fn known(self) -> Function {
        Function { key: self.key, handler: self.handler, timeout_s: self.timeout_seconds }
    }
}

/// Notes that the module calls this function; `None` when it calls something that is not of this app.
fn called(manifest: &mut Manifest, module: String, function: Option<String>) -> Option<String> {
    match function {
        Some(function) => {
            manifest.mentions.push(Mention { module, place: Use::Function, function: function.clone() });
            Some(function)
        }
        None => {
            manifest.remote.push(module);
            None
        }
    }
}

impl RawScheduled {
    fn add_to(self, manifest: &mut Manifest) {
        let Self { key, interval, function } = self;
        if let Some(function) = called(manifest, format!("scheduledTrigger:{key}"), function) {
            manifest.scheduled_triggers.push(ScheduledTrigger { key, function, interval });
        }
    }
}

impl RawEvent {
    fn add_to(self, manifest: &mut Manifest) {
        let Self { key, function, events } = self;
        let events = events.into_iter().map(|event| match event {
            EventName::Plain(name) | EventName::Filtered { event_type: name } => name,
        });
        if let Some(function) = called(manifest, format!("trigger:{key}"), function) {
            manifest.event_triggers.push(EventTrigger { key, function, events: events.collect() });
        }
    }
}

impl RawConsumer {
    fn add_to(self, manifest: &mut Manifest) {
        let Self { key, queue, function, resolver } = self;
        let (resolved, method) = resolver.map_or((None, None), |found| (found.function, found.method));
        if let Some(function) = called(manifest, format!("consumer:{key}"), function.or(resolved)) {
            manifest.consumers.push(Consumer { key, queue, function, method });
        }
    }
}

fn key_of(module: &Map<String, Value>) -> &str {
    module.get("key").and_then(Value::as_str).unwrap_or_default()
}

/// Functions and words may stand at any depth of a module: custom fields nest views in actions.
fn look_through(value: &Value, module: &str, place: Use, manifest: &mut Manifest) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| look_through(value, module, place, manifest)),
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| look_at(key, value, module, place, manifest));
        }
        _ => {}
    }
}

fn look_at(key: &str, value: &Value, module: &str, place: Use, manifest: &mut Manifest) {
    match (key, value) {
        ("function", Value::String(function)) => {
            if place == Use::Resolver && !manifest.resolvers.contains(function) {
                manifest.resolvers.push(function.clone());
            }
            manifest.mentions.push(Mention { module: module.into(), place, function: function.clone() });
        }
        ("resolver", value) => look_through(value, module, Use::Resolver, manifest),
        (key, Value::String(text)) if SHOWN.contains(&key) => {
            manifest.words.push((module.into(), text.clone()));
        }
        (_, value) => look_through(value, module, place, manifest),
    }
}
