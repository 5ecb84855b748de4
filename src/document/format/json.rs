//! A document as JSON, for programs, and its schema.

use super::Document;
use crate::report::schema_of;

/// The JSON Schema of a document as JSON.
#[must_use]
pub fn schema() -> Vec<u8> {
    schema_of::<Document>()
}

pub(super) fn render(document: &Document) -> Vec<u8> {
    // Texts and lists alone: there is nothing that JSON could not hold.
    let mut bytes = serde_json::to_vec_pretty(document).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
