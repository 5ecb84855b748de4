//! The JSON Schema of `verdict.json`, from the judgement's own types.

use crate::judge::Judgement;

/// The schema, indented, with a newline at its end.
#[must_use]
pub fn report_schema() -> Vec<u8> {
    let schema = schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Judgement>();
    let mut bytes = serde_json::to_vec_pretty(&schema).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
