//! `gonogo run`, the main job: plan, run, judge, report, exit with the verdict. Read it from the top.

mod configured;
mod interrupt;
mod kept;
mod previous;
mod release;
mod settings;
mod shard;
mod target;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::anyhow;

use self::settings::Settings;
pub(super) use self::{
    configured::{Configured, root},
    kept::key,
    release::{Gathered, previous_verdict},
    shard::digest,
};
use super::{
    Console, Refusal, deliver,
    folder::{Folder, put_aside},
};
use crate::{
    cli,
    evidence::{self, Outcome},
    judge::{self, Judgement},
    record::SealingKey,
    scenario::{self, ProgressEvent, RunOptions, ScenarioError, Setup},
    subject::process,
};

/// Runs, judges, reports.
pub(super) fn run(arguments: &cli::Run, console: &mut Console) -> Result<u8, Refusal> {
    let (judgement, _) = judged(arguments, true, console)?;
    deliver::to_reports(&judgement, &arguments.gate.verdict.reports, console)
}

/// Runs and judges; the results lie in the output folder then. Returns where the evidence is,
/// too. Without `compared` the app is held against no released version.
pub(super) fn judged(
    arguments: &cli::Run,
    compared: bool,
    console: &mut Console,
) -> Result<(Judgement, PathBuf), Refusal> {
    let gate = &arguments.gate;
    let settings = Settings::of(arguments, compared).inspect_err(|_| put_aside(gate.out.as_deref()))?;
    let folder = Folder::open(&settings.out)?;
    folder.put_record_aside()?;
    let key = kept::key(gate.record_key.as_deref())?;
    let sources = settings.sources()?;
    let (plan, shard) = settings.part(&sources)?;
    deliver::check(&gate.verdict.reports, Some(&settings.out), &settings.inputs(&sources))?;

    if let Some(complaint) = folder.complaint() {
        console.remark(complaint);
    }
    let header = settings.header(&plan, shard, folder.previous_verdict());
    judge::check(&header).map_err(|reason| Refusal::input(anyhow!("gonogo.yaml: {reason}")))?;
    let mut evidence = folder.evidence(&header)?;

    let stop = interrupt::watch();
    let options = RunOptions { stop, ..settings.options };
    let setup = Arc::new(settings.setup);
    console.start_bar(plan.len());
    let ran = record(plan, setup, &options, &mut evidence, console);
    console.end_bar();
    // A lane that was abandoned ends no process.
    process::end_all();
    let summary = ran.map_err(refused)?;
    if summary.stopped {
        console.remark("interrupted: what ran is judged, the rest counts as not run");
    }
    let evidence_path = folder.evidence_path();
    let told = Told { header: &header, release: settings.release.as_ref(), key: key.as_ref() };
    Ok((told.conclude(evidence, folder, &settings.out, console)?, evidence_path))
}

/// What stands behind the scenarios' evidence.
pub(super) struct Told<'a> {
    pub header: &'a evidence::Header,
    pub release: Option<&'a Gathered>,
    pub key: Option<&'a SealingKey>,
}

impl Told<'_> {
    /// Ends the evidence, judges it, and leaves record and reports in the output folder.
    pub(super) fn conclude(
        &self,
        mut evidence: evidence::file::Writer,
        folder: Folder,
        out: &Path,
        console: &Console,
    ) -> Result<Judgement, Refusal> {
        let unwritable =
            |error| Refusal::input(anyhow::Error::new(error).context("cannot write the evidence"));
        if let Some(release) = self.release {
            release.append(self.header.planned, self.header.started_at, &mut evidence).map_err(unwritable)?;
        }
        let sealed = evidence.finish().map_err(unwritable)?;
        let imported = self.release.map(Gathered::imported).unwrap_or_default();
        let path = folder.evidence_path();
        let before = self.release.and_then(Gathered::predecessor);
        let kept = kept::Kept::new(&path, sealed, &imported, out, before);
        let judgement = kept.judged()?;
        kept.keep(&judgement, self.key, console)?;
        deliver::to_folder(&judgement, out)?;
        folder.settle();
        Ok(judgement)
    }
}

fn record(
    plan: scenario::Plan,
    setup: Arc<Setup>,
    options: &RunOptions,
    evidence: &mut evidence::file::Writer,
    console: &Console,
) -> Result<scenario::Summary, ScenarioError> {
    scenario::run(plan, setup, options, &mut |observation| Ok(evidence.append(observation)?), &mut |event| {
        if let ProgressEvent::Ended { scenario, outcome, duration, error } = event {
            console.advance(&scenario.name);
            if console.verbose {
                let (word, ms) = (outcome.word(), duration.as_millis());
                console.remark(&format!("{word:9} {ms:>6} ms  {}  {}", scenario.id, scenario.name));
            }
            if let (Some(error), true) = (error, outcome != Outcome::Passed && console.verbose) {
                console.remark(&format!("          {error}"));
            }
        }
    })
}

/// A full disk is the caller's to mend, a missing thread too.
fn refused(error: ScenarioError) -> Refusal {
    Refusal::input(anyhow::Error::new(error).context("nothing was judged"))
}
