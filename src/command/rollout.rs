//! `gonogo rollout`: what follows in the rollout of a release, by what is measured of the step that is out. Says what
//! to do, and does none of it.

use std::{fmt::Write as _, path::Path};

use anyhow::Context as _;

use super::{Console, Refusal, now, record_in, signers::Signers};
use crate::{
    cli,
    exit::Exit,
    record::{self, RecordError, SealingKey, read_regular},
    report::printable,
    rollout::{Answer, Decided, Decision, File, FileKind, shown},
};

/// Decides what follows, adds it to the record, and says it.
pub(super) fn rollout(arguments: &cli::Rollout, console: &mut Console) -> Result<u8, Refusal> {
    let refused = |error: anyhow::Error| Refusal::input(error.context("cannot roll out"));
    let unusable = |error: RecordError| refused(error.into());
    let Signers { allowed, revoked, .. } = Signers::read(&arguments.signers, console).map_err(refused)?;
    let key = arguments.record_key.as_deref().map(SealingKey::read).transpose().map_err(unusable)?;
    let metrics = arguments.metrics.iter().map(|path| (FileKind::Metrics, path));
    let logs = arguments.logs.iter().map(|path| (FileKind::Logs, path));
    let files = metrics.chain(logs).map(|(kind, path)| file(kind, path));
    let files = files.collect::<Result<Vec<_>, _>>().map_err(unusable)?;
    let call = record::Call {
        files: &files,
        allowed: allowed.as_ref(),
        revoked: &revoked,
        key: key.as_ref(),
        rehearsed_at: arguments.rehearse_at,
    };
    let answer = record::roll_out(&record_in(&arguments.dir), &call, now).map_err(unusable)?;
    let said = match arguments.json {
        true => {
            let json = serde_json::to_string_pretty(answer.decided());
            json.context("cannot write what was decided").map_err(Refusal::internal)? + "\n"
        }
        false => drawn(&answer),
    };
    console.document(said.as_bytes())?;
    Ok(code(answer.decided().decision).code())
}

fn file(kind: FileKind, path: &Path) -> Result<File, RecordError> {
    let bytes = read_regular(path, record::LARGEST_DATA)?;
    Ok(File { kind, path: shown(path), bytes })
}

/// Holding is neither good nor bad: it has the code of what is undecided.
fn code(decision: Decision) -> Exit {
    match decision {
        Decision::Begin | Decision::Promote | Decision::Done => Exit::Go,
        Decision::Hold => Exit::Undecided,
        Decision::RollBack => Exit::NoGo,
    }
}

fn drawn(answer: &Answer) -> String {
    let Decided { decision, from, measured, percent, rehearsed, step, steps, to, why, .. } = answer.decided();
    let mut text = String::new();
    let word = decision.word();
    let rehearsal = if *rehearsed { "REHEARSAL: " } else { "" };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{rehearsal}{word}: {percent} % (step {step} of {steps})");
    for why in why {
        let _ = writeln!(text, "  {}", printable(why));
    }
    for one in measured {
        let value = one.value.as_deref().unwrap_or("no data");
        let (id, limit, samples) = (printable(&one.id), printable(&one.limit), one.samples);
        let _ = writeln!(text, "  {id}: {}, {limit}; {samples} samples", printable(value));
    }
    let _ = match from == to {
        true => writeln!(text, "  at {to}"),
        false => writeln!(text, "  from {from} to {to}"),
    };
    if matches!(answer, Answer::Again(_)) {
        text.push_str(match decision.is_last() {
            true => "  decided before, and nothing can follow it\n",
            false => "  decided before, on the same files: nothing was added\n",
        });
    }
    text
}
