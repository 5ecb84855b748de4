//! The record of a run: everything that the verdict rests on, for whoever wants to check it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::{Console, RECORD, Refusal, now};
use crate::{
    judge::Judgement,
    record::{
        self, Contents, Outcome, SealingKey,
        entry::{Evidence, Imported},
    },
};

/// The key that is to seal the record: one that cannot be read is told before anything runs.
pub(in crate::command) fn key(file: Option<&Path>) -> Result<Option<SealingKey>, Refusal> {
    let key = file.map(SealingKey::read).transpose();
    key.context("cannot seal the record").map_err(Refusal::input)
}

/// Writes the record into the output folder.
pub(super) fn keep(
    judgement: &Judgement,
    evidence: &Path,
    imported: &[(Imported, PathBuf)],
    out: &Path,
    key: Option<&SealingKey>,
    console: &Console,
) -> Result<(), Refusal> {
    let contents = Contents {
        evidence,
        sealed: Evidence {
            observations: judgement.evidence.observations,
            sha256: judgement.evidence.sha256.clone(),
        },
        imported,
        outcome: Outcome {
            verdict: judgement.verdict.word(),
            exit_code: judgement.exit_code,
            report: &record::drawn(judgement),
            accepted: &[],
        },
    };
    let written = record::write(&out.join(RECORD), &contents, key, now());
    let written = written.context("cannot write the record").map_err(Refusal::input)?;
    if let Some(complaint) = written.complaint {
        console.remark(&format!("the earlier record is not named as the one before: {complaint}"));
    }
    Ok(())
}
