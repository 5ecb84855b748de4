//! Whose sign-offs count: the files that the flags name, as they lie there or as a protected branch has them. Whoever
//! may write to the branch that is released could otherwise let themselves sign.

use std::path::Path;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::Console;
use crate::{
    cli, import,
    record::{AllowedSigners, LARGEST_SIGNERS, Revoked, read_regular},
};

/// What the flags name, read.
#[derive(Debug, Default)]
pub(super) struct Signers {
    /// Without it nobody says whose the sign-offs are.
    pub(super) allowed: Option<AllowedSigners>,
    pub(super) revoked: Revoked,
    /// SHA-256 of the file of allowed signers, hex.
    pub(super) sha256: Option<String>,
}

impl Signers {
    /// Reads them, and says which commit's they are.
    pub(super) fn read(flags: &cli::Signers, console: &Console) -> anyhow::Result<Self> {
        let read = |path| bytes(path, flags.policy_ref.as_deref(), console);
        let mut signers = Self::default();
        if let Some(path) = flags.allowed_signers.as_deref() {
            let bytes = read(path)?;
            signers.sha256 = Some(hex::encode(Sha256::digest(&bytes)));
            signers.allowed = Some(AllowedSigners::parse(path, bytes)?);
        }
        if let Some(path) = flags.revoked.as_deref() {
            signers.revoked = Revoked::parse(path, read(path)?)?;
        }
        Ok(signers)
    }
}

fn bytes(path: &Path, reference: Option<&str>, console: &Console) -> anyhow::Result<Vec<u8>> {
    let Some(reference) = reference else { return Ok(read_regular(path, LARGEST_SIGNERS)?) };
    let committed = import::file_at(reference, path)
        .with_context(|| format!("cannot take {} from {reference}", path.display()))?;
    console.remark(&format!("{} is that of {reference}, commit {}", path.display(), committed.commit));
    Ok(committed.bytes)
}
