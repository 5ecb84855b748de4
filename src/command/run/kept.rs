//! The record of a run: everything that the verdict rests on, for whoever wants to check it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;

use super::super::{Console, RECORD, Refusal, now};
use crate::{
    evidence::file::Sealed,
    judge::{self, Judgement, Since},
    record::{
        self, Contents, Outcome, SealingKey,
        entry::{Evidence, Imported, Predecessor},
    },
};

/// The key that is to seal the record: one that cannot be read is told before anything runs.
pub(in crate::command) fn key(file: Option<&Path>) -> Result<Option<SealingKey>, Refusal> {
    let key = file.map(SealingKey::read).transpose();
    key.context("cannot seal the record").map_err(Refusal::input)
}

/// A record that is to be written.
pub(super) struct Kept<'a> {
    contents: Contents<'a>,
    record: PathBuf,
    /// When it is judged, and written.
    at: Timestamp,
}

impl<'a> Kept<'a> {
    /// Of the evidence as it was written, in the output folder.
    pub(super) fn new(
        evidence: &'a Path,
        sealed: Sealed,
        imported: &'a [(Imported, PathBuf)],
        out: &Path,
        before: Option<Predecessor>,
    ) -> Self {
        let sealed = Evidence { observations: sealed.observations, sha256: sealed.sha256 };
        Self {
            contents: Contents { evidence, sealed, imported, before },
            record: out.join(RECORD),
            at: now(),
        }
    }

    /// What the evidence comes to, and what became of the sign-offs of the run before.
    pub(super) fn judged(&self) -> Result<Judgement, Refusal> {
        let signed = record::taken_over(&self.record, &self.contents).map_err(Refusal::internal)?;
        let since = Since { approvals: &signed, at: Some(self.at), ..Since::default() };
        judge::judge_signed(self.contents.evidence, &since).map_err(Refusal::internal)
    }

    /// Writes the record.
    pub(super) fn keep(
        &self,
        judgement: &Judgement,
        key: Option<&SealingKey>,
        console: &Console,
    ) -> Result<(), Refusal> {
        let outcome = Outcome {
            verdict: judgement.verdict.word(),
            exit_code: judgement.exit_code,
            report: &record::drawn(judgement),
            accepted: &[],
        };
        let written = record::write(&self.record, &self.contents, &outcome, key, self.at);
        let written = written.context("cannot write the record").map_err(Refusal::input)?;
        if let Some(complaint) = written.complaint {
            console.remark(&format!("the earlier record is not named as the one before: {complaint}"));
        }
        Ok(())
    }
}
