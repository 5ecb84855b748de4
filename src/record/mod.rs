//! The record of a release: what was seen, what it came to and who signed it, so that anybody can check it
//! without us. Makes and verifies; judges nothing of its own, and asks no network and no clock.
//!
//! ```text
//! record/ledger.jsonl       what there is, one canonical line each, under a hash chain
//!        head               how many lines, and their RFC 6962 root
//!        blobs/<sha256>     the bodies that lines name
//!        key.pem            the sealing key's public half        ┐
//!        checkpoint         size and root, signed (C2SP)          │ only where there is a key
//!        verdict.dsse.json  the verdict, signed (in-toto, DSSE)   │
//!        svr.dsse.json      on an UNCONDITIONAL GO, too           ┘
//!        .lock              empty
//! ```

mod again;
pub mod canonical;
pub mod checkpoint;
pub mod dsse;
pub mod entry;
mod key;
pub mod ledger;
pub mod merkle;
mod rollout;
#[cfg(test)]
mod sample;
mod sign_off;
mod signers;
pub mod sshsig;
pub mod statement;
mod sweep;
pub mod verify;
mod write;

pub use again::judged;
pub use key::{PublicKey, SealingKey};
pub use rollout::{Call, LARGEST_DATA, roll_out};
pub use sign_off::{Intent, SignOff, Standing, Statement, add, approvals, sign_offs};
pub use signers::{AllowedSigners, LARGEST_SIGNERS, Revoked, Standing as SignerStanding};
pub use verify::{verify, verify_envelope};
pub use write::{Contents, Outcome, Written, add_verdict, conclude, drawn, put_aside, taken_over, write};

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

/// The folder of the bodies.
pub const BLOBS: &str = "blobs";
/// The public half of the sealing key.
const KEY: &str = "key.pem";
/// Size and root, signed.
const CHECKPOINT: &str = "checkpoint";
/// The verdict, signed.
const VERDICT: &str = "verdict.dsse.json";
/// The verdict in the form that other tools know, signed.
const SVR: &str = "svr.dsse.json";

/// Why a record, or a file that it needs, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file system refused.
    #[error("cannot use {path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{place}: {what}")]
    Unsound {
        /// The file, and the line where there is one.
        place: String,
        /// What is wrong.
        what: String,
    },
}

/// SHA-256 in hex.
fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Reads a regular file of at most so many bytes, as every file of a record is read. A pipe that nobody writes to
/// would wait for ever.
///
/// # Errors
/// It cannot be read, is no regular file, or is larger.
pub fn read_regular(path: &Path, largest: u64) -> Result<Vec<u8>, RecordError> {
    let io = |source| RecordError::Io { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(io)?.is_file() {
        return Err(io(io::Error::other("it is no regular file")));
    }
    let mut bytes = vec![];
    File::open(path).map_err(io)?.take(largest + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > largest {
        return Err(io(io::Error::other(format!("it is larger than {largest} bytes"))));
    }
    Ok(bytes)
}
