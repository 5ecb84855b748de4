//! `gonogo schema`: the JSON Schema of a document.

use super::{Console, Refusal};
use crate::{
    cli::{Document, Schema},
    config, document,
    exit::Exit,
    report,
};

/// Prints the schema.
pub(super) fn schema(arguments: &Schema, console: &mut Console) -> Result<u8, Refusal> {
    match arguments.document {
        Document::Config => console.document(&config::schema())?,
        Document::Report => console.document(&report::report_schema())?,
        Document::Document => console.document(&document::schema())?,
    }
    Ok(Exit::Go.code())
}
