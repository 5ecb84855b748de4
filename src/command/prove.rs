//! `gonogo prove`: every check has been seen red. Breaks the reference app in one way at a time, runs all
//! scenarios against it, and shows which check caught it. A fault that nothing catches is a defect of gonogo.

mod draw;
mod matrix;

use std::{sync::Arc, time::Duration};

use self::matrix::{Matrix, Row, Unbroken};
use super::{Console, Refusal, header};
use crate::{
    cli,
    evidence::{Observation, file::Chain},
    exit::Exit,
    judge::{Judge, Judgement},
    scenario::{self, Limits, Plan, RunOptions, Selection, Setup, Vocabulary, source},
    spelling,
    subject::{
        Target,
        fault::{self, Fault, faults},
    },
};

/// Plants, runs, compares, draws.
pub(super) fn prove(arguments: &cli::Prove, console: &mut Console) -> Result<u8, Refusal> {
    let chosen = chosen(&arguments.faults)?;
    console.start_bar(chosen.len() + 1);
    let unbroken = Unbroken::of(&judged(arguments, None)?);
    console.advance("the unbroken app");
    let mut rows = Vec::with_capacity(chosen.len());
    for fault in chosen {
        rows.push(Row::of(fault, &unbroken, &judged(arguments, Some(fault))?));
        console.advance(fault.name);
    }
    console.end_bar();
    let matrix = Matrix { unbroken, rows };
    let document = if arguments.json { draw::json(&matrix)? } else { draw::terminal(&matrix, console.width) };
    console.document(&document)?;
    Ok(if matrix.is_proven() { Exit::Go } else { Exit::NoGo }.code())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Fault>, Refusal> {
    if names.is_empty() {
        return Ok(faults().collect());
    }
    let find = |name: &String| {
        fault::find(name).ok_or_else(|| {
            let nearest = spelling::nearest(name, faults().map(|fault| fault.name));
            let suggestion = spelling::suggestion(nearest.as_deref());
            Refusal::input(anyhow::anyhow!("no fault is called {name:?}{suggestion}"))
        })
    };
    names.iter().map(find).collect()
}

/// Runs every built-in scenario, with the app broken or not, and judges what was recorded. The evidence goes
/// nowhere but through the judge: what counts here is which checks turn red.
fn judged(arguments: &cli::Prove, planted: Option<&'static Fault>) -> Result<Judgement, Refusal> {
    let features = source::load(&source::built_in(&Target::Reference)).map_err(Refusal::internal)?;
    let plan = Plan::new(&features, &Selection::default(), &Vocabulary::free()).map_err(Refusal::internal)?;
    let header = header(plan.len(), arguments.seed, &Target::Reference);
    let setup = Setup { seed: arguments.seed, planted, ..Setup::default() };
    // A broken app may hang; a check that waits for it must not.
    let limit = Duration::from_secs(5);
    let limits = Limits { step: limit, scenario: limit * 2, ..Limits::default() };
    let defaults = RunOptions::default();
    let options = RunOptions { jobs: arguments.jobs.map_or(defaults.jobs, usize::from), limits, ..defaults };

    let mut chain = Chain::begin(std::io::sink(), &header).map_err(Refusal::internal)?;
    let mut judge = Judge::new(header);
    let mut log: Vec<Observation> = vec![];
    let mut sink = |observation: &Observation| -> Result<(), scenario::SinkError> {
        chain.append(observation)?;
        if log.last().is_some_and(|last| last.scenario != observation.scenario) {
            judge.log(&log);
            log.clear();
        }
        log.push(observation.clone());
        Ok(())
    };
    scenario::run(plan, Arc::new(setup), &options, &mut sink, &mut |_| ()).map_err(Refusal::internal)?;
    judge.log(&log);
    let (_, sealed) = chain.close().map_err(Refusal::internal)?;
    Ok(judge.conclude(sealed, &[]))
}
