//! The formats of a document: one, one file. Each makes the evidence's texts harmless in its own way, and leaves
//! nothing of the document out.

mod html;
mod json;
mod markdown;

pub use json::schema;

use super::Document;

/// A format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// As the command line names it.
    pub name: &'static str,
    /// Draws a document.
    pub render: fn(&Document) -> Vec<u8>,
}

/// Every format.
#[must_use]
pub fn formats() -> &'static [Format] {
    const FORMATS: &[Format] = &[
        Format { name: "markdown", render: markdown::render },
        Format { name: "html", render: html::render },
        Format { name: "json", render: json::render },
    ];
    FORMATS
}
