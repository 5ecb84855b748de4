//! `gonogo report`: a document of a release, drawn from its record. Adds nothing to it; exits with 0 whatever the
//! document says, for the verdict stands in its first line.

use anyhow::anyhow;

use super::{
    Console, Refusal, deliver,
    signers::Signers,
    sound::{self, Trusted},
};
use crate::{
    cli::{self, DocumentFormat, DocumentKind},
    document::{self, Kind, Told},
    exit::Exit,
    record::PublicKey,
};

/// Draws it.
pub(super) fn report(arguments: &cli::Draw, console: &mut Console) -> Result<u8, Refusal> {
    let unusable = |error: anyhow::Error| Refusal::input(error.context("cannot draw a document"));
    let signers = Signers::read(&arguments.signers, console).map_err(unusable)?;
    let key = arguments.key.as_deref().map(PublicKey::read).transpose();
    let key = key.map_err(|error| unusable(error.into()))?;
    let trusted = Trusted { signers, key, at: arguments.at };
    if let Some(file) = &arguments.out {
        let inputs = [&arguments.signers.allowed_signers, &arguments.signers.revoked, &arguments.key];
        let inputs: Vec<_> = inputs.into_iter().flatten().map(|input| (input.clone(), "an input")).collect();
        let place = cli::Report { format: String::new(), file: file.clone() };
        deliver::check(&[place], Some(&arguments.dir), &inputs)?;
    }
    let sound = sound::read(&arguments.dir, &trusted)?;
    let kind = match arguments.kind {
        DocumentKind::Summary => Kind::Summary,
        DocumentKind::Verification => Kind::Verification,
        DocumentKind::Implementation => Kind::Implementation,
        DocumentKind::Deployment => Kind::Deployment,
    };
    let name = match arguments.format {
        DocumentFormat::Markdown => "markdown",
        DocumentFormat::Html => "html",
        DocumentFormat::Json => "json",
    };
    let format = document::formats().iter().find(|format| format.name == name);
    let format = format.ok_or_else(|| Refusal::internal(anyhow!("no document format is named {name}")))?;
    let told = Told { judgement: &sound.judgement, facts: &sound.facts, source: &sound.source };
    let bytes = (format.render)(&document::draw(kind, &told));
    match &arguments.out {
        Some(file) => deliver::write(file, &bytes)?,
        None => console.document(&bytes)?,
    }
    Ok(Exit::Go.code())
}
