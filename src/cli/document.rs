//! The flags of `report`. No behaviour.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::Signers;

/// `gonogo report`.
#[derive(Args, Debug)]
pub struct Draw {
    /// The output folder of the run, or its record
    #[arg(default_value = "gonogo-report")]
    pub dir: PathBuf,
    /// Which document
    #[arg(long, value_enum)]
    pub kind: DocumentKind,
    /// In which format
    #[arg(long, value_enum, default_value_t = DocumentFormat::Markdown)]
    pub format: DocumentFormat,
    /// The file to write; else stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Whose sign-offs count
    #[command(flatten)]
    pub signers: Signers,
    /// Ed25519 public key (PEM) that must have sealed the record
    #[arg(long, value_name = "FILE", env = "GONOGO_PUBLIC_KEY")]
    pub key: Option<PathBuf>,
    /// When keys must have been good, RFC 3339 [default: when the record was last added to]
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
}

/// The documents of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DocumentKind {
    /// The decision, and what it rests on
    Summary,
    /// What was shown, by what, and how to verify it
    Verification,
    /// What was changed and settled
    Implementation,
    /// How it goes out, and how to go back
    Deployment,
}

/// The formats of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DocumentFormat {
    /// For a repository, a ticket or a wiki
    Markdown,
    /// A page for people, and to be printed
    Html,
    /// For programs
    Json,
}
