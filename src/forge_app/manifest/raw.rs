//! The manifest's YAML as it stands, read with the parser's places. Keys that a gate need not know are passed
//! over, never guessed at.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use super::{Consumer, EventTrigger, Function, Manifest, Mention, Place, ScheduledTrigger};

/// Keys of a module whose texts a person is shown.
const SHOWN: [&str; 5] = ["title", "label", "description", "tooltip", "subtitle"];

#[derive(Deserialize)]
pub(super) struct Raw {
    app: App,
    #[serde(default)]
    modules: Modules,
    #[serde(default)]
    permissions: Permissions,
    #[serde(default)]
    remotes: Vec<Remote>,
    #[serde(default)]
    providers: Providers,
}

#[derive(Deserialize)]
struct App {
    #[serde(deserialize_with = "filled")]
    id: String,
    #[serde(default)]
    runtime: Option<Runtime>,
}

#[derive(Deserialize)]
struct Runtime {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Permissions {
    scopes: Scopes,
    external: External,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct External {
    fetch: Fetch,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fetch {
    backend: Vec<Address>,
    client: Vec<Address>,
}

/// A text, `{address: …}` or `{remote: …}`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected an address, `{address: …}` or `{remote: …}`")]
enum Address {
    Plain(String),
    Named { address: String },
    Remote { remote: String },
}

#[derive(Deserialize)]
struct Remote {
    key: String,
    #[serde(rename = "baseUrl", default)]
    base_url: Option<BaseUrl>,
}

/// One URL, or one for each region.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a URL, or a mapping from regions to URLs")]
enum BaseUrl {
    One(String),
    ByRegion(BTreeMap<String, String>),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Providers {
    auth: Vec<Provider>,
}

#[derive(Deserialize)]
struct Provider {
    key: String,
}

/// A list of names, or a mapping with the names as its keys.
#[derive(Default)]
struct Scopes(Vec<String>);

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Scopes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of scopes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scopes, A::Error> {
                let mut names = vec![];
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Scopes(names))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scopes, A::Error> {
                let mut names = vec![];
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Scopes(names))
            }
        }
        deserializer.deserialize_any(Names)
    }
}

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
struct Modules {
    functions: Vec<RawFunction>,
    scheduled: Vec<RawScheduled>,
    events: Vec<RawEvent>,
    consumers: Vec<RawConsumer>,
    others: Vec<(String, Vec<Value>)>,
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

fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Filled;
    impl Visitor<'_> for Filled {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            if text.trim().is_empty() {
                Err(E::custom("expected a text, found nothing"))
            } else {
                Ok(text.into())
            }
        }
    }
    deserializer.deserialize_str(Filled)
}

impl Raw {
    pub(super) fn into_manifest(self, file: String) -> Manifest {
        let Self { app, modules, permissions, remotes, providers } = self;
        let mut manifest = Manifest {
            file,
            app_id: app.id,
            runtime: app.runtime.map(|runtime| runtime.name).unwrap_or_default(),
            scopes: permissions.scopes.0,
            external_auth: providers.auth.into_iter().map(|provider| provider.key).collect(),
            ..Manifest::default()
        };
        let Fetch { backend, client } = permissions.external.fetch;
        manifest.egress = backend.into_iter().flat_map(|address| address.resolved(&remotes)).collect();
        manifest.client_egress = client.into_iter().flat_map(|address| address.resolved(&remotes)).collect();
        for url in remotes.iter().flat_map(Remote::urls) {
            if !manifest.egress.contains(&url) {
                manifest.egress.push(url);
            }
        }
        modules.into_manifest(&mut manifest);
        manifest
    }
}

impl Address {
    fn resolved(self, remotes: &[Remote]) -> Vec<String> {
        match self {
            Self::Plain(address) | Self::Named { address } => vec![address],
            Self::Remote { remote } => {
                remotes.iter().filter(|known| known.key == remote).flat_map(Remote::urls).collect()
            }
        }
    }
}

impl Remote {
    fn urls(&self) -> Vec<String> {
        match &self.base_url {
            None => vec![],
            Some(BaseUrl::One(url)) => vec![url.clone()],
            Some(BaseUrl::ByRegion(urls)) => urls.values().cloned().collect(),
        }
    }
}

impl Modules {
    fn into_manifest(self, manifest: &mut Manifest) {
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
                look_through(module, &name, Place::Function, manifest);
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
            manifest.mentions.push(Mention { module, place: Place::Function, function: function.clone() });
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

fn key_of(module: &Value) -> &str {
    module.get("key").and_then(Value::as_str).unwrap_or_default()
}

/// Functions and words may stand at any depth of a module: custom fields nest views in actions.
fn look_through(value: &Value, module: &str, place: Place, manifest: &mut Manifest) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| look_through(value, module, place, manifest)),
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("function", Value::String(function)) => {
                        let mention = Mention { module: module.into(), place, function: function.clone() };
                        if place == Place::Resolver && !manifest.resolvers.contains(function) {
                            manifest.resolvers.push(function.clone());
                        }
                        manifest.mentions.push(mention);
                    }
                    ("resolver", value) => look_through(value, module, Place::Resolver, manifest),
                    (key, Value::String(text)) if SHOWN.contains(&key) => {
                        manifest.words.push((module.into(), text.clone()));
                    }
                    (_, value) => look_through(value, module, place, manifest),
                }
            }
        }
        _ => {}
    }
}
