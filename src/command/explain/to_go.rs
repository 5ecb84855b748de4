//! `gonogo explain --to-go`: the fewest changes that would make it GO.

use std::fmt::Write as _;

use anyhow::Context as _;

use super::super::{
    Console, Refusal,
    signers::Signers,
    sound::{self, Trusted},
};
use crate::{
    cli::Explain,
    document::{self, Step},
    judge::{self, Judgement, Verdict},
    report::printable,
};

/// Of the record, the output folder or the evidence that is named.
pub(super) fn told(
    arguments: &Explain,
    place: &std::path::Path,
    console: &Console,
) -> Result<String, Refusal> {
    let is_evidence = place.is_file() && !place.ends_with("ledger.jsonl");
    let judgement = match is_evidence {
        true => judge::judge_file(place).context("cannot judge the evidence").map_err(Refusal::input)?,
        false => {
            let signers = Signers::read(&arguments.signers, console).map_err(Refusal::input)?;
            sound::read(place, &Trusted { signers, ..Trusted::default() })?.judgement
        }
    };
    Ok(drawn(&judgement))
}

fn drawn(judgement: &Judgement) -> String {
    let mut text = format!("{}\n", printable(&judgement.told()));
    if matches!(judgement.verdict, Verdict::Go(_)) {
        text.push_str("nothing stands in the way\n");
    }
    for (place, Step { text: deed, details, .. }) in (1..).zip(document::to_go(judgement)) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{place}. {}", printable(&deed));
        for detail in details {
            let _ = writeln!(text, "   - {}", printable(&detail));
        }
    }
    text
}
