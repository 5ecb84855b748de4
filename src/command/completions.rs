//! `gonogo completions`: a script for a shell.

use clap::CommandFactory as _;

use super::{Console, Refusal};
use crate::{
    cli::{Cli, Completions},
    exit::Exit,
};

/// Prints the script.
pub(super) fn completions(arguments: &Completions, console: &mut Console) -> Result<u8, Refusal> {
    let mut script = vec![];
    clap_complete::generate(arguments.shell, &mut Cli::command(), "gonogo", &mut script);
    console.document(&script)?;
    Ok(Exit::Go.code())
}
