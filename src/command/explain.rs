//! `gonogo explain`: what an invariant means, in the words of its own file; or what would make a release GO.

mod to_go;

use std::fmt::Write as _;

use super::{Console, Refusal};
use crate::{
    cli::Explain,
    exit::Exit,
    invariant::{self, RULES},
    spelling::{nearest, suggestion},
};

/// Explains one invariant, or names all of them; or tells what would make it GO.
pub(super) fn explain(arguments: &Explain, console: &mut Console) -> Result<u8, Refusal> {
    if let Some(place) = &arguments.to_go {
        console.document(to_go::told(arguments, place, console)?.as_bytes())?;
        return Ok(Exit::Go.code());
    }
    let mut text = String::new();
    match &arguments.name {
        Some(name) => match invariant::rule(name) {
            Some(rule) => {
                let _ = write!(text, "{}\n\n{}", rule.name, rule.doc());
            }
            None => {
                let near = nearest(name, RULES.iter().map(|rule| rule.name));
                let near = suggestion(near.as_deref());
                let names = "`gonogo list invariants` names them";
                return Err(Refusal::input(anyhow::anyhow!("no invariant is named `{name}`{near}; {names}")));
            }
        },
        None => {
            for rule in RULES {
                let _ = writeln!(text, "{}\n    {}", rule.name, rule.statement());
            }
        }
    }
    console.document(text.as_bytes())?;
    Ok(Exit::Go.code())
}
