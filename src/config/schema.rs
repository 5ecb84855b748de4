//! The JSON Schema of `gonogo.yaml`, from the configuration's own types. Written out here is what a type alone does
//! not tell: values that are read with a check of their own. What needs a second look at the whole (names that stand
//! twice, severities that contradict each other) is the reader's; a text that looks like something else wants quotes.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema, transform::RecursiveTransform};
use serde_json::Value;

use super::{
    Config, Program, Seconds, Subject,
    values::{MOST_JOBS, MOST_SECONDS},
};
use crate::evidence::{Issue, Severity};

/// The name of a tag, as `values` reads it.
const TAG: &str = r"^@?[^@\s]+$";
/// At least ten characters between the first and the last that show.
const REASON: &str = r"\S[\s\S]{8,}\S";
/// A text that is not blank.
const WORD: &str = r"\S";

/// The schema, indented, with a newline at its end. Draft 2020-12.
#[must_use]
pub fn schema() -> Vec<u8> {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_deserialize();
    let settings = settings.with_transform(RecursiveTransform(without_empty_default));
    let settings = settings.with_transform(RecursiveTransform(without_null));
    let mut schema = settings.into_generator().into_root_schema_for::<Config>();
    schema.insert("title".into(), super::FILE_NAME.into());
    let mut bytes = serde_json::to_vec_pretty(&schema).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// That a key which is not there names nothing needs no telling, and `null` or `[]` may not even stand there.
fn without_empty_default(schema: &mut Schema) {
    let is_empty = |default: &Value| default.is_null() || default.as_array().is_some_and(Vec::is_empty);
    if schema.get("default").is_some_and(is_empty) {
        schema.remove("default");
    }
}

/// A key without a value is refused, so `null` stands nowhere.
fn without_null(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".into(), one);
        }
    }
    let is_null = |value: &Value| value.is_null() || value["type"] == "null";
    for key in ["anyOf", "enum"] {
        if let Some(Value::Array(choices)) = schema.get_mut(key) {
            choices.retain(|choice| !is_null(choice));
        }
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Seconds, fractions included.",
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": MOST_SECONDS,
        })
    }
}

impl JsonSchema for Subject {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Subject".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "enum": ["reference", "forge"] },
                generator.subschema_for::<Program>(),
            ],
        })
    }
}

/// A key that stands without a value names no subject.
pub(super) fn subject(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<Subject>()
}

pub(super) fn command(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "prefixItems": [{ "type": "string", "pattern": WORD }],
        "items": { "type": "string" },
    })
}

pub(super) fn jobs(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["integer", "null"], "minimum": 1, "maximum": MOST_JOBS })
}

pub(super) fn thresholds(_: &mut SchemaGenerator) -> Schema {
    let percent = |description: &str| json_schema!({ "description": description, "type": "number", "minimum": 0, "maximum": 100 });
    json_schema!({
        "type": "object",
        "properties": {
            "lock_contention_percent": percent("Denied lock attempts per attempt, at most. Percent."),
            "refresh_success_percent": percent("Tokens refreshed per refresh tried, at least. Percent."),
            "page_p95_ms": {
                "description": "Time to serve a page, 95th percentile, at most. Milliseconds.",
                "type": "number",
                "minimum": 0,
            },
        },
        "additionalProperties": false,
    })
}

pub(super) fn severities(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "propertyNames": { "pattern": TAG },
        "additionalProperties": generator.subschema_for::<Severity>(),
    })
}

pub(super) fn issues(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": generator.subschema_for::<Issue>() })
}

pub(super) fn reason(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": REASON })
}

pub(super) fn words(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "string", "pattern": WORD } })
}

pub(super) fn hosts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "string", "pattern": r"^[^\s/?#@]+$" } })
}
