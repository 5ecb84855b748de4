//! A line of JSON: pino, winston, bunyan, tracing, zap, GCP and ECS by the keys that they share. Only what is counted
//! is taken out; the rest is passed over without being held.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{class, entry::Entry, level, telling};

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Level,
    OtlpLevel,
    Time,
    Message,
    Event,
    ErrorKind,
    /// A code of an error, and what is called a code alone.
    ErrorCode,
    Code,
    /// A status of HTTP.
    Status,
    Stack,
    Error,
    Value(usize),
}

/// Keys that are looked at, as a tree; as deep as JSON is followed.
#[derive(Debug, Default)]
pub(super) struct Keys {
    role: Option<Role>,
    below: Vec<(String, Keys)>,
    /// Where a key stands in `below`, from 1, by its tag: every key of every line is looked for here.
    slots: Vec<u16>,
}

/// The level, as loggers spell it: those of JavaScript, Rust and Python, ECS, OpenTelemetry, hclog (`@level`), .NET
/// (`Level`, `LogLevel`). `priority` is none: jobs and issues have one.
const LEVELS: &[&str] = &[
    "level",
    "Level",
    "@level",
    "severity",
    "Severity",
    "sev",
    "lvl",
    "loglevel",
    "logLevel",
    "LogLevel",
    "log_level",
    "log.level",
    "levelname",
    "level_name",
    "severityText",
    "SeverityText",
    "severity_text",
];
const OTLP_LEVELS: &[&str] = &["severityNumber", "SeverityNumber", "severity_number"];
const TIMES: &[&str] = &["time", "timestamp", "Timestamp", "ts", "@timestamp", "timeUnixNano"];
const MESSAGES: &[&str] = &["msg", "message", "Message", "@message", "body"];
const EVENTS: &[&str] = &["event", "event_name"];
const ERRORS: &[&str] = &["err", "error", "exception"];
/// The same with their parts in one key, as ECS and OpenTelemetry have them.
const PARTS: [(&str, Role); 5] = [
    ("type", Role::ErrorKind),
    ("message", Role::Error),
    ("code", Role::ErrorCode),
    ("stack_trace", Role::Stack),
    ("stacktrace", Role::Stack),
];
const CODES: &[&str] = &["errorCode", "error_code", "errCode", "err_code"];
const STATUSES: &[&str] = &["status", "statusCode", "status_code"];
/// Where loggers put the fields of an event: tracing below `fields`, others below the rest.
const FOLDERS: &[&str] = &["fields", "details", "attributes", "data", "context", "meta", "metadata", "event"];

impl Keys {
    /// The keys that loggers use, and these names of fields with a level and of those that are measured.
    pub fn of(levels: &[String], names: &[String]) -> Self {
        let mut root = Self::default();
        let roles = [
            (LEVELS, Role::Level),
            (OTLP_LEVELS, Role::OtlpLevel),
            (TIMES, Role::Time),
            (MESSAGES, Role::Message),
            (EVENTS, Role::Event),
        ];
        for (keys, role) in roles {
            keys.iter().for_each(|key| root.at(key).role = Some(role));
        }
        for inner in [Role::Message, Role::Event] {
            let keys = if inner == Role::Message { MESSAGES } else { EVENTS };
            keys.iter().for_each(|key| root.at("fields").at(key).role = Some(inner));
        }
        for place in ["", "fields"] {
            let place = if place.is_empty() { &mut root } else { root.at(place) };
            for key in ERRORS {
                let error = place.at(key);
                error.role = Some(Role::Error);
                error.at("message").role = Some(Role::Error);
                ["type", "name"].iter().for_each(|key| error.at(key).role = Some(Role::ErrorKind));
                error.at("code").role = Some(Role::ErrorCode);
                STATUSES.iter().for_each(|key| error.at(key).role = Some(Role::Status));
                for (part, role) in PARTS {
                    place.at(&format!("{key}.{part}")).role = Some(role);
                }
            }
            CODES.iter().for_each(|key| place.at(key).role = Some(Role::ErrorCode));
            STATUSES.iter().for_each(|key| place.at(key).role = Some(Role::Status));
            ["stack", "stack_trace", "stackTrace", "exc_info"].iter().for_each(|key| {
                place.at(key).role = Some(Role::Stack);
            });
            place.at("code").role = Some(Role::Code);
            place.at("res").at("statusCode").role = Some(Role::Status);
        }
        for (number, name) in names.iter().enumerate() {
            root.name(name, Role::Value(number));
            FOLDERS.iter().for_each(|folder| root.at(folder).name(name, Role::Value(number)));
        }
        root.name("log.level", Role::Level);
        levels.iter().for_each(|name| root.name(name, Role::Level));
        root
    }

    /// A field by its path, and by its name where a key holds the dots.
    fn name(&mut self, name: &str, role: Role) {
        self.at(name).role = Some(role);
        name.split('.').fold(self, |keys, part| keys.at(part)).role = Some(role);
    }

    fn at(&mut self, key: &str) -> &mut Self {
        let place = self.place(key).unwrap_or_else(|| {
            self.below.push((key.to_owned(), Self::default()));
            self.fill_slots();
            self.below.len() - 1
        });
        &mut self.below[place].1
    }

    fn find(&self, key: &str) -> Option<&Self> {
        self.place(key).map(|place| &self.below[place].1)
    }

