//! `gonogo man`: the man page, its subcommands included.

use clap::CommandFactory as _;

use super::{Console, Refusal};
use crate::{cli::Cli, exit::Exit};

/// Prints the page.
pub(super) fn man(console: &mut Console) -> Result<u8, Refusal> {
    let mut page = vec![];
    let mut root = Cli::command();
    root.build();
    clap_mangen::Man::new(root.clone()).render(&mut page).map_err(Refusal::internal)?;
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        let section = clap_mangen::Man::new(command.clone());
        section.render_synopsis_section(&mut page).map_err(Refusal::internal)?;
        section.render_options_section(&mut page).map_err(Refusal::internal)?;
    }
    console.document(&page)?;
    Ok(Exit::Go.code())
}
