//! `gonogo judge`: the verdict over recorded evidence, again, without running anything.

use std::path::Path;

use anyhow::Context as _;

use super::{Console, Refusal, deliver};
use crate::{cli, judge};

/// Judges a file.
pub(super) fn judge(arguments: &cli::Judge, console: &mut Console) -> Result<u8, Refusal> {
    let home = arguments.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    deliver::check(&arguments.verdict.reports, home.unwrap_or(Path::new(".")))?;
    let judgement =
        judge::judge_file(&arguments.file).context("cannot judge the evidence").map_err(Refusal::input)?;
    if let Some(out) = &arguments.out {
        std::fs::create_dir_all(out)
            .with_context(|| format!("cannot write to the output folder {}", out.display()))
            .map_err(Refusal::input)?;
        deliver::to_folder(&judgement, out)?;
    }
    deliver::to_reports(&judgement, &arguments.verdict.reports, console)
}
