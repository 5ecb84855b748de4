//! Which app a run is about: what the configuration says, else what lies in the folder.

use std::{path::Path, sync::Arc};

use anyhow::anyhow;

use crate::{
    command::Refusal,
    config::{Config, Subject},
    forge_app::Manifest,
    subject::{Target, forge::Deployment, process::Program},
};

/// What is under test, ready to run. Bundles a Forge app, which takes a moment.
pub(super) fn target(config: &Config, file: Option<&Path>, dir: Option<&Path>) -> Result<Target, Refusal> {
    let here = Path::new(".");
    let home = file.and_then(Path::parent).map(|home| if home.as_os_str().is_empty() { here } else { home });
    let folder = dir.unwrap_or(here);
    match &config.subject {
        Some(Subject::Reference) => Ok(Target::Reference),
        Some(Subject::Program(named)) => {
            let program = Program::new(named.command.clone(), named.dir.clone());
            let answer_within = named.answer_within_s.map_or(program.answer_within, |limit| limit.0);
            require(&program)?;
            Ok(Target::Process(Arc::new(Program { answer_within, ..program })))
        }
        Some(Subject::Forge) => {
            forge(if Manifest::find(folder).is_some() { folder } else { home.unwrap_or(folder) })
        }
        None if Manifest::find(folder).is_some() => forge(folder),
        None => Ok(Target::Reference),
    }
}

/// A program that is not there is a mistake of the configuration, not of the app.
fn require(program: &Program) -> Result<(), Refusal> {
    let Some(name) = program.command.first() else { return Ok(()) };
    let found = match name.contains('/') {
        true => program.dir.join(name).is_file(),
        false => {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
        }
    };
    let place = if name.contains('/') { program.dir.display().to_string() } else { "the PATH".to_owned() };
    if found {
        return Ok(());
    }
    Err(Refusal::input(anyhow!(
        "subject: there is no program {name:?} in {place}; name one that is installed"
    )))
}

fn forge(folder: &Path) -> Result<Target, Refusal> {
    let manifest = Manifest::read(folder).map_err(Refusal::input)?;
    let deployment = Deployment::build(folder, manifest).map_err(|error| {
        Refusal::input(anyhow!("cannot run the Forge app in {}: {error}", folder.display()))
    })?;
    Ok(Target::Forge(Arc::new(deployment)))
}
