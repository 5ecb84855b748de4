//! OpenTelemetry's logs as JSON, one batch a line: OTLP/JSON as the collector's file exporter writes it
//! (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>). Whole numbers may be texts there.

use serde::{Deserialize, de::IgnoredAny};

use super::{entry::Entry, json::Keys};

/// Whether a line is a batch.
pub(super) fn is_batch(line: &str) -> bool {
    let first = line.trim_start().strip_prefix('{').map_or("", str::trim_start);
    ["\"resourceLogs\"", "\"resource_logs\""].iter().any(|key| first.starts_with(key))
}

// Another key here could hold records that nobody counts, as `instrumentationLibraryLogs` of older versions does.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Batch {
    #[serde(default, alias = "resource_logs")]
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceLogs {
    #[serde(default, alias = "scope_logs")]
    scope_logs: Vec<ScopeLogs>,
    #[serde(default, rename = "resource")]
    _resource: IgnoredAny,
    #[serde(default, rename = "schemaUrl", alias = "schema_url")]
    _schema_url: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScopeLogs {
    #[serde(default, alias = "log_records")]
    log_records: Vec<LogRecord>,
    #[serde(default, rename = "scope")]
    _scope: IgnoredAny,
    #[serde(default, rename = "schemaUrl", alias = "schema_url")]
    _schema_url: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogRecord {
    #[serde(default, alias = "time_unix_nano")]
    time_unix_nano: Option<Scalar>,
    #[serde(default, alias = "observed_time_unix_nano")]
    observed_time_unix_nano: Option<Scalar>,
    #[serde(default, alias = "severity_number")]
    severity_number: Option<Scalar>,
    #[serde(default, alias = "severity_text")]
    severity_text: Option<String>,
    #[serde(default)]
    body: Option<AnyValue>,
    #[serde(default, alias = "event_name")]
    event_name: Option<String>,
    #[serde(default)]
    attributes: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    key: String,
    #[serde(default)]
    value: Option<AnyValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyValue {
    #[serde(default, alias = "string_value")]
    string_value: Option<String>,
    #[serde(default, alias = "int_value")]
    int_value: Option<Scalar>,
    #[serde(default, alias = "double_value")]
    double_value: Option<Scalar>,
    #[serde(default, alias = "bool_value")]
    bool_value: Option<bool>,
    #[serde(default, alias = "kvlist_value")]
    kvlist_value: Option<Pairs>,
}

#[derive(Deserialize)]
struct Pairs {
    #[serde(default)]
    values: Vec<Pair>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Number(f64),
    Text(String),
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Hands each record of a batch to `each`; returns how many there were.
///
/// # Errors
///
/// The line is no batch, or has parts that are not known.
pub(super) fn read(
    line: &str,
    keys: &Keys,
    entry: &mut Entry,
    mut each: impl FnMut(&mut Entry),
) -> Result<u64, serde_json::Error> {
    let batch: Batch = serde_json::from_str(line)?;
    let scopes = batch.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
    let mut records = 0;
    for record in scopes.flat_map(|scope| scope.log_records) {
        entry.clear();
        take(&record, keys, entry);
        each(entry);
        records += 1;
    }
    Ok(records)
}

fn take(record: &LogRecord, keys: &Keys, entry: &mut Entry) {
    match &record.severity_number {
        Some(Scalar::Number(number)) => {
            keys.take("severityNumber", &number.to_string(), true, entry);
        }
        Some(Scalar::Text(text)) => keys.take("severityNumber", text, text.parse::<f64>().is_ok(), entry),
        None => {}
    }
    // The text is the source's own word and stands in only where there is no number.
    if let Some(text) =
        record.severity_text.as_deref().filter(|text| entry.level.is_none() && !text.is_empty())
    {
        keys.take("severityText", text, false, entry);
    }
    let zero = |time: &&Scalar| time.text() != "0";
    let time = record.time_unix_nano.as_ref().filter(zero).or(record.observed_time_unix_nano.as_ref());
    entry.epoch = time.and_then(|time| time.text().parse().ok());
    if let Some(name) = &record.event_name {
        entry.event.push_str(name);
    }
    match &record.body {
        Some(AnyValue { kvlist_value: Some(pairs), .. }) => {
            pairs.values.iter().for_each(|pair| put(pair, keys, entry))
        }
        Some(value) => entry.message.push_str(&value.text().0),
        None => {}
    }
    record.attributes.iter().for_each(|pair| put(pair, keys, entry));
}

fn put(pair: &Pair, keys: &Keys, entry: &mut Entry) {
    // A level or a time among the attributes is the app's own; it stands in only where the record has no level.
    let is_own = keys.is_time(&pair.key) || (keys.is_level(&pair.key) && entry.level.is_some());
    if let Some(value) = pair.value.as_ref().filter(|_| !is_own) {
        let (text, is_number) = value.text();
        keys.take(&pair.key, &text, is_number, entry);
    }
}

impl AnyValue {
    /// The value as a text, and whether it is a number.
    fn text(&self) -> (String, bool) {
        let number = self.int_value.as_ref().or(self.double_value.as_ref());
        match (number, &self.string_value, self.bool_value) {
            (Some(number), ..) => (number.text(), true),
            (_, Some(text), _) => (text.clone(), false),
            (.., Some(truth)) => (truth.to_string(), false),
            _ => (String::new(), false),
        }
    }
}
