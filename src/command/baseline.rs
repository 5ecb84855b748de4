//! `gonogo baseline`: what the released version of an app is, gathered from evidence and kept in a file. Judges
//! nothing: a baseline says what was, not whether it was right.

use std::{fs, path::Path};

use anyhow::anyhow;

use super::{Console, Refusal, deliver, run};
use crate::{baseline::Baseline, cli, exit::Exit};

/// The name of a baseline that is given none.
pub(super) const FILE_NAME: &str = "gonogo-baseline.json";

/// Runs the app, unless there is evidence already, and writes what it is.
pub(super) fn baseline(arguments: &cli::Baseline, console: &mut Console) -> Result<u8, Refusal> {
    let home = arguments.dir.as_deref().unwrap_or(Path::new("."));
    let file = arguments.file.clone().unwrap_or_else(|| home.join(FILE_NAME));
    check(&file)?;
    let baseline = match &arguments.evidence {
        Some(evidence) => Baseline::gather(evidence).map_err(Refusal::input)?,
        None => of_a_run(arguments, console)?,
    };
    if baseline.jira_operations.is_empty() {
        return Err(Refusal::input(anyhow!(
            "the evidence shows no request to Jira: there is nothing that a next version could be held to"
        )));
    }
    let mut text = serde_json::to_string_pretty(&baseline).map_err(Refusal::internal)?;
    text.push('\n');
    deliver::write(&file, text.as_bytes())?;
    let (operations, records) = (baseline.operations.len(), baseline.records.len());
    console.remark(&format!(
        "{}: {operations} operations and {records} records of the released version",
        file.display()
    ));
    Ok(Exit::Go.code())
}

/// What a run of the app shows; its folder is taken away again.
fn of_a_run(arguments: &cli::Baseline, console: &mut Console) -> Result<Baseline, Refusal> {
    let out = std::env::temp_dir().join(format!("gonogo-baseline-{}", std::process::id()));
    let run = cli::Run::whole(arguments.dir.clone(), arguments.config.clone(), out.clone(), arguments.seed);
    let gathered = run::judged(&run, false, console).and_then(|(judgement, evidence)| {
        let failed: Vec<_> = judgement.invariants.iter().filter(|i| i.is_violated()).collect();
        for invariant in failed {
            console
                .remark(&format!("the released version violates {}: {}", invariant.name, invariant.reason));
        }
        Baseline::gather(&evidence).map_err(Refusal::input)
    });
    // A folder that cannot be taken away keeps nobody from using the baseline.
    let _ = fs::remove_dir_all(&out);
    gathered
}

/// Refuses, before anything runs, a place where no baseline can go: what lies there and is none is kept.
fn check(file: &Path) -> Result<(), Refusal> {
    let refused = |why: &str| Err(Refusal::input(anyhow!("cannot write {}: {why}", file.display())));
    if !deliver::home(file).is_dir() {
        return refused("its folder does not exist");
    }
    match fs::symlink_metadata(file) {
        Err(_) => Ok(()),
        Ok(found) if !found.is_file() => refused("something that is no file lies there"),
        Ok(_) => match Baseline::read(file) {
            Ok(_) => Ok(()),
            Err(_) => {
                refused("a file that is no baseline lies there; move it away, or name another with --file")
            }
        },
    }
}