    fn place(&self, key: &str) -> Option<usize> {
        let mut slot = slot(key, self.slots.len());
        loop {
            // No slot at all is one without a key.
            let place = usize::from(*self.slots.get(slot)?).checked_sub(1)?;
            if self.below[place].0 == key {
                return Some(place);
            }
            slot = (slot + 1) % self.slots.len();
        }
    }

    /// Most slots stay free, so that a key that is not looked at mostly meets none.
    fn fill_slots(&mut self) {
        let count = (self.below.len() * SLOTS_EACH).next_power_of_two();
        self.slots = vec![0; count];
        for (place, (key, _)) in (1..).zip(&self.below) {
            let mut slot = slot(key, count);
            while self.slots[slot] != 0 {
                slot = (slot + 1) % count;
            }
            self.slots[slot] = place;
        }
    }

    /// Whether a level stands at the root under this key.
    pub fn is_level(&self, key: &str) -> bool {
        matches!(self.find(key).and_then(|keys| keys.role), Some(Role::Level | Role::OtlpLevel))
    }

    /// The same of a time.
    pub fn is_time(&self, key: &str) -> bool {
        matches!(self.find(key).and_then(|keys| keys.role), Some(Role::Time))
    }

    /// What stands at the root under this key, for formats that spell their fields otherwise.
    pub fn take(&self, key: &str, value: &str, is_number: bool, entry: &mut Entry) {
        let Some(role) = self.find(key).and_then(|keys| keys.role) else { return };
        match value.parse().ok().filter(|_| is_number) {
            Some(number) => take_number(role, number, entry),
            None => take_text(role, value, entry),
        }
    }

    /// Takes a line into `entry`, up to where it stops to be JSON.
    ///
    /// # Errors
    ///
    /// The line is not one JSON object.
    pub fn read(&self, line: &str, entry: &mut Entry) -> Result<(), serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(line);
        json.deserialize_map(Values { keys: self, entry })?;
        json.end()
    }
}

/// Slots for each key that is looked at.
const SLOTS_EACH: usize = 8;

/// The slot of a key by its length, its first and its last letter, which tell nearly all keys apart; `count` is a power
/// of two.
fn slot(key: &str, count: usize) -> usize {
    let letter = |byte: Option<u8>| usize::from(byte.unwrap_or_default());
    let tag = key.len() << 16 ^ letter(key.bytes().next()) << 8 ^ letter(key.bytes().next_back());
    // Knuth's multiplicative hash: the upper bits depend on all of them.
    (tag.wrapping_mul(0x9E37_79B1) >> 12) & count.wrapping_sub(1)
}

struct Values<'a> {
    keys: &'a Keys,
    entry: &'a mut Entry,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if let Some(role) = self.keys.role {
            take_text(role, text, self.entry);
        }
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        if let Some(role) = self.keys.role {
            take_number(role, number, self.entry);
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if let Some(Role::Value(name)) = self.keys.role {
            self.entry.set_value(name, None);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(found) = entries.next_key_seed(Key(self.keys))? {
            match found {
                Some(keys) => entries.next_value_seed(Values { keys, entry: &mut *self.entry })?,
                None => entries.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(())
    }
}

/// Finds a key among those that are looked at, without holding it.
struct Key<'a>(&'a Keys);

impl<'de, 'a> DeserializeSeed<'de> for Key<'a> {
    type Value = Option<&'a Keys>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Key<'a> {
    type Value = Option<&'a Keys>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(key))
    }
}

fn take_text(role: Role, text: &str, entry: &mut Entry) {
    let put = |into: &mut String| {
        into.clear();
        into.push_str(text);
    };
    match role {
        Role::Level | Role::OtlpLevel => {
            let number = || text.parse().ok().and_then(level::numbered);
            let named = level::named(text).or_else(|| level::otlp_named(text));
            entry.set_level(named.or_else(number), text);
        }
        Role::Time => put(&mut entry.time),
        Role::Message => put(&mut entry.message),
        Role::Event => put(&mut entry.event),
        Role::ErrorKind => put(&mut entry.error_kind),
        Role::ErrorCode if telling::is_error_code(text) => entry.add_code(text),
        Role::Code if telling::is_plain_code(text) => entry.add_code(text),
        Role::Status if telling::is_http_error(text) => entry.add_code(text),
        Role::ErrorCode | Role::Code | Role::Status => {}
        Role::Stack => put_line(&mut entry.stack, class::line_of(text, 0)),
        Role::Error => put(&mut entry.error),
        Role::Value(name) => entry.set_value(name, text.parse().ok()),
    }
}

fn put_line(into: &mut String, line: Option<&str>) {
    into.clear();
    into.push_str(line.unwrap_or_default());
}

fn take_number(role: Role, number: f64, entry: &mut Entry) {
    match role {
        Role::Level => entry.set_level(level::numbered(number), number),
        // Zero stands for "not said".
        Role::OtlpLevel | Role::Error | Role::ErrorKind if number == 0.0 => {}
        Role::OtlpLevel => entry.set_level(level::otlp(number), number),
        Role::Time => entry.epoch = Some(number),
        Role::Value(name) => entry.set_value(name, Some(number)),
        _ => take_text(role, &number.to_string(), entry),
    }
}
