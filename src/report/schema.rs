//! The JSON Schema of what is written as JSON, from its own types.

use schemars::{JsonSchema, generate::SchemaSettings};

use crate::judge::Judgement;

/// The schema of `verdict.json`, indented, with a newline at its end.
#[must_use]
pub fn report_schema() -> Vec<u8> {
    schema_of::<Judgement>()
}

/// The schema of a type as it is written, indented, with a newline at its end.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> Vec<u8> {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut bytes = serde_json::to_vec_pretty(&generator.into_root_schema_for::<T>()).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
