//! `gonogo list`: what there is to name, one a line, for people and for pipes.

use std::fmt::Write as _;

use super::{Console, Refusal};
use crate::{
    cli::{List, Listable},
    exit::Exit,
    invariant::RULES,
    report::{self, printable},
    scenario::{self, Plan, Selection, Vocabulary, source},
    subject::{Target, fault::faults},
};

/// Prints the list.
pub(super) fn list(arguments: &List, console: &mut Console) -> Result<u8, Refusal> {
    if !arguments.features.is_empty() && arguments.what != Listable::Scenarios {
        return Err(Refusal::input(anyhow::anyhow!("`--features` is for `list scenarios` alone")));
    }
    let mut text = String::new();
    // Writing to a string cannot fail.
    match arguments.what {
        Listable::Invariants => {
            text.extend(RULES.iter().map(|rule| format!("{}\n", rule.name)));
        }
        Listable::Steps => {
            let definitions = scenario::definitions();
            text.extend(definitions.iter().map(|step| format!("{} {}\n", step.keyword, step.text)));
        }
        Listable::Formats => {
            text.extend(report::formats().iter().map(|format| format!("{}\n", format.name)));
        }
        Listable::Scenarios => scenarios(arguments, &mut text)?,
        Listable::Faults => {
            text.extend(faults().map(|fault| format!("{}\t{}\n", fault.name, fault.what)));
        }
    }
    console.document(text.as_bytes())?;
    Ok(Exit::Go.code())
}

fn scenarios(arguments: &List, text: &mut String) -> Result<(), Refusal> {
    let sources = if arguments.features.is_empty() {
        source::built_in(&Target::Reference)
    } else {
        source::from_folders(&arguments.features).map_err(Refusal::input)?
    };
    let features = source::load(&sources).map_err(Refusal::input)?;
    let plan = Plan::new(&features, &Selection::default(), &Vocabulary::free()).map_err(Refusal::input)?;
    for planned in plan.planned() {
        let tags: String = planned.tags.iter().map(|tag| format!(" @{}", printable(tag))).collect();
        let _ = writeln!(text, "{}\t{}{tags}", printable(&planned.id), printable(&planned.name));
    }
    Ok(())
}
