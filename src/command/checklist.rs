//! `gonogo checklist`: where every item of the release stands, by what its record holds and who has signed by now.

use anyhow::Context as _;

use super::{Console, Refusal, accepted, deliver, now, record_in, signers::Signers};
use crate::{
    cli,
    exit::Exit,
    record::{self, SealingKey},
    report::{self, Look},
};

/// Judges the record again with the sign-offs, adds what it comes to, and shows the checklist.
pub(super) fn checklist(arguments: &cli::Checklist, console: &mut Console) -> Result<u8, Refusal> {
    let unusable = |error: anyhow::Error| Refusal::input(error.context("cannot show the checklist"));
    let Signers { allowed, revoked, .. } = Signers::read(&arguments.signers, console).map_err(unusable)?;
    let key = arguments.record_key.as_deref().map(SealingKey::read).transpose();
    let key = key.map_err(|error| unusable(error.into()))?;
    let record = record_in(&arguments.dir);
    let accepted = accepted(&arguments.accept);
    let judgement =
        record::conclude(&record, &allowed.unwrap_or_default(), &revoked, &accepted, key.as_ref(), now());
    let judgement = judgement.map_err(|error| unusable(error.into()))?;
    // The reports in the output folder say what the record says.
    if record != arguments.dir {
        deliver::to_folder(&judgement, &arguments.dir)?;
    }
    let format = report::format("checklist").context("there is a checklist").map_err(Refusal::internal)?;
    let look = Look { width: console.width, colour: console.color };
    console.document(&(format.render)(&judgement, &look))?;
    Ok(Exit::of(&judgement).code())
}
