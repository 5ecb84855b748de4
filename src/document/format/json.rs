//! A document as JSON, for programs.

use super::Document;

pub(super) fn render(document: &Document) -> Vec<u8> {
    // Texts and lists alone: there is nothing that JSON could not hold.
    let mut bytes = serde_json::to_vec_pretty(document).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
