//! `gonogo judge`: the verdict over recorded evidence, again, without running anything.

use std::path::Path;

use anyhow::{Context as _, anyhow};

use super::{
    Console, Refusal, deliver,
    folder::{self, Folder},
};
use crate::{cli, judge};

/// Judges a file.
pub(super) fn judge(arguments: &cli::Judge, console: &mut Console) -> Result<u8, Refusal> {
    let (file, out) = (arguments.file.as_path(), arguments.out.as_deref());
    let is_result = |out: &Path| folder::reports().any(|name| deliver::is_same(file, &out.join(name)));
    if let Some(out) = out.filter(|out| is_result(out)) {
        let (file, out) = (file.display(), out.display());
        return Err(Refusal::input(anyhow!(
            "cannot write to the output folder {out}: the evidence lies there, in {file}"
        )));
    }
    let folder = out.map(Folder::open).transpose()?;
    deliver::check(&arguments.verdict.reports, out, &[(file.to_owned(), "the evidence")])?;
    let judgement = judge::judge_file(file).context("cannot judge the evidence").map_err(Refusal::input)?;
    if let (Some(folder), Some(out)) = (folder, out) {
        deliver::to_folder(&judgement, out)?;
        folder.settle();
    }
    deliver::to_reports(&judgement, &arguments.verdict.reports, console)
}
