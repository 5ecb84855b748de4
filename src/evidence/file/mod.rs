//! The evidence file: JSON Lines under a hash chain. Says what a sound file is; never what it means.
//!
//! ```text
//! {"prev":"<64 zeros>","header":{…}}
//! {"prev":"<SHA-256 of the line before, without its newline>","observation":{…}}
//! {"prev":"…","end":{"observations":N}}
//! ```
//!
//! Every line, the last included, ends with a newline. The chain locates a change; it cannot prevent that
//! somebody rewrites the whole file, so the hash of the whole file stands in the verdict.

mod order;
mod reader;
mod writer;

pub use reader::{Next, Reader};
pub use writer::{Chain, Writer};

use std::{io, path::PathBuf};

use sha2::{Digest, Sha256};

/// What `prev` holds on the first line.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A longer line is refused rather than held in memory. Bytes.
const LINE_LIMIT: u64 = 64 << 20;

/// A file that was closed properly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// SHA-256 of the whole file, in hex.
    pub sha256: String,
    /// How many observations it holds.
    pub observations: u64,
}

/// Why evidence cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The file system refused.
    #[error("cannot use the evidence file {path}", path = path.display())]
    Io {
        /// The evidence file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The evidence is not whole, or not evidence.
    #[error("{path}:{line}: {flaw}", path = path.display())]
    Unsound {
        /// The evidence file.
        path: PathBuf,
        /// The line at which it shows, from 1.
        line: u64,
        /// What is wrong.
        flaw: Flaw,
    },
}

/// What can be wrong with evidence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message says what its variant means")]
pub enum Flaw {
    #[error("the file is empty")]
    EmptyFile,
    #[error("the line has no newline at its end: the file was cut")]
    NoNewline,
    #[error("the file ends without its closing line: it was cut")]
    NotClosed,
    #[error("something follows the closing line")]
    Trailing,
    #[error("the line is longer than {LINE_LIMIT} bytes")]
    TooLong,
    #[error("the line is not one that gonogo writes")]
    UnknownLine,
    #[error("the chain is broken: this line, or the one before it, was changed, removed or moved")]
    Chain,
    #[error("cannot read the line: {0}")]
    Content(String),
    #[error("unknown format {0:?}; this gonogo reads {format:?}", format = super::FORMAT)]
    Format(String),
    #[error("the closing line should be {expected}")]
    Closing { expected: String },
    #[error("scenario {found} stands where scenario {expected} is due")]
    Scenario { expected: usize, found: usize },
    #[error("the header is not one that a run writes: {0}")]
    Header(String),
    #[error("observation {found} stands where observation {expected} is due")]
    Sequence { expected: u64, found: u64 },
    #[error("the log of scenario {0} does not start with what was planned")]
    NotPlanned(usize),
    #[error("there is a log of scenario {0:?} already")]
    SameId(String),
    #[error("the log of scenario {0} is planned twice")]
    PlannedTwice(usize),
    #[error("the log of scenario {0} does not end as it should")]
    NotEnded(usize),
    #[error("{planned} scenarios are planned, {logs} have a log")]
    Planned { planned: usize, logs: usize },
    #[error("{checks} checks are planned, {logs} have a log")]
    Checks { checks: usize, logs: usize },
}

/// SHA-256 in hex, as `prev` holds it.
fn digest(line: &[u8]) -> [u8; 64] {
    let mut hex = [0; 64];
    let hash = Sha256::digest(line);
    // Cannot fail: the buffer is twice the hash.
    let _ = hex::encode_to_slice(hash, &mut hex);
    hex
}

/// The closing line, without its newline.
fn closing(prev: &[u8; 64], observations: u64) -> Vec<u8> {
    let mut line = Vec::with_capacity(128);
    line.extend_from_slice(br#"{"prev":""#);
    line.extend_from_slice(prev);
    line.extend_from_slice(format!(r#"","end":{{"observations":{observations}}}}}"#).as_bytes());
    line
}

#[cfg(test)]
mod tests;
