//! Judges a record's evidence again with the sign-offs that it holds, and adds nothing to it.

use std::path::Path;

use jiff::Timestamp;

use super::{
    AllowedSigners, BLOBS, RecordError, Revoked,
    ledger::Ledger,
    sign_off::{approvals, standings},
};
use crate::judge::{self, Judgement, Since};

/// What the evidence comes to with what people signed and the caller accepts; without `allowed`, none of it counts.
///
/// # Errors
/// The evidence is not what was recorded.
pub fn judged(
    record: &Path,
    ledger: &Ledger,
    allowed: Option<&AllowedSigners>,
    revoked: &Revoked,
    accepted: &[String],
    at: Timestamp,
) -> Result<Judgement, RecordError> {
    judged_of(record, ledger, ledger.size(), (allowed, revoked), accepted, at)
}

/// The same with what stands in the ledger's first `size` lines.
pub(super) fn judged_of(
    record: &Path,
    ledger: &Ledger,
    size: u64,
    (allowed, revoked): (Option<&AllowedSigners>, &Revoked),
    accepted: &[String],
    at: Timestamp,
) -> Result<Judgement, RecordError> {
    let unsound = |what: String| RecordError::Unsound { place: record.display().to_string(), what };
    let evidence = ledger.evidence().ok_or_else(|| unsound("its ledger names no evidence".to_owned()))?;
    let signed = approvals(&standings(record, ledger, size, allowed, revoked, at));
    let since = Since { approvals: &signed, accepted, at: Some(at) };
    of_evidence(record, &evidence.sha256, &since).map_err(unsound)
}

/// What the evidence with this SHA-256 comes to; or why it comes to nothing.
pub(super) fn of_evidence(record: &Path, sha256: &str, since: &Since<'_>) -> Result<Judgement, String> {
    let judged = judge::judge_signed(record.join(BLOBS).join(sha256), since);
    let judgement = judged.map_err(|error| error.to_string())?;
    match judgement.evidence.sha256 == sha256 {
        true => Ok(judgement),
        false => Err(format!("{BLOBS}/{sha256}: it was changed")),
    }
}
