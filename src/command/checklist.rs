//! `gonogo checklist`: where every item of the release stands, by what its record holds and who has signed by now.

use anyhow::Context as _;

use super::{Console, Refusal, accepted, deliver, now, record_in};
use crate::{
    cli,
    exit::Exit,
    record::{self, AllowedSigners, Revoked, SealingKey},
    report::{self, Look},
};

/// Judges the record again with the sign-offs, adds what it comes to, and shows the checklist.
pub(super) fn checklist(arguments: &cli::Checklist, console: &mut Console) -> Result<u8, Refusal> {
    let unusable = |error: record::RecordError| {
        Refusal::input(anyhow::Error::new(error).context("cannot show the checklist"))
    };
    let signers = arguments.allowed_signers.as_deref();
    let allowed = signers.map_or(Ok(AllowedSigners::default()), AllowedSigners::read).map_err(unusable)?;
    let revoked = arguments.revoked.as_deref().map_or(Ok(Revoked::default()), Revoked::read);
    let revoked = revoked.map_err(unusable)?;
    let key = arguments.record_key.as_deref().map(SealingKey::read).transpose().map_err(unusable)?;
    let record = record_in(&arguments.dir);
    let accepted = accepted(&arguments.accept);
    let judgement = record::conclude(&record, &allowed, &revoked, &accepted, key.as_ref(), now());
    let judgement = judgement.map_err(unusable)?;
    // The reports in the output folder say what the record says.
    if record != arguments.dir {
        deliver::to_folder(&judgement, &arguments.dir)?;
    }
    let format = report::format("checklist").context("there is a checklist").map_err(Refusal::internal)?;
    let look = Look { width: console.width, colour: console.color };
    console.document(&(format.render)(&judgement, &look))?;
    Ok(Exit::of(&judgement).code())
}
