//! What the shards of one run have in common, so that no foreign one is put among them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::{
    command::Refusal,
    scenario::{Plan, source::Source},
};

/// SHA-256, hex, over the plan, the features' texts and the files that the run is read from. Where they lie on a
/// machine is left out: another machine has another path.
pub(super) fn in_common(
    plan: &Plan,
    sources: &[Source],
    files: &[(PathBuf, &str)],
) -> Result<String, Refusal> {
    let mut whole = Sha256::new();
    let mut part = |bytes: &[u8]| {
        whole.update((bytes.len() as u64).to_be_bytes());
        whole.update(bytes);
    };
    for planned in plan.planned() {
        part(planned.id.as_bytes());
        part(planned.name.as_bytes());
    }
    for source in sources {
        part(&source.bytes);
    }
    let mut read =
        files.iter().map(|(file, what)| Ok((*what, digest(file)?))).collect::<Result<Vec<_>, Refusal>>()?;
    read.sort();
    for (what, sha256) in read {
        part(what.as_bytes());
        part(sha256.as_bytes());
    }
    Ok(hex::encode(whole.finalize()))
}

/// SHA-256 of a file, hex.
pub(in crate::command) fn digest(file: &Path) -> Result<String, Refusal> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    Ok(hex::encode(Sha256::digest(bytes.map_err(Refusal::input)?)))
}
